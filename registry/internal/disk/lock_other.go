//go:build !linux && !darwin

package disk

import (
	"errors"
	"os"
)

// TryLock fails: whether another process has a file is not known here.
func TryLock(*os.File) (bool, error) { return false, errors.ErrUnsupported }
