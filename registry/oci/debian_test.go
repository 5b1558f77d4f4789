package oci_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"assay/registry"
	"assay/registry/registrytest"
)

// TestDistribution talks to a registry that people run: distribution, as Debian
// packages it.
func TestDistribution(t *testing.T) {
	const program = "docker-registry"
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed (Debian package %s): nothing was tried against a real registry", program, program)
	}
	host := startDistribution(t, path)
	s := &server{front: registrytest.NewFront(), http: &httptest.Server{URL: "http://" + host}}
	files := []registrytest.File{
		{Name: "config.json", Content: []byte("{}")},
		{Name: "weights/model.safetensors", Content: make([]byte, 3<<20)},
	}
	push(t, host+"/models/sample:v1", artifact(t, files), remote.WithContext(t.Context()))
	want(t, s.list(t, host+"/models/sample:v1"), "config.json", "weights/model.safetensors", "oci-config.json")

	a, err := s.resolve(t, host+"/models/sample:v1")
	if err != nil {
		t.Fatal(err)
	}
	files[0].Content = []byte(`{"moved":true}`)
	push(t, host+"/models/sample:v1", artifact(t, files), remote.WithContext(t.Context()))
	if b, err := registrytest.Read(t.Context(), registrytest.Find(t, a, "config.json")); err != nil || string(b) != "{}" {
		t.Errorf("after the tag moved: %q, %v", b, err)
	}
}

func startDistribution(t *testing.T, program string) (host string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host = listener.Addr().String()
	listener.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %s}\n", dir, host)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "serve", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	for range 100 {
		if resp, err := http.Get("http://" + host + "/v2/"); err == nil {
			resp.Body.Close()
			return host
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the registry did not start")
	return ""
}

// TestDistributionAttached: that registry has no interface for referrers, or has
// one; either way what was attached is found.
func TestDistributionAttached(t *testing.T) {
	const program = "docker-registry"
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed (Debian package %s): nothing was attached in a real registry", program, program)
	}
	host := startDistribution(t, path)
	s := &server{front: registrytest.NewFront(), http: &httptest.Server{URL: "http://" + host}}
	push(t, host+"/models/sample:v1", artifact(t, []registrytest.File{{Name: "a", Content: []byte("a")}}), remote.WithContext(t.Context()))
	a, err := s.resolve(t, host+"/models/sample:v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"one", "two"} {
		s.attach(t, a.Pinned, registry.Attachment{MediaType: bundleType, Data: []byte(content)})
	}
	if a, err = s.resolve(t, host+"/models/sample:v1"); err != nil {
		t.Fatal(err)
	}
	if got := attachments(t, a); len(got) != 2 {
		t.Errorf("%q", got)
	}
}
