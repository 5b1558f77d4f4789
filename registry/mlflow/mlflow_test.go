package mlflow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/local"
	"assay/registry/mlflow"
	"assay/registry/registrytest"
)

// server answers as a tracking server that hands out artifacts does.
type server struct {
	front *registrytest.Front
	http  *httptest.Server

	mu       sync.Mutex
	versions [][]registrytest.File
	uri      string // in place of the server's own artifacts
}

func start(t *testing.T) *server {
	s := &server{front: registrytest.NewFront()}
	s.http = httptest.NewServer(s.front.Wrap(registrytest.Origin, http.HandlerFunc(s.serve)))
	t.Cleanup(func() { s.front.Release(); s.http.Close() })
	return s
}

func reply(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+registrytest.Secret {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q, api := r.URL.Query(), strings.TrimPrefix(r.URL.Path, "/tracking/api/2.0/")
	version := q.Get("version")
	if q.Get("alias") == "champion" {
		version = fmt.Sprint(len(s.versions))
	}
	switch {
	case strings.HasPrefix(api, "mlflow/") && q.Get("name") != "sample model":
		w.WriteHeader(http.StatusNotFound)
		reply(w, map[string]any{"error_code": "RESOURCE_DOES_NOT_EXIST"})
	case api == "mlflow/model-versions/get", api == "mlflow/registered-models/alias":
		reply(w, map[string]any{"model_version": map[string]any{
			"name": "sample model", "version": version, "creation_timestamp": 1700000000000, "user_id": "mara", "run_id": "r1", "status": "READY", "current_stage": "None",
		}})
	case api == "mlflow/model-versions/get-download-uri":
		uri := "mlflow-artifacts:/1/r" + version + "/artifacts/model"
		if s.uri != "" {
			uri = s.uri
		}
		reply(w, map[string]any{"artifact_uri": uri})
	case api == "mlflow-artifacts/artifacts":
		s.list(w, q.Get("path"))
	default:
		s.content(w, r, strings.TrimPrefix(api, "mlflow-artifacts/artifacts/"))
	}
}

func (s *server) split(path string) (files []registrytest.File, name string) {
	var n int
	if _, err := fmt.Sscanf(path, "1/r%d/artifacts/model", &n); err != nil || n < 1 || n > len(s.versions) {
		return nil, ""
	}
	return s.versions[n-1], strings.TrimPrefix(strings.TrimPrefix(path, fmt.Sprintf("1/r%d/artifacts/model", n)), "/")
}

func (s *server) list(w http.ResponseWriter, path string) {
	files, folder := s.split(path)
	out, seen := []map[string]any{}, make(map[string]bool)
	for _, f := range files {
		name := f.Name
		if folder != "" {
			var ok bool
			if name, ok = strings.CutPrefix(f.Name, folder+"/"); !ok {
				continue
			}
		}
		first, _, dir := strings.Cut(name, "/")
		if first == "" {
			first, dir = name, false
		}
		if dir && !seen[first] {
			seen[first] = true
			out = append(out, map[string]any{"path": first, "is_dir": true})
		}
		if !dir {
			out = append(out, map[string]any{"path": name, "is_dir": false, "file_size": len(f.Content)})
		}
	}
	reply(w, map[string]any{"files": out})
}

func (s *server) content(w http.ResponseWriter, r *http.Request, path string) {
	files, name := s.split(path)
	for _, f := range files {
		if f.Name == name {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.Content))
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
}

func (s *server) Publish(_ testing.TB, files []registrytest.File) string {
	s.front.Set(nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.versions = append(s.versions, files)
	return s.ref("@champion")
}

func (s *server) ref(rest string) string {
	return "mlflow+" + s.http.URL + "/tracking/models:/sample%20model" + rest
}

func (s *server) Source(_ testing.TB, o registrytest.Options) registry.Source {
	cfg := mlflow.FromEnv(mlflow.Config{Scheme: "mlflow+http", Offline: o.Offline, Client: o.Client(), Store: o.Store()}, func(k string) string {
		return map[string]string{"MLFLOW_TRACKING_TOKEN": registrytest.Secret}[k]
	})
	return mlflow.New(cfg)
}

func (s *server) ChangesInPlace() {}

func (s *server) Front() *registrytest.Front { return s.front }
func (s *server) IsContent(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/mlflow-artifacts/artifacts/")
}
func (s *server) Missing() string {
	return "mlflow+" + s.http.URL + "/tracking/models:/none/1"
}
func (s *server) PromisesNothing() {}

func TestSuite(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registrytest.Store { return start(t) })
}

// The server's word about where the artifacts are does not lead to this machine's
// files, to another server, or out of its own artifacts.
func TestHostileArtifactURI(t *testing.T) {
	s := start(t)
	s.Publish(t, []registrytest.File{{Name: "MLmodel", Content: []byte("x")}})
	for _, uri := range []string{
		"file:///etc/passwd", "/etc/passwd", "../../etc", "mlflow-artifacts:/../secrets", "mlflow-artifacts:/1/../../x",
		"mlflow-artifacts://evil.example/1/model", "http://169.254.169.254/latest", "s3://bucket/model", "runs:/r1/model#x", "dbfs:/x", "hfcache:org/name", "mlflow-artifacts:/",
	} {
		s.uri = uri
		s.front.Forget()
		ref, _ := registry.ParseReference(s.ref("/1"))
		_, err := s.Source(t, registrytest.Options{CacheDir: t.TempDir()}).Resolve(t.Context(), ref)
		if !errors.Is(err, registry.ErrReference) && !errors.Is(err, registry.ErrUnsafeName) {
			t.Errorf("%s: %v", uri, err)
		}
		if n := len(s.front.Seen()); n != 2 {
			t.Errorf("%s: %d requests, want the two that led to it", uri, n)
		}
	}
}

// Artifacts in a store that the person configured are listed from there.
func TestArtifactsElsewhere(t *testing.T) {
	s := start(t)
	s.Publish(t, nil)
	s.uri = "other://bucket/model"
	o := registrytest.Options{CacheDir: t.TempDir()}
	source := mlflow.New(mlflow.Config{
		Scheme: "mlflow+http", Authorization: "Bearer " + registrytest.Secret, Client: o.Client(), Store: o.Store(), Others: []registry.Source{other{}},
	})
	ref, _ := registry.ParseReference(s.ref("@champion"))
	a, err := source.Resolve(t.Context(), ref)
	if err != nil || len(a.Files) != 1 || !strings.HasSuffix(a.Pinned, "/models:/sample%20model/1") {
		t.Errorf("%+v, %v", a, err)
	}
}

type other struct{ local.Source }

func (other) Scheme() string { return "other" }
func (other) Resolve(context.Context, registry.Reference) (*registry.Artifact, error) {
	return &registry.Artifact{Files: []registry.File{{Name: "MLmodel"}}, Identity: registry.Identity{Revision: "x"}}, nil
}
