package admission

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/verify"
	"assay/verify/store"
)

// issue writes a self-signed certificate for 127.0.0.1 with a serial number.
func issue(t testing.TB, dir string, serial int64) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "webhook"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for name, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	roots = x509.NewCertPool()
	cert, _ := x509.ParseCertificate(der)
	roots.AddCert(cert)
	return certFile, keyFile, roots
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func httpsClient(roots *x509.CertPool, maxVersion uint16) *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MaxVersion: maxVersion}, DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}}
}

func TestServeAndReload(t *testing.T) {
	dir, l := t.TempDir(), listen(t)
	certFile, keyFile, roots := issue(t, dir, 1)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	cert := &certificate{certFile: certFile, keyFile: keyFile}
	go func() { stopped <- serve(ctx, l, cert, Handler(Config{Lookup: lookup}), nil, 10*time.Millisecond) }()
	url := "https://" + l.Addr().String()

	serial := func(roots *x509.CertPool) (int64, error) {
		resp, err := httpsClient(roots, 0).Get(url + "/healthz")
		if err != nil {
			return 0, err
		}
		resp.Body.Close()
		return resp.TLS.PeerCertificates[0].SerialNumber.Int64(), nil
	}
	if n, err := serial(roots); n != 1 || err != nil {
		t.Fatalf("certificate %d, %v", n, err)
	}
	if resp, err := httpsClient(roots, tls.VersionTLS12).Get(url + "/healthz"); err == nil {
		resp.Body.Close()
		t.Error("TLS 1.2 was accepted")
	}

	expire := func() {
		cert.mu.Lock()
		defer cert.mu.Unlock()
		cert.checked = time.Time{}
	}
	// Half of an update: the old pair stays.
	half, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	_, _, newRoots := issue(t, dir, 2)
	whole, err := os.ReadFile(keyFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(keyFile, half, 0o600); err != nil {
		t.Fatal(err)
	}
	expire()
	if n, err := serial(roots); n != 1 || err != nil {
		t.Errorf("after half of an update: certificate %d, %v", n, err)
	}
	if err := os.WriteFile(keyFile, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	expire()
	if n, err := serial(newRoots); n != 2 || err != nil {
		t.Errorf("after the update: certificate %d, %v", n, err)
	}
	// The files are gone: the last pair stays.
	if err := os.Remove(certFile); err != nil {
		t.Fatal(err)
	}
	expire()
	if n, err := serial(newRoots); n != 2 || err != nil {
		t.Errorf("after the files went: certificate %d, %v", n, err)
	}
	cancel()
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}

func TestServeWithoutCertificate(t *testing.T) {
	dir, l := t.TempDir(), listen(t)
	err := Serve(context.Background(), l, filepath.Join(dir, "none.crt"), filepath.Join(dir, "none.key"), Handler(Config{Lookup: lookup}), nil)
	if err == nil || !strings.Contains(err.Error(), "none.crt") {
		t.Errorf("%v", err)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
}

// A webhook that is told to stop answers the reviews that it has.
func TestStopFinishesReviews(t *testing.T) {
	l := listen(t)
	certFile, keyFile, roots := issue(t, t.TempDir(), 1)
	entered, block := make(chan struct{}), make(chan struct{})
	h := Handler(Config{Lookup: func(ctx context.Context, _, pinned string) (verify.Report, error) {
		close(entered)
		<-block
		return lookup(ctx, "", pinned)
	}})
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	cert := &certificate{certFile: certFile, keyFile: keyFile}
	go func() { stopped <- serve(ctx, l, cert, h, nil, 50*time.Millisecond) }()
	c := client{httpsClient(roots, 0), "https://" + l.Addr().String()}
	got := make(chan answer)
	go func() {
		got <- c.review(t, "CREATE", "v1 Pod", pod(`{"containers":[{"args":["`+goodHub+`"]}]}`), "null")
	}()
	<-entered
	cancel()
	time.Sleep(100 * time.Millisecond)
	close(block)
	if a := <-got; !a.Allowed {
		t.Errorf("%+v", a)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}

// Many reviews at a time over real TLS connections get the right answers.
func TestManyConnections(t *testing.T) {
	c := start(t, Config{})
	var group sync.WaitGroup
	for i := range 32 {
		group.Go(func() {
			for j := range 10 {
				model, allowed := "bad", false
				if (i+j)%2 == 0 {
					model, allowed = "good", true
				}
				body := pod(fmt.Sprintf(`{"containers":[{"args":["--model=org/%s","--revision=%s"]}]}`, model, commit))
				if a := c.review(t, "CREATE", "v1 Pod", body, "null"); a.Allowed != allowed {
					t.Errorf("org/%s: %+v", model, a)
				}
			}
		})
	}
	group.Wait()
}

// BenchmarkStore reviews 1,000 Pods a second over TLS, from a store with 1,000
// models of 30 files, on up to 500 connections. It reports the percentiles of the
// whole exchange, from the time it was due: with the client on the same
// processors, they are an upper bound.
func BenchmarkStore(b *testing.B) {
	s, err := store.Open(filepath.Join(b.TempDir(), "store.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	const models, files, rules = 1000, 30, "sha256:rules"
	bodies := make([]string, models)
	for i := range models {
		e := verify.Evidence{Ruleset: rules, Artifact: verify.ArtifactInfo{Pinned: fmt.Sprintf("hf://org/m%d@%s", i, commit)}}
		for j := range files {
			e.Files = append(e.Files, verify.FileEvidence{Name: fmt.Sprintf("file-%02d", j), SHA256: fmt.Sprintf("%064x", i*files+j), Formats: []string{"safetensors"}})
		}
		e.Artifact.ContentID = verify.ContentID(e.Files)
		if err := s.Put(b.Context(), e, time.Now()); err != nil {
			b.Fatal(err)
		}
		bodies[i] = reviewOf("CREATE", "v1 Pod", pod(fmt.Sprintf(`{"containers":[{"image":"x","args":["--model=org/m%d","--revision=%s"]}]}`, i, commit)), "null")
	}
	server := httptest.NewUnstartedServer(Handler(Config{Lookup: func(ctx context.Context, _, pinned string) (verify.Report, error) {
		e, err := s.ByReference(ctx, pinned, rules)
		return verify.Report{Evidence: e, Verdict: verify.Verdict{Decision: verify.Allow}}, err
	}}))
	server.StartTLS()
	defer server.Close()
	c := client{server.Client(), server.URL}
	c.Transport.(*http.Transport).MaxIdleConnsPerHost = 500

	var mu sync.Mutex
	var took []time.Duration
	var next atomic.Int64
	b.SetParallelism(500 / runtime.GOMAXPROCS(0))
	b.ResetTimer()
	start := time.Now()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			n := next.Add(1)
			due := start.Add(time.Duration(n) * time.Millisecond)
			time.Sleep(time.Until(due))
			status, text := c.post(b, "application/json", bodies[n%models])
			d := time.Since(due)
			if status != http.StatusOK || !strings.Contains(text, `"allowed":true`) {
				b.Errorf("status %d: %s", status, text)
			}
			mu.Lock()
			took = append(took, d)
			mu.Unlock()
		}
	})
	slices.Sort(took)
	for name, share := range map[string]float64{"p50-ms": 0.5, "p99-ms": 0.99, "max-ms": 1} {
		b.ReportMetric(float64(took[int(share*float64(len(took)-1))].Microseconds())/1000, name)
	}
	b.ReportMetric(float64(len(took))/b.Elapsed().Seconds(), "reviews/s")
}
