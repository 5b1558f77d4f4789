//go:build linux || darwin

package cas

import (
	"errors"
	"math"
	"math/bits"
	"os"
	"syscall"
)

// flock takes the file for this process, or returns errBusy at once.
func flock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errBusy
		default:
			return err
		}
	}
}

// clampMul multiplies without overflow: some file systems declare as much space
// as a number can say.
func clampMul(blocks, size uint64) int64 {
	high, low := bits.Mul64(blocks, size)
	if high != 0 || low > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(low)
}
