package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"assay/registry"
	"assay/registry/registrytest"
	"assay/registry/s3"
)

// Servers that other people wrote: one that runs in this process, and the gateway
// of Versity, which checks signatures, when it is installed.
func TestRealServers(t *testing.T) {
	t.Run("gofakes3", func(t *testing.T) {
		server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
		t.Cleanup(server.Close)
		interop(t, server.URL, false)
	})
	t.Run("versitygw", func(t *testing.T) {
		const program = "versitygw"
		path, err := exec.LookPath(program)
		if err != nil {
			t.Skipf("%s is not installed (go install github.com/versity/versitygw/cmd/versitygw@v1.8.0): no server that checks signatures was tried", program)
		}
		interop(t, startVersity(t, path), true)
	})
}

const accessKey = "assay-id"

func startVersity(t *testing.T, program string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := listener.Addr().String()
	listener.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "--port", host, "--access", accessKey, "--secret", registrytest.Secret,
		"posix", "--versioning-dir", t.TempDir(), t.TempDir())
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	for range 100 {
		if conn, err := net.Dial("tcp", host); err == nil {
			conn.Close()
			return "http://" + host
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the gateway did not start: %s", log.String())
	return ""
}

func interop(t *testing.T, endpoint string, sums bool) {
	ctx, o := t.Context(), registrytest.Options{CacheDir: t.TempDir()}
	client, err := minio.New(strings.TrimPrefix(endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(accessKey, registrytest.Secret, ""), Region: "us-east-1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.MakeBucket(ctx, "bucket", minio.MakeBucketOptions{Region: "us-east-1"}); err != nil {
		t.Fatal(err)
	}
	if err := client.EnableVersioning(ctx, "bucket"); err != nil {
		t.Fatal(err)
	}
	put := func(name string, content []byte) {
		t.Helper()
		header := make(http.Header)
		if sums {
			sum := sha256.Sum256(content)
			header.Set("x-amz-checksum-sha256", base64.StdEncoding.EncodeToString(sum[:]))
		}
		u, err := client.PresignHeader(ctx, http.MethodPut, "bucket", name, time.Minute, nil, header)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, u.String(), bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = header
		resp, err := http.DefaultClient.Do(req)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("put %s: %v, %v", name, resp, err)
		}
		resp.Body.Close()
	}
	weights := bytes.Repeat([]byte("weights!"), 1<<18)
	put("models/bert/config.json", []byte("{}"))
	put("models/bert/onnx/model (1) +ü.onnx", weights)
	put("models/bert-large/config.json", []byte("{}"))

	source := func(id string) *s3.Source {
		env := map[string]string{"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": registrytest.Secret}
		s, err := s3.New(s3.FromEnv(s3.Config{Scheme: "s3", Client: o.Client(), Store: o.Store()}, func(k string) string { return env[k] }))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	a, err := source(accessKey).Resolve(ctx, registry.Reference{Scheme: "s3", Rest: "bucket/models/bert"})
	if err != nil {
		t.Fatal(err)
	}
	registrytest.CheckArtifact(t, a)
	if len(a.Files) != 2 {
		t.Fatalf("%d files", len(a.Files))
	}
	file := registrytest.Find(t, a, "onnx/model (1) +ü.onnx")
	if sums && (len(file.Declared) != 1 || file.Declared[0].Digest.Hex != registrytest.SHA256(weights)) {
		t.Errorf("promised: %v", file.Declared)
	}
	c, err := file.OpenRanges(ctx)
	if err != nil {
		t.Fatal(err)
	}
	part := make([]byte, 8)
	if _, err := c.ReadAt(part, 1<<20); err != nil || string(part) != "weights!" {
		t.Errorf("a range: %q, %v", part, err)
	}
	c.Close()

	time.Sleep(1100 * time.Millisecond) // versions of one second are one state
	put("models/bert/config.json", []byte(`{"moved":true}`))
	if b, err := registrytest.Read(ctx, registrytest.Find(t, a, "config.json")); err != nil || string(b) != "{}" {
		t.Errorf("the version that was listed: %q, %v", b, err)
	}
	if b, err := registrytest.Read(ctx, file); err != nil || !bytes.Equal(b, weights) {
		t.Errorf("a whole file: %v", err)
	}
	parsed, _ := registry.ParseReference(a.Pinned)
	o.CacheDir = t.TempDir()
	again, err := source(accessKey).Resolve(ctx, parsed)
	if err != nil {
		t.Fatalf("the pinned state: %v", err)
	}
	if b, err := registrytest.Read(ctx, registrytest.Find(t, again, "config.json")); err != nil || string(b) != "{}" {
		t.Errorf("the pinned state: %q, %v", b, err)
	}
	if sums {
		if _, err := source("other").Resolve(ctx, parsed); err == nil {
			t.Error("a wrong key was accepted: the test proves nothing about signatures")
		}
	}
}
