package verify

import (
	"io"

	"assay/scanners"
)

// watched shows a file's bytes to a watch while they are hashed.
type watched struct {
	content io.ReaderAt
	*scanners.Watch
}

func (w watched) reader() io.ReaderAt {
	if w.Idle() {
		return w.content
	}
	return w
}

func (w watched) ReadAt(b []byte, off int64) (int, error) {
	n, err := w.content.ReadAt(b, off)
	w.Look(b[:n], off)
	return n, err
}
