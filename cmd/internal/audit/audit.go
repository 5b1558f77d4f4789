package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup"

	"assay/verify"
)

// Config describes an audit. Root and Judge are required.
type Config struct {
	Root    string // directory of models; a link to one is followed
	Journal string // file outside of Root; "" for a run that cannot be resumed
	Ruleset string // what the judge judges by: a journal is bound to both
	Policy  string
	Jobs    int // models at a time; 0 means GOMAXPROCS

	// Judge resolves, reads and judges the model at a path, or one in a cache or a
	// store of another program by its reference. An error is a model
	// that could not be verified; it is asked again when the audit is resumed.
	Judge func(ctx context.Context, path string) (verify.Report, error)

	Out  io.Writer        // JSON Lines: a Line for each model, then the Summary; may be nil
	Each func(Line) error // told the same lines, in order; may be nil

	// Reuse also believes a finished journal. The audit is then quick, and blind
	// to whoever can give changed files the old size, times and inode.
	Reuse bool
}

// window is how many results may wait for an earlier one. It bounds memory when
// one model takes long.
const window = 512

// Run audits Root. It fails when ctx ends, the journal belongs to another audit
// or cannot be written, Root cannot be read, or Out or Each fails; what went
// wrong with a model is in its line.
func Run(ctx context.Context, c Config) (Summary, error) {
	root, err := filepath.EvalSymlinks(c.Root)
	if err != nil {
		return Summary{}, fmt.Errorf("audit: %w", err)
	}
	if root, err = filepath.Abs(root); err != nil {
		return Summary{}, fmt.Errorf("audit: %w", err)
	}
	dir, err := os.OpenRoot(root)
	if err != nil {
		return Summary{}, fmt.Errorf("audit: %w", err)
	}
	defer dir.Close()
	j, err := c.openJournal(root)
	if err != nil {
		return Summary{}, fmt.Errorf("audit: %w", err)
	}
	a := &audit{Config: c, path: root, dir: dir, journal: j}
	summary, err := a.run(ctx)
	if err == nil {
		err = j.finish()
	}
	if err = errors.Join(err, j.close()); err != nil {
		return summary, fmt.Errorf("audit %s: %w", c.Root, err)
	}
	return summary, nil
}

func (c Config) openJournal(root string) (*journal, error) {
	if c.Journal == "" {
		return &journal{}, nil
	}
	path, err := filepath.Abs(c.Journal)
	if err != nil {
		return nil, err
	}
	if folder, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(folder, filepath.Base(path))
	}
	if rel, err := filepath.Rel(root, path); err == nil && filepath.IsLocal(rel) {
		return nil, fmt.Errorf("journal %s is inside the audited directory, which it would change; name a file elsewhere", c.Journal)
	}
	return openJournal(path, binding(root, c.Ruleset, c.Policy), c.Reuse)
}

// audit is one run.
type audit struct {
	Config
	path    string // of Root, absolute, without links
	dir     *os.Root
	journal *journal
}

// task is an item on its way to its place in the output.
type task struct {
	item
	done   chan struct{} // closed when result is set
	result result
}

type result struct {
	line    Line
	text    []byte // the line as JSON
	resumed bool
}

// run connects one walker, the workers and one writer. The writer takes the
// tasks in the order of the walk, whatever order the workers finish in.
func (a *audit) run(ctx context.Context) (Summary, error) {
	jobs := a.Jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	group, ctx := errgroup.WithContext(ctx)
	order, work := make(chan *task, window), make(chan *task)
	group.Go(func() error {
		defer close(order)
		defer close(work)
		return walk(a.dir, func(i item) error {
			t := &task{item: i, done: make(chan struct{})}
			return errors.Join(send(ctx, order, t), send(ctx, work, t))
		})
	})
	for range jobs {
		group.Go(func() error {
			for t := range work {
				var err error
				if t.result, err = a.handle(ctx, t.item); err != nil {
					return err
				}
				close(t.done)
			}
			return nil
		})
	}
	summary := Summary{Root: a.Root, Ruleset: a.Ruleset, Policy: a.Policy}
	group.Go(func() error { return a.write(ctx, order, &summary) })
	if err := group.Wait(); err != nil {
		return summary, err
	}
	text, err := encode(struct {
		Summary Summary `json:"summary"`
	}{summary})
	if err != nil {
		return summary, err
	}
	return summary, a.emit(text)
}

func send(ctx context.Context, to chan<- *task, t *task) error {
	select {
	case to <- t:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *audit) write(ctx context.Context, order <-chan *task, summary *Summary) error {
	for t := range order {
		select {
		case <-t.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		summary.add(t.result)
		if err := a.emit(t.result.text); err != nil {
			return err
		}
		if a.Each != nil {
			if err := a.Each(t.result.line); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *audit) emit(text []byte) error {
	if a.Out == nil {
		return nil
	}
	_, err := a.Out.Write(append(text, '\n'))
	return err
}

// handle finds or makes the line of one item. It fails only when the audit
// cannot go on.
func (a *audit) handle(ctx context.Context, i item) (result, error) {
	if i.problem != "" {
		return finished(incomplete(i, "omitted", i.problem))
	}
	before, stampErr := i.stamp(a.dir)
	if stampErr == nil {
		if text, ok, err := a.journal.lookup(before); err != nil || ok {
			return resumed(text, err)
		}
	}
	report, err := a.Judge(ctx, i.reference(a.path))
	switch {
	case ctx.Err() != nil: // half a judgement is none
		return result{}, ctx.Err()
	case err != nil:
		return finished(incomplete(i, "error", err.Error()))
	case stampErr != nil:
		return finished(lineOf(i, report)) // it cannot be recognised again, so it is not written down
	}
	if after, err := i.stamp(a.dir); err != nil || after != before {
		return finished(incomplete(i, "changed", "its files changed while they were read; audit again when nobody writes to it"))
	}
	r, err := finished(lineOf(i, report))
	if err != nil {
		return result{}, err
	}
	return r, a.journal.append(before, r.text)
}

func finished(l Line) (result, error) {
	text, err := encode(l)
	return result{line: l, text: text}, err
}

func resumed(text []byte, err error) (result, error) {
	if err != nil {
		return result{}, err
	}
	l, err := decodeLine(text)
	return result{line: l, text: text, resumed: true}, err
}
