package spdx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
	"assay/sbom/spdx"
)

var update = flag.Bool("update", false, "rewrite the golden documents")

var options = spdx.Options{Created: sbomtest.Created, Tool: "assay test"}

func write(t testing.TB, doc sbom.Document, opts spdx.Options) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := spdx.Write(&buf, doc, opts); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// golden are the versions with the ending of their golden documents.
var golden = map[spdx.Version]string{spdx.V301: ".spdx3.json", spdx.V23: ".spdx2.json"}

func TestGolden(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		for version, ending := range golden {
			t.Run(name+ending, func(t *testing.T) {
				opts := options
				opts.Version = version
				document := shortIDs(t, write(t, doc, opts))
				sbomtest.Golden(t, *update, filepath.Join("testdata", name+ending), document)
			})
		}
	}
}

var namespacePattern = regexp.MustCompile(`https://spdx\.org/spdxdocs/assay-[-0-9a-z]+`)

// shortIDs replaces the prefix of all ids, which changes with every word that a
// document says, so that a difference shows what changed.
func shortIDs(t *testing.T, document []byte) []byte {
	t.Helper()
	base := namespacePattern.Find(document)
	if base == nil {
		t.Fatal("the document has no namespace")
	}
	return bytes.ReplaceAll(document, base, []byte("https://example.org/bom"))
}

// The same report, options and rules give the same bytes, whatever the number of
// processors (design, invariant 6).
func TestDeterminism(t *testing.T) {
	for name, r := range sbomtest.Reports() {
		for version := range golden {
			opts := options
			opts.Version = version
			first := write(t, sbom.FromReport(r), opts)
			for run := range 10 {
				old := runtime.GOMAXPROCS(1 + run%2)
				again := write(t, sbom.FromReport(r), opts)
				runtime.GOMAXPROCS(old)
				if !bytes.Equal(first, again) {
					t.Fatalf("%s in version %s: run %d gives other bytes", name, version, run)
				}
			}
		}
	}
}

// The canonical serialisation of SPDX 3.0.1: one line, no blanks outside strings,
// names in order, and no escape that is not needed.
func TestCanonical(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		document := write(t, doc, options)
		var value any
		if err := json.Unmarshal(document, &value); err != nil {
			t.Fatal(err)
		}
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(value); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(document, bytes.TrimSuffix(want.Bytes(), []byte("\n"))) {
			t.Errorf("%s is not written canonically", name)
		}
		if i := bytes.Index(document, []byte(`\u`)); i >= 0 && document[i-1] != '\\' {
			t.Errorf("%s has an escape at byte %d", name, i)
		}
	}
}

// Documents that say different things share no element ids.
func TestNamespaceFollowsContent(t *testing.T) {
	base := sbomtest.CleanModel()
	other := sbomtest.CleanModel()
	other.Files[0].Classification++
	later := options
	later.Created = sbomtest.Created.Add(time.Second)

	ids := map[string]string{}
	for what, document := range map[string][]byte{
		"base":  write(t, sbom.FromReport(base), options),
		"other": write(t, sbom.FromReport(other), options),
		"later": write(t, sbom.FromReport(base), later),
	} {
		id := elements(t, document)["SpdxDocument"][0]["spdxId"].(string)
		if known, ok := ids[id]; ok {
			t.Errorf("%s and %s are both named %s", known, what, id)
		}
		ids[id] = what
		if !strings.Contains(id, strings.Replace(base.Artifact.ContentID, ":", "-", 1)) {
			t.Errorf("%s is not named after the content id: %s", what, id)
		}
	}
}

func TestCreated(t *testing.T) {
	doc := sbom.FromReport(sbomtest.CleanModel())
	zone := time.FixedZone("", 3600)
	for want, in := range map[string]time.Time{
		"1970-01-01T00:00:00Z": {},
		"2026-01-02T03:04:05Z": time.Date(2026, 1, 2, 4, 4, 5, 999, zone),
	} {
		got := elements(t, write(t, doc, spdx.Options{Created: in}))["CreationInfo"][0]["created"]
		if got != want {
			t.Errorf("created is %v, want %v", got, want)
		}
	}
	if err := spdx.Write(&bytes.Buffer{}, doc, spdx.Options{Created: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("a year of five digits is written")
	}
}

func TestUnknownVersionIsRefused(t *testing.T) {
	if err := spdx.Write(&bytes.Buffer{}, sbom.Document{}, spdx.Options{Version: "3.1"}); err == nil {
		t.Error("an unknown version is written")
	}
}

type failingWriter struct{ left int }

var errFull = errors.New("disk full")

func (f *failingWriter) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteErrorIsReturned(t *testing.T) {
	doc := sbom.FromReport(sbomtest.ManyFiles(2000))
	for _, space := range []int{0, 100_000, 400_000} {
		if err := spdx.Write(&failingWriter{space}, doc, options); !errors.Is(err, errFull) {
			t.Errorf("with %d bytes of space: error %v", space, err)
		}
	}
}

// elements groups the elements of a document by type.
func elements(t testing.TB, document []byte) map[string][]map[string]any {
	t.Helper()
	var parsed struct {
		Graph []map[string]any `json:"@graph"`
	}
	if err := json.Unmarshal(document, &parsed); err != nil {
		t.Fatal(err)
	}
	out := map[string][]map[string]any{}
	for _, e := range parsed.Graph {
		kind, _ := e["type"].(string)
		out[kind] = append(out[kind], e)
	}
	return out
}
