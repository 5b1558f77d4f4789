package disk

import (
	"fmt"
	"io/fs"
	"syscall"
	"time"
)

// nonBlocking keeps the open of a pipe that took the place of a file from
// waiting for a writer.
const nonBlocking = syscall.O_NONBLOCK

func changeTime(info fs.FileInfo) time.Time {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return time.Unix(s.Ctim.Unix())
	}
	return time.Time{}
}

// inode is the identity of the file, "" when there is none.
func inode(info fs.FileInfo) string {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%d:%d", s.Dev, s.Ino)
	}
	return ""
}
