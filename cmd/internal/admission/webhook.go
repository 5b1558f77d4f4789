package admission

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"assay/verify"
)

// Config configures a webhook. Lookup is required.
type Config struct {
	// Lookup returns the report about a pinned reference, judged now for a namespace
	// (which is "" for an object that is in none). It wraps ErrNoVerdict when there
	// is no evidence, and reads no weights. It is called from several goroutines.
	Lookup func(ctx context.Context, namespace, pinned string) (verify.Report, error)
	// UnsafeAdmitUnresolved admits an object with a warning where it names a model
	// that nobody can make out, like a script does. What is not pinned or has no
	// verdict is refused all the same.
	UnsafeAdmitUnresolved bool
	// Ready reports whether verdicts can be looked up; nil means always.
	Ready func(ctx context.Context) error

	Mode        Mode
	Hub         string       // endpoint that hf:// verdicts are about; https://huggingface.co when empty
	MaxBody     int64        // bytes of one review (8 MiB)
	MaxInFlight int          // reviews at a time (64 for each processor)
	Log         *slog.Logger // nil: no log
}

const (
	// maxBytesInFlight bounds the bodies held at a time. A request that would
	// exceed it, or MaxInFlight, waits for at most patience and gets a 503.
	maxBytesInFlight = 32 << 20
	patience         = 250 * time.Millisecond
	// lookupBudget is the time for all lookups of one review; margin is what is
	// left of the API server's own timeout to answer in.
	lookupBudget = time.Second
	margin       = 200 * time.Millisecond
)

type webhook struct {
	Config
	mux      *http.ServeMux
	slots    chan struct{}
	bytes    *semaphore.Weighted
	draining atomic.Bool
}

// Handler serves POST /validate, GET /healthz (the process lives) and GET
// /readyz (it can answer).
func Handler(c Config) http.Handler {
	c.Hub = cmp.Or(c.Hub, "https://huggingface.co")
	if c.MaxBody <= 0 {
		c.MaxBody = 8 << 20
	}
	if c.MaxInFlight <= 0 {
		c.MaxInFlight = 64 * runtime.GOMAXPROCS(0)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := &webhook{
		Config: c, mux: http.NewServeMux(), slots: make(chan struct{}, c.MaxInFlight),
		bytes: semaphore.NewWeighted(max(maxBytesInFlight, c.MaxBody)),
	}
	h.mux.HandleFunc("POST /validate", h.validate)
	h.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	h.mux.HandleFunc("GET /readyz", h.readyz)
	return h
}

func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// drain makes the webhook not ready, so that no new requests are sent to it.
func (h *webhook) drain() { h.draining.Store(true) }

func (h *webhook) readyz(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	if h.Ready != nil {
		if err := h.Ready(r.Context()); err != nil {
			h.Log.Error("not ready", "error", err)
			http.Error(w, "the store cannot be read", http.StatusServiceUnavailable)
			return
		}
	}
	fmt.Fprintln(w, "ok")
}

// httpError is an answer that is about the request and not about the object.
type httpError struct {
	status int
	text   string
}

func (e *httpError) Error() string { return e.text }

func (h *webhook) validate(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	body, release, err := h.body(w, r)
	defer release()
	var req *request
	if err == nil {
		if req, err = decodeReview(body); err != nil {
			err = &httpError{http.StatusBadRequest, err.Error()}
		}
	}
	if err != nil {
		var refused *httpError
		if !errors.As(err, &refused) {
			refused = &httpError{http.StatusBadRequest, "the body cannot be read"}
		}
		h.Log.Warn("request refused", "status", refused.status, "error", err)
		http.Error(w, refused.text, refused.status)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), budget(r))
	defer cancel()
	answer := h.decide(ctx, req)
	text, err := encodeResponse(answer)
	if err != nil {
		h.Log.Error("encode the answer", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(text); err != nil {
		h.Log.Warn("write the answer", "error", err)
	}
	h.log(ctx, req, answer, time.Since(start))
}

func (h *webhook) log(ctx context.Context, r *request, a response, took time.Duration) {
	level, reason := slog.LevelInfo, ""
	if a.Status != nil {
		level, reason = slog.LevelWarn, a.Status.Message
	}
	h.Log.Log(ctx, level, "review", "kind", r.Kind.String(), "namespace", r.Namespace, "name", r.Name,
		"operation", r.Operation, "verdict", a.AuditAnnotations["verdict"], "allowed", a.Allowed, "reason", reason, "took", took)
}

// body reads the review within the bounds. The caller calls release, which is
// never nil, when it needs the bytes no longer.
func (h *webhook) body(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	release = func() {}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, release, &httpError{http.StatusUnsupportedMediaType, "want Content-Type application/json"}
	}
	size := r.ContentLength
	if size > h.MaxBody {
		return nil, release, &httpError{http.StatusRequestEntityTooLarge, fmt.Sprintf("a review may have %d bytes", h.MaxBody)}
	}
	if size < 0 {
		size = h.MaxBody
	}
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, release, &httpError{http.StatusServiceUnavailable, "too many reviews at a time"}
	}
	release = func() { <-h.slots }
	if h.bytes.Acquire(ctx, size) != nil {
		return nil, release, &httpError{http.StatusServiceUnavailable, "too many bytes in review at a time"}
	}
	release = func() { h.bytes.Release(size); <-h.slots }
	body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, h.MaxBody))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		err = &httpError{http.StatusRequestEntityTooLarge, fmt.Sprintf("a review may have %d bytes", h.MaxBody)}
	}
	return body, release, err
}

// budget is the time for lookups: at most lookupBudget, and less when the API
// server waits less (?timeout=5s).
func budget(r *http.Request) time.Duration {
	timeout, err := time.ParseDuration(r.URL.Query().Get("timeout"))
	if err != nil || timeout <= 0 {
		return lookupBudget
	}
	return min(lookupBudget, max(timeout-margin, timeout/2))
}
