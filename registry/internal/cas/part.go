package cas

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"assay/registry"
	"assay/registry/internal/disk"
)

// part is the temporary file of one download.
type part struct {
	root    *os.Root
	file    *os.File
	name    string   // below the cache
	journal string   // "" when the part does not outlive this process
	log     *os.File // what was written since the journal; nil without one
	logged  int64    // bytes in log
}

// errBusy: another process is downloading the same.
var errBusy = errors.New("another process is fetching the same file")

func tryLock(f *os.File) error {
	taken, err := disk.TryLock(f)
	if err == nil && !taken {
		err = errBusy
	}
	return err
}

// claim waits until no other process works on the blob and takes its part, with
// what is there of it.
func claim(ctx context.Context, root *os.Root, b Blob) (*part, error) {
	for {
		p, err := tryClaim(root, b)
		if !errors.Is(err, errBusy) {
			return p, err
		}
		t := time.NewTimer(100 * time.Millisecond)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

func tryClaim(root *os.Root, b Blob) (*part, error) {
	if !lockable {
		return private(root)
	}
	key := "tmp/" + b.id()
	p := &part{root: root, name: key + ".part", journal: key + ".journal"}
	var err error
	if p.file, err = root.OpenFile(p.name, os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, err
	}
	if err := tryLock(p.file); err != nil {
		err = errors.Join(err, p.file.Close())
		if errors.Is(err, errBusy) {
			return nil, err
		}
		return private(root) // a file system without locks
	}
	held, err := p.file.Stat()
	named, nameErr := root.Lstat(p.name)
	switch {
	case err != nil:
		return nil, errors.Join(err, p.file.Close())
	case nameErr != nil || !os.SameFile(held, named) && isOwn(named):
		// The one who had it finished or gave up, and it is another file now.
		return nil, errors.Join(errBusy, p.file.Close())
	case !isOwn(named):
		// A link, or a file that others can write to: not ours to go on with.
		return nil, errors.Join(errBusy, p.file.Close(), root.Remove(p.name))
	}
	if err := p.openLog(); err != nil {
		return nil, errors.Join(err, p.file.Close())
	}
	return p, nil
}

// openLog opens the log for appending. One that is not ours is replaced.
func (p *part) openLog() error {
	name := p.logName()
	if info, err := p.root.Lstat(name); err == nil && !isOwn(info) {
		if err := p.root.Remove(name); err != nil {
			return err
		}
	}
	f, err := p.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	p.log, p.logged = f, info.Size()
	return nil
}

func (p *part) logName() string { return strings.TrimSuffix(p.name, ".part") + ".log" }

// forget removes journal and log, as far as there are any.
func (p *part) forget() error {
	if p.journal == "" {
		return nil
	}
	var failed error
	for _, name := range []string{p.journal, p.logName()} {
		if err := p.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
	}
	return errors.Join(failed, p.closeLog())
}

func (p *part) closeLog() error {
	if p.log == nil {
		return nil
	}
	f := p.log
	p.log = nil
	return f.Close()
}

// keep closes the part for a later process.
func (p *part) keep() error { return errors.Join(p.closeLog(), p.file.Close()) }

// private is a part that nobody else knows of.
func private(root *os.Root) (*part, error) {
	name := "tmp/" + rand.Text()
	f, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return &part{root: root, file: f, name: name}, err
}

// begin prepares the part for size bytes and tells what is there already.
func (p *part) begin(b Blob) (*Sink, error) {
	sums, err := newHashes(b)
	if err != nil {
		return nil, err
	}
	s := &Sink{part: p, blob: b, sums: sums, wake: make(chan struct{}, 1), saved: -1}
	info, err := p.file.Stat()
	if err != nil {
		return nil, err
	}
	if p.journal != "" && info.Size() == b.Size {
		s.resume()
	}
	if len(s.have) == 0 {
		if err := p.empty(); err != nil {
			return nil, err
		}
	}
	return s, p.reserve(b)
}

// empty forgets what is there. The journal goes first: it must never speak of
// another file.
func (p *part) empty() error {
	if p.journal != "" {
		if err := p.root.Remove(p.journal); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if p.log != nil {
		if err := p.log.Truncate(0); err != nil {
			return err
		}
		p.logged = 0
	}
	return p.file.Truncate(0)
}

// spare is left free on the disk: a cache that fills it to the last byte breaks
// everything else on the machine.
const spare = 64 << 20

// Room fails with registry.ErrSpace when the disk of dir has no room for so many
// more bytes. Where that is not known, there is room.
func Room(dir string, need int64) error {
	free, known := freeSpace(dir)
	if !known || need <= 0 || free-spare >= need {
		return nil
	}
	return fmt.Errorf("%w: %d more bytes are needed in %s, and %d are free (%d of them are left alone); make room",
		registry.ErrSpace, need, dir, free, spare)
}

// reserve makes sure of the space before the first byte is fetched.
func (p *part) reserve(b Blob) error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	if err := Room(p.root.Name(), b.Size-min(b.Size, allocated(info))); err != nil {
		return fmt.Errorf("%s: %w, or set ASSAY_CACHE to a folder on another disk", b.Name, err)
	}
	if b.Size == 0 {
		return nil
	}
	if err := reserve(p.file, b.Size); err != nil {
		return fmt.Errorf("take %d bytes of disk space for %s: %w", b.Size, b.Name, err)
	}
	return nil
}

// discard removes the part.
func (p *part) discard() error {
	err := p.forget()
	if lockable { // the lock is held until the name is gone
		return errors.Join(err, p.root.Remove(p.name), p.file.Close())
	}
	return errors.Join(err, p.file.Close(), p.root.Remove(p.name)) // Windows does not remove what is open
}

// publish gives the part its final name.
func (p *part) publish(name string) error {
	if err := p.forget(); err != nil {
		return errors.Join(err, p.discard())
	}
	if lockable {
		err := p.root.Rename(p.name, name)
		if err != nil {
			err = errors.Join(err, p.root.Remove(p.name))
		}
		return errors.Join(err, p.file.Close())
	}
	err := p.file.Close()
	if err == nil {
		err = p.root.Rename(p.name, name)
	}
	if err != nil {
		err = errors.Join(err, p.root.Remove(p.name))
	}
	return err
}
