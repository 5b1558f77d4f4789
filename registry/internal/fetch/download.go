package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"assay/registry"
	"assay/registry/internal/spans"
)

// Bounds on one download. Content delivery networks refuse very large single
// answers (50 GB at the Hub's), and one stream rarely fills a line.
const (
	defaultPart = 64 << 20 // bytes of one request; larger when a file would have too many parts
	maxParts    = 1024
	perFile     = 8  // requests at a time
	perClient   = 16 // requests for content at a time, over all files
	copyBuffer  = 128 << 10
)

// Sink takes a download in parts, in any order.
type Sink interface {
	// Missing lists what is still to be written, in order.
	Missing() []spans.Span
	// WriteAt is called from several goroutines, never twice for the same byte.
	io.WriterAt
	// Reset forgets everything written so far.
	Reset() error
}

// Download is the content of one file.
type Download struct {
	Request
	Size int64 // exact, in bytes

	// Check, if not nil, looks at every answer before its body is read. It must
	// be safe for concurrent use.
	Check func(*Response) error
}

// Download writes what is missing in sink, up to exactly Size bytes, or fails.
// Large files are asked for in closed ranges, several at a time; a broken
// connection is resumed with a range of the same entity (If-Range, exact
// Content-Range). A server that does not serve ranges as asked makes it start
// again with one stream. It says nothing about whether the bytes are the right
// ones: the sink's owner compares digests.
func (c *Client) Download(ctx context.Context, d Download, sink Sink) error {
	t := transfer{client: c, Download: d, sink: sink}
	err := t.parallel(ctx)
	if errors.Is(err, errNoRanges) && ctx.Err() == nil {
		t.whole = true
		if err = t.restart(); err == nil {
			err = t.stretch(ctx, spans.Span{To: d.Size})
		}
	}
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("download %s: %w", Redact(d.URL), err)
	}
	return nil
}

// errNoRanges: what the server answered to a range cannot be put together.
var errNoRanges = errors.New("the server answered with another range or entity than asked for")

// maxTroubles bounds the interruptions of one part even when each brings a
// little: a server that sends one byte per connection is not worth waiting for.
const maxTroubles = 64

type transfer struct {
	client *Client
	Download
	sink  Sink
	whole bool // ranges are not to be asked for
}

// parallel fetches the parts that are missing, the first ones first, so that the
// hash behind them has something to do.
func (t *transfer) parallel(ctx context.Context) error {
	g, group := errgroup.WithContext(ctx)
	g.SetLimit(perFile)
	for _, part := range split(t.sink.Missing(), max(t.client.cfg.PartSize, t.Size/maxParts)) {
		if group.Err() != nil {
			break
		}
		g.Go(func() error { return t.stretch(group, part) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err() // parts that were never begun have no error of their own
}

// split cuts spans so that none is longer than size.
func split(list []spans.Span, size int64) (out []spans.Span) {
	for _, s := range list {
		for s.To-s.From > size {
			out = append(out, spans.Span{From: s.From, To: s.From + size})
			s.From += size
		}
		out = append(out, s)
	}
	return out
}

// stretch fetches one part, with as many requests as it takes.
func (t *transfer) stretch(ctx context.Context, span spans.Span) error {
	select {
	case t.client.slots <- struct{}{}:
		defer func() { <-t.client.slots }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	p := part{transfer: t, Span: span, at: span.From}
	failures := 0
	for troubles := 0; p.at < p.To || !p.begun; {
		before := p.at
		err := p.request(ctx)
		if err == nil {
			continue
		}
		if p.at > before {
			failures = 0
		}
		failures++
		troubles++
		wait, again := t.client.retry(ctx, err, failures)
		if !again || troubles > maxTroubles {
			return err
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		if t.whole {
			if err := t.restart(); err != nil {
				return err
			}
			p.at = 0
		}
	}
	return nil
}

func (t *transfer) restart() error {
	if err := t.sink.Reset(); err != nil {
		return &localError{err}
	}
	return nil
}

// part is a stretch of the file that is being fetched.
type part struct {
	*transfer
	spans.Span
	at    int64 // what is before it is in the sink
	etag  string
	begun bool
}

// request asks for the rest of the part.
func (p *part) request(ctx context.Context) error {
	req := p.Request
	ranged := !p.whole && (p.at > 0 || p.To < p.Size)
	if ranged {
		req.Header = req.Header.Clone()
		if req.Header == nil {
			req.Header = make(http.Header)
		}
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", p.at, p.To-1))
		if p.etag != "" {
			req.Header.Set("If-Range", p.etag)
		}
	}
	resp, err := p.client.once(ctx, req)
	var status *StatusError
	if ranged && errors.As(err, &status) && status.Status == http.StatusRequestedRangeNotSatisfiable {
		// The entity changed, or ranges of this form are not served.
		return errNoRanges
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := p.expect(resp, ranged); err != nil {
		return err
	}
	p.begun, p.etag = true, strongETag(resp)
	return p.copy(resp)
}

// expect checks the answer's headers: its body must be the rest of the part.
func (p *part) expect(resp *Response, ranged bool) error {
	if p.Check != nil {
		if err := p.Check(resp); err != nil {
			return err
		}
	}
	if err := checkEncoding(resp); err != nil {
		return err
	}
	switch {
	case resp.StatusCode == http.StatusPartialContent && ranged:
		expected := fmt.Sprintf("bytes %d-%d/%d", p.at, p.To-1, p.Size)
		if got := resp.Header.Get("Content-Range"); got != expected || p.begun && strongETag(resp) != p.etag {
			return errNoRanges
		}
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%w: status %d", ErrProtocol, resp.StatusCode)
	case ranged:
		return errNoRanges
	}
	if want := p.To - p.at; resp.ContentLength >= 0 && resp.ContentLength != want {
		return fmt.Errorf("%w: the store declared %d bytes and sends %d", registry.ErrDigest, want, resp.ContentLength)
	}
	return nil
}

// copy reads the rest of the part and makes sure that nothing follows.
func (p *part) copy(resp *Response) error {
	buf := make([]byte, min(copyBuffer, max(p.To-p.at, 1)))
	for p.at < p.To {
		n, err := resp.Body.Read(buf[:min(int64(len(buf)), p.To-p.at)])
		if n > 0 {
			if _, err := p.sink.WriteAt(buf[:n], p.at); err != nil {
				return &localError{err}
			}
			p.at += int64(n)
		}
		if err == io.EOF && p.at < p.To {
			return io.ErrUnexpectedEOF
		}
		if err != nil && err != io.EOF {
			return err
		}
	}
	if extra, _ := io.CopyN(io.Discard, resp.Body, 1); extra > 0 {
		return fmt.Errorf("%w: the store sends more than the %d bytes that it declared", registry.ErrDigest, p.Size)
	}
	return nil
}

// localError is a failure of our own disk, which no repetition heals.
type localError struct{ error }

func (e *localError) Unwrap() error { return e.error }

// strongETag is the validator that If-Range may carry (RFC 9110 section 13.1.5).
func strongETag(resp *Response) string {
	if e := resp.Header.Get("ETag"); !strings.HasPrefix(e, "W/") {
		return e
	}
	return ""
}
