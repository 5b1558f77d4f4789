package disk

import (
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// Replace writes a file as a whole: a reader meets the old content or the new one,
// also after the machine was switched off.
func Replace(path string, data []byte) error {
	return ReplaceBy(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// ReplaceBy is Replace for what write writes. When that fails, the old content stays.
func ReplaceBy(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	// All four happen, whatever the others say.
	if err = cmp.Or(write(f), f.Chmod(0o644), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return SyncDir(filepath.Dir(path))
}

// SyncDir makes names durable. Windows cannot sync a folder and does not need it.
func SyncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
