//go:build linux || darwin

package cas_test

const resumesHere = true
