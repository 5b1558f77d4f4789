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
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/verify"
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
	h := Handler(Config{Lookup: func(ctx context.Context, pinned string) (verify.Report, error) {
		close(entered)
		<-block
		return lookup(ctx, pinned)
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
