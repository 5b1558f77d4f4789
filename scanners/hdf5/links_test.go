package hdf5

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/internal/findings"
)

// TestLinksThatWait: links share the path of their group, and there are no more of
// them than structures are read.
func TestLinksThatWait(t *testing.T) {
	s := &scan{ctx: t.Context(), found: findings.New(rules), seen: map[int64]bool{}}
	h := &header{object: object{address: 1, path: "/" + strings.Repeat("p", 400)}}
	for i := range 1000 {
		s.link(h, fmt.Appendf(nil, "%04d", i), int64(i+2))
	}
	held := 0
	for _, o := range s.todo {
		held += len(o.path) + len(o.name)
	}
	if len(s.todo) != 1000 || held != 4000 {
		t.Errorf("%d links hold %d bytes", len(s.todo), held)
	}
	s.todo = make([]object, maxStructures)
	s.link(h, []byte("a"), 5000)
	var format *scanners.FormatError
	if len(s.todo) != maxStructures || !errors.As(s.firstError, &format) || format.Code != scanners.GapLimit || !s.stopped() {
		t.Errorf("%d links wait, %v", len(s.todo), s.firstError)
	}
}
