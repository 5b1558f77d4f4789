package fetch

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
)

// maxHops bounds the redirects of one request.
const maxHops = 5

// follow sends the request and follows its redirects by hand: http.Client's own
// policy keeps credentials on subdomains and allows a fall from https to http.
func (c *Client) follow(ctx context.Context, req Request, dog *watchdog) (*Response, error) {
	out := &Response{}
	u, origin := withoutUser(req.URL), true
	var reach reach
	for hop := 0; ; hop++ {
		transport := c.cfg.Transport
		if origin && req.Origin != nil {
			transport = req.Origin
		}
		resp, err := c.send(reach.context(ctx, u, hop), transport, u, req) //nolint:bodyclose // drained below, or closed by the caller
		dog.alive()
		if err != nil {
			return nil, requestError(ctx, u, err)
		}
		if origin {
			out.OriginHeaders = append(out.OriginHeaders, resp.Header)
		}
		location := resp.Header.Get("Location")
		if !isRedirect(resp.StatusCode) || location == "" {
			out.Response, out.URL = resp, u
			return out, nil
		}
		drain(resp.Body)
		if req.Body != nil {
			return nil, fmt.Errorf("%w: %s redirects a POST", ErrProtocol, Redact(u))
		}
		next, err := nextHop(u, location)
		if err != nil {
			return nil, err
		}
		if hop == maxHops {
			return nil, fmt.Errorf("%w: more than %d redirects from %s", ErrProtocol, maxHops, Redact(req.URL))
		}
		// Once elsewhere, a later hop back does not get the credentials again.
		origin = origin && sameOrigin(next, req.URL)
		u = next
	}
}

func (c *Client) send(ctx context.Context, rt http.RoundTripper, u *url.URL, req Request) (*http.Response, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if req.Body != nil {
		method, body = http.MethodPost, bytes.NewReader(req.Body)
	}
	r, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	for key, values := range req.Header {
		r.Header[key] = append([]string(nil), values...)
	}
	r.Header.Set("User-Agent", c.cfg.UserAgent)
	r.Header.Set("Accept-Encoding", "identity")
	return rt.RoundTrip(r)
}

// nextHop resolves a Location and refuses the ones that no honest store sends.
func nextHop(from *url.URL, location string) (*url.URL, error) {
	to, err := from.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("%w: %s redirects to what is no URL", ErrProtocol, Redact(from))
	}
	switch {
	case to.Scheme != "https" && to.Scheme != "http" || to.Host == "":
		return nil, fmt.Errorf("%w: %s redirects to scheme %q", ErrProtocol, Redact(from), to.Scheme)
	case from.Scheme == "https" && to.Scheme == "http":
		return nil, fmt.Errorf("%w: %s redirects from https to plain http at %s", ErrProtocol, Redact(from), to.Host)
	}
	return withoutUser(to), nil
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// sameOrigin compares scheme and host with its port (RFC 6454 section 5).
func sameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && canonicalHost(a) == canonicalHost(b)
}

func canonicalHost(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}

// withoutUser drops user:password@, which net/http would turn into credentials.
func withoutUser(u *url.URL) *url.URL {
	bare := *u
	bare.User, bare.Fragment, bare.RawFragment = nil, "", ""
	return &bare
}

// drain lets the connection be used again when little is left.
func drain(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, 16<<10)
	_ = body.Close()
}

// reach remembers whether the first host was itself an inner address. A person
// may point at an inner registry, and that may redirect inside; a public one
// has no business sending us there (server-side request forgery).
type reach struct{ inner bool }

func (r *reach) context(ctx context.Context, u *url.URL, hop int) context.Context {
	if hop == 0 {
		return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			addr, err := netip.ParseAddrPort(info.Conn.RemoteAddr().String())
			r.inner = err != nil || isInner(addr.Addr())
		}})
	}
	if r.inner {
		return ctx
	}
	return context.WithValue(ctx, publicOnly{}, u.Hostname())
}
