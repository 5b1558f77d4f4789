package fetch

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/internal/spans"
)

func quick() *Client {
	return New(Config{Attempts: 3, Backoff: time.Millisecond, Stall: 2 * time.Second, MaxWait: time.Second})
}

func serve(t *testing.T, h http.HandlerFunc) *url.URL {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return parse(t, s.URL)
}

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// buffer is a Sink in memory.
type buffer struct {
	bytes.Buffer
	size int64
}

func (b *buffer) Reset() error          { b.Buffer.Reset(); return nil }
func (b *buffer) Missing() []spans.Span { return []spans.Span{{To: b.size}} }
func (b *buffer) WriteAt(p []byte, off int64) (int, error) {
	if off != int64(b.Len()) {
		return 0, fmt.Errorf("written at %d, %d are there", off, b.Len())
	}
	return b.Write(p)
}

func TestRefusesDowngrade(t *testing.T) {
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("plain http was asked") })
	secure := httptest.NewTLSServer(http.RedirectHandler(plain.String()+"/x?token=secret", http.StatusFound))
	defer secure.Close()
	c := New(Config{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}})
	_, err := c.Get(t.Context(), Request{URL: parse(t, secure.URL)})
	if !errors.Is(err, ErrProtocol) || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v, want ErrProtocol without the query", err)
	}
}

// A certificate that is not trusted is final, and not tried again.
func TestCertificates(t *testing.T) {
	var handshakes atomic.Int32
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			handshakes.Add(1)
		}
	}
	secure.StartTLS()
	defer secure.Close()
	_, err := quick().Get(t.Context(), Request{URL: parse(t, secure.URL)})
	if err == nil || handshakes.Load() != 1 {
		t.Errorf("%v after %d handshakes", err, handshakes.Load())
	}
}

type stamp struct{ next http.RoundTripper }

func (s stamp) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "secret")
	return s.next.RoundTrip(r)
}

// Credentials go to the first scheme, host and port, and do not come back after
// a detour.
func TestCredentialsStayAtOrigin(t *testing.T) {
	var home *url.URL
	away := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("another port got the credentials")
		}
		http.Redirect(w, r, home.String()+"/back", http.StatusFound)
	})
	var seen []string
	home = serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.URL.Path+" "+r.Header.Get("Authorization"))
		switch r.URL.Path {
		case "/a":
			http.Redirect(w, r, "/b", http.StatusTemporaryRedirect)
		case "/b":
			http.Redirect(w, r, away.String(), http.StatusFound)
		}
	})
	c := quick()
	resp, err := c.Get(t.Context(), Request{URL: home.JoinPath("a"), Origin: stamp{c.Transport()}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := strings.Join(seen, ", "); got != "/a secret, /b secret, /back " {
		t.Errorf("requests %q", got)
	}
	if len(resp.OriginHeaders) != 2 {
		t.Errorf("%d answers count as the origin's, want 2", len(resp.OriginHeaders))
	}
}

// user:password@ in a Location must not become credentials.
func TestUserInformation(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("user information became credentials")
		}
		if r.URL.Path == "/" {
			w.Header().Set("Location", "http://user:pass@"+r.Host+"/x")
			w.WriteHeader(http.StatusFound)
		}
	})
	u.User = url.UserPassword("user", "pass")
	u.Path = "/"
	resp, err := quick().Get(t.Context(), Request{URL: u})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

// The dialler refuses inner addresses for a hop that a public host asked for,
// after the name is resolved.
func TestInnerAddresses(t *testing.T) {
	u := serve(t, func(http.ResponseWriter, *http.Request) {})
	for _, host := range []string{"127.0.0.1", "localhost"} {
		u.Host = host + ":" + u.Port()
		for hop, wantErr := range []bool{false, true} {
			var r reach
			ctx := r.context(t.Context(), u, hop)
			conn, err := dial(ctx, "tcp", u.Host)
			if (err != nil) != wantErr {
				t.Errorf("%s, hop %d: %v", host, hop, err)
			}
			if err == nil {
				conn.Close()
			}
		}
	}
	for address, inner := range map[string]bool{"127.0.0.1:80": true, "8.8.8.8:443": false, "[fd00::1]:80": true} {
		var r reach
		trace := httptrace.ContextClientTrace(r.context(t.Context(), u, 0))
		trace.GotConn(httptrace.GotConnInfo{Conn: connTo(address)})
		if r.inner != inner {
			t.Errorf("first host at %s: inner %v, want %v", address, r.inner, inner)
		}
	}
	r := reach{inner: true} // an inner registry may redirect inside
	if conn, err := dial(r.context(t.Context(), u, 1), "tcp", u.Host); err != nil {
		t.Errorf("from inner to inner: %v", err)
	} else {
		conn.Close()
	}
	for addr, inner := range map[string]bool{
		"127.0.0.1": true, "10.1.2.3": true, "192.168.0.1": true, "172.16.0.1": true, "169.254.169.254": true, "100.64.0.1": true,
		"::1": true, "fd00:ec2::254": true, "fe80::1": true, "::ffff:10.0.0.1": true, "0.0.0.0": true,
		"8.8.8.8": false, "172.32.0.1": false, "2606:4700::1": false,
	} {
		if got := isInner(netip.MustParseAddr(addr)); got != inner {
			t.Errorf("%s: inner %v, want %v", addr, got, inner)
		}
	}
}

// connTo is a connection to an address.
type connTo string

func (connTo) Read([]byte) (int, error)  { return 0, io.EOF }
func (connTo) Write([]byte) (int, error) { return 0, io.EOF }
func (connTo) Close() error              { return nil }
func (connTo) LocalAddr() net.Addr       { return nil }
func (c connTo) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(string(c)))
}
func (connTo) SetDeadline(time.Time) error      { return nil }
func (connTo) SetReadDeadline(time.Time) error  { return nil }
func (connTo) SetWriteDeadline(time.Time) error { return nil }

func TestOfflineDialler(t *testing.T) {
	c := New(Config{Transport: NewTransport(true), Backoff: time.Millisecond})
	_, err := c.Get(t.Context(), Request{URL: parse(t, "http://127.0.0.1:1/x")})
	if !errors.Is(err, registry.ErrOffline) {
		t.Errorf("%v, want ErrOffline", err)
	}
}

func TestAskedWait(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		key, value string
		want       time.Duration
	}{
		{"Retry-After", "7", 7 * time.Second},
		{"Retry-After", "Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		{"Retry-After", "Fri, 02 Jan 2026 03:00:00 GMT", 0},
		{"Retry-After", "-5", 0},
		{"Retry-After", "99999999999999999999", 0},
		{"RateLimit", `"api";r=0;t=55`, 56 * time.Second},
		{"RateLimit", `"api";r=0`, 0},
		{"RateLimit", `"api";t=x`, 0},
	} {
		h := http.Header{}
		h.Set(c.key, c.value)
		if got := askedWait(h, now); got != c.want {
			t.Errorf("%s: %s: %s, want %s", c.key, c.value, got, c.want)
		}
	}
}

// A long wait is not sat out: the person is told instead.
func TestLongWaitIsTold(t *testing.T) {
	var n atomic.Int32
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n.Add(1)
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	_, err := quick().Get(t.Context(), Request{URL: u})
	var status *StatusError
	if !errors.As(err, &status) || status.Wait != time.Hour || n.Load() != 1 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
}

// Ranges that the server gets wrong are never glued together.
func TestRanges(t *testing.T) {
	content := []byte(strings.Repeat("0123456789", 1000))
	cut := func(w http.ResponseWriter) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Header().Set("ETag", `"v1"`)
		_, _ = w.Write(content[:4000])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	for name, second := range map[string]func(w http.ResponseWriter, r *http.Request){
		"right": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-Range") != `"v1"` || r.Header.Get("Range") != "bytes=4000-9999" {
				t.Errorf("Range %q If-Range %q", r.Header.Get("Range"), r.Header.Get("If-Range"))
			}
			partial(w, "bytes 4000-9999/10000", `"v1"`, content[4000:])
		},
		"ignored": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) },
		"another": func(w http.ResponseWriter, _ *http.Request) { partial(w, "bytes 0-5999/10000", `"v1"`, content[:6000]) },
		"other total": func(w http.ResponseWriter, _ *http.Request) {
			partial(w, "bytes 4000-9999/20000", `"v1"`, content[4000:])
		},
		"other entity": func(w http.ResponseWriter, _ *http.Request) {
			partial(w, "bytes 4000-9999/10000", `"v2"`, bytes.Repeat([]byte("x"), 6000))
		},
		"no range": func(w http.ResponseWriter, _ *http.Request) { partial(w, "", `"v1"`, content[4000:]) },
		"refused":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) },
	} {
		var n atomic.Int32
		u := serve(t, func(w http.ResponseWriter, r *http.Request) {
			switch n.Add(1) {
			case 1:
				cut(w)
			case 2:
				second(w, r)
			default:
				_, _ = w.Write(content)
			}
		})
		sink := buffer{size: int64(len(content))}
		err := quick().Download(t.Context(), Download{Request: Request{URL: u}, Size: int64(len(content))}, &sink)
		if err != nil || !bytes.Equal(sink.Bytes(), content) {
			t.Errorf("%s: %v, %d bytes", name, err, sink.Len())
		}
	}
}

func partial(w http.ResponseWriter, contentRange, etag string, body []byte) {
	w.Header().Set("ETag", etag)
	if contentRange != "" {
		w.Header().Set("Content-Range", contentRange)
	}
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(body)
}

// A server that gives a byte for each connection is given up in bounded time.
func TestDripping(t *testing.T) {
	var n atomic.Int32
	u := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		var from int
		_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		w.Header().Set("Content-Length", fmt.Sprint(10_000-from))
		if from > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-9999/10000", from))
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = w.Write([]byte("x"))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	err := quick().Download(t.Context(), Download{Request: Request{URL: u}, Size: 10_000}, &buffer{size: 10_000})
	if err == nil || n.Load() > maxTroubles+2 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
}

// failing is a disk that is full.
type failing struct{}

var errFull = errors.New("no space left on device")

func (failing) WriteAt([]byte, int64) (int, error) { return 0, errFull }
func (failing) Missing() []spans.Span              { return []spans.Span{{To: 5}} }
func (failing) Reset() error                       { return nil }

func TestFullDiskIsFinal(t *testing.T) {
	var n atomic.Int32
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) { n.Add(1); _, _ = io.WriteString(w, "hello") })
	err := quick().Download(t.Context(), Download{Request: Request{URL: u}, Size: 5}, failing{})
	if !errors.Is(err, errFull) || n.Load() != 1 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
}

// A reader that takes its time is not a stalled store.
func TestSlowReader(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 1<<20))
	})
	c := New(Config{Stall: 50 * time.Millisecond, Attempts: 1})
	err := c.Download(t.Context(), Download{Request: Request{URL: u}, Size: 1 << 20}, &slow{})
	if err != nil {
		t.Error(err)
	}
}

type slow struct{ once bool }

func (s *slow) Reset() error          { return nil }
func (s *slow) Missing() []spans.Span { return []spans.Span{{To: 1 << 20}} }
func (s *slow) WriteAt(p []byte, _ int64) (int, error) {
	if !s.once {
		s.once = true
		time.Sleep(200 * time.Millisecond)
	}
	return len(p), nil
}

func TestRedact(t *testing.T) {
	got := Redact(parse(t, "https://user:pw@host.example/a%2Fb?X-Amz-Signature=s#frag"))
	if got != "https://host.example/a%2Fb" {
		t.Error(got)
	}
}

func TestContextEndsRetries(t *testing.T) {
	u := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	c := New(Config{Backoff: time.Minute, MaxWait: time.Hour})
	if _, err := c.Get(ctx, Request{URL: u}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want the deadline", err)
	}
}
