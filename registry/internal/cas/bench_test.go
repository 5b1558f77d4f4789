package cas_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
)

// BenchmarkPull compares pulls from a server on this machine with bare SHA-256 of
// the same bytes, on as many cores. Server, kernel, disk and hashing share the
// cores: with few of them, it is the copying that is measured. ASSAY_TEST_DIR names
// a folder on the disk to use.
func BenchmarkPull(b *testing.B) {
	const files, size = 4, 256 << 20
	src, err := os.MkdirTemp(os.Getenv("ASSAY_TEST_DIR"), "assay-bench-") //nolint:usetesting // on the disk that is to be measured
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(src) })
	sums := make([]registry.Digest, files)
	for i := range files {
		f, err := os.Create(filepath.Join(src, fmt.Sprint(i)))
		if err != nil {
			b.Fatal(err)
		}
		h := sha256.New()
		if _, err := io.Copy(io.MultiWriter(f, h), io.NewSectionReader(counting{size + int64(i)}, int64(i), size)); err != nil {
			b.Fatal(err)
		}
		f.Close()
		sums[i] = registry.Digest{Algorithm: "sha256", Hex: hex.EncodeToString(h.Sum(nil))}
	}
	server := httptest.NewServer(http.FileServer(http.Dir(src)))
	b.Cleanup(server.Close)
	each := func(work func(i int) error) time.Duration {
		begin := time.Now()
		var wait sync.WaitGroup
		slots := make(chan struct{}, runtime.GOMAXPROCS(0))
		for i := range files {
			wait.Go(func() {
				slots <- struct{}{}
				if err := work(i); err != nil {
					b.Error(err)
				}
				<-slots
			})
		}
		wait.Wait()
		return time.Since(begin)
	}
	var bare, pull time.Duration
	b.SetBytes(files * size)
	for b.Loop() {
		bare += each(func(i int) error {
			f, err := os.Open(filepath.Join(src, fmt.Sprint(i)))
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.CopyBuffer(struct{ io.Writer }{sha256.New()}, struct{ io.Reader }{f}, make([]byte, 1<<20))
			return err
		})
		dir := filepath.Join(src, "cache")
		store, client := cas.New(dir), fetch.New(fetch.Config{})
		pull += each(func(i int) error {
			u, err := url.Parse(server.URL + "/" + fmt.Sprint(i))
			if err != nil {
				return err
			}
			c, err := store.Get(b.Context(), cas.Blob{Name: "w", Size: size, Want: sums[i : i+1]}, func(ctx context.Context, sink *cas.Sink) error {
				return client.Download(ctx, fetch.Download{Request: fetch.Request{URL: u}, Size: size}, sink)
			})
			if err != nil {
				return err
			}
			return c.Close()
		})
		if err := os.RemoveAll(dir); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(bare)/float64(pull), "of-bare-sha256")
	b.ReportMetric(float64(b.N)*files*size/bare.Seconds()/1e6, "bare-MB/s")
	b.ReportMetric(float64(b.N)*files*size/pull.Seconds()/1e6, "pull-MB/s")
}
