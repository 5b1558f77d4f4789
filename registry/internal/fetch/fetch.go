// Package fetch speaks HTTP to stores that are not trusted.
//
// # Security
//
// Credentials are added by a RoundTripper that is used for the host and scheme
// of the first request only; every other hop goes out bare. At most five
// redirects are followed, never from https to http, and never from a public
// host to a loopback, private or link-local address (checked when dialling, so
// that a name resolving there is caught too). Pages of a listing must stay on
// their host. Every document has a size limit; content is read up to the
// expected size plus one byte and must end there. Transfer compression is not
// accepted. A transfer that stands still is given up; retries have a budget.
// Errors name a URL by scheme, host and path: never user information, query or
// fragment, where presigned URLs and tokens live.
package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Config configures a Client. The zero value of a field means its default.
type Config struct {
	Transport http.RoundTripper // carries no credentials; NewTransport(false)
	UserAgent string            // "assay"
	Attempts  int               // for one request or one stretch of a download without progress (4)
	Backoff   time.Duration     // before the second attempt, then doubled (500 ms)
	MaxWait   time.Duration     // the longest that a store may ask to wait (2 min)
	Stall     time.Duration     // without a byte (30 s)
	PartSize  int64             // of one request for content, in bytes (64 MiB)
}

// Client is safe for concurrent use.
type Client struct {
	cfg   Config
	slots chan struct{} // one for each request for content
}

// New returns a Client.
func New(cfg Config) *Client {
	if cfg.Transport == nil {
		cfg.Transport = NewTransport(false)
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "assay"
	}
	setDefault(&cfg.Attempts, 4)
	setDefault(&cfg.Backoff, 500*time.Millisecond)
	setDefault(&cfg.MaxWait, 2*time.Minute)
	setDefault(&cfg.Stall, 30*time.Second)
	setDefault(&cfg.PartSize, defaultPart)
	return &Client{cfg: cfg, slots: make(chan struct{}, perClient)}
}

func setDefault[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}

// Transport is the RoundTripper that carries no credentials, for building the
// one that adds them.
func (c *Client) Transport() http.RoundTripper { return c.cfg.Transport }

// Stall is how long nothing may arrive.
func (c *Client) Stall() time.Duration { return c.cfg.Stall }

// Request is a GET, or a POST when there is a Body.
type Request struct {
	URL    *url.URL
	Header http.Header // no credentials: redirects carry these headers along
	Body   []byte      // of a POST; not nil. A POST is not redirected

	// Origin carries the requests to the scheme and host of URL, and may add
	// credentials. Nil means Config.Transport.
	Origin http.RoundTripper
}

// Response is the answer at the end of the redirects.
type Response struct {
	*http.Response

	// URL is where the answer came from. It may hold a presigned query.
	URL *url.URL

	// OriginHeaders are the headers of every answer that the origin itself
	// gave, redirects included, in order. What another host says is not there.
	OriginHeaders []http.Header
}

// Get follows redirects, retries what may pass, and returns an answer with a
// status below 300. Any other is a *StatusError. The caller closes the Body,
// which fails with ErrStalled when nothing arrives for too long.
func (c *Client) Get(ctx context.Context, req Request) (*Response, error) {
	var resp *Response
	err := c.Retry(ctx, func() (err error) {
		resp, err = c.once(ctx, req)
		return err
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// once is one attempt. The watchdog guards the wait for the headers too.
func (c *Client) once(ctx context.Context, req Request) (*Response, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	dog := watch(c.cfg.Stall, func() { cancel(ErrStalled) })
	resp, err := c.follow(ctx, req, dog)
	if err != nil {
		dog.stop()
		if cause := context.Cause(ctx); errors.Is(cause, ErrStalled) {
			err = fmt.Errorf("%w: %s", ErrStalled, Redact(req.URL))
		}
		cancel(nil)
		return nil, err
	}
	dog.stop()
	resp.Body = &watchedBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, dog: dog}
	if err := checkStatus(resp); err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	return resp, nil
}
