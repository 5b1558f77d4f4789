package console

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestTransfers(t *testing.T) {
	now := time.Unix(0, 0)
	clock := func() time.Time { return now }
	var log, screen bytes.Buffer
	plain, terminal := NewTransfers(&log, false, clock), NewTransfers(&screen, true, clock)
	both := func(name string, have, size int64) { plain.Have(name, have, size); terminal.Have(name, have, size) }
	both("a.bin", 0, 40_000_000)
	now = now.Add(10 * time.Second)
	both("a.bin", 10_000_000, 40_000_000)
	if log.Len() != 0 {
		t.Errorf("after ten seconds: %q", log.String())
	}
	if got := screen.String(); !strings.Contains(got, "a.bin: ") || !strings.Contains(got, "/s, 30s left") {
		t.Errorf("on a terminal: %q", got)
	}
	both("b\x1b.bin", 1, 9)
	now = now.Add(21 * time.Second)
	both("a.bin", 31_000_000, 40_000_000)
	if got := log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "a.bin: ") || !strings.Contains(got, "9s left") || strings.Contains(got, "\x1b") {
		t.Errorf("after half a minute: %q", got)
	}
	if got := screen.String(); !strings.Contains(got, "(and 1 more)") {
		t.Errorf("on a terminal: %q", got)
	}
	terminal.Done()
	if !strings.HasSuffix(screen.String(), "\r\x1b[K") {
		t.Error("the line stays")
	}
}
