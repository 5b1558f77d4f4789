package store

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestFirstPublisher(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	begin := stamp(at)
	one, two := Publisher{"1", "acme", "2024"}, Publisher{"2", "acme", "2026"}
	for _, now := range []Publisher{one, one, two} {
		first, since, err := s.FirstPublisher(t.Context(), "hf://acme/x", now, at)
		if err != nil || first != one || since != begin {
			t.Errorf("%+v since %s, %v", first, since, err)
		}
		at = at.Add(time.Hour)
	}
	if first, _, err := s.FirstPublisher(t.Context(), "hf://acme/y", two, at); err != nil || first != two {
		t.Errorf("another repository: %+v, %v", first, err)
	}
	if _, err := s.db.ExecContext(t.Context(), "UPDATE publisher SET owner = 'evil'"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.FirstPublisher(t.Context(), "hf://acme/x", one, at); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a changed row: %v, want ErrCorrupt", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
