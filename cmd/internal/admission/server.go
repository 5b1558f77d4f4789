package admission

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	// drainDelay is how long a webhook that is asked to stop goes on answering:
	// until then the API server may not have heard that it is not ready.
	drainDelay = 5 * time.Second
	// stopTimeout is how long it then waits for the reviews in flight.
	stopTimeout = 10 * time.Second
	// certCheck is how often the certificate files are looked at.
	certCheck = time.Second
)

// Serve answers HTTPS on listener until ctx ends; then it turns not ready, goes
// on for a moment, finishes the reviews in flight and returns nil. The files of
// certificate and key are PEM; when they change, new connections get the new
// certificate. errorLog may be nil.
func Serve(ctx context.Context, listener net.Listener, certFile, keyFile string, h http.Handler, errorLog *log.Logger) error {
	return serve(ctx, listener, &certificate{certFile: certFile, keyFile: keyFile}, h, errorLog, drainDelay)
}

func serve(ctx context.Context, listener net.Listener, cert *certificate, h http.Handler, errorLog *log.Logger, delay time.Duration) error {
	if _, err := cert.get(nil); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler:           h,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: cert.get},
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second, // the API server waits no longer
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          errorLog,
	}
	stopped := make(chan error, 1)
	go func() { stopped <- server.ServeTLS(listener, "", "") }()
	select {
	case err := <-stopped:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	if d, ok := h.(interface{ drain() }); ok {
		d.drain()
		time.Sleep(delay)
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		return errors.Join(fmt.Errorf("stop: %w", err), server.Close())
	}
	return nil
}

// certificate reads a certificate again when its files change: a mounted Secret
// is replaced while the webhook runs.
type certificate struct {
	certFile, keyFile string

	mu      sync.Mutex
	checked time.Time
	seen    [2]fileState
	current *tls.Certificate
}

// fileState tells a changed file from an unchanged one.
type fileState struct {
	modified time.Time
	size     int64
}

// get returns the current certificate. Files that cannot be read, or do not fit
// together because only one of them is written yet, leave the last good one.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.current != nil && now.Sub(c.checked) < certCheck {
		return c.current, nil
	}
	c.checked = now
	seen, err := states(c.certFile, c.keyFile)
	if err == nil && (c.current == nil || seen != c.seen) {
		var pair tls.Certificate
		if pair, err = tls.LoadX509KeyPair(c.certFile, c.keyFile); err == nil {
			c.current, c.seen = &pair, seen
		}
	}
	if c.current == nil {
		return nil, fmt.Errorf("read the webhook's certificate: %w", err)
	}
	return c.current, nil
}

func states(names ...string) (seen [2]fileState, err error) {
	for i, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			return seen, err
		}
		seen[i] = fileState{info.ModTime(), info.Size()}
	}
	return seen, nil
}
