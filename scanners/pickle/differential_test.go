package pickle

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/internal/pyglobals"
	"assay/scanners/scannertest"
)

// recorded is what one reader of CPython did with a case.
type recorded struct {
	Events [][]any `json:"events"`
	End    string  `json:"end"`
}

// batch is how many cases go through one process.
const batch = 10_000

// TestDifferential compares the machine with the unpicklers of the Python that is
// installed: every name they resolve, and every call and method call they make,
// must be among the events. ASSAY_DIFFERENTIAL is the number of cases, ASSAY_SEED
// the first seed, ASSAY_PYTHON the interpreter.
func TestDifferential(t *testing.T) {
	python := lookPython(t)
	otherwise := 5000
	if testing.Short() {
		otherwise = 1000
	}
	n, seed := number("ASSAY_DIFFERENTIAL", otherwise), uint64(number("ASSAY_SEED", 1))
	stopped := 0
	for first := seed; first < seed+uint64(n); first += batch {
		var cases [][]byte
		for i := first; i < min(first+batch, seed+uint64(n)); i++ {
			cases = append(cases, generate(i))
		}
		for i, line := range record(t, python, cases) {
			var readers map[string]recorded
			if err := json.Unmarshal(line, &readers); err != nil {
				t.Fatal(err)
			}
			if compare(t, first+uint64(i), cases[i], readers) {
				stopped++
			}
		}
	}
	t.Logf("%d cases, %d of them read to the STOP by CPython", n, stopped)
	if stopped < n/4 {
		t.Errorf("only %d of %d cases were read to their end: the generator tests little", stopped, n)
	}
}

// lookPython finds the interpreter, and skips the test when there is none.
func lookPython(t *testing.T) string {
	t.Helper()
	python := os.Getenv("ASSAY_PYTHON")
	if python == "" {
		python = "python3"
	}
	if err := exec.Command(python, "-c", "import pickle, resource").Run(); err != nil {
		t.Skipf("SKIPPED: no usable %s (%v): the machine is not compared with CPython", python, err)
	}
	return python
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return otherwise
}

// record runs the cases through the harness.
func record(t *testing.T, python string, cases [][]byte) [][]byte {
	t.Helper()
	var in bytes.Buffer
	for _, c := range cases {
		_ = binary.Write(&in, binary.LittleEndian, uint32(len(c)))
		in.Write(c)
	}
	cmd := exec.Command(python, "-X", "utf8", "testdata/record.py")
	cmd.Stdin = &in
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, errors.Bytes())
	}
	var lines [][]byte
	s := bufio.NewScanner(bytes.NewReader(out))
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		lines = append(lines, bytes.Clone(s.Bytes()))
	}
	if len(lines) != len(cases) {
		t.Fatalf("%d answers to %d cases: %s", len(lines), len(cases), errors.Bytes())
	}
	return lines
}

// replacements stand for what is not UTF-8: Go and Python differ in how many.
var replacements = regexp.MustCompile("\uFFFD+")

// compare checks one case and reports whether a reader came to the STOP.
func compare(t *testing.T, seed uint64, data []byte, readers map[string]recorded) (stopped bool) {
	t.Helper()
	ours := make(map[string]int)
	f := scannertest.File("case.pkl", data)
	result, err := scan(context.Background(), f, scanners.Limits{}.WithDefaults(), func(e event) {
		ours[eventKey(e)]++
	})
	crossing := scannertest.HasRule(result.Findings, "pickle/frame-crossing")
	for name, r := range readers {
		if name == "mixed" && crossing {
			continue // crossing is reported; which bytes are lost depends on the buffer
		}
		theirs := make(map[string]int)
		for _, e := range r.Events {
			switch key := replacements.ReplaceAllString(fmt.Sprintf("%v %v", e[0], e[1]), "\uFFFD"); e[0] {
			case "dynamic":
				theirs["dynamic"]++
			case "method":
				theirs[key] = 1 // add and __setitem__ are called for each item of one opcode
			default:
				theirs[key]++
			}
		}
		for key, n := range theirs {
			// NEWOBJ on an object is its class's __new__ for the Python reader.
			if ours[key]+dynamic(key, ours) < n {
				t.Errorf("seed %d, %s reader: %q %d times, here %d\n%q\nours %v, %v\ntheirs %v, %s",
					seed, name, key, n, ours[key], data, ours, err, r.Events, r.End)
				break
			}
		}
		stopped = stopped || theirs["stop "] > 0
	}
	return stopped
}

// TestPython2Names compares the table of names with the one of the Python that is
// installed.
func TestPython2Names(t *testing.T) {
	out, err := exec.Command("python3", "-c", `import _compat_pickle as c
for (m, n), (a, b) in c.NAME_MAPPING.items(): print(m, n, a, b)
for m, a in c.IMPORT_MAPPING.items(): print(m, "some_name", a, "some_name")`).Output()
	if err != nil {
		t.Skipf("SKIPPED: no usable python3 (%v): the table of names is not compared", err)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if m, name := pyglobals.Python3(f[0], f[1]); m != f[2] || name != f[3] {
			t.Errorf("%s.%s is %s.%s, here %s.%s", f[0], f[1], f[2], f[3], m, name)
		}
		n++
	}
	if n < 100 {
		t.Errorf("only %d names compared", n)
	}
}

func dynamic(key string, ours map[string]int) int {
	if strings.HasPrefix(key, "call ") {
		return ours["dynamic"]
	}
	return 0
}

// eventKey is an event as the harness names it.
func eventKey(e event) string {
	label := ""
	if e.global != nil {
		label = replacements.ReplaceAllString(string([]rune(e.global.label())), "\uFFFD")
	}
	switch e.kind {
	case eventImport:
		return "import " + label
	case eventCall:
		if e.global == nil {
			return "dynamic"
		}
		return "call " + label
	case eventState:
		return "state " + label
	case eventMethod:
		return "method " + label
	case eventPersistent:
		return "persistent "
	case eventExtension:
		return "extension "
	case eventArray:
		return "array"
	}
	return "stop "
}
