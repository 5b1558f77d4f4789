package console

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"assay/verify/report"
)

// Transfers prints how far the files are that are being fetched. On a terminal one
// line tells of the file that will take longest and how many more there are, four
// times a second; elsewhere each file has a line every 30 seconds. Nothing is
// printed for what is quicker than that. NewTransfers.
type Transfers struct {
	w        io.Writer
	terminal bool
	now      func() time.Time

	mu      sync.Mutex
	files   map[string]*transfer
	printed time.Time
	dirty   bool // a line stands on the terminal
}

type transfer struct {
	name       string
	begun      int64
	have, size int64
	since      time.Time
}

// NewTransfers writes to w.
func NewTransfers(w io.Writer, terminal bool, now func() time.Time) *Transfers {
	return &Transfers{w: w, terminal: terminal, now: now, files: make(map[string]*transfer), printed: now()}
}

// Have tells that so much of a file is there. It is safe for concurrent use.
func (t *Transfers) Have(name string, have, size int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	f := t.files[name]
	if f == nil {
		f = &transfer{name: name, begun: have, since: now}
		t.files[name] = f
	}
	f.have, f.size = have, size
	if have >= size {
		delete(t.files, name)
	}
	interval := 30 * time.Second
	if t.terminal {
		interval = 250 * time.Millisecond
	}
	if now.Sub(t.printed) >= interval {
		t.printed = now
		t.print(now)
	}
}

// Done clears the line on a terminal.
func (t *Transfers) Done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dirty {
		fmt.Fprint(t.w, "\r\x1b[K")
		t.dirty = false
	}
}

func (t *Transfers) print(now time.Time) {
	list := make([]*transfer, 0, len(t.files))
	for _, f := range t.files {
		list = append(list, f)
	}
	slices.SortFunc(list, func(x, y *transfer) int {
		return cmp.Or(cmp.Compare(y.size-y.have, x.size-x.have), cmp.Compare(x.name, y.name))
	})
	if !t.terminal {
		for _, f := range list {
			fmt.Fprintln(t.w, "assay:", f.line(now))
		}
		return
	}
	if len(list) == 0 {
		return
	}
	line := list[0].line(now)
	if more := len(list) - 1; more > 0 {
		line += fmt.Sprintf(" (and %d more)", more)
	}
	t.dirty = true
	fmt.Fprintf(t.w, "\r\x1b[K%s", line)
}

// line is like "model.safetensors: 1.2 GB of 4.9 GB, 98 MB/s, 38s left".
func (f *transfer) line(now time.Time) string {
	rate := float64(f.have-f.begun) / max(now.Sub(f.since).Seconds(), 0.001)
	text := fmt.Sprintf("%s: %s of %s, %s/s", report.Safe(f.name), report.Bytes(f.have), report.Bytes(f.size), report.Bytes(int64(rate)))
	if left := float64(f.size-f.have) / max(rate, 1); left >= 1 && rate >= 1 {
		text += ", " + (time.Duration(left) * time.Second).String() + " left"
	}
	return text
}
