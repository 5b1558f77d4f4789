//go:build !linux && !darwin

package cas

import (
	"io/fs"
	"os"
)

// lockable is false: an unfinished download cannot be kept safely for another
// process, and is begun again.
const lockable = false

func isOwn(fs.FileInfo) bool { return false }

func allocated(fs.FileInfo) int64 { return 0 }

func freeSpace(string) (free int64, known bool) { return 0, false }

func reserve(f *os.File, size int64) error { return f.Truncate(size) }

func bootID() string { return "" }
