package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/registry"
)

// Document reads the body of an answer, at most limit bytes (registry.ErrLimit).
func (c *Client) Document(ctx context.Context, req Request, limit int64) ([]byte, *Response, error) {
	var body []byte
	resp, err := c.read(ctx, req, limit, func(r io.Reader) (err error) {
		body, err = io.ReadAll(r) //nolint:forbidigo // read gives a limited reader
		return err
	})
	return body, resp, err
}

// JSON decodes a document of at most limit bytes while it arrives. Duplicate keys
// and invalid UTF-8 are errors: two readers would see two documents. A list
// whose length the other side chooses belongs into a List.
func JSON[T any](ctx context.Context, c *Client, req Request, limit int64) (T, *Response, error) {
	var out T
	resp, err := c.read(ctx, req, limit, func(r io.Reader) error {
		var fresh T // an attempt that broke off must not shine through
		err := json.UnmarshalRead(r, &fresh)
		out = fresh
		if err != nil && !errors.Is(err, registry.ErrLimit) {
			return fmt.Errorf("%w: not the JSON of its interface", ErrProtocol)
		}
		return err
	})
	return out, resp, err
}

// read gives the body to use, again from its start when the connection breaks.
func (c *Client) read(ctx context.Context, req Request, limit int64, use func(io.Reader) error) (*Response, error) {
	var resp *Response
	err := c.Retry(ctx, func() (err error) {
		if resp, err = c.once(ctx, req); err != nil {
			return err
		}
		defer resp.Body.Close()
		if err := checkEncoding(resp); err != nil {
			return err
		}
		body := &limited{r: resp.Body, left: limit}
		err = use(body)
		if body.err != nil { // the cause of whatever use made of it
			return body.err
		}
		return err
	})
	var described interface{ describesRequest() }
	if err != nil && !errors.As(err, &described) && ctx.Err() == nil {
		err = fmt.Errorf("%s: %w", Redact(req.URL), err)
	}
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// limited fails when more than left bytes come, instead of ending silently.
type limited struct {
	r    io.Reader
	left int64
	err  error
}

func (l *limited) Read(p []byte) (int, error) {
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		l.err = fmt.Errorf("%w: the document is too large", registry.ErrLimit)
		return 0, l.err
	}
	if err != nil && err != io.EOF {
		l.err = err
	}
	return n, err
}

// MaxList is how many elements a List may have. An element may take far more
// memory than the three bytes it can be written in.
const MaxList = 100_000

// List is a JSON array of at most MaxList elements; more are registry.ErrLimit.
type List[T any] []T

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (l *List[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	start, err := dec.ReadToken()
	if err != nil {
		return err
	}
	if start.Kind() == 'n' {
		return nil
	}
	if start.Kind() != '[' {
		return errors.New("not a list")
	}
	out := List[T]{}
	for dec.PeekKind() != ']' {
		if len(out) == MaxList {
			return fmt.Errorf("%w: more than %d elements in one list", registry.ErrLimit, MaxList)
		}
		var element T
		if err := json.UnmarshalDecode(dec, &element); err != nil {
			return err
		}
		out = append(out, element)
	}
	*l = out
	_, err = dec.ReadToken()
	return err
}

// checkEncoding refuses a compressed transfer: it was not asked for, its length
// is not that of the file, and ranges of it mean something else. "aws-chunked" says
// how an object was once uploaded; some stores repeat it, and nothing is compressed.
func checkEncoding(resp *Response) error {
	e := strings.ToLower(resp.Header.Get("Content-Encoding"))
	if e != "" && e != "identity" && e != "aws-chunked" {
		return fmt.Errorf("%w: compressed transfer though none was accepted", ErrProtocol)
	}
	return nil
}
