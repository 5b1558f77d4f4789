package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// tracking is an MLflow server with one model of two versions: the second would
// run code.
type tracking struct {
	mu      sync.Mutex
	tags    map[string]map[string]string // version -> key -> value
	removed []string                     // aliases
	changed chan struct{}
}

var versions = map[string]struct{ name, content string }{
	"1": {"README.md", "# A model\n"},
	"2": {"model.pkl", "cos\nsystem\n(S'echo assay-test-marker'\ntR."},
}

func (s *tracking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	api := strings.TrimPrefix(r.URL.Path, "/api/2.0/")
	if r.Header.Get("Authorization") != "Bearer token" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	version := r.URL.Query().Get("version")
	reply := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	switch {
	case r.Method != http.MethodGet:
		s.write(w, r, api)
	case api == "mlflow/registered-models/alias":
		on := map[string]string{"champion": "2", "moved": "1"}[r.URL.Query().Get("alias")]
		reply(map[string]any{"model_version": map[string]any{"name": "my model", "version": on, "status": "READY"}})
	case api == "mlflow/model-versions/get":
		reply(map[string]any{"model_version": map[string]any{"name": "my model", "version": version, "status": "READY"}})
	case api == "mlflow/model-versions/get-download-uri":
		reply(map[string]any{"artifact_uri": "mlflow-artifacts:/v" + version})
	case api == "mlflow-artifacts/artifacts":
		f := versions[strings.TrimPrefix(r.URL.Query().Get("path"), "v")]
		reply(map[string]any{"files": []map[string]any{{"path": f.name, "is_dir": false, "file_size": len(f.content)}}})
	default:
		version, _, _ := strings.Cut(strings.TrimPrefix(api, "mlflow-artifacts/artifacts/v"), "/")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(versions[version].content))
	}
}

func (s *tracking) write(w http.ResponseWriter, r *http.Request, api string) {
	var body map[string]string
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body["name"] != "my model" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.Method + " " + api {
	case "POST mlflow/model-versions/set-tag":
		if s.tags[body["version"]] == nil {
			s.tags[body["version"]] = make(map[string]string)
		}
		s.tags[body["version"]][body["key"]] = body["value"]
	case "DELETE mlflow/registered-models/alias":
		s.removed = append(s.removed, body["alias"])
	default:
		w.WriteHeader(http.StatusNotFound)
		return
	}
	s.changed <- struct{}{}
	_, _ = io.WriteString(w, "{}")
}

// TestServeMLflow: what MLflow announces is gated and tagged, once, when MLflow
// said it.
func TestServeMLflow(t *testing.T) {
	server := &tracking{tags: make(map[string]map[string]string), changed: make(chan struct{}, 64)}
	registry := httptest.NewServer(server)
	t.Cleanup(registry.Close)
	send := startReceiver(t, registry.URL)

	version := func(n string) string {
		return `{"entity":"model_version","action":"created","timestamp":"x","data":{"name":"my model","version":"` + n + `","source":"s3://elsewhere/evil","run_id":null}}`
	}
	alias := `{"entity":"model_version_alias","action":"created","data":{"name":"my model","alias":"champion","version":"2"}}`
	for _, c := range []struct {
		name   string
		body   string
		change func(*http.Request)
		want   int
	}{
		{"another secret", version("1"), func(r *http.Request) { r.Header.Set("X-MLflow-Signature", "v1,AAAA") }, 401},
		{"no signature", version("1"), func(r *http.Request) { r.Header.Del("X-MLflow-Signature") }, 401},
		{"old", version("1"), func(r *http.Request) { sign(r, "old", time.Now().Add(-time.Hour), version("1")) }, 401},
		{"another time than was signed", version("1"), func(r *http.Request) { r.Header.Set("X-MLflow-Timestamp", "1") }, 401},
		{"nobody's business", `{"entity":"registered_model","action":"created","data":{"name":"my model"}}`, nil, 204},
		{"no version", `{"entity":"model_version","action":"created","data":{}}`, nil, 400},
		{"two names", `{"entity":"model_version","action":"created","data":{"name":"a","name":"b","version":"1"}}`, nil, 400},
		{"a good version", version("1"), nil, 202},
		{"an evil one", version("2"), nil, 202},
		{"its alias", alias, nil, 202},
		{"an alias that is elsewhere by now", strings.Replace(alias, "champion", "moved", 1), nil, 202},
		{"the alias again", alias, func(r *http.Request) { sign(r, "its alias", time.Now(), alias) }, 204},
	} {
		if got := send(c.name, c.body, c.change); got != c.want {
			t.Errorf("%s: status %d, want %d", c.name, got, c.want)
		}
	}
	for range 5 + 5 + 5 + 1 + 5 { // tags of four jobs, and an alias
		select {
		case <-server.changed:
		case <-time.After(time.Minute):
			t.Fatal("the tags do not come")
		}
	}
	server.mu.Lock()
	defer server.mu.Unlock()
	if got := server.tags["1"]; got["assay.verdict"] != "pass" || !strings.HasPrefix(got["assay.content"], "sha256:") || got["assay.policy"] == "" {
		t.Errorf("tags of the good version: %v", got)
	}
	if got := server.tags["2"]; got["assay.verdict"] != "fail" || !strings.Contains(got["assay.reason"], "pickle/dangerous-call") {
		t.Errorf("tags of the evil version: %v", got)
	}
	if len(server.removed) != 1 || server.removed[0] != "champion" {
		t.Errorf("aliases removed: %q", server.removed)
	}
}

// startReceiver runs the command until the test ends, and returns what MLflow does
// to deliver an event. The delivery's name is its id.
func startReceiver(t *testing.T, trackingURI string) func(id, body string, change func(*http.Request)) int {
	t.Helper()
	dir := t.TempDir()
	pool, files := writeCertificate(t, dir)
	env := map[string]string{"ASSAY_MLFLOW_SECRET": secret, "MLFLOW_TRACKING_TOKEN": "token",
		"ASSAY_STORE": filepath.Join(dir, "store.db"), "ASSAY_CACHE": filepath.Join(dir, "cache")}
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		code, text := command(ctx, env, in, "serve", "mlflow", "--listen", "127.0.0.1:0", "--tracking-uri", trackingURI, "--remove-alias", "--tls-cert", files[0], "--tls-key", files[1])
		in.CloseWithError(fmt.Errorf("serve ended with exit code %d: %s", code, text))
		if code != 0 {
			t.Errorf("serve: exit code %d: %s", code, text)
		}
	}()
	t.Cleanup(func() { stop(); <-done })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	return func(id, body string, change func(*http.Request)) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+strings.TrimSpace(strings.TrimPrefix(line, "listening on "))+"/mlflow", bytes.NewReader([]byte(body)))
		if err != nil {
			t.Fatal(err)
		}
		sign(r, id, time.Now(), body)
		if change != nil {
			change(r)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
}

const secret = "a secret of the webhook"

// sign does what MLflow does (mlflow/webhooks/delivery.py).
func sign(r *http.Request, id string, at time.Time, body string) {
	sent := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, id+"."+sent+"."+body)
	r.Header.Set("X-MLflow-Delivery-Id", id)
	r.Header.Set("X-MLflow-Timestamp", sent)
	r.Header.Set("X-MLflow-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}
