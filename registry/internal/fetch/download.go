package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"assay/registry"
)

// partSize is the largest stretch asked for at once, in bytes: content delivery
// networks refuse very large single answers (50 GB at the Hub's).
const partSize = 4 << 30

// Sink takes a download in order.
type Sink interface {
	io.Writer
	// Reset forgets everything written so far.
	Reset() error
}

// Download is the content of one file.
type Download struct {
	Request
	Size int64 // exact, in bytes

	// Check, if not nil, looks at every answer before its body is read.
	Check func(*Response) error
}

// Download writes exactly Size bytes into sink, or fails. A broken connection is
// resumed with a closed range of the same entity (If-Range, exact
// Content-Range); a server that ignores the range makes it start again. It says
// nothing about whether the bytes are the right ones: the sink's owner compares
// digests.
func (c *Client) Download(ctx context.Context, d Download, sink Sink) error {
	t := transfer{client: c, Download: d, sink: sink}
	failures := 0
	for t.done < d.Size || !t.begun {
		before := t.done
		err := t.part(ctx)
		if err == nil {
			failures = 0
			continue
		}
		if t.done > before {
			failures = 0
		}
		failures++
		t.troubles++
		wait, again := c.retry(ctx, err, failures)
		if !again || t.troubles > maxTroubles {
			return fmt.Errorf("download %s: %w", Redact(d.URL), err)
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
	return nil
}

// maxTroubles bounds the interruptions of one download even when each brings a
// little: a server that sends one byte per connection is not worth waiting for.
const maxTroubles = 64

type transfer struct {
	client *Client
	Download
	sink     Sink
	begun    bool
	done     int64  // bytes in the sink
	etag     string // strong validator of the entity those bytes came from
	troubles int
}

// part asks for the next stretch, which is all of a file of ordinary size.
func (t *transfer) part(ctx context.Context) error {
	req := t.Request
	ranged := t.done > 0 || t.Size > partSize
	last := min(t.done+partSize, t.Size) - 1
	if ranged {
		req.Header = req.Header.Clone()
		if req.Header == nil {
			req.Header = make(http.Header)
		}
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", t.done, last))
		if t.done > 0 && t.etag != "" {
			req.Header.Set("If-Range", t.etag)
		}
	}
	resp, err := t.client.once(ctx, req)
	if err != nil {
		return t.restartOn416(err)
	}
	defer resp.Body.Close()
	want, err := t.expect(resp, ranged, last)
	if err != nil {
		return err
	}
	t.begun = true
	return t.copy(resp, want)
}

// expect checks the answer's headers and returns how many bytes its body must
// have.
func (t *transfer) expect(resp *Response, ranged bool, last int64) (int64, error) {
	if t.Check != nil {
		if err := t.Check(resp); err != nil {
			return 0, err
		}
	}
	if err := checkEncoding(resp); err != nil {
		return 0, err
	}
	want := t.Size
	switch {
	case resp.StatusCode == http.StatusPartialContent && ranged:
		expected := fmt.Sprintf("bytes %d-%d/%d", t.done, last, t.Size)
		if got := resp.Header.Get("Content-Range"); got != expected || t.done > 0 && strongETag(resp) != t.etag {
			return 0, errors.Join(errWrongRange, t.restart())
		}
		want = last + 1 - t.done
	case resp.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("%w: status %d", ErrProtocol, resp.StatusCode)
	case t.done > 0:
		if err := t.restart(); err != nil {
			return 0, err
		}
	}
	if resp.ContentLength >= 0 && resp.ContentLength != want {
		return 0, fmt.Errorf("%w: the store declared %d bytes and sends %d", registry.ErrDigest, want, resp.ContentLength)
	}
	t.etag = strongETag(resp)
	return want, nil
}

var errWrongRange = errors.New("the server answered with another range or entity than asked for")

// copy reads want bytes and makes sure that none follows.
func (t *transfer) copy(resp *Response, want int64) error {
	out := ours{Writer: t.sink}
	n, err := io.Copy(&out, io.LimitReader(resp.Body, want))
	t.done += n
	if out.err != nil {
		return &localError{out.err}
	}
	if err != nil {
		return err
	}
	if n < want {
		return io.ErrUnexpectedEOF
	}
	if extra, _ := io.CopyN(io.Discard, resp.Body, 1); extra > 0 {
		return fmt.Errorf("%w: the store sends more than the %d bytes that it declared", registry.ErrDigest, t.Size)
	}
	return nil
}

// ours tells a failure of our own disk, which no repetition heals, from one of
// the connection.
type ours struct {
	io.Writer
	err error
}

func (w *ours) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.err = err
	return n, err
}

type localError struct{ error }

func (e *localError) Unwrap() error { return e.error }

func (t *transfer) restart() error {
	t.done, t.etag = 0, ""
	if err := t.sink.Reset(); err != nil {
		return &localError{err}
	}
	return nil
}

// restartOn416 handles a server that does not know the range any more: the
// entity changed, or it serves no ranges of this form.
func (t *transfer) restartOn416(err error) error {
	var status *StatusError
	if t.done > 0 && errors.As(err, &status) && status.Status == http.StatusRequestedRangeNotSatisfiable {
		return errors.Join(errWrongRange, t.restart())
	}
	return err
}

// strongETag is the validator that If-Range may carry (RFC 9110 section 13.1.5).
func strongETag(resp *Response) string {
	if e := resp.Header.Get("ETag"); !strings.HasPrefix(e, "W/") {
		return e
	}
	return ""
}
