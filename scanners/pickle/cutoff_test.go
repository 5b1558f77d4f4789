package pickle

import (
	"bytes"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// TestCutOff: what only the missing end of a file causes is a gap. What came
// before it stays, and a file that is whole for one reader is no cut.
func TestCutOff(t *testing.T) {
	call := `SHORT_BINUNICODE "os"|MEMOIZE|SHORT_BINUNICODE "system"|MEMOIZE|STACK_GLOBAL|SHORT_BINUNICODE "echo assay-test-marker"|TUPLE1|REDUCE`
	lines := func(text string) []byte { return program(t, strings.Split(text, "|")...) }
	for what, c := range map[string]struct {
		data []byte
		rule string // the only one of medium or above; "" for none
	}{
		"in a frame":            {lines("PROTO 4|FRAME 100|EMPTY_LIST|MEMOIZE"), ""},
		"in a name":             {[]byte("\x80\x02cnumpy\nndar"), ""},
		"in the name of a call": {[]byte("\x80\x02ccopy_reg\n_reconstru"), ""},
		"after a call":          {lines("PROTO 4|FRAME 100|" + call), "pickle/dangerous-call"},
		"in a dangerous name":   {[]byte("\x80\x02cos\nsystemX"), "pickle/dangerous-import"},
		"whole, long frame":     {lines("PROTO 4|FRAME 100|EMPTY_LIST|STOP"), "pickle/differential"},
		"impossible frame":      {lines("PROTO 4|FRAME 281474976710656|EMPTY_LIST"), "pickle/differential"},
	} {
		r, err := scannertest.Run(Scanner{}, "model.pkl", c.data)
		if whole := what == "whole, long frame"; (err == nil) != whole {
			t.Errorf("%s: error %v", what, err)
		}
		found := false
		for _, f := range r.Findings {
			if f.Severity.AtLeast(scanners.Medium) && f.Rule != c.rule {
				t.Errorf("%s: %+v", what, f)
			}
			found = found || f.Rule == c.rule
		}
		if !found && c.rule != "" {
			t.Errorf("%s: no %s in %+v", what, c.rule, r.Findings)
		}
	}
}

// TestPartialArchive: in an archive that broke off, a member that is not there
// may not have arrived.
func TestPartialArchive(t *testing.T) {
	data := program(t, "PROTO 2", "MARK", `BINUNICODE "storage"`, "GLOBAL torch FloatStorage", `BINUNICODE "0"`, `BINUNICODE "cpu"`, "BININT1 4", "TUPLE", "BINPERSID", "STOP")
	for _, partial := range []bool{false, true} {
		f := scanners.File{ReaderAt: bytes.NewReader(data), Name: "archive/data.pkl", Size: int64(len(data)), Partial: partial,
			Sibling: func(string) (int64, bool) { return 0, false }}
		r, err := Scanner{}.Scan(t.Context(), f, scanners.Limits{})
		if missing := scannertest.HasRule(r.Findings, "pickle/storage-missing"); err != nil || missing == partial {
			t.Errorf("partial: %v, missing: %v, %v", partial, missing, err)
		}
	}
}
