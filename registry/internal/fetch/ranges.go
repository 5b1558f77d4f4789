package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"assay/registry"
)

// Bounds on random access.
const (
	firstWindow = 64 << 10 // bytes of a read that does not follow another
	lastWindow  = 1 << 20  // of one far into a sequence of reads
	maxWindows  = 24       // kept in memory for one file: 24 MiB at most
)

// errWhole: the file is better read as a whole.
var errWhole = errors.New("ranges are not served, or not worth it")

// Whole fetches a file, and compares it with what was promised for it.
type Whole func(ctx context.Context) (registry.Content, error)

// Ranges is random access to a file without fetching it: what is read is fetched,
// in closed ranges, with a little more behind it, and kept as long as there is
// room. Nothing is compared with a digest. When the store serves no ranges, or
// more was fetched here and there than the file is long, whole is called once and
// its content used from then on. The context is that of every later read.
func (c *Client) Ranges(ctx context.Context, d Download, whole Whole) (registry.Content, error) {
	r := &ranges{ctx: ctx, client: c, Download: d, whole: whole, next: -1, budget: d.Size}
	_, err := r.ReadAt(make([]byte, min(1, d.Size)), 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return r, nil
}

// ranges implements registry.Content.
type ranges struct {
	Download
	ctx    context.Context
	client *Client
	whole  Whole

	mu      sync.Mutex // held while a window is fetched: another reader most often wants the same
	windows []window   // the one used last at the end
	next    int64      // where the window fetched last ends
	size    int64      // of that window
	budget  int64      // bytes that may still be fetched
	etag    string     // strong validator of the first answer, and where it came from
	host    string
	all     registry.Content // what whole gave
	err     error            // the first failure; what cannot be read once is not asked for again and again
}

type window struct {
	from int64
	data []byte
}

func (r *ranges) Size() int64 { return r.Download.Size }

// Close ends the access.
func (r *ranges) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all != nil {
		return r.all.Close()
	}
	return nil
}

func (r *ranges) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) && off < r.Size() {
		if r.all != nil {
			m, err := r.all.ReadAt(p[n:], off)
			return n + m, err
		}
		w, err := r.window(off, int64(len(p)-n))
		if errors.Is(err, errWhole) {
			if r.all, r.err = r.whole(r.ctx); r.err == nil {
				r.windows = nil
				continue
			}
			err = r.err
		}
		if err != nil {
			return n, err
		}
		m := copy(p[n:], w.data[off-w.from:])
		n, off = n+m, off+int64(m)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// window returns a window with the byte at off, which is below the size.
func (r *ranges) window(off, want int64) (window, error) {
	for i, w := range r.windows {
		if off >= w.from && off < w.from+int64(len(w.data)) {
			r.windows = append(slices.Delete(r.windows, i, i+1), w)
			return w, nil
		}
	}
	if r.err != nil {
		return window{}, r.err
	}
	size := int64(firstWindow)
	if off == r.next {
		size = 2 * r.size
	}
	size = min(max(size, want), lastWindow, r.Size()-off)
	if size > r.budget {
		return window{}, errWhole
	}
	data, err := r.fetch(off, size)
	if errors.Is(err, errWhole) {
		return window{}, err
	}
	if err != nil {
		r.err = fmt.Errorf("read %s: %w", Redact(r.URL), err)
		return window{}, r.err
	}
	r.budget -= size
	r.next, r.size = off+size, max(size, firstWindow)
	if len(r.windows) == maxWindows {
		r.windows = slices.Delete(r.windows, 0, 1)
	}
	w := window{off, data}
	r.windows = append(r.windows, w)
	return w, nil
}

// fetch asks for one range, again when the connection breaks.
func (r *ranges) fetch(off, size int64) ([]byte, error) {
	req := r.Request
	if req.Header = req.Header.Clone(); req.Header == nil {
		req.Header = make(http.Header)
	}
	req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+size-1))
	data := make([]byte, size)
	err := r.client.Retry(r.ctx, func() error {
		resp, err := r.client.once(r.ctx, req)
		var status *StatusError
		if errors.As(err, &status) && status.Status == http.StatusRequestedRangeNotSatisfiable {
			return errWhole
		}
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if err := r.expect(resp, off, size); err != nil {
			return err
		}
		_, err = io.ReadFull(resp.Body, data)
		return err
	})
	return data, err
}

func (r *ranges) expect(resp *Response, off, size int64) error {
	if r.Check != nil {
		if err := r.Check(resp); err != nil {
			return err
		}
	}
	if err := checkEncoding(resp); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusPartialContent {
		return errWhole
	}
	if want := fmt.Sprintf("bytes %d-%d/%d", off, off+size-1, r.Size()); resp.Header.Get("Content-Range") != want {
		return fmt.Errorf("%w: asked for %s, got another range or a file of another size", registry.ErrChanged, want)
	}
	etag := strongETag(resp)
	if r.host == "" {
		r.host, r.etag = resp.URL.Host, etag
	}
	// Two hosts of a delivery network may name the same bytes differently.
	if resp.URL.Host == r.host && etag != r.etag {
		return fmt.Errorf("%w: %s", registry.ErrChanged, Redact(r.URL))
	}
	return nil
}
