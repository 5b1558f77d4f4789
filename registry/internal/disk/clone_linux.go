package disk

import (
	"os"
	"syscall"
)

// ficlone is FICLONE of linux/fs.h: the two files share their blocks until one of
// them is written to (ioctl_ficlone(2)).
const ficlone = 0x40049409

// Clone makes to, which is empty, share the content of from. It fails where the
// file system cannot, and the content must then be copied.
func Clone(to, from *os.File) error {
	raw, err := to.SyscallConn()
	if err != nil {
		return err
	}
	var errno syscall.Errno
	err = raw.Control(func(fd uintptr) {
		_, _, errno = syscall.Syscall(syscall.SYS_IOCTL, fd, ficlone, from.Fd())
	})
	if err == nil && errno != 0 {
		err = errno
	}
	return err
}
