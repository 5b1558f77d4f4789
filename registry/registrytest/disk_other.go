//go:build !linux

package registrytest

import "testing"

// SmallDisk skips the test: only Linux is known to mount one.
func SmallDisk(t testing.TB, _ string) (dir string) {
	t.Helper()
	t.Skip("no small disk can be mounted here: nothing was tried on a full one")
	return ""
}
