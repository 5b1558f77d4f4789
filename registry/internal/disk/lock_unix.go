//go:build linux || darwin

package disk

import (
	"errors"
	"os"
	"syscall"
)

// TryLock takes an open file or folder for this process, until it is closed or the
// process ends. It reports false when another one has it.
func TryLock(f *os.File) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		default:
			return err == nil, err
		}
	}
}
