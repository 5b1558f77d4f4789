//go:build !linux

package disk

import (
	"errors"
	"os"
)

// Clone fails: content is copied here.
func Clone(_, _ *os.File) error { return errors.ErrUnsupported }
