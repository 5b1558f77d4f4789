package fetch

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"assay/registry"
)

// NewTransport returns the transport that all requests end in. Offline, its
// dialler refuses and no proxy is asked either.
func NewTransport(offline bool) *http.Transport {
	t := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConns:           64,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    15 * time.Second,
		ResponseHeaderTimeout:  60 * time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
	if offline {
		t.Proxy = nil
		t.DialContext = func(_ context.Context, _, addr string) (net.Conn, error) {
			return nil, fmt.Errorf("%w: not connecting to %s", registry.ErrOffline, addr)
		}
	}
	return t
}

// publicOnly is the context key under which follow says that this host must not
// resolve to an inner address. A proxy's own address is not held against it.
type publicOnly struct{}

func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if guarded, ok := ctx.Value(publicOnly{}).(string); ok && guarded == host {
		d.Control = refuseInner
	}
	return d.DialContext(ctx, network, addr)
}

// refuseInner sees the address after the name was resolved, which is the only
// place where a name that resolves differently each time cannot escape.
func refuseInner(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || isInner(addr.Addr()) {
		return fmt.Errorf("%w: redirect from a public host to the inner address %s", ErrProtocol, address)
	}
	return nil
}

// isInner reports addresses that are not reachable from the public Internet
// (RFC 1918, 4193, 3927, 6598), the loopback and the unspecified one.
func isInner(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsUnspecified() ||
		a.IsMulticast() || carrierGrade.Contains(a)
}

var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")
