package console

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"assay/verify/report"
)

// Progress prints how far the reading is. On a terminal it redraws one line
// four times a second; elsewhere it prints a line every 30 seconds, so that the
// log of a long job shows life. The zero Progress is not usable; NewProgress.
type Progress struct {
	w        io.Writer
	terminal bool

	total, done atomic.Int64
	start       time.Time
	stop        chan struct{}
	stopped     sync.WaitGroup
}

// NewProgress writes to w.
func NewProgress(w io.Writer, terminal bool) *Progress { return &Progress{w: w, terminal: terminal} }

// Begin implements verify.Progress.
func (p *Progress) Begin(files int, bytes int64) {
	p.total.Store(bytes)
	p.done.Store(0)
	p.start = time.Now()
	p.stop = make(chan struct{})
	interval := 30 * time.Second
	if p.terminal {
		interval = 250 * time.Millisecond
	}
	p.stopped.Go(func() { p.run(interval) })
}

// Read implements verify.Progress.
func (p *Progress) Read(n int64) { p.done.Add(n) }

// End implements verify.Progress. It clears the line on a terminal.
func (p *Progress) End() {
	close(p.stop)
	p.stopped.Wait()
	if p.terminal {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

func (p *Progress) run(interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticker.C:
			p.print()
		}
	}
}

func (p *Progress) print() {
	done, total := p.done.Load(), p.total.Load()
	seconds := time.Since(p.start).Seconds()
	rate := float64(done) / max(seconds, 0.001)
	line := fmt.Sprintf("%s of %s, %s/s", report.Bytes(done), report.Bytes(total), report.Bytes(int64(rate)))
	if left := float64(total-done) / max(rate, 1); done > 0 && left >= 1 {
		line += fmt.Sprintf(", %s left", (time.Duration(left) * time.Second).String())
	}
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		return
	}
	fmt.Fprintln(p.w, "assay:", line)
}
