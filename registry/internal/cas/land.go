package cas

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"assay/registry"
	"assay/registry/internal/disk"
)

// Sink receives the content of a blob. It refuses more than the blob's size.
type Sink struct {
	file *os.File
	blob Blob
	sums *hashes
}

func newSink(f *os.File, b Blob) (*Sink, error) {
	sums, err := newHashes(b)
	return &Sink{file: f, blob: b, sums: sums}, err
}

func (s *Sink) Write(p []byte) (int, error) {
	if s.sums.n+int64(len(p)) > s.blob.Size {
		return 0, fmt.Errorf("%w: %s is larger than the promised %d bytes", registry.ErrDigest, s.blob.Name, s.blob.Size)
	}
	n, err := s.file.Write(p)
	_, _ = s.sums.Write(p[:n])
	return n, err
}

// Reset forgets everything written so far.
func (s *Sink) Reset() error {
	if err := s.file.Truncate(0); err != nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sums, err := newHashes(s.blob)
	s.sums = sums
	return err
}

// land fills a temporary file and gives it its name once it is right and on
// disk. On any failure nothing is left.
func (s *Store) land(ctx context.Context, root *os.Root, b Blob, fill Fill) (registry.Content, error) {
	temp := "tmp/" + rand.Text()
	f, err := root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", b.Name, err)
	}
	sum, err := write(ctx, f, b, fill)
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, root.Remove(temp))
	}
	if err := root.Rename(temp, blobPath(sum)); err != nil {
		err = errors.Join(fmt.Errorf("cache %s: %w", b.Name, err), root.Remove(temp))
		// Windows does not replace a file that is open elsewhere. It may be right.
		if c := s.cached(ctx, root, b); c != nil {
			return c, nil
		}
		return nil, err
	}
	if err := errors.Join(syncDir(root, "blobs/sha256"), alias(root, b.Want, sum)); err != nil {
		return nil, fmt.Errorf("cache %s: %w", b.Name, err)
	}
	c, err := disk.Blob(root, blobPath(sum)).Content(nil)
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", b.Name, err)
	}
	s.remember(sum, c.Info())
	return c, nil
}

func write(ctx context.Context, f *os.File, b Blob, fill Fill) (sum string, err error) {
	sink, err := newSink(f, b)
	if err != nil {
		return "", err
	}
	if err := fill(ctx, sink); err != nil {
		return "", fmt.Errorf("%s: %w", b.Name, err)
	}
	if err := sink.sums.check(); err != nil {
		return "", err
	}
	if err := f.Chmod(0o444); err != nil && runtime.GOOS != "windows" {
		return "", fmt.Errorf("cache %s: %w", b.Name, err)
	}
	if err := f.Sync(); err != nil {
		return "", fmt.Errorf("cache %s: %w", b.Name, err)
	}
	return sink.sums.sha256(), nil
}

// lookup finds the SHA-256 for a promised digest: itself, or by an alias.
func lookup(root *os.Root, want []registry.Digest) (sum string, ok bool) {
	for _, d := range want {
		if d.Algorithm == "sha256" {
			return d.Hex, true
		}
	}
	for _, d := range want {
		f, err := root.Open(aliasPath(d))
		if err != nil {
			continue
		}
		line, err := io.ReadAll(io.LimitReader(f, 128))
		_ = f.Close()
		target, parseErr := registry.NewDigest("sha256", strings.TrimSuffix(string(line), "\n"))
		if err == nil && parseErr == nil {
			return target.Hex, true
		}
	}
	return "", false
}

// alias records under which name the content of other promised digests lies.
func alias(root *os.Root, want []registry.Digest, sum string) error {
	for _, d := range want {
		if d.Algorithm == "sha256" {
			continue
		}
		if err := root.MkdirAll("alias/"+d.Algorithm, 0o700); err != nil {
			return err
		}
		temp := "tmp/" + rand.Text()
		if err := root.WriteFile(temp, []byte(sum+"\n"), 0o600); err != nil {
			return errors.Join(err, root.Remove(temp))
		}
		if err := root.Rename(temp, aliasPath(d)); err != nil {
			return errors.Join(err, root.Remove(temp))
		}
	}
	return nil
}

func aliasPath(d registry.Digest) string { return "alias/" + d.Algorithm + "/" + d.Hex }

// syncDir makes a rename durable. Windows cannot sync a directory and does not
// need it.
func syncDir(root *os.Root, name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
