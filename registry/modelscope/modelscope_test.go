package modelscope_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/modelscope"
	"assay/registry/registrytest"
)

// hub answers as ModelScope does.
type hub struct {
	front *registrytest.Front
	http  *httptest.Server

	mu      sync.Mutex
	commits []commit
}

type commit struct {
	id    string
	files []registrytest.File
}

func start(t *testing.T) *hub {
	h := &hub{front: registrytest.NewFront()}
	h.http = httptest.NewServer(h.front.Wrap(registrytest.Origin, http.HandlerFunc(h.serve)))
	t.Cleanup(func() { h.front.Release(); h.http.Close() })
	return h
}

func (h *hub) find(revision string) (commit, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range slices.Backward(h.commits) {
		if revision == "master" || revision == c.id {
			return c, true
		}
	}
	return commit{}, false
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	c, ok := h.find(q.Get("Revision"))
	path := strings.TrimPrefix(r.URL.Path, "/api/v1/models/acme/sample")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+registrytest.Secret:
		w.WriteHeader(http.StatusUnauthorized)
	case !ok || path != "/repo" && path != "/repo/files":
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte(`{"Code":10010205001,"Message":"record not found","Success":false}`))
	case path == "/repo/files":
		c.list(w)
	default:
		for _, f := range c.files {
			if f.Name == q.Get("FilePath") {
				http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.Content))
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
	}
}

func (c commit) list(w http.ResponseWriter) {
	files := []map[string]any{{"Type": "tree", "Path": "onnx", "Name": "onnx", "Revision": c.id, "CommittedDate": 1}}
	for _, f := range c.files {
		files = append(files, map[string]any{
			"Type": "blob", "Path": f.Name, "Sha256": registrytest.SHA256(f.Content), "Size": len(f.Content),
			"Revision": c.id, "CommittedDate": 1700000000, "IsLFS": f.LFS, "Mode": "33188",
		})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"Code": 200, "Success": true, "Message": "success", "Data": map[string]any{"Files": files}})
}

func (h *hub) Publish(_ testing.TB, files []registrytest.File) string {
	h.front.Set(nil)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.commits = append(h.commits, commit{fmt.Sprintf("%040x", len(h.commits)+1), files})
	return "ms://acme/sample"
}

func (h *hub) Source(t testing.TB, o registrytest.Options) registry.Source {
	s, err := modelscope.New(modelscope.Config{Endpoint: h.http.URL, Token: registrytest.Secret, Offline: o.Offline, Client: o.Client(), Store: o.Store()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (h *hub) Front() *registrytest.Front     { return h.front }
func (h *hub) IsContent(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/repo") }
func (h *hub) Missing() string                { return "ms://acme/none" }

func TestSuite(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registrytest.Store { return start(t) })
}

// A commit that only removes a file is the newest of none of those that are left.
func TestRemovalCannotBePinned(t *testing.T) {
	h := start(t)
	one, two := registrytest.File{Name: "a", Content: []byte("a")}, registrytest.File{Name: "b", Content: []byte("b")}
	h.Publish(t, []registrytest.File{one, two})
	first := h.commits[0].id
	h.Publish(t, []registrytest.File{one})
	h.front.Set(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if q := r.URL.Query(); q.Get("Revision") == "master" {
			_ = json.NewEncoder(w).Encode(map[string]any{"Code": 200, "Data": map[string]any{"Files": []map[string]any{
				{"Type": "blob", "Path": "a", "Sha256": registrytest.SHA256(one.Content), "Size": 1, "Revision": first, "CommittedDate": 1},
			}}})
			return
		}
		next.ServeHTTP(w, r)
	})
	ref, _ := registry.ParseReference("ms://acme/sample")
	if _, err := h.Source(t, registrytest.Options{CacheDir: t.TempDir()}).Resolve(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "name a commit") {
		t.Errorf("%v, want that it cannot be pinned", err)
	}
}
