package pickle

import (
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// TestSharedMemo: what one Pickler wrote in several calls is read with one memo. A
// stream that means something else to a reader with one memo than to one with
// several is read both ways.
func TestSharedMemo(t *testing.T) {
	lines := func(text string) []string { return strings.Split(text, "|") }
	for name, c := range map[string]struct {
		lines []string
		says  string // of the call at the mark; "" when there is nothing to say
	}{
		"genuine, protocol 2": {lines(`PROTO 2|EMPTY_LIST|BINPUT 0|STOP|PROTO 2|EMPTY_DICT|BINPUT 1|BININT1 1|BINGET 0|SETITEM|STOP`), ""},
		"genuine, protocol 0": {lines(`MARK|LIST|PUT 0|STOP|GET 0|STOP`), ""},
		"genuine, protocol 4": {lines(`PROTO 4|SHORT_BINUNICODE "a"|MEMOIZE|STOP|PROTO 4|EMPTY_LIST|MEMOIZE|BINGET 0|APPEND|BINGET 1|TUPLE2|STOP`), ""},
		"pickles of their own": {lines(`PROTO 4|SHORT_BINUNICODE "some"|MEMOIZE|SHORT_BINUNICODE "x"|MEMOIZE|TUPLE2|STOP|PROTO 4|` +
			`SHORT_BINUNICODE "collections"|MEMOIZE|SHORT_BINUNICODE "OrderedDict"|MEMOIZE|STACK_GLOBAL|POP|BINGET 0|BINGET 1|STACK_GLOBAL|EMPTY_TUPLE|REDUCE|STOP`), ""},
		"name from the pickle before": {lines(`PROTO 4|SHORT_BINUNICODE "os"|MEMOIZE|SHORT_BINUNICODE "system"|MEMOIZE|TUPLE2|STOP|` +
			`PROTO 4|BINGET 0|BINGET 1|STACK_GLOBAL|SHORT_BINUNICODE "` + marker + `"|TUPLE1|!REDUCE|STOP`), "calls os.system"},
		"other names for a reader with one memo": {lines(`PROTO 4|SHORT_BINUNICODE "os"|MEMOIZE|SHORT_BINUNICODE "system"|MEMOIZE|TUPLE2|STOP|` +
			`PROTO 4|SHORT_BINUNICODE "collections"|MEMOIZE|POP|SHORT_BINUNICODE "OrderedDict"|MEMOIZE|POP|BINGET 0|BINGET 1|STACK_GLOBAL|SHORT_BINUNICODE "` + marker + `"|TUPLE1|!REDUCE|STOP`),
			"for a loader that keeps its memo from pickle to pickle: calls os.system"},
	} {
		data, at := asm(t, c.lines...)
		r, err := scannertest.Run(Scanner{}, "model.pkl", data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		checkAccounted(t, r, data)
		found := hasFinding(r.Findings, technique{rule: "pickle/dangerous-call", severity: scanners.Critical, says: c.says}, at)
		if c.says == "" && len(r.Findings) > 0 || c.says != "" && !found {
			t.Errorf("%s: %+v, want %q at %d", name, r.Findings, c.says, at)
		}
	}
}
