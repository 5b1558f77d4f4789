//go:build unix

package registrytest

import "syscall"

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }
