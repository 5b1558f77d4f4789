package pickle

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// TestArrayAsOpcodes: a file with a joblib array is read by other loaders too, which
// take the bytes of the array for opcodes.
func TestArrayAsOpcodes(t *testing.T) {
	for name, c := range map[string]struct{ before, array []string }{
		"imported in the array":   {nil, []string{"POP", "GLOBAL os system", `BINUNICODE "` + marker + `"`, "TUPLE1", "REDUCE", "STOP"}},
		"INST":                    {nil, []string{"MARK", `BINUNICODE "` + marker + `"`, "INST os system", "STOP"}},
		"names before the array":  {[]string{`BINUNICODE "os"`, "BINPUT 8", `BINUNICODE "system"`, "BINPUT 9"}, []string{"BINGET 8", "BINGET 9", "STACK_GLOBAL", `BINUNICODE "` + marker + `"`, "TUPLE1", "REDUCE"}},
		"callee before the array": {[]string{"GLOBAL torch.storage _load_from_bytes", `BINBYTES "cos\nsystem\nU\x16echo assay-test-marker\x85R."`, "TUPLE1"}, []string{"POP", "REDUCE"}},
		"breaks after the call":   {nil, []string{"GLOBAL os system", `BINUNICODE "` + marker + `"`, "TUPLE1", "REDUCE", `RAW "\xff\xff"`}},
	} {
		hidden := append(program(t, c.array...), opStop)
		data := join(program(t, append(append([]string{"PROTO 4"}, c.before...), wrapperLines("u1", len(hidden))...)...), hidden, []byte{opStop})
		r, err := scannertest.Run(Scanner{}, "model.joblib", data)
		if err != nil || !hasGrave(r.Findings) {
			t.Errorf("%s: %+v, %v", name, r.Findings, err)
		}
		checkAccounted(t, r, data)
		switch name {
		case "imported in the array":
			confirm(t, data, "joblib numpy")
		case "callee before the array":
			confirm(t, data, "joblib numpy torch")
		}
		scannertest.KeepsFindings(t, Scanner{}, "model.joblib", data, []byte("junk"))
	}
}

func hasGrave(list []scanners.Finding) bool {
	for _, f := range list {
		if f.Severity.AtLeast(scanners.High) {
			return true
		}
	}
	return false
}

// TestArrayNumbers: numbers are not taken for opcodes, whatever they are.
func TestArrayNumbers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 4096 {
		array := make([]byte, 256)
		for k := range array {
			array[k] = byte(r.Uint32() >> (i % 8))
		}
		array[0] = byte(i) // every first byte
		data := join(program(t, append([]string{"PROTO 3", "EMPTY_LIST", "GLOBAL numpy dtype"}, wrapperLines("u1", len(array))...)...), array, []byte{opStop})
		if r, err := scannertest.Run(Scanner{}, "model.joblib", data); err != nil || len(r.Findings) > 0 {
			t.Fatalf("%q: %+v, %v", array, r.Findings, err)
		}
	}
}

// TestWrapperKeys: bytes of the same spelling are another key of a dictionary, and
// the last of equal keys counts.
func TestWrapperKeys(t *testing.T) {
	hidden := program(t, append(append([]string{"POP"}, evil...), "STOP")...)
	insert := func(lines ...string) []byte {
		w := wrapperLines("u1", 0)
		w = append(append(w[:len(w)-2:len(w)-2], lines...), "SETITEMS", "BUILD")
		return join(program(t, append([]string{"PROTO 3"}, w...)...), hidden, []byte{opStop})
	}
	shape := []string{fmt.Sprintf("BININT %d", len(hidden)), "TUPLE1"}
	r, err := scannertest.Run(Scanner{}, "a.joblib", insert(append([]string{`BINBYTES "shape"`}, shape...)...))
	if err == nil || !hasGrave(r.Findings) {
		t.Errorf("bytes as a key: %+v, %v", r.Findings, err)
	}
	r, err = scannertest.Run(Scanner{}, "a.joblib", insert(append(append([]string{`BINUNICODE "shape"`}, shape...),
		`BINUNICODE "shape"`, "BININT1 0", "TUPLE1")...))
	if err != nil {
		t.Error(err)
	}
	mustFind(t, r, "pickle/dangerous-call", -1, "os.system")
}

// endless is a text and then zeros.
type endless string

func (e endless) ReadAt(b []byte, off int64) (int, error) {
	clear(b)
	if off < int64(len(e)) {
		copy(b, e[off:])
	}
	return len(b), nil
}

// TestLargeFile: a file that is too large for a pickle is refused only when it is
// one.
func TestLargeFile(t *testing.T) {
	for name, c := range map[string]struct {
		head string
		want string
	}{
		"model.safetensors": {"\x88\x00\x00\x00\x00\x00\x00\x00{\"a\"", "not recognised"},
		"model.pkl":         {"\x80\x03N.", "a pickle of more than 1 TiB"},
	} {
		f := scannertest.File(name, []byte(c.head))
		f.Size, f.ReaderAt = maxOffset+1, endless(c.head)
		_, err := Scanner{}.Scan(t.Context(), f, scanners.Limits{})
		if err == nil || !strings.HasSuffix(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestElementFrames: joblib goes on where the loader of the elements left the file.
func TestElementFrames(t *testing.T) {
	head := program(t, append([]string{"PROTO 3"}, wrapperLines("O8", 1)...)...)
	for rule, inner := range map[string][]byte{
		"pickle/frame-crossing": program(t, "PROTO 4", "FRAME 4", `SHORT_BINUNICODE "abcdef"`, "STOP"),
		"pickle/differential":   program(t, "PROTO 4", "FRAME 4", "NONE", "STOP", "NONE", "STOP"),
	} {
		r, _ := scannertest.Run(Scanner{}, "a.joblib", join(head, inner, []byte{opStop}))
		mustFind(t, r, rule, -1, "")
	}
}
