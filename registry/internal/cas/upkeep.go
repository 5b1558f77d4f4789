package cas

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"assay/registry"
	"assay/registry/internal/disk"
)

// Usage is what the cache holds.
type Usage struct {
	Blobs, Unfinished, Quarantined int
	Bytes                          int64 // on disk, as far as the system tells, otherwise their sizes
}

// Check hashes every blob again. Wrong ones are set aside and returned as errors
// that wrap registry.ErrDigest.
func (s *Store) Check(ctx context.Context) (u Usage, wrong []error, err error) {
	err = s.each(ctx, func(root *os.Root, folder, name string, info fs.FileInfo) error {
		u.add(folder, info)
		if folder != "blobs/sha256" {
			return nil
		}
		if bad := checkBlob(ctx, root, name, info); bad != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			wrong = append(wrong, bad)
			s.quarantine(root, name, bad)
		}
		return nil
	})
	return u, wrong, err
}

func (u *Usage) add(folder string, info fs.FileInfo) {
	u.Bytes += max(allocated(info), 0)
	switch folder {
	case "blobs/sha256":
		u.Blobs++
	case "quarantine":
		u.Quarantined++
	default:
		u.Unfinished++
	}
}

// checkBlob compares one blob with its name.
func checkBlob(ctx context.Context, root *os.Root, name string, info fs.FileInfo) error {
	want, err := registry.NewDigest("sha256", name)
	if err != nil {
		return fmt.Errorf("%w: blob %s: its name is no digest", registry.ErrDigest, registry.PrintableName(name))
	}
	c, err := disk.Blob(root, blobPath(name)).Content(nil)
	if err != nil {
		return fmt.Errorf("%w: blob %s: %w", registry.ErrDigest, name, err)
	}
	err = Verify(ctx, c, Blob{Name: blobPath(name), Size: info.Size(), Want: []registry.Digest{want}})
	return errors.Join(err, c.Close())
}

// Clean removes what was fetched before a time: blobs, unfinished downloads,
// quarantined bytes. What another process has open stays readable there.
func (s *Store) Clean(ctx context.Context, before time.Time) (removed Usage, err error) {
	err = s.each(ctx, func(root *os.Root, folder, name string, info fs.FileInfo) error {
		if !info.ModTime().Before(before) {
			return nil
		}
		removed.add(folder, info)
		return root.Remove(folder + "/" + name)
	})
	return removed, err
}

// each visits every file of the cache that holds content.
func (s *Store) each(ctx context.Context, visit func(root *os.Root, folder, name string, info fs.FileInfo) error) error {
	root, err := s.open()
	if err != nil {
		return err
	}
	for _, folder := range []string{"blobs/sha256", "tmp", "quarantine"} {
		entries, err := fs.ReadDir(root.FS(), folder)
		if err != nil {
			return fmt.Errorf("list the cache: %w", err)
		}
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				return err
			}
			info, err := root.Lstat(folder + "/" + e.Name())
			if errors.Is(err, fs.ErrNotExist) { // finished or removed meanwhile
				continue
			}
			if err == nil {
				err = visit(root, folder, e.Name(), info)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
