package registry

import (
	"fmt"
	"slices"
	"strings"
)

// Reference names an artifact the way a person wrote it.
type Reference struct {
	Scheme string // "hf", "oci", "file", ...
	Rest   string // everything after the scheme, not interpreted here
}

// stores are the schemes of stores on this machine, which need no host and are
// written "scheme:rest".
var stores = []string{"file", "hfcache", "oci-layout", "ollama-store", "docker-models"}

// ParseReference splits a reference. "scheme://rest" names a store elsewhere,
// "file:path", "hfcache:rest", "ollama-store:rest" and the like one on this machine; anything
// else is a local path. It fails on an empty reference and on one
// with control characters, which could only serve to mislead a reader of logs.
func ParseReference(s string) (Reference, error) {
	if s == "" {
		return Reference{}, fmt.Errorf("%w: it is empty", ErrReference)
	}
	if strings.ContainsFunc(s, isControl) {
		return Reference{}, fmt.Errorf("%w: %q has control characters", ErrReference, s)
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok && isScheme(scheme) {
		if rest == "" {
			return Reference{}, fmt.Errorf("%w: nothing after %q", ErrReference, s)
		}
		return Reference{Scheme: scheme, Rest: rest}, nil
	}
	if scheme, rest, ok := strings.Cut(s, ":"); ok && rest != "" && slices.Contains(stores, scheme) {
		return Reference{Scheme: scheme, Rest: rest}, nil
	}
	return Reference{Scheme: "file", Rest: s}, nil
}

func (r Reference) String() string {
	switch {
	case r.Scheme == "file":
		return r.Rest
	case slices.Contains(stores, r.Scheme):
		return r.Scheme + ":" + r.Rest
	}
	return r.Scheme + "://" + r.Rest
}

func isControl(r rune) bool { return r < 0x20 || r == 0x7f }

// isScheme follows RFC 3986 section 3.1, lower case only.
func isScheme(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z'
		if !letter && (i == 0 || !(r >= '0' && r <= '9' || r == '+' || r == '-' || r == '.')) {
			return false
		}
	}
	return s != ""
}
