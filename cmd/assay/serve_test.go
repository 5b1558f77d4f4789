package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/cmd/internal/cli"
	"assay/registry/registrytest"
)

// TestServe takes models from gate to admission: what passed the gate may run,
// what failed, was never gated or is not pinned may not. Everything goes through
// the commands and HTTPS.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	hub := registrytest.NewHub(t)
	good := hub.AddModel("org/good").Commit("main", registrytest.File{Name: "README.md", Content: []byte("# A model\n")})
	evil := hub.AddModel("org/evil").Commit("main", registrytest.File{Name: "pytorch_model.bin", Content: []byte("cos\nsystem\n(S'echo assay-test-marker'\ntR.")})
	env := map[string]string{"HF_ENDPOINT": hub.URL(), "ASSAY_STORE": filepath.Join(dir, "store.db"), "ASSAY_CACHE": filepath.Join(dir, "cache")}
	for ref, want := range map[string]int{"hf://org/good@" + good: 0, "hf://org/evil@" + evil: 1} {
		if code, text := command(t.Context(), env, io.Discard, "gate", ref); code != want {
			t.Fatalf("gate %s: exit code %d, want %d: %s", ref, code, want, text)
		}
	}
	pool, files := writeCertificate(t, dir)
	review := startServe(t, env, pool, files)
	for _, c := range []struct {
		name    string
		image   string
		args    []string
		allowed bool
		says    string
	}{
		{"no model", "busybox", []string{"sleep", "1"}, true, ""},
		{"passed the gate", "vllm/vllm-openai", []string{"--model", "org/good", "--revision", good}, true, ""},
		{"passed the gate, as a reference", "vllm/vllm-openai", []string{"hf://org/good@" + good}, true, ""},
		{"failed the gate", "vllm/vllm-openai", []string{"--model=org/evil", "--revision=" + evil}, false, "pickle/dangerous-call"},
		{"never gated", "vllm/vllm-openai", []string{"hf://org/other@" + good}, false, "assay gate"},
		{"not pinned", "vllm/vllm-openai", []string{"--model", "org/good"}, false, "commit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			allowed, message := review(c.image, c.args)
			if allowed != c.allowed || !strings.Contains(message, c.says) {
				t.Errorf("allowed %t with %q, want %t with %q", allowed, message, c.allowed, c.says)
			}
		})
	}
}

// TestServePolicy: the policy of the namespace, what nobody can make out, and a
// revocation that holds at once.
func TestServePolicy(t *testing.T) {
	dir := t.TempDir()
	hub := registrytest.NewHub(t)
	content := []byte("# A model\n")
	good := hub.AddModel("org/good").Commit("main", registrytest.File{Name: "README.md", Content: content})
	evil := hub.AddModel("org/evil").Commit("main", registrytest.File{Name: "pytorch_model.bin", Content: []byte("cos\nsystem\n(S'echo assay-test-marker'\ntR.")})
	env := map[string]string{"HF_ENDPOINT": hub.URL(), "ASSAY_STORE": filepath.Join(dir, "store.db"), "ASSAY_CACHE": filepath.Join(dir, "cache")}
	for _, ref := range []string{"hf://org/good@" + good, "hf://org/evil@" + evil} {
		command(t.Context(), env, io.Discard, "gate", ref)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	lenient := write("policy.yaml", "apiVersion: assay.dev/v1\nkind: Policy\ndefaults: {unresolved: warn}\nrequire: {freshWithin: 1h}\n"+
		"environments:\n- {name: dev, namespaces: ['n*'], mode: warn}\n")
	denied := write("denied.txt", "# nothing yet\n")
	pool, files := writeCertificate(t, dir)
	review := startServe(t, env, pool, files, "--policy", lenient, "--deny-list", denied)
	expect := func(name string, args []string, allowed bool, says string) {
		t.Helper()
		got, message := review("vllm/vllm-openai", args)
		if got != allowed || !strings.Contains(message, says) {
			t.Errorf("%s: allowed %t with %q, want %t with %q", name, got, message, allowed, says)
		}
	}
	expect("warned only, in this namespace", []string{"hf://org/evil@" + evil}, true, "")
	expect("nobody can tell", []string{"--model", "$(MODEL)"}, true, "")
	expect("not pinned all the same", []string{"--model", "org/good"}, false, "commit")

	strict := write("strict.yaml", "apiVersion: assay.dev/v1\nkind: Policy\nenvironments:\n- {name: dev, namespaces: ['other-*'], mode: warn}\n")
	review = startServe(t, env, pool, files, "--policy", strict, "--deny-list", denied)
	expect("enforced in this namespace", []string{"hf://org/evil@" + evil}, false, "pickle/dangerous-call")
	expect("refused by default", []string{"--model", "$(MODEL)"}, false, "no name of a repository")
	expect("not denied yet", []string{"hf://org/good@" + good}, true, "")
	write("denied.txt", "sha256:"+registrytest.SHA256(content)+" steals tokens\n")
	expect("denied now", []string{"hf://org/good@" + good}, false, "steals tokens")
	write("denied.txt", "nonsense\n")
	expect("a broken list refuses", []string{"hf://org/good@" + good}, false, "deny list")
}

func command(ctx context.Context, env map[string]string, stdout io.Writer, args ...string) (int, string) {
	var stderr bytes.Buffer
	code := cli.Main(ctx, args, cli.Env{Stdin: strings.NewReader(""), Stdout: stdout, Stderr: &stderr,
		Getenv: func(name string) string { return env[name] }, Now: time.Now})
	return code, stderr.String()
}

// startServe runs the command until the test ends and returns a function that
// asks it about a Pod with these container arguments.
func startServe(t *testing.T, env map[string]string, pool *x509.CertPool, files [2]string, flags ...string) func(image string, args []string) (bool, string) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		code, text := command(ctx, env, in, append([]string{"serve", "--listen", "127.0.0.1:0", "--tls-cert", files[0], "--tls-key", files[1]}, flags...)...)
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
	address := strings.TrimSpace(strings.TrimPrefix(line, "listening on "))
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	return func(image string, args []string) (bool, string) {
		return ask(t, client, "https://"+address+"/validate", image, args)
	}
}

func ask(t *testing.T, client *http.Client, url, image string, args []string) (bool, string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
		"request": map[string]any{
			"uid": "1", "operation": "CREATE", "name": "p", "namespace": "n",
			"kind":     map[string]string{"group": "", "version": "v1", "kind": "Pod"},
			"resource": map[string]string{"group": "", "version": "v1", "resource": "pods"},
			"object": map[string]any{
				"apiVersion": "v1", "kind": "Pod", "metadata": map[string]string{"name": "p"},
				"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": image, "args": args}}},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Response struct {
			UID     string
			Allowed bool
			Status  struct{ Message string }
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Response.UID != "1" {
		t.Fatalf("answer %+v, %v", answer, err)
	}
	return answer.Response.Allowed, answer.Response.Status.Message
}

// writeCertificate makes a certificate for 127.0.0.1 that trusts itself.
func writeCertificate(t *testing.T, dir string) (*x509.CertPool, [2]string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	files := [2]string{filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")}
	for i, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(files[i], pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	return pool, files
}
