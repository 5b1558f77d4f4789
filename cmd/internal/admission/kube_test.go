package admission

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cluster is etcd and a kube-apiserver on loopback.
type cluster struct {
	client *http.Client
	url    string
	ca     []byte // PEM
}

const kubeToken = "token-of-the-test" // of a user who may do everything, on loopback, for seconds

// startCluster runs the binaries of KUBEBUILDER_ASSETS (etcd, kube-apiserver).
func startCluster(t *testing.T) (*cluster, *certificate) {
	t.Helper()
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		t.Skip("KUBEBUILDER_ASSETS is not set: no kube-apiserver to test the webhook with")
	}
	dir := t.TempDir()
	certFile, keyFile, roots := issue(t, dir, 1)
	signing := filepath.Join(dir, "sa.key")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	tokens := filepath.Join(dir, "tokens.csv")
	for name, text := range map[string][]byte{
		signing: pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}),
		tokens:  []byte(kubeToken + `,admin,1,"system:masters"` + "\n"),
	} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	store, peer, port := freePort(t), freePort(t), freePort(t)
	run(t, filepath.Join(assets, "etcd"), "--data-dir", filepath.Join(dir, "etcd"), "--name=t", "--unsafe-no-fsync", "--log-level=error",
		"--listen-client-urls=http://"+store, "--advertise-client-urls=http://"+store,
		"--listen-peer-urls=http://"+peer, "--initial-advertise-peer-urls=http://"+peer, "--initial-cluster=t=http://"+peer)
	_, securePort, _ := net.SplitHostPort(port)
	run(t, filepath.Join(assets, "kube-apiserver"), "--etcd-servers=http://"+store, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--secure-port="+securePort, "--tls-cert-file="+certFile, "--tls-private-key-file="+keyFile, "--token-auth-file="+tokens,
		"--authorization-mode=RBAC", "--service-account-issuer=https://"+port, "--service-account-key-file="+signing,
		"--service-account-signing-key-file="+signing, "--service-cluster-ip-range=10.0.0.0/24",
		"--disable-admission-plugins=ServiceAccount", "--endpoint-reconciler-type=none")
	ca, err := os.ReadFile(certFile)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{&http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}, "https://" + port, ca}
	c.await(t, "the API server", func() bool {
		status, _ := c.do(t, http.MethodGet, "/readyz", "", "")
		return status == http.StatusOK
	})
	return c, &certificate{certFile: certFile, keyFile: keyFile}
}

func freePort(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}

// run starts a process that ends with the test.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	var log bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(name), log.Bytes()[max(0, log.Len()-4000):])
		}
	})
}

func (c *cluster) await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !done(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s is not ready", what)
		}
	}
}

// do makes a request and returns status and body; status 0 is no answer.
func (c *cluster) do(t *testing.T, method, path, contentType, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+kubeToken)
	r.Header.Set("Content-Type", contentType)
	resp, err := c.client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text) + strings.Join(resp.Header.Values("Warning"), "\n")
}

// webhookConfiguration sends everything that the webhook understands of a plain
// cluster to it.
func webhookConfiguration(url string, ca []byte) string {
	return fmt.Sprintf(`{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"assay"},
	"webhooks":[{"name":"models.assay.test","admissionReviewVersions":["v1"],"sideEffects":"None","failurePolicy":"Fail","timeoutSeconds":5,
	"matchPolicy":"Equivalent","clientConfig":{"url":%q,"caBundle":%q},"rules":[
	{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["pods","pods/ephemeralcontainers","podtemplates","replicationcontrollers"]},
	{"apiGroups":["apps"],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["deployments","replicasets","statefulsets","daemonsets"]},
	{"apiGroups":["batch"],"apiVersions":["v1"],"operations":["CREATE","UPDATE"],"resources":["jobs","cronjobs"]}]}]}`,
		url+"/validate", base64.StdEncoding.EncodeToString(ca))
}

func kubePod(name, spec string) string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":%q},"spec":%s}`, name, spec)
}

// The webhook behind the API server that it is made for.
func TestKubeAPIServer(t *testing.T) {
	c, cert := startCluster(t)
	const pods = "/api/v1/namespaces/default/pods"
	box := func(args string) string {
		return `{"containers":[{"name":"c","image":"x","args":[` + args + `]}]}`
	}
	// A Pod from before the webhook.
	c.await(t, "the default namespace", func() bool {
		status, _ := c.do(t, http.MethodPost, pods, "application/json", kubePod("old", box(`"--model=org/bad"`)))
		return status == http.StatusCreated
	})
	l := listen(t)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- serve(ctx, l, cert, Handler(Config{Lookup: lookup}), nil, 0) }()
	stop := func() {
		cancel()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	}
	if status, text := c.do(t, http.MethodPost, "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", "application/json",
		webhookConfiguration("https://"+l.Addr().String(), c.ca)); status != http.StatusCreated {
		t.Fatalf("%d %s", status, text)
	}
	c.await(t, "the webhook", func() bool {
		_, text := c.do(t, http.MethodPost, pods+"?dryRun=All", "application/json", kubePod("probe", box(`"--model=org/bad"`)))
		return strings.Contains(text, "models.assay.test")
	})

	template := func(spec string) string {
		return `{"metadata":{"labels":{"a":"b"}},"spec":` + strings.Replace(spec, `{"containers"`, `{"restartPolicy":"Never","containers"`, 1) + `}`
	}
	always := func(spec string) string { return strings.Replace(template(spec), `"Never"`, `"Always"`, 1) }
	bad := box(`"--model","org/bad","--revision","` + commit + `"`)
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"no model", "POST", pods, kubePod("plain", box(`"x"`)), 201, ""},
		{"image volume by digest", "POST", pods, kubePod("volume", `{"containers":[{"name":"c","image":"x"}],"volumes":[{"name":"m","image":{"reference":"registry.test/good@`+digest+`"}}]}`), 201, ""},
		{"image volume by tag", "POST", pods, kubePod("tag", `{"containers":[{"name":"c","image":"x"}],"volumes":[{"name":"m","image":{"reference":"registry.test/good:v1"}}]}`), 403, "not pinned"},
		{"good model", "POST", pods, kubePod("good", box(`"--model=org/good","--revision=`+commit+`"`)), 201, ""},
		{"bad model", "POST", pods, kubePod("bad", bad), 403, "calls os.system"},
		{"no verdict", "POST", pods, kubePod("none", box(`"hf://org/none@`+commit+`"`)), 403, "assay gate hf://org/none@"},
		{"dry run", "POST", pods + "?dryRun=All", kubePod("dry", bad), 403, "denied the request: assay: "},
		{"a path", "POST", pods, kubePod("path", box(`"--model=/mnt/models"`)), 201, "is a path inside the container"},
		{"label of an old Pod", "PATCH", pods + "/old", `{"metadata":{"labels":{"a":"b"}}}`, 200, ""},
		{"ephemeral container", "PATCH", pods + "/plain/ephemeralcontainers", `{"spec":{"ephemeralContainers":[{"name":"e","image":"x","args":["--model=org/bad"]}]}}`, 403, "not pinned"},
		{"Deployment", "POST", "/apis/apps/v1/namespaces/default/deployments", `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":` + always(bad) + `}}`, 403, "spec.template.spec.containers[0].args[1]"},
		{"Job", "POST", "/apis/batch/v1/namespaces/default/jobs", `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"j"},"spec":{"template":` + template(bad) + `}}`, 403, "os.system"},
		{"CronJob", "POST", "/apis/batch/v1/namespaces/default/cronjobs", `{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"j"},"spec":{"schedule":"0 0 * * *","jobTemplate":{"spec":{"template":` + template(bad) + `}}}}`, 403, "spec.jobTemplate.spec.template.spec"},
		{"deletion", "DELETE", pods + "/old?gracePeriodSeconds=0", "", 200, ""},
	} {
		contentType := "application/json"
		if tc.method == http.MethodPatch {
			contentType = "application/strategic-merge-patch+json"
		}
		status, text := c.do(t, tc.method, tc.path, contentType, tc.body)
		if status != tc.status || !strings.Contains(text, tc.want) {
			t.Errorf("%s: status %d, want %d and %q: %s", tc.name, status, tc.status, tc.want, text)
		}
	}
	stop()
	// Without the webhook nothing is admitted.
	if status, text := c.do(t, http.MethodPost, pods, "application/json", kubePod("late", box(`"x"`))); status != http.StatusInternalServerError {
		t.Errorf("without the webhook: status %d: %s", status, text)
	}
}
