package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"assay/registry/export"
)

// maxInMemory is how much of an output waits in memory, in bytes, before it goes to
// a temporary file: a bill of 100,000 files has 100 MB.
const maxInMemory = 4 << 20

// whole writes all of what render writes, or nothing: a reader of standard output
// must not take half of a document for all of it.
func whole(w io.Writer, render func(io.Writer) error) (err error) {
	var s spool
	defer func() { err = errors.Join(err, s.close()) }()
	if err := render(&s); err != nil {
		return err
	}
	return s.copyTo(w)
}

// spool keeps what is written in memory, and in a file when it grows.
type spool struct {
	memory bytes.Buffer
	file   *os.File
}

func (s *spool) Write(b []byte) (int, error) {
	if s.file == nil && s.memory.Len()+len(b) <= maxInMemory {
		return s.memory.Write(b)
	}
	if s.file == nil {
		var err error
		if s.file, err = os.CreateTemp("", "assay-output-*"); err != nil {
			return 0, err
		}
	}
	if s.memory.Len() > 0 {
		if _, err := s.memory.WriteTo(s.file); err != nil {
			return 0, err
		}
	}
	return s.file.Write(b)
}

func (s *spool) copyTo(w io.Writer) error {
	if s.file == nil {
		_, err := s.memory.WriteTo(w)
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(w, s.file)
	return err
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	return errors.Join(s.file.Close(), os.Remove(s.file.Name()))
}

// writeFile is replaceFile for what is in memory.
func writeFile(path string, data []byte) error {
	return replaceFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// replaceFile replaces a file in one step, the one that a link leads to. What is
// there and no regular file (/dev/stdout, a pipe) is written to as it is: it must
// not be replaced.
func replaceFile(path string, render func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(whole(f, render), f.Close())
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	return export.Replace(path, render)
}
