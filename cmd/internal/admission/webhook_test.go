package admission

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"assay/verify"
)

const (
	commit  = "0123456789abcdef0123456789abcdef01234567"
	other   = "fedcba9876543210fedcba9876543210fedcba98"
	digest  = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	goodHub = "hf://org/good@" + commit
	goodOCI = "oci://registry.test/good@" + digest
	badHub  = "hf://org/bad@" + commit
)

// lookup is a store with two good models, a bad one, one that could not be
// verified whole, one that cannot be read, and one whose evidence is about
// something else.
func lookup(_ context.Context, _, pinned string) (verify.Report, error) {
	r := verify.Report{Evidence: verify.Evidence{
		Artifact: verify.ArtifactInfo{Pinned: pinned}, Files: []verify.FileEvidence{{Name: "model.safetensors"}},
	}}
	switch pinned {
	case goodHub, goodOCI, "hf://datasets/org/good@" + commit, "oci://index.docker.io/org/good@" + digest:
		r.Verdict.Decision = verify.Allow
	case badHub:
		r.Verdict = verify.Verdict{Decision: verify.Deny, Reasons: []verify.Reason{
			{Code: "finding", Effect: verify.Deny, File: "pytorch_model.bin", What: "calls os.system\x1b[31m", Advice: "load the safetensors instead"}}}
	case "hf://org/gappy@" + commit:
		r.Verdict.Reasons = []verify.Reason{{Code: "incomplete", File: "x.bin", What: "nothing recognises it"}}
	case "hf://org/broken@" + commit:
		return verify.Report{}, errors.New("evidence store is damaged")
	case "hf://org/mixed@" + commit:
		r.Verdict.Decision = verify.Allow
		r.Artifact.Pinned = goodHub
	default:
		return verify.Report{}, fmt.Errorf("%w: %s", ErrNoVerdict, pinned)
	}
	return r, nil
}

// client talks to a webhook over TLS.
type client struct {
	*http.Client
	url string
}

func start(t testing.TB, c Config) client {
	t.Helper()
	if c.Lookup == nil {
		c.Lookup = lookup
	}
	server := httptest.NewUnstartedServer(Handler(c))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	return client{server.Client(), server.URL}
}

// post sends a body and returns status and answer.
func (c client) post(t testing.TB, contentType, body string) (int, string) {
	t.Helper()
	resp, err := c.Post(c.url+"/validate?timeout=5s", contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// answer is what the API server reads.
type answer struct {
	Allowed  bool
	Message  string
	Warnings []string
	Audit    map[string]string
}

// review sends an object of a kind ("apps/v1 Deployment") and checks the form of
// the answer.
func (c client) review(t testing.TB, operation, kind, object, old string) answer {
	t.Helper()
	status, text := c.post(t, "application/json; charset=utf-8", reviewOf(operation, kind, object, old))
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, text)
	}
	var r struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Response   struct {
			UID     string `json:"uid"`
			Allowed bool   `json:"allowed"`
			Status  struct {
				Message string `json:"message"`
			} `json:"status"`
			Warnings         []string          `json:"warnings"`
			AuditAnnotations map[string]string `json:"auditAnnotations"`
		} `json:"response"`
	}
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if r.APIVersion != "admission.k8s.io/v1" || r.Kind != "AdmissionReview" || r.Response.UID != "uid-1" {
		t.Fatalf("answer %s", text)
	}
	if (r.Response.Status.Message == "") != r.Response.Allowed {
		t.Errorf("allowed=%v with message %q", r.Response.Allowed, r.Response.Status.Message)
	}
	return answer{r.Response.Allowed, r.Response.Status.Message, r.Response.Warnings, r.Response.AuditAnnotations}
}

func reviewOf(operation, kind, object, old string) string {
	apiVersion, name, _ := strings.Cut(kind, " ")
	group, version, ok := strings.Cut(apiVersion, "/")
	if !ok {
		group, version = "", apiVersion
	}
	return fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"uid-1",
		"kind":{"group":%q,"version":%q,"kind":%q},"resource":{"group":"","version":"v1","resource":"pods"},
		"namespace":"prod","name":"x","operation":%q,"userInfo":{"username":"dev"},"dryRun":false,"object":%s,"oldObject":%s}}`,
		group, version, name, operation, object, old)
}

// object completes the body of an object with what says its kind.
func object(kind, body string) string {
	apiVersion, name, _ := strings.Cut(kind, " ")
	return fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"name":"x"},%s}`, apiVersion, name, body)
}

func pod(spec string) string { return object("v1 Pod", `"spec":`+spec) }

func TestHTTP(t *testing.T) {
	c := start(t, Config{MaxBody: 4096})
	good := reviewOf("CREATE", "v1 Pod", pod(`{"containers":[]}`), "null")
	for _, tc := range []struct {
		name, contentType, body string
		status                  int
	}{
		{"good", "application/json", good, 200},
		{"yaml", "application/yaml", good, 415},
		{"no content type", "", good, 415},
		{"empty", "application/json", "", 400},
		{"no JSON", "application/json", "{", 400},
		{"trailing data", "application/json", good + "{}", 400},
		{"invalid UTF-8", "application/json", strings.Replace(good, "prod", "pr\xffd", 1), 400},
		{"duplicate member", "application/json", strings.Replace(good, `"uid":"uid-1"`, `"uid":"a","uid":"uid-1"`, 1), 400},
		{"duplicate member in the object", "application/json", strings.Replace(good, `"containers":[]`, `"containers":[],"containers":[]`, 1), 400},
		{"v1beta1", "application/json", strings.Replace(good, "admission.k8s.io/v1", "admission.k8s.io/v1beta1", 1), 400},
		{"other kind", "application/json", strings.Replace(good, "AdmissionReview", "ConversionReview", 1), 400},
		{"no request", "application/json", `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, 400},
		{"no uid", "application/json", strings.Replace(good, "uid-1", "", 1), 400},
		{"too large", "application/json", good + strings.Repeat(" ", 5000), 413},
	} {
		if status, text := c.post(t, tc.contentType, tc.body); status != tc.status {
			t.Errorf("%s: status %d, want %d: %s", tc.name, status, tc.status, text)
		}
	}
	// A body whose length is not announced is bounded too.
	resp, err := c.Post(c.url+"/validate", "application/json", io.MultiReader(strings.NewReader(good), strings.NewReader(strings.Repeat(" ", 5000))))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("chunked: status %d", resp.StatusCode)
	}
	for path, want := range map[string]int{"/validate": 405, "/healthz": 200, "/readyz": 200, "/": 404} {
		resp, err := c.Get(c.url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("GET %s: status %d, want %d", path, resp.StatusCode, want)
		}
	}
}

func TestReadiness(t *testing.T) {
	var storeError atomic.Value
	storeError.Store("no store yet")
	h := Handler(Config{Lookup: lookup, Ready: func(context.Context) error {
		if text := storeError.Load().(string); text != "" {
			return errors.New(text)
		}
		return nil
	}})
	get := func(path string) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Code
	}
	if got := get("/readyz"); got != 503 {
		t.Errorf("without a store: %d", got)
	}
	storeError.Store("")
	if got := get("/readyz"); got != 200 {
		t.Errorf("with a store: %d", got)
	}
	h.(*webhook).drain()
	if ready, healthy := get("/readyz"), get("/healthz"); ready != 503 || healthy != 200 {
		t.Errorf("draining: ready %d, healthy %d", ready, healthy)
	}
}

func TestTooManyReviewsGetAnAnswerSoon(t *testing.T) {
	block, entered := make(chan struct{}), make(chan struct{}, 1)
	c := start(t, Config{MaxInFlight: 1, Lookup: func(ctx context.Context, _, pinned string) (verify.Report, error) {
		entered <- struct{}{}
		<-block
		return lookup(ctx, "", pinned)
	}})
	body := reviewOf("CREATE", "v1 Pod", pod(`{"containers":[{"args":["`+goodHub+`"]}]}`), "null")
	first := make(chan int)
	go func() {
		status, _ := c.post(t, "application/json", body)
		first <- status
	}()
	<-entered
	begin := time.Now()
	if status, _ := c.post(t, "application/json", body); status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	close(block)
	if status := <-first; status != http.StatusOK {
		t.Errorf("the first: status %d", status)
	}
}

func TestSlowStoreRefuses(t *testing.T) {
	c := start(t, Config{Lookup: func(ctx context.Context, _, _ string) (verify.Report, error) {
		<-ctx.Done()
		return verify.Report{}, ctx.Err()
	}})
	begin := time.Now()
	a := c.review(t, "CREATE", "v1 Pod", pod(`{"containers":[{"args":["`+goodHub+`"]}]}`), "null")
	if a.Allowed || !strings.Contains(a.Message, "could not be read") {
		t.Errorf("%+v", a)
	}
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestBudget(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"": time.Second, "?timeout=5s": time.Second, "?timeout=1s": 800 * time.Millisecond, "?timeout=200ms": 100 * time.Millisecond,
		"?timeout=x": time.Second, "?timeout=-1s": time.Second,
	} {
		if got := budget(httptest.NewRequest(http.MethodPost, "/validate"+query, nil)); got != want {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
}

func TestVerdicts(t *testing.T) {
	c := start(t, Config{})
	for ref, want := range map[string][]string{
		goodHub:                        nil,
		"hf://org/unknown@" + commit:   {"spec.containers[0].args[0]", "no verdict: ", "assay gate hf://org/unknown@" + commit},
		badHub:                         {"denied", "pytorch_model.bin: calls os.system", "load the safetensors instead"},
		"hf://org/gappy@" + commit:     {"could not be verified", "x.bin: nothing recognises it"},
		"hf://org/broken@" + commit:    {"could not be read", "damaged"},
		"hf://org/mixed@" + commit:     {"another reference"},
		"hf://org/good":                {"not pinned", "assay gate hf://org/good", "40 hex"},
		"hf://org/good@main":           {"branch or tag"},
		"hf://org/good@" + commit[:39]: {"not a commit"},
		"hf://org/good@" + strings.ToUpper("0123456789abcdef0123456789abcdef01234567"): {"not a commit"},
		"oci://registry.test/good:v1":           {"not pinned", "@sha256:<digest>", "assay gate oci://registry.test/good:v1"},
		"oci://registry.test/good:v1@" + digest: nil,
		"oci://registry.test/good@sha256:aa":    {"no OCI reference"},
	} {
		a := c.review(t, "CREATE", "v1 Pod", pod(fmt.Sprintf(`{"containers":[{"args":[%q]}]}`, ref)), "null")
		if a.Allowed != (want == nil) {
			t.Errorf("%s: %+v", ref, a)
		}
		for _, text := range want {
			if !strings.Contains(a.Message, text) {
				t.Errorf("%s: %q is not in %q", ref, text, a.Message)
			}
		}
		if strings.ContainsAny(a.Message, "\x1b\n") {
			t.Errorf("%s: control characters in %q", ref, a.Message)
		}
	}
}

func TestWarnOnly(t *testing.T) {
	c := start(t, Config{Mode: UnsafeWarnOnly})
	a := c.review(t, "CREATE", "v1 Pod", pod(`{"containers":[{"args":["`+badHub+`"]}]}`), "null")
	if !a.Allowed || len(a.Warnings) != 1 || !strings.Contains(a.Warnings[0], "os.system") || a.Audit["verdict"] != "warn" {
		t.Errorf("%+v", a)
	}
}

func TestOperations(t *testing.T) {
	c := start(t, Config{})
	bad := pod(`{"containers":[{"args":["--model=org/bad"]}]}`)
	labelled := strings.Replace(bad, `"name":"x"`, `"name":"x","labels":{"a":"b"}`, 1)
	worse := strings.Replace(bad, "org/bad", "org/worse", 1)
	moreEnv := strings.Replace(bad, `{"args"`, `{"env":[{"name":"HF_ENDPOINT","value":"https://hub.test"}],"args"`, 1)
	for _, tc := range []struct {
		name, operation, object, old string
		allowed                      bool
	}{
		{"create", "CREATE", bad, "null", false},
		{"delete", "DELETE", "null", bad, true},
		{"connect", "CONNECT", bad, "null", false},
		{"unknown operation", "", bad, "null", false},
		{"update of a label", "UPDATE", labelled, bad, true},
		{"update to another model", "UPDATE", worse, bad, false},
		{"update to another Hub", "UPDATE", moreEnv, bad, false},
		{"update of what named nothing", "UPDATE", bad, pod(`{"containers":[]}`), false},
		{"update without the old object", "UPDATE", bad, "null", false},
		{"update of an old object that cannot be read", "UPDATE", bad, `{"spec":1}`, false},
		{"update that removes the model", "UPDATE", pod(`{"containers":[]}`), bad, true},
		{"update to a good model", "UPDATE", pod(`{"containers":[{"args":["` + goodHub + `"]}]}`), bad, true},
		{"null", "CREATE", "null", "null", false},
		{"a list", "CREATE", "[]", "null", false},
		{"another kind inside", "CREATE", object("v1 Service", `"spec":{}`), "null", false},
		{"no PodSpec", "CREATE", object("v1 Pod", `"x":1`), "null", false},
		{"PodSpec of another type", "CREATE", object("v1 Pod", `"spec":"x"`), "null", false},
		{"args of another type", "CREATE", pod(`{"containers":[{"args":"--model=x"}]}`), "null", false},
		{"exemption by annotation", "CREATE", strings.Replace(bad, `"name":"x"`, `"name":"x","annotations":{"assay/ignore":"true"}`, 1), "null", false},
	} {
		if a := c.review(t, tc.operation, "v1 Pod", tc.object, tc.old); a.Allowed != tc.allowed {
			t.Errorf("%s: %+v", tc.name, a)
		}
	}
	status := strings.Replace(reviewOf("UPDATE", "v1 Pod", bad, "null"), `"operation"`, `"subResource":"status","operation"`, 1)
	if _, text := c.post(t, "application/json", status); !strings.Contains(text, `"allowed":true`) {
		t.Errorf("status: %s", text)
	}
	if a := c.review(t, "CREATE", "example.test/v1 Widget", object("example.test/v1 Widget", `"spec":{}`), "null"); a.Allowed || !strings.Contains(a.Message, "example.test/v1 Widget") {
		t.Errorf("unknown kind: %+v", a)
	}
	if a := c.review(t, "CREATE", "apps/v1beta1 Deployment", object("apps/v1beta1 Deployment", `"spec":{}`), "null"); a.Allowed {
		t.Errorf("unknown version: %+v", a)
	}
}

func TestCredentialsAreNotRepeated(t *testing.T) {
	var log bytes.Buffer
	c := start(t, Config{Log: testLog(&log)})
	a := c.review(t, "CREATE", "v1 Pod", pod(`{"containers":[{"args":["--model","https://user:hunter2@host.test/m?sig=hunter2#hunter2"],
		"env":[{"name":"PASSWORD","value":"hunter2"}]},
		{"command":["sh","-c","sh -c 'sh -c \"sh -c \\\"sh -c \\\\\\\"sh -c hunter2 x\\\\\\\"\\\"\"'"]}]}`), "null")
	if a.Allowed || !strings.Contains(a.Message, "https://host.test/m") {
		t.Errorf("%+v", a)
	}
	if all := fmt.Sprint(a, log.String()); strings.Contains(all, "hunter2") {
		t.Errorf("a secret is repeated: %s", all)
	}
	if !strings.Contains(log.String(), "verdict=deny") {
		t.Errorf("log: %s", log.String())
	}
}

func BenchmarkReview(b *testing.B) {
	h := Handler(Config{Lookup: lookup})
	body := reviewOf("CREATE", "apps/v1 Deployment", object("apps/v1 Deployment", `"spec":{"template":{"spec":{"containers":[
		{"name":"vllm","image":"vllm/vllm-openai:v0.11","args":["--model","org/good","--revision","`+commit+`","--port","8000"],
		 "env":[{"name":"HF_HOME","value":"/cache"},{"name":"HF_TOKEN","valueFrom":{"secretKeyRef":{"name":"hf","key":"token"}}}],
		 "volumeMounts":[{"name":"m","mountPath":"/models"}]}],
		"volumes":[{"name":"m","image":{"reference":"registry.test/good@`+digest+`"}}]}}}`), "null")
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/validate?timeout=5s", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"allowed":true`) {
			b.Fatal(w.Body.String())
		}
	}
}
