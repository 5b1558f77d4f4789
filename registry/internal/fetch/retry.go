package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Retry calls call until it succeeds, fails for good, or the budget is spent.
func (c *Client) Retry(ctx context.Context, call func() error) error {
	for attempt := 1; ; attempt++ {
		err := call()
		if err == nil {
			return nil
		}
		wait, again := c.retry(ctx, err, attempt)
		if !again {
			return err
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// retry decides whether a failed attempt is repeated, and after how long.
func (c *Client) retry(ctx context.Context, err error, attempt int) (time.Duration, bool) {
	if ctx.Err() != nil || attempt >= c.cfg.Attempts || !passing(err) {
		return 0, false
	}
	backoff := c.cfg.Backoff << (attempt - 1)
	wait := backoff/2 + rand.N(backoff/2+1) //nolint:gosec // jitter
	if status, ok := errors.AsType[*StatusError](err); ok {
		wait = max(wait, status.Wait)
	}
	return wait, wait <= c.cfg.MaxWait
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// askedWait reads Retry-After (RFC 9110 section 10.2.3) or the t of RateLimit
// (draft-ietf-httpapi-ratelimit-headers), which the Hub sends with a 429.
func askedWait(h http.Header, now time.Time) time.Duration {
	if v := h.Get("Retry-After"); v != "" {
		if s, err := strconv.ParseUint(v, 10, 31); err == nil {
			return time.Duration(s) * time.Second
		}
		if t, err := http.ParseTime(v); err == nil {
			return max(0, t.Sub(now).Round(time.Second))
		}
	}
	for part := range strings.SplitSeq(h.Get("RateLimit"), ";") {
		if v, ok := strings.CutPrefix(strings.TrimSpace(part), "t="); ok {
			if s, err := strconv.ParseUint(v, 10, 31); err == nil {
				return time.Duration(s+1) * time.Second
			}
		}
	}
	return 0
}

// isCertain returns the part of an error that no repetition heals: certificates
// and a peer that does not speak TLS.
func isCertain(err error) error {
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	if errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &unknown) || errors.As(err, &host) {
		return err
	}
	return nil
}

// watchdog calls bark when alive was not called for the given time.
type watchdog struct {
	mu    sync.Mutex
	timer *time.Timer
	limit time.Duration
}

func watch(limit time.Duration, bark func()) *watchdog {
	return &watchdog{timer: time.AfterFunc(limit, bark), limit: limit}
}

func (w *watchdog) alive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Reset(w.limit)
}

func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
}

// watchedBody is a body under a watchdog. It is running only during Read: a slow
// reader on our side is not a stalled store.
type watchedBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	dog    *watchdog
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.dog.alive()
	n, err := b.ReadCloser.Read(p)
	b.dog.stop()
	if err != nil && !errors.Is(err, io.EOF) && b.ctx.Err() != nil {
		err = context.Cause(b.ctx)
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.dog.stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}
