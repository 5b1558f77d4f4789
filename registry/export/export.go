// Package export writes an artifact into a folder, whole or not at all, and
// records in a lock file exactly what was written.
//
// The lock file lies beside the folder (models/bert and models/bert.lock.json),
// not in it: a signature over the folder covers every file in it, and would not
// cover ours.
//
// # Security
//
// Files are written through os.Root into a new sibling folder with names that
// satisfy registry.CheckSet, mode 0644, synced, compared with their size and
// every declared SHA-256 while they are written, and the folder is renamed when
// all of them are there. Modes, owners and links of the store are not taken over.
// A target that holds something else is left alone (ErrExists).
package export

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/disk"
)

// ErrExists means that the target has content, and it is not this artifact.
var ErrExists = errors.New("the target folder is not empty and holds something else")

// Writer writes artifacts into folders. The zero value clones files of this machine
// where the file system shares blocks, and copies otherwise.
type Writer struct {
	// HardLink gives the files of the cache a second name. That takes no room; but
	// whoever writes to the one writes to the other. The files are then read-only.
	HardLink bool
}

// Export is Writer{}.Export.
func Export(ctx context.Context, a *registry.Artifact, dir string) (*Lock, error) {
	return Writer{}.Export(ctx, a, dir)
}

// Export writes every file of the artifact into dir and the lock file beside
// it. It is atomic: dir is complete afterwards, or untouched. When dir already
// holds exactly these files, only the lock file is written. Entries that the
// store could not give as files (Artifact.Omitted) are recorded in the lock.
func (w Writer) Export(ctx context.Context, a *registry.Artifact, dir string) (*Lock, error) {
	if err := registry.CheckSet(a.Parts()); err != nil {
		return nil, err
	}
	target, err := resolve(dir)
	if err != nil {
		return nil, err
	}
	state, err := look(target)
	if err != nil {
		return nil, err
	}
	lock := newLock(a)
	if state == occupied {
		err = compare(ctx, a, target, lock)
	} else {
		err = w.create(ctx, a, target, lock)
	}
	if err != nil {
		return nil, err
	}
	return lock, lock.write(LockPath(target))
}

// LockPath is the lock file of a folder.
func LockPath(dir string) string { return filepath.Clean(dir) + ".lock.json" }

// resolve follows a link that the user names, once.
func resolve(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if target, err := filepath.EvalSymlinks(abs); err == nil {
		return target, nil
	}
	return abs, nil
}

type occupancy int

const (
	occupied occupancy = iota // the safe assumption
	absent
	empty
)

func look(target string) (occupancy, error) {
	entries, err := os.Open(target)
	if errors.Is(err, fs.ErrNotExist) {
		return absent, nil
	}
	if err != nil {
		return occupied, err
	}
	defer entries.Close()
	_, err = entries.Readdirnames(1)
	if errors.Is(err, io.EOF) {
		return empty, nil
	}
	if err != nil {
		return occupied, fmt.Errorf("%s is not a folder that can be read: %w", target, err)
	}
	return occupied, nil
}

// create fills a sibling folder and renames it.
func (w Writer) create(ctx context.Context, a *registry.Artifact, target string, lock *Lock) (err error) {
	parent := filepath.Dir(target)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	sweep(parent, filepath.Base(target))
	if !w.HardLink {
		if err := cas.Room(parent, total(a.Parts())); err != nil {
			return err
		}
	}
	temp := filepath.Join(parent, tempPrefix(filepath.Base(target))+rand.Text()[:8])
	if err := os.Mkdir(temp, 0o755); err != nil {
		return err
	}
	if held, err := os.Open(temp); err == nil { // tells other processes that it is in use
		_, _ = disk.TryLock(held)
		defer held.Close()
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temp))
		}
	}()
	if err := w.fill(ctx, a, temp, lock); err != nil {
		return err
	}
	// Fails unless the target is still absent or empty.
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrExists, target)
	}
	if err := os.Rename(temp, target); err != nil {
		return err
	}
	return disk.SyncDir(parent)
}

// total is the size of all files; more than a number can say counts as that.
func total(files []registry.File) (n int64) {
	for _, f := range files {
		if n += min(f.Size, math.MaxInt64-n); n == math.MaxInt64 {
			break
		}
	}
	return n
}
