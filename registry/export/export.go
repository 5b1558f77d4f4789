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
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"runtime"

	"assay/registry"
	"assay/registry/internal/cas"
)

// ErrExists means that the target has content, and it is not this artifact.
var ErrExists = errors.New("the target folder is not empty and holds something else")

// Export writes every file of the artifact into dir and the lock file beside
// it. It is atomic: dir is complete afterwards, or untouched. When dir already
// holds exactly these files, only the lock file is written. Entries that the
// store could not give as files (Artifact.Omitted) are recorded in the lock.
func Export(ctx context.Context, a *registry.Artifact, dir string) (*Lock, error) {
	if err := registry.CheckSet(a.Files); err != nil {
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
		err = create(ctx, a, target, lock)
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
func create(ctx context.Context, a *registry.Artifact, target string, lock *Lock) (err error) {
	parent := filepath.Dir(target)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	if err := cas.Room(parent, total(a.Files)); err != nil {
		return err
	}
	temp := filepath.Join(parent, "."+filepath.Base(target)+".assay-"+rand.Text()[:8])
	if err := os.Mkdir(temp, 0o755); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(temp))
		}
	}()
	if err := fill(ctx, a, temp, lock); err != nil {
		return err
	}
	// Fails unless the target is still absent or empty.
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s", ErrExists, target)
	}
	if err := os.Rename(temp, target); err != nil {
		return err
	}
	return syncDir(parent)
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

func fill(ctx context.Context, a *registry.Artifact, dir string, lock *Lock) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	folders := map[string]bool{".": true}
	for _, f := range a.Files {
		folder := path.Dir(f.Name)
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for ; !folders[folder]; folder = path.Dir(folder) {
			folders[folder] = true
		}
		sum, err := writeFile(ctx, root, f)
		if err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
		lock.add(f, sum)
	}
	for folder := range folders {
		if err := syncDir(filepath.Join(dir, filepath.FromSlash(folder))); err != nil {
			return err
		}
	}
	return nil
}

// writeFile copies one file and returns the SHA-256 of what was written.
func writeFile(ctx context.Context, root *os.Root, f registry.File) (sum string, err error) {
	out, err := root.OpenFile(f.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if sum, err = copyHashed(ctx, out, f); err != nil {
		return "", err
	}
	return sum, out.Sync()
}

// copyHashed reads a file to its end into w. Bytes that changed while they were
// read, or that do not match a declared SHA-256, are an error.
func copyHashed(ctx context.Context, w io.Writer, f registry.File) (sum string, err error) {
	in, err := f.Open(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	h := sha256.New()
	src := contextReader{ctx, io.NewSectionReader(in, 0, in.Size())}
	n, err := io.CopyBuffer(io.MultiWriter(w, h), src, make([]byte, 256<<10))
	if err != nil {
		return "", err
	}
	if n != f.Size {
		return "", fmt.Errorf("%w: listed with %d bytes, has %d", registry.ErrChanged, f.Size, n)
	}
	sum = hex.EncodeToString(h.Sum(nil))
	for _, d := range f.Declared {
		if d.Digest.Algorithm == "sha256" && d.Digest.Hex != sum {
			return "", fmt.Errorf("%w: promised %s, got sha256:%s", registry.ErrDigest, d.Digest, sum)
		}
	}
	return sum, nil
}

// contextReader ends a long copy soon after the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

// syncDir makes names durable. Windows cannot sync a directory and does not need it.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
