package cas_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
)

// pullVariable makes the test binary pull one file: "cache,url,size,sha256".
const pullVariable = "ASSAY_TEST_PULL"

func TestMain(m *testing.M) {
	if job := os.Getenv(pullVariable); job != "" {
		if err := pullOne(strings.Split(job, ",")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func pullOne(job []string) error {
	u, err := url.Parse(job[1])
	if err != nil {
		return err
	}
	size, err := strconv.ParseInt(job[2], 10, 64)
	if err != nil {
		return err
	}
	want, err := registry.NewDigest("sha256", job[3])
	if err != nil {
		return err
	}
	client := fetch.New(fetch.Config{PartSize: 16 << 20, Backoff: time.Millisecond, Attempts: 8})
	b := cas.Blob{Name: "weights", Size: size, Want: []registry.Digest{want}}
	c, err := cas.New(job[0]).Get(context.Background(), b, func(ctx context.Context, sink *cas.Sink) error {
		return client.Download(ctx, fetch.Download{Request: fetch.Request{URL: u}, Size: size}, sink)
	})
	if err != nil {
		return err
	}
	return c.Close()
}

// counting is content that differs in every block, so that a part in the wrong
// place is noticed.
type counting struct{ size int64 }

const countingBlock = 4096

func (c counting) ReadAt(p []byte, off int64) (n int, err error) {
	var block [countingBlock]byte
	for n < len(p) && off < c.size {
		binary.LittleEndian.PutUint64(block[:], uint64(off/countingBlock)*0x9e3779b97f4a7c15)
		from := off % countingBlock
		m := copy(p[n:], block[from:min(countingBlock, from+c.size-off)])
		n, off = n+m, off+int64(m)
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}

func (c counting) sha256(t *testing.T) string {
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(c, 0, c.size)); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// slowStore serves content in ranges, slowly, breaks connections and refuses
// some requests, and counts the bytes that it sent.
func slowStore(t *testing.T, c counting, perSecond int64) (address string, sent *atomic.Int64) {
	sent = new(atomic.Int64)
	var requests atomic.Int64
	pace := time.NewTicker(time.Duration(int64(time.Second) * 16384 / perSecond))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1)%7 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		breaks := requests.Load()%5 == 0
		slow := &paced{ResponseWriter: w, pace: pace.C, done: r.Context().Done(), sent: sent, left: 1 << 62}
		if breaks {
			slow.left = 5 << 20
		}
		w.Header().Set("ETag", `"one"`)
		http.ServeContent(slow, r, "", time.Time{}, io.NewSectionReader(c, 0, c.size))
	}))
	// Small buffers: what the kernel holds for a killed process was not fetched.
	server.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		if tcp, ok := conn.(*net.TCPConn); ok && state == http.StateNew {
			_ = tcp.SetWriteBuffer(16 << 10)
		}
	}
	server.Start()
	t.Cleanup(func() { server.Close(); pace.Stop() })
	return server.URL, sent
}

type paced struct {
	http.ResponseWriter
	pace <-chan time.Time
	done <-chan struct{}
	sent *atomic.Int64
	left int64
}

func (p *paced) Write(b []byte) (written int, err error) {
	for len(b) > 0 {
		select {
		case <-p.pace:
		case <-p.done:
			return written, errors.New("gone")
		}
		n, err := p.ResponseWriter.Write(b[:min(16384, len(b))])
		p.ResponseWriter.(http.Flusher).Flush()
		p.sent.Add(int64(n))
		written, b = written+n, b[n:]
		if p.left -= int64(n); err == nil && p.left < 0 {
			panic(http.ErrAbortHandler)
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// A pull that is killed again and again is continued: the result is whole, what
// was fetched is not fetched again, and nothing unfinished has a final name. With
// ASSAY_TEST_FULL it is 4 GiB and 50 kills.
func TestKilled(t *testing.T) {
	if !resumesHere {
		t.Skip("unfinished downloads are not kept on this system")
	}
	content, kills, pace := counting{64 << 20}, 10, int64(20<<20)
	switch {
	case os.Getenv("ASSAY_TEST_FULL") != "":
		content, kills, pace = counting{4 << 30}, 50, 100<<20
	case testing.Short():
		kills = 2
	}
	sum := content.sha256(t)
	address, sent := slowStore(t, content, pace)
	dir := t.TempDir()
	final := filepath.Join(dir, "blobs", "sha256", sum)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	for kill := 0; ; kill++ {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), pullVariable+"="+strings.Join([]string{dir, address, fmt.Sprint(content.size), sum}, ","))
		child.Stderr = os.Stderr
		before := sent.Load()
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		if kill == kills {
			if err := child.Wait(); err != nil {
				t.Fatal(err)
			}
			break
		}
		share := content.size / int64(kills+2)
		killAfter(child, sent, before+share/2+random.Int64N(share/2))
		if _, err := os.Stat(final); err == nil {
			t.Fatalf("finished before kill %d", kill)
		}
	}
	f, err := os.Open(final)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	if n, err := io.Copy(h, f); err != nil || n != content.size || hex.EncodeToString(h.Sum(nil)) != sum {
		t.Errorf("%d bytes, %v: not the content", n, err)
	}
	if limit := content.size + content.size/20; sent.Load() > limit {
		t.Errorf("%d bytes were sent for %d, more than 5 %% over it", sent.Load(), content.size)
	}
	t.Logf("%d kills, %.2f %% sent again", kills, 100*float64(sent.Load()-content.size)/float64(content.size))
	if left := entries(t, filepath.Join(dir, "tmp")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// killAfter kills the child when the store has sent so many bytes.
func killAfter(child *exec.Cmd, sent *atomic.Int64, bytes int64) {
	for limit := time.Now().Add(time.Minute); sent.Load() < bytes && time.Now().Before(limit); {
		time.Sleep(time.Millisecond)
	}
	_ = child.Process.Kill()
	_ = child.Wait()
}
