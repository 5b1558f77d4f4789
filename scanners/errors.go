package scanners

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// barrier turns a panic into an error. Deferred around every call into a
// scanner: Match, Scan, Open and Read.
func barrier(err *error) {
	if p := recover(); p != nil {
		*err = &internalError{fmt.Sprint(p), firstOwnFrame(debug.Stack())}
	}
}

// untilDone reads nothing any more once the run is over, so that a scanner that
// does not ask stops with its next read.
type untilDone struct {
	ctx context.Context
	src io.ReaderAt
}

func (u untilDone) ReadAt(p []byte, off int64) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.src.ReadAt(p, off)
}

// FormatError says at which byte a format stopped making sense. Code says what
// kind of gap that is; the zero Code means GapBroken.
type FormatError struct {
	Offset int64
	Code   GapCode
	Err    error
}

func (e *FormatError) Error() string { return fmt.Sprintf("at byte %d: %v", e.Offset, e.Err) }

func (e *FormatError) Unwrap() error { return e.Err }

// internalError is a panic that was caught.
type internalError struct{ what, where string }

func (e *internalError) Error() string {
	return fmt.Sprintf("the scanner failed (%s, %s); please report this file's format", e.what, e.where)
}

// firstOwnFrame finds the function that panicked, without the machine's paths.
func firstOwnFrame(stack []byte) string {
	seen := false
	for line := range strings.Lines(string(stack)) {
		if strings.HasPrefix(line, "panic(") {
			seen = true
			continue
		}
		if name, _, ok := strings.Cut(line, "("); seen && ok && strings.HasPrefix(line, "assay/") {
			return name
		}
	}
	return "unknown function"
}
