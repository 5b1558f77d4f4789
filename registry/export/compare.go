package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"

	"assay/registry"
)

// compare accepts a folder that already holds exactly the artifact's files and
// nothing else, so that pulling twice is no error. It hashes both.
func compare(ctx context.Context, a *registry.Artifact, target string, lock *Lock) error {
	root, err := os.OpenRoot(target)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := sameNames(ctx, a, root); err != nil {
		return err
	}
	for _, f := range a.Parts() {
		want, err := copyHashed(ctx, io.Discard, f)
		if err != nil {
			return fmt.Errorf("read %s: %w", f.Name, err)
		}
		got, err := hashFile(ctx, root, f.Name)
		if err != nil {
			return err
		}
		if got != want {
			return fmt.Errorf("%w: %s differs in %s", ErrExists, f.Name, root.Name())
		}
		lock.add(f, want)
	}
	return nil
}

// sameNames looks before anything is fetched: most mistaken targets differ here.
func sameNames(ctx context.Context, a *registry.Artifact, root *os.Root) error {
	want := make(map[string]int64, len(a.Parts()))
	for _, f := range a.Parts() {
		want[f.Name] = f.Size
	}
	found := 0
	err := fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := root.Lstat(name)
		if err != nil {
			return err
		}
		if size, ok := want[name]; !ok || !info.Mode().IsRegular() || info.Size() != size {
			return fmt.Errorf("%w: %s in %s", ErrExists, registry.PrintableName(name), root.Name())
		}
		found++
		return nil
	})
	if err == nil && found != len(want) {
		err = fmt.Errorf("%w: %s has only some of the files", ErrExists, root.Name())
	}
	return err
}

func hashFile(ctx context.Context, root *os.Root, name string) (string, error) {
	f, err := root.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, contextReader{ctx, f}); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
