// Package mlflowhook receives the webhooks of an MLflow registry: a version that
// was created, or got an alias, is gated, and the outcome is written on it as tags.
//
// MLflow notifies and asks nobody: a version is there before it is judged. What
// deploys from the registry has to look at the tag assay.verdict, or at an alias
// that Config.RemoveAlias takes away from what does not pass.
//
// # Security
//
// Trusted: Config. A request counts only with the HMAC of the shared secret over
// its delivery id, time and body, young, and once. Of its content only the name and
// the version are used, and only to ask the registry that Config.Gate knows: not
// the source that the event names. Bodies, waiting jobs and remembered deliveries
// are bounded; what does not fit is answered 503, which MLflow repeats.
package mlflowhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"assay/verify"
	"assay/verify/report"
)

// Config configures a Receiver. Secret, Gate and Tag are required.
type Config struct {
	Secret []byte // as given to MLflow when the webhook was made
	// Gate judges a version of a model.
	Gate func(ctx context.Context, name, version string) (verify.Report, error)
	// Tag writes tags on a version.
	Tag func(ctx context.Context, name, version string, tags map[string]string) error
	// RemoveAlias takes an alias from a version that does not pass, if the alias is
	// still there. nil: aliases stay.
	RemoveAlias func(ctx context.Context, name, version, alias string) error

	Now func() time.Time // time.Now when nil
	Log *slog.Logger     // no log when nil
}

// Bounds.
const (
	maxBody    = 1 << 20
	maxWaiting = 256             // jobs
	maxSeen    = 4096            // deliveries
	maxAge     = 5 * time.Minute // of a delivery, and ahead of our clock
)

// Tags that are written.
const (
	TagVerdict = "assay.verdict" // pass, fail, incomplete, nothing or error
	TagContent = "assay.content" // content id
	TagPolicy  = "assay.policy"
	TagReason  = "assay.reason" // the first reason that refuses
	TagTime    = "assay.time"   // RFC 3339
)

// maxTag bounds a tag's value, in bytes: MLflow takes 5000.
const maxTag = 1000

// Receiver is the HTTP handler and the worker behind it.
type Receiver struct {
	Config
	mux  *http.ServeMux
	jobs chan job

	mu    sync.Mutex
	seen  map[string]time.Time
	order []string
}

type job struct{ name, version, alias string }

// New returns a Receiver. Run does the work.
func New(c Config) *Receiver {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	r := &Receiver{Config: c, mux: http.NewServeMux(), jobs: make(chan job, maxWaiting), seen: make(map[string]time.Time)}
	r.mux.HandleFunc("POST /mlflow", r.receive)
	r.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	return r
}

// ServeHTTP answers POST /mlflow and GET /healthz.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) { r.mux.ServeHTTP(w, q) }

func (r *Receiver) receive(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxBody))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	id, sent := q.Header.Get("X-MLflow-Delivery-Id"), q.Header.Get("X-MLflow-Timestamp")
	if err := r.authentic(id, sent, q.Header.Get("X-MLflow-Signature"), body); err != nil {
		r.Log.Warn("delivery refused", "error", err)
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	j, wanted, err := read(body)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case !wanted || r.known(id):
		w.WriteHeader(http.StatusNoContent)
	case !r.enqueue(id, j):
		http.Error(w, "too many versions wait to be judged", http.StatusServiceUnavailable)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

// authentic checks the signature that MLflow makes: HMAC-SHA256 over the delivery
// id, the time and the body with dots between them (mlflow/webhooks/delivery.py).
func (r *Receiver) authentic(id, sent, signature string, body []byte) error {
	mac := hmac.New(sha256.New, r.Secret)
	fmt.Fprintf(mac, "%s.%s.", id, sent)
	mac.Write(body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if len(r.Secret) == 0 || id == "" || !hmac.Equal([]byte(want), []byte(signature)) {
		return errors.New("the signature is not that of the shared secret")
	}
	seconds, err := strconv.ParseInt(sent, 10, 64)
	if age := r.Now().Sub(time.Unix(seconds, 0)).Abs(); err != nil || age > maxAge {
		return fmt.Errorf("the delivery is not of the last %s", maxAge)
	}
	return nil
}

// event is what MLflow sends (mlflow/webhooks/types.py).
type event struct {
	Entity string `json:"entity"`
	Action string `json:"action"`
	Data   struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Alias   string `json:"alias"`
	} `json:"data"`
}

// read says what to judge. Other events are right, and nobody's business here.
func read(body []byte) (j job, wanted bool, err error) {
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return j, false, errors.New("the event is no strict JSON")
	}
	if e.Action != "created" || e.Entity != "model_version" && e.Entity != "model_version_alias" {
		return j, false, nil
	}
	if e.Data.Name == "" || e.Data.Version == "" {
		return j, false, errors.New("the event names no version of a model")
	}
	return job{e.Data.Name, e.Data.Version, e.Data.Alias}, true, nil
}

func (r *Receiver) known(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, known := r.seen[id]
	return known
}

// enqueue takes a delivery once. It is false when there is no room for the job, or
// to remember that it came: only what is too old to be accepted again is forgotten.
func (r *Receiver) enqueue(id string, j job) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Now()
	for len(r.order) > 0 && now.Sub(r.seen[r.order[0]]) > 2*maxAge {
		delete(r.seen, r.order[0])
		r.order = r.order[1:]
	}
	if _, again := r.seen[id]; again {
		return true
	}
	if len(r.order) >= maxSeen {
		return false
	}
	select {
	case r.jobs <- j:
		r.seen[id], r.order = now, append(r.order, id)
		return true
	default:
		return false
	}
}

// Run judges what was received, one after the other, until ctx ends.
func (r *Receiver) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-r.jobs:
			r.judge(ctx, j)
		}
	}
}

func (r *Receiver) judge(ctx context.Context, j job) {
	got, err := r.Gate(ctx, j.name, j.version)
	tags := map[string]string{TagTime: r.Now().UTC().Format(time.RFC3339), TagVerdict: "error", TagContent: "", TagPolicy: "", TagReason: ""}
	passed := err == nil && got.Outcome() == verify.Pass
	if err != nil {
		tags[TagReason] = clip("it could not be judged: " + err.Error())
	} else {
		tags[TagVerdict], tags[TagContent], tags[TagPolicy] = string(got.Outcome()), got.Artifact.ContentID, clip(got.Policy)
		tags[TagReason] = clip(firstRefusal(got.Verdict))
	}
	problem := r.Tag(ctx, j.name, j.version, tags)
	if j.alias != "" && !passed && r.RemoveAlias != nil {
		problem = errors.Join(problem, r.RemoveAlias(ctx, j.name, j.version, j.alias))
	}
	level := slog.LevelInfo
	if !passed || problem != nil {
		level = slog.LevelWarn
	}
	r.Log.Log(ctx, level, "version judged", "name", j.name, "version", j.version, "alias", j.alias,
		"verdict", tags[TagVerdict], "reason", tags[TagReason], "problem", problem)
}

func clip(s string) string { return report.Clip(s, maxTag) }

func firstRefusal(v verify.Verdict) string {
	for _, reason := range v.Reasons {
		if reason.Effect == verify.Allow {
			continue
		}
		if reason.File != "" {
			return reason.File + ": " + reason.What
		}
		return reason.What
	}
	return ""
}
