package assay_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"assay/registry"
	sources "assay/registry/all"
	"assay/registry/registrytest"
	"assay/scanners"
	formats "assay/scanners/all"
	"assay/verify"
)

// shaped is a header and then zeros up to a size: a model without its weights.
type shaped struct {
	head []byte
	size int64
}

func (s shaped) ReadAt(p []byte, off int64) (int, error) {
	n := min(int64(len(p)), s.size-off)
	clear(p[:n])
	if off < int64(len(s.head)) {
		copy(p[:n], s.head[off:])
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}

// shapedSafetensors has tensors of 4 MiB that fill size bytes.
func shapedSafetensors(size int64) shaped {
	const tensor = 4 << 20
	var header strings.Builder
	header.WriteString("{")
	for i := range size / tensor {
		fmt.Fprintf(&header, `"model.layers.%d.weight":{"dtype":"F32","shape":[1024,1024],"data_offsets":[%d,%d]},`, i, i*tensor, (i+1)*tensor)
	}
	text := strings.TrimSuffix(header.String(), ",") + "}"
	text += strings.Repeat(" ", (8-len(text)%8)%8)
	head := append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...)
	return shaped{head, int64(len(head)) + size/tensor*tensor}
}

// sentBytes counts what a server writes.
type sentBytes struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (s sentBytes) Write(p []byte) (int, error) {
	n, err := s.ResponseWriter.Write(p)
	s.n.Add(int64(n))
	return n, err
}

// A model of a gigabyte is scanned on the Hub for less than a hundredth of it,
// and nothing says that its weights were hashed.
func TestScanOverRanges(t *testing.T) {
	model := shapedSafetensors(1 << 30)
	hub := registrytest.NewHub(t)
	sum := strings.Repeat("5a", 32)
	hub.AddModel("org/name",
		registrytest.File{Name: "config.json", Content: []byte(`{"model_type": "bert"}`)},
		registrytest.File{Name: "model.safetensors", Large: io.NewSectionReader(model, 0, model.size), Sum: sum})
	var sent atomic.Int64
	hub.Front.Set(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(sentBytes{w, &sent}, r)
	})

	list, err := sources.Sources(sources.Config{CacheDir: t.TempDir(), Getenv: func(key string) string {
		return map[string]string{"HF_ENDPOINT": hub.URL()}[key]
	}})
	if err != nil {
		t.Fatal(err)
	}
	artifact, err := sources.Resolve(t.Context(), list, "hf://org/name")
	if err != nil {
		t.Fatal(err)
	}
	evidence, err := verify.Pipeline{Scanners: formats.Scanners(), HeadersOnly: true}.Gather(t.Context(), artifact)
	if err != nil {
		t.Fatal(err)
	}
	if n := sent.Load(); n == 0 || n > model.size/100 {
		t.Errorf("%d of %d bytes were fetched", n, model.size)
	}
	t.Logf("%d of %d bytes were fetched", sent.Load(), model.size)
	if len(evidence.Gaps) != 0 || evidence.Artifact.ContentID != "" {
		t.Errorf("gaps %v, content id %q", evidence.Gaps, evidence.Artifact.ContentID)
	}
	for _, f := range evidence.Files {
		if f.Name != "model.safetensors" {
			continue
		}
		if f.Classification != scanners.Clean || f.SHA256 != "" || f.Coverage.Hashed != 0 || f.Declared[0].Match != verify.MatchUnchecked {
			t.Errorf("class %s, sha256 %q, coverage %+v, declared %+v", f.Classification, f.SHA256, f.Coverage, f.Declared)
		}
	}
}

// What is hidden behind the header of a large file is found over ranges too.
func TestScanOverRangesFinds(t *testing.T) {
	pickle := []byte("cos\nsystem\n(S'echo assay-test-marker'\ntR.")
	evil := shaped{append(pickle, bytes.Repeat([]byte{0}, 10)...), 4 << 20}
	hub := registrytest.NewHub(t)
	hub.AddModel("org/name", registrytest.File{Name: "model.pkl", Large: io.NewSectionReader(evil, 0, evil.size), Sum: strings.Repeat("5a", 32)})
	list, err := sources.Sources(sources.Config{CacheDir: t.TempDir(), Getenv: func(key string) string {
		return map[string]string{"HF_ENDPOINT": hub.URL()}[key]
	}})
	if err != nil {
		t.Fatal(err)
	}
	artifact, err := sources.Resolve(t.Context(), list, registry.Reference{Scheme: "hf", Rest: "org/name"}.String())
	if err != nil {
		t.Fatal(err)
	}
	evidence, err := verify.Pipeline{Scanners: formats.Scanners(), HeadersOnly: true}.Gather(t.Context(), artifact)
	if err != nil || len(evidence.Files[0].Findings) == 0 {
		t.Errorf("%v, findings %v", err, evidence.Files)
	}
}

// A repository of a hundred gigabytes is scanned for less than a thousandth of it,
// index, shards and a GGUF file compared with each other.
func TestScanOfHundredGigabytes(t *testing.T) {
	const shards, size = 19, 5 << 30
	files := []registrytest.File{{Name: "config.json", Content: []byte(`{"model_type": "llama"}`)}}
	weights := make(map[string]string)
	for i := range shards {
		name := fmt.Sprintf("model-%05d-of-%05d.safetensors", i+1, shards)
		header := fmt.Sprintf(`{"model.layers.%d.weight":{"dtype":"BF16","shape":[%d],"data_offsets":[0,%d]}}`, i, size/2, size)
		header += strings.Repeat(" ", (8-len(header)%8)%8)
		model := shaped{append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), int64(8+len(header)) + size}
		files = append(files, registrytest.File{Name: name, Large: io.NewSectionReader(model, 0, model.size), Sum: fmt.Sprintf("%064x", i+1)})
		weights[fmt.Sprintf("model.layers.%d.weight", i)] = name
	}
	index, err := json.Marshal(map[string]any{"metadata": map[string]int64{"total_size": shards * size}, "weight_map": weights})
	if err != nil {
		t.Fatal(err)
	}
	gguf := ggufWith(0, size/4)
	quantised := shaped{[]byte(gguf[:len(gguf)-64]), int64(len(gguf)-64) + size}
	files = append(files, registrytest.File{Name: "model.safetensors.index.json", Content: index},
		registrytest.File{Name: "model.gguf", Large: io.NewSectionReader(quantised, 0, quantised.size), Sum: strings.Repeat("5b", 32)})

	hub := registrytest.NewHub(t)
	hub.AddModel("org/large", files...)
	var sent atomic.Int64
	hub.Front.Set(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(sentBytes{w, &sent}, r)
	})
	list, err := sources.Sources(sources.Config{CacheDir: t.TempDir(), Getenv: func(key string) string {
		return map[string]string{"HF_ENDPOINT": hub.URL()}[key]
	}})
	if err != nil {
		t.Fatal(err)
	}
	artifact, err := sources.Resolve(t.Context(), list, "hf://org/large")
	if err != nil {
		t.Fatal(err)
	}
	evidence, err := verify.Pipeline{Scanners: formats.Scanners(), HeadersOnly: true}.Gather(t.Context(), artifact)
	if err != nil {
		t.Fatal(err)
	}
	const total = (shards + 1) * int64(size)
	t.Logf("%d of %d bytes were fetched", sent.Load(), total)
	if n := sent.Load(); n == 0 || n > total/1000 {
		t.Errorf("%d of %d bytes were fetched", n, total)
	}
	for _, f := range evidence.Files {
		if !f.Coverage.Complete() || len(f.Findings) > 0 {
			t.Errorf("%s: %+v, %+v", f.Name, f.Coverage, f.Findings)
		}
	}
	if len(evidence.Gaps) > 0 {
		t.Errorf("%+v", evidence.Gaps)
	}
}
