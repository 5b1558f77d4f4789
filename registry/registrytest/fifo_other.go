//go:build !unix

package registrytest

import "errors"

func mkfifo(string) error { return errors.ErrUnsupported }
