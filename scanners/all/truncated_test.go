package all

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// truncated are files of every layout that holds pickles, with the places before
// the end at which a loader may stop: of a stream of pickles, after each. What is
// left of an archive after its first letters is a text, which no loader takes.
var truncated = map[string][]int{
	"stdlib/containers-p0.pkl": nil, "stdlib/values-p1.pkl": nil, "stdlib/values-p2.pkl": nil, "stdlib/containers-p3.pkl": nil,
	"stdlib/values-p4.pkl": nil, "numpy/array-p5.pkl": nil, "sklearn/kmeans-p4.pkl": nil, "pandas/series.pkl": nil,
	"stdlib/stream.pkl": {24, 49},
	"pytorch/tensor.pt": nil, "pytorch/legacy_state_dict.pt": nil, "numpy/objects.npy": nil, "numpy/float64.npy": nil, "numpy/objects.npz": {1, 2},
	"joblib/arrays.joblib": nil, "joblib/forest-zlib3.joblib": nil, "joblib/forest-gzip.joblib": nil, "joblib/forest-bz2.joblib": nil,
	"joblib/forest-xz.joblib": nil, "joblib/forest-lzma.joblib": nil, "joblib/forest-lz4.joblib": nil, "pandas/frame-gzip.pkl.gz": nil,
}

// TestTruncatedAtEveryByte: no beginning of a file passes, unless its loader would
// stop there too.
func TestTruncatedAtEveryByte(t *testing.T) {
	step := 1
	if testing.Short() {
		step = 13
	}
	list := Scanners()
	for name, whole := range truncated {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", "benign", name))
		if err != nil {
			t.Fatal(err)
		}
		var passing []int
		for n := 1; n < len(data); n += step {
			if passes(scannertest.Scan(list, filepath.Base(name), data[:n]), n) {
				passing = append(passing, n)
			}
		}
		if step == 1 && !slices.Equal(passing, whole) {
			t.Errorf("%s of %d bytes passes when it is cut at %v, want %v", name, len(data), passing, whole)
		}
		for _, n := range passing {
			if !slices.Contains(whole, n) {
				t.Errorf("%s of %d bytes passes when it is cut at %d", name, len(data), n)
			}
		}
		if strings.HasSuffix(name, ".pkl") {
			checkLoads(t, name, data, passing)
		}
	}
}

// passes reports a file that is looked at to the last byte and has no finding that
// is worth a word.
func passes(r scanners.FileReport, size int) bool {
	return len(r.Formats) > 0 && len(r.Gaps) == 0 && r.Coverage.Complete() && r.Coverage.Size() == int64(size) &&
		!slices.ContainsFunc(r.Findings, func(f scanners.Finding) bool { return f.Severity.AtLeast(scanners.Medium) })
}

// loads reads the beginnings of a pickle whose lengths are the arguments. Names are
// inert, so that it needs no library.
const loads = `
import io, json, pickle, sys
data, good = open(sys.argv[1], "rb").read(), []
class Inert:
    def __new__(cls, *args, **kwargs): return object.__new__(cls)
    def __init__(self, *args, **kwargs): pass
    def __setstate__(self, state): pass
    def __setitem__(self, key, item): pass
    def append(self, item): pass
    def extend(self, items): pass
    def add(self, item): pass
    def __hash__(self): return id(self)
    def __call__(self, *args): return Inert()
class Unpickler(pickle.Unpickler):
    def find_class(self, module, name): return Inert
for n in json.loads(sys.argv[2]):
    f = io.BytesIO(data[:n])
    try:
        while f.tell() < n:
            Unpickler(f).load()
        good.append(n)
    except Exception:
        pass
print(json.dumps(good))
`

// checkLoads: CPython loads the same beginnings and no others.
func checkLoads(t *testing.T, name string, data []byte, passing []int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "data.pkl")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	all := []int{}
	for n := 1; n < len(data); n++ {
		all = append(all, n)
	}
	list, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", "-c", loads, file, string(list)).Output()
	if err != nil {
		t.Logf("SKIPPED: no usable python3 (%v): %s is not compared with CPython", err, name)
		return
	}
	var good []int
	if err := json.Unmarshal(bytes.TrimSpace(out), &good); err != nil {
		t.Fatal(err)
	}
	for _, n := range passing {
		if !slices.Contains(good, n) {
			t.Errorf("%s: passes when it is cut at %d, and CPython does not load it", name, n)
		}
	}
}
