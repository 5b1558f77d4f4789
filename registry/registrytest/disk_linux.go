package registrytest

import (
	"os"
	"syscall"
	"testing"
)

// SmallDisk mounts a file system in memory with room for so many bytes, and skips
// the test when this process may not.
func SmallDisk(t testing.TB, size string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a small disk: nothing was tried on a full one")
	}
	if err := syscall.Mount("assay-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no small disk can be mounted (%v): nothing was tried on a full one", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}
