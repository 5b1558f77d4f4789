package fetch

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"assay/registry"
)

// Sentinels of this package.
var (
	// ErrProtocol: the other side does not behave as a store does.
	ErrProtocol = errors.New("unexpected answer")
	// ErrStalled: no byte arrived for Config.Stall.
	ErrStalled = errors.New("transfer stands still")
)

// StatusError is an answer with a status of 300 or above. It wraps
// registry.ErrNotFound for 404 and 410, registry.ErrAccess for 401 and 403.
type StatusError struct {
	Status  int
	URL     string        // redacted
	Code    string        // X-Error-Code, as the Hub names the cause
	Message string        // X-Error-Message, printable, at most 200 bytes
	Wait    time.Duration // what the store asked to wait; 0 when it did not
}

func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s: %d %s", e.URL, e.Status, strings.ToLower(http.StatusText(e.Status)))
	if e.Code != "" {
		text += ", " + e.Code
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Status == http.StatusTooManyRequests && e.Wait > 0 {
		text += fmt.Sprintf(" (rate limited: try again in %s, or sign in for a higher limit)", e.Wait)
	}
	return text
}

// Unwrap gives the sentinel of the status.
func (e *StatusError) Unwrap() error {
	switch e.Status {
	case http.StatusNotFound, http.StatusGone:
		return registry.ErrNotFound
	case http.StatusUnauthorized, http.StatusForbidden:
		return registry.ErrAccess
	}
	return nil
}

func checkStatus(resp *Response) error {
	if resp.StatusCode < 300 {
		return nil
	}
	return &StatusError{
		Status:  resp.StatusCode,
		URL:     Redact(resp.URL),
		Code:    clean(resp.Header.Get("X-Error-Code"), 64),
		Message: clean(resp.Header.Get("X-Error-Message"), 200),
		Wait:    askedWait(resp.Header, time.Now()),
	}
}

// clean makes a text of the other side fit for a terminal and a log.
func clean(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return -1
		}
		return r
	}, s)
}

// Redact writes a URL with what may be shown of it.
func Redact(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}

// requestError describes a failed request without the text of *url.Error, which
// holds the whole URL.
func requestError(ctx context.Context, u *url.URL, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if urlErr, ok := errors.AsType[*url.Error](err); ok {
		err = urlErr.Err
	}
	return &transportError{url: Redact(u), err: err}
}

// transportError is a request that got no answer. It may be tried again unless
// it says otherwise.
type transportError struct {
	url string
	err error
}

func (e *transportError) describesRequest() {}
func (e *StatusError) describesRequest()    {}

func (e *transportError) Error() string { return "request " + e.url + ": " + e.err.Error() }
func (e *transportError) Unwrap() error { return e.err }

// passing reports whether the same request may succeed later.
func passing(err error) bool {
	var status *StatusError
	var dns *net.DNSError
	var local *localError
	switch {
	case errors.As(err, &local):
		return false
	case errors.As(err, &status):
		return retryable(status.Status)
	case errors.Is(err, errNoRanges), errors.Is(err, errWhole), errors.Is(err, registry.ErrChanged), errors.Is(err, ErrProtocol), errors.Is(err, registry.ErrLimit), errors.Is(err, registry.ErrOffline),
		errors.Is(err, registry.ErrDigest), errors.Is(err, registry.ErrAccess):
		return false
	case errors.As(err, &dns):
		return dns.IsTemporary && !dns.IsNotFound
	}
	return isCertain(err) == nil
}

func retryable(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}
