package audit

import (
	"io/fs"
	"os"
	"syscall"
)

// nonBlocking keeps the open of a pipe that took the place of a directory from
// waiting for a writer.
const nonBlocking = syscall.O_NONBLOCK

// identity returns the inode and its change time, in nanoseconds, which an
// unprivileged writer cannot set back.
func identity(info fs.FileInfo) (inode uint64, changed int64) {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino, s.Ctimespec.Nano()
	}
	return 0, 0
}

// lock keeps a second audit away from the journal until the file is closed,
// however its process ends.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
