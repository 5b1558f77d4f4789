package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"assay/registry"
	"assay/registry/internal/disk"
)

// atOnce is how many files are fetched and written at a time: small ones are
// mostly waiting.
const atOnce = 4

// fill writes all files into dir.
func (w Writer) fill(ctx context.Context, a *registry.Artifact, dir string, lock *Lock) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	folders := map[string]bool{".": true}
	for _, f := range a.Parts() {
		folder := path.Dir(f.Name)
		if err := root.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for ; !folders[folder]; folder = path.Dir(folder) {
			folders[folder] = true
		}
	}
	sums := make([]string, len(a.Parts()))
	g, inner := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i, f := range a.Parts() {
		g.Go(func() (err error) {
			if sums[i], err = w.writeFile(inner, root, f); err != nil {
				return fmt.Errorf("write %s: %w", f.Name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	for i, f := range a.Parts() {
		lock.add(f, sums[i])
	}
	for folder := range folders {
		if err := disk.SyncDir(filepath.Join(dir, filepath.FromSlash(folder))); err != nil {
			return err
		}
	}
	return nil
}

// writeFile makes one file, and returns the SHA-256 of what it holds. What is wrong in
// the cache is fetched once more.
func (w Writer) writeFile(ctx context.Context, root *os.Root, f registry.File) (sum string, err error) {
	if f.OpenHashing == nil || w.HardLink {
		return w.writeFrom(ctx, root, f, f.Open)
	}
	sum, err = w.writeFrom(ctx, root, f, func(ctx context.Context) (registry.Content, error) { return f.OpenHashing(ctx) })
	if !errors.Is(err, errAgain) {
		return sum, err
	}
	if err := root.Remove(f.Name); err != nil {
		return "", err
	}
	return w.writeFrom(ctx, root, f, f.Open)
}

// errAgain: the content was wrong, and what is fetched anew may be right.
var errAgain = errors.New("the cache was wrong")

func (w Writer) writeFrom(ctx context.Context, root *os.Root, f registry.File, open func(context.Context) (registry.Content, error)) (sum string, err error) {
	in, err := open(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	var local *disk.Content
	if d, ok := in.(interface{ Disk() *disk.Content }); ok {
		local = d.Disk()
	}
	if w.HardLink && local != nil && local.IsBlob() && link(root, f.Name, local) == nil {
		return hashed(ctx, io.Discard, f, in)
	}
	out, err := root.OpenFile(f.Name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if local != nil && f.Size > 0 && disk.Clone(out, local.Handle()) == nil {
		info, err := out.Stat()
		if err != nil {
			return "", err
		}
		// What is in the folder is what is hashed, not what it was cloned from.
		sum, err = hashed(ctx, io.Discard, f, sized{out, info.Size(), in})
		return sum, errors.Join(err, out.Sync())
	}
	if sum, err = hashed(ctx, out, f, in); err != nil {
		return "", err
	}
	return sum, out.Sync()
}

// sized is a clone of content.
type sized struct {
	io.ReaderAt
	size int64
	of   registry.Content
}

func (s sized) Size() int64 { return s.size }

func (s sized) Hashed(sum string) error { return said(s.of, sum) }

// said tells content that its reader compares what it has.
func said(content any, sum string) error {
	if h, ok := content.(interface{ Hashed(sha256 string) error }); ok {
		return h.Hashed(sum)
	}
	return nil
}

// link gives the content a second name, and makes sure that it is that content.
func link(root *os.Root, name string, from *disk.Content) error {
	if err := os.Link(from.Name(), filepath.Join(root.Name(), filepath.FromSlash(name))); err != nil {
		return err
	}
	info, err := root.Lstat(name)
	if err == nil && os.SameFile(info, from.Info()) {
		return nil
	}
	return errors.Join(errors.New("another file was linked"), err, root.Remove(name))
}

// copyHashed reads a file of the artifact to its end into w.
func copyHashed(ctx context.Context, w io.Writer, f registry.File) (sum string, err error) {
	in, err := f.Open(ctx)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return hashed(ctx, w, f, in)
}

// hashed copies content into w. Bytes that changed while they were read, or that do
// not match a declared SHA-256, are an error.
func hashed(ctx context.Context, w io.Writer, f registry.File, in interface {
	io.ReaderAt
	Size() int64
}) (sum string, err error) {
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
	if err := said(in, sum); errors.Is(err, registry.ErrDigest) {
		return "", errAgain
	} else if err != nil {
		return "", err
	}
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

// sweep removes the temporary folders beside a target that killed processes left:
// those that no process has locked. It is best effort.
func sweep(parent, base string) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), tempPrefix(base)) {
			continue
		}
		f, err := os.Open(filepath.Join(parent, e.Name()))
		if err != nil {
			continue
		}
		if free, err := disk.TryLock(f); free && err == nil {
			_ = os.RemoveAll(f.Name())
		}
		_ = f.Close()
	}
}

func tempPrefix(base string) string { return "." + base + ".assay-" }
