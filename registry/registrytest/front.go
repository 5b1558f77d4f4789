package registrytest

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
)

// Where a request arrived.
const (
	Origin    = "origin"    // the host that the reference or the endpoint names
	Elsewhere = "elsewhere" // any other host
)

// Seen is a request that arrived.
type Seen struct {
	Where, Method, Path, Query   string
	Authorization, Cookie, Range string
}

// Fault answers a request in place of, or with the help of, the real handler.
type Fault func(w http.ResponseWriter, r *http.Request, next http.Handler)

// Front stands before a server, records every request, and may be told to
// misbehave.
type Front struct {
	mu       sync.Mutex
	seen     []Seen
	fault    Fault
	released chan struct{}
	once     sync.Once
}

// NewFront returns a Front that lets everything pass.
func NewFront() *Front { return &Front{released: make(chan struct{})} }

// Release ends every Stall.
func (f *Front) Release() { f.once.Do(func() { close(f.released) }) }

// Wrap puts the front before a handler.
func (f *Front) Wrap(where string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		fault := f.fault
		f.seen = append(f.seen, Seen{
			Where: where, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery,
			Authorization: r.Header.Get("Authorization"), Cookie: r.Header.Get("Cookie"), Range: r.Header.Get("Range"),
		})
		f.mu.Unlock()
		if fault == nil {
			next.ServeHTTP(w, r)
			return
		}
		fault(w, r, next)
	})
}

// Set replaces the fault; nil lets everything pass again.
func (f *Front) Set(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// Seen returns the requests so far.
func (f *Front) Seen() []Seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Seen(nil), f.seen...)
}

// Forget empties the record.
func (f *Front) Forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = nil
}

// Only applies a fault to the requests that match.
func Only(match func(*http.Request) bool, fault Fault) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if match(r) {
			fault(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// Times applies a fault to the first n requests that reach it.
func Times(n int, fault Fault) Fault {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		n--
		left := n
		mu.Unlock()
		if left >= 0 {
			fault(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}
}

// Body changes the body of every successful answer. The length is that of the
// new body unless keepLength.
func Body(keepLength bool, change func([]byte) []byte) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := record(r, next)
		body := rec.Body.Bytes()
		length := len(body)
		if rec.Code < 300 {
			body = change(append([]byte(nil), body...))
		}
		copyHeader(w, rec)
		if !keepLength {
			length = len(body)
		}
		w.Header().Set("Content-Length", strconv.Itoa(length))
		w.WriteHeader(rec.Code)
		_, _ = w.Write(body)
		if len(body) < length {
			hangUp(w)
		}
	}
}

// Chunked changes the body and does not declare its length.
func Chunked(change func([]byte) []byte) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := record(r, next)
		copyHeader(w, rec)
		w.Header().Del("Content-Length")
		w.WriteHeader(rec.Code)
		w.(http.Flusher).Flush()
		body := rec.Body.Bytes()
		if rec.Code < 300 {
			body = change(append([]byte(nil), body...))
		}
		_, _ = w.Write(body)
	}
}

// Flip inverts one bit in the middle: the size stays, the content does not.
func Flip(b []byte) []byte {
	if len(b) > 0 {
		b[len(b)/2] ^= 1
	}
	return b
}

// Half cuts the second half off.
func Half(b []byte) []byte { return b[:len(b)/2] }

// Longer appends.
func Longer(b []byte) []byte { return append(b, strings.Repeat("x", 4096)...) }

// Header sets a header on every answer.
func Header(key, value string) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := record(r, next)
		copyHeader(w, rec)
		w.Header().Set(key, value)
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}
}

// Status answers with a status and nothing else.
func Status(code int, header ...string) Fault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// Endless sends a document that has no end, and may still become anything.
func Endless(w http.ResponseWriter, r *http.Request, _ http.Handler) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	blank := []byte(strings.Repeat(" ", 1<<20))
	for r.Context().Err() == nil {
		if _, err := w.Write(blank); err != nil {
			return
		}
	}
}

// Stall sends the head and half of the body, and then nothing until the client
// gives up.
func (f *Front) Stall(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rec := record(r, next)
	copyHeader(w, rec)
	w.Header().Set("Content-Length", strconv.Itoa(rec.Body.Len()))
	w.WriteHeader(rec.Code)
	_, _ = w.Write(Half(rec.Body.Bytes()))
	w.(http.Flusher).Flush()
	f.Hang(w, r, next)
}

// Hang never answers.
func (f *Front) Hang(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	select {
	case <-r.Context().Done():
	case <-f.released:
	}
}

func record(r *http.Request, next http.Handler) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	next.ServeHTTP(rec, r)
	return rec
}

func copyHeader(w http.ResponseWriter, rec *httptest.ResponseRecorder) {
	maps.Copy(w.Header(), rec.Header())
}

// hangUp breaks the connection, so that a short body is not taken for a whole one.
func hangUp(w http.ResponseWriter) {
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}
