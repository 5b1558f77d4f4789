package sbom_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"assay/registry"
	"assay/sbom"
	"assay/sbom/cyclonedx"
	"assay/sbom/internal/sbomtest"
	"assay/sbom/profile"
	"assay/sbom/read"
	"assay/sbom/spdx"
	"assay/scanners"
	"assay/scanners/gguf"
	"assay/scanners/safetensors"
	"assay/scanners/text"
	"assay/verify"
	"assay/verify/policy"
)

var update = flag.Bool("update", false, "rewrite the golden documents")

// shape is a repository of a kind that people publish, with the completeness
// that a person computed for it.
type shape struct {
	name     string
	artifact *registry.Artifact
	want     map[string][]string
}

func shapes(t *testing.T) []shape {
	t.Helper()
	paths, err := filepath.Glob("testdata/shapes/*.txtar")
	if err != nil || len(paths) < 8 {
		t.Fatalf("%d shapes: %v", len(paths), err)
	}
	var out []shape
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, readShape(t, strings.TrimSuffix(filepath.Base(path), ".txtar"), archive))
	}
	return out
}

// readShape makes an artifact of an archive. The first line of its comment may
// say where it is: "hub NAME KIND CREATED".
func readShape(t *testing.T, name string, archive *txtar.Archive) shape {
	t.Helper()
	a := &registry.Artifact{Ref: registry.Reference{Scheme: "file", Rest: "/somewhere/" + name}}
	first, _, _ := strings.Cut(string(archive.Comment), "\n")
	if words := strings.Fields(first); len(words) == 4 && words[0] == "hub" {
		const commit = "0123456789abcdef0123456789abcdef01234567"
		owner, _, _ := strings.Cut(words[1], "/")
		a.Pinned, a.Kind = "hf://"+words[1]+"@"+commit, registry.Kind(words[2])
		a.Identity = registry.Identity{ID: "1", Name: words[1], Owner: owner, Created: words[3], Revision: commit}
	}
	s := shape{name: name, artifact: a, want: make(map[string][]string)}
	for _, f := range archive.Files {
		data := f.Data
		switch {
		case f.Name == "want":
			for line := range strings.Lines(string(f.Data)) {
				key, list, _ := strings.Cut(strings.TrimSpace(line), ":")
				s.want[key] = append(s.want[key], strings.TrimSpace(list))
			}
			continue
		case strings.HasSuffix(f.Name, ".safetensors"):
			data = tensors(t, f.Data)
		case strings.HasSuffix(f.Name, ".gguf"):
			data = ggufFile(t, f.Data)
		}
		a.Files = append(a.Files, registry.File{Name: f.Name, Size: int64(len(data)),
			Open: func(context.Context) (registry.Content, error) { return content{bytes.NewReader(data)}, nil }})
	}
	slices.SortFunc(a.Files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) })
	return s
}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

// tensors builds a file of zeros from lines of "name dtype rows columns".
func tensors(t *testing.T, lines []byte) []byte {
	t.Helper()
	header, offset := make(map[string]any), 0
	for line := range strings.Lines(string(lines)) {
		var name, dtype string
		var rows, columns int
		if _, err := fmt.Sscan(line, &name, &dtype, &rows, &columns); err != nil {
			t.Fatal(err)
		}
		end := offset + rows*columns*map[string]int{"F16": 2, "F32": 4, "I32": 4}[dtype]
		header[name] = map[string]any{"dtype": dtype, "shape": []int{rows, columns}, "data_offsets": []int{offset, end}}
		offset = end
	}
	raw, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	raw = append(raw, bytes.Repeat([]byte(" "), (8-len(raw)%8)%8)...)
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(raw)))
	return append(append(out, raw...), make([]byte, offset)...)
}

// ggufFile builds a file from lines of "key value" and of "name F32 rows columns";
// whole numbers are of the type uint32.
func ggufFile(t *testing.T, lines []byte) []byte {
	t.Helper()
	le := binary.LittleEndian
	text := func(b []byte, s string) []byte { return append(le.AppendUint64(b, uint64(len(s))), s...) }
	var keys, infos []byte
	var counts [2]uint64 // tensors, keys
	size := 0
	for line := range strings.Lines(string(lines)) {
		var name string
		var rows, columns int
		if n, _ := fmt.Sscanf(line, "%s F32 %d %d", &name, &rows, &columns); n == 3 {
			infos = le.AppendUint32(text(infos, name), 2)
			infos = le.AppendUint64(le.AppendUint64(infos, uint64(rows)), uint64(columns))
			infos = le.AppendUint64(le.AppendUint32(infos, 0), uint64(size))
			size += 4 * rows * columns
			counts[0]++
			continue
		}
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		keys = text(keys, key)
		if n, err := strconv.ParseUint(value, 10, 32); err == nil {
			keys = le.AppendUint32(le.AppendUint32(keys, 4), uint32(n))
		} else {
			keys = text(le.AppendUint32(keys, 8), value)
		}
		counts[1]++
	}
	out := le.AppendUint32([]byte("GGUF"), 3)
	out = le.AppendUint64(le.AppendUint64(out, counts[0]), counts[1])
	out = append(append(out, keys...), infos...)
	return append(out, make([]byte, (32-len(out)%32)%32+size)...)
}

func (s shape) document(t *testing.T) sbom.Document {
	t.Helper()
	p := verify.Pipeline{Scanners: []scanners.Scanner{gguf.New(), safetensors.New(), text.New()}}
	evidence, err := p.Gather(context.Background(), s.artifact)
	if err != nil {
		t.Fatal(err)
	}
	evidence.Ruleset = "sha256:" + sbomtest.Hash("rules") // the golden documents outlive a rule
	return sbom.FromReport(verify.NewReport(evidence, policy.Rules{}, time.Unix(0, 0)))
}

func TestShapes(t *testing.T) {
	for _, s := range shapes(t) {
		t.Run(s.name, func(t *testing.T) {
			doc := s.document(t)
			s.checkCompleteness(t, doc)
			s.checkConflicts(t, doc)
			var spdx3, cdx17 bytes.Buffer
			if err := spdx.Write(&spdx3, doc, spdx.Options{Created: sbomtest.Created, Tool: "assay test"}); err != nil {
				t.Fatal(err)
			}
			sbomtest.Golden(t, *update, filepath.Join("testdata", "shapes", s.name+".spdx3.json"), spdx3.Bytes())
			if err := cyclonedx.Write(&cdx17, doc, cyclonedx.Options{Version: cyclonedx.V17, Created: sbomtest.Created, Tool: "assay test"}); err != nil {
				t.Fatal(err)
			}
			sbomtest.Golden(t, *update, filepath.Join("testdata", "shapes", s.name+".cdx17.json"), cdx17.Bytes())
		})
	}
}

// What was written of any shape is restored whole from each format.
func TestShapesAsWritten(t *testing.T) {
	for _, s := range shapes(t) {
		doc := s.document(t)
		for _, v := range []spdx.Version{spdx.V301, spdx.V23} {
			s.again(t, string(v), doc, func(w io.Writer, d sbom.Document) error { return spdx.Write(w, d, spdx.Options{Version: v}) })
		}
		for _, v := range []cyclonedx.Version{cyclonedx.V16, cyclonedx.V17} {
			s.again(t, string(v), doc, func(w io.Writer, d sbom.Document) error {
				return cyclonedx.Write(w, d, cyclonedx.Options{Version: v})
			})
		}
	}
}

// again writes, reads, and writes.
func (s shape) again(t *testing.T, format string, doc sbom.Document, write func(io.Writer, sbom.Document) error) {
	t.Helper()
	var first, second bytes.Buffer
	if err := write(&first, doc); err != nil {
		t.Fatal(err)
	}
	bill, err := read.AsWritten(first.Bytes(), "a.json")
	if err != nil {
		t.Fatalf("%s %s: %v", s.name, format, err)
	}
	if err := write(&second, bill.Document); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("%s %s: other bytes", s.name, format)
	}
}

// checkCompleteness compares with what a person computed: every element of the
// G7 list, and what the publisher declares of Annex XI.
func (s shape) checkCompleteness(t *testing.T, doc sbom.Document) {
	t.Helper()
	g7, _ := profile.Find("g7")
	got := byState(profile.Check(g7, doc, profile.Making{}))
	for _, state := range []profile.State{profile.Verified, profile.Declared, profile.Inferred} {
		if want := strings.Join(s.want[string(state)], " "); strings.Join(got[state], " ") != want {
			t.Errorf("%s\n got %s\nwant %s", state, strings.Join(got[state], " "), want)
		}
	}
	annex, _ := profile.Find("eu-ai-act-annex-xi")
	declared := byState(profile.Check(annex, doc, profile.Making{}))[profile.Declared]
	if want := strings.TrimSpace(strings.TrimPrefix(s.want["annex"][0], "declared")); strings.Join(declared, " ") != want {
		t.Errorf("annex XI: declared %s, want %s", strings.Join(declared, " "), want)
	}
}

func byState(r profile.Report) map[profile.State][]string {
	out := make(map[profile.State][]string)
	for _, e := range r.Elements {
		out[e.State] = append(out[e.State], e.ID)
	}
	return out
}

func (s shape) checkConflicts(t *testing.T, doc sbom.Document) {
	t.Helper()
	var got []string
	for _, c := range doc.Conflicts {
		got = append(got, c.Field)
	}
	if !slices.Equal(got, s.want["conflicts"]) {
		t.Errorf("conflicts %q, want %q", got, s.want["conflicts"])
	}
}
