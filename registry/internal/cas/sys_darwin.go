package cas

import (
	"io/fs"
	"os"
	"syscall"
)

// lockable: a lock on an open file ends with its process, so that an unfinished
// download can belong to one process at a time and outlive it.
const lockable = true

// isOwn reports a file that only this user can have written: ours, closed to
// others, and with one name.
func isOwn(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Getuid() && s.Nlink == 1 && info.Mode().IsRegular() && info.Mode().Perm()&0o077 == 0
}

// allocated is the space that a file takes on its disk, in bytes.
func allocated(info fs.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512
	}
	return 0
}

// freeSpace is what an ordinary user may still write to the disk of dir, in bytes.
func freeSpace(dir string) (free int64, known bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return clampMul(s.Bavail, uint64(s.Bsize)), true
}

// reserve makes the file size bytes long.
func reserve(f *os.File, size int64) error { return f.Truncate(size) }

// bootID names the time since the machine was started: within it, what a killed
// process wrote is what is read.
func bootID() string {
	id, err := syscall.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}
