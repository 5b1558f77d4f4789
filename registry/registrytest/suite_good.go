package registrytest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"assay/registry"
)

func (f fixture) lists(t *testing.T) {
	files := sample()
	a := f.mustResolve(t, f.Publish(t, files))
	if a.Pinned == "" || a.Identity.Revision == "" {
		t.Error("a remote store has an immutable revision, and none is told")
	}
	for _, want := range files {
		got := Find(t, a, want.Name)
		if got.Size != int64(len(want.Content)) || f.promises() && len(got.Declared) == 0 {
			t.Errorf("%s: size %d, %d digests", want.Name, got.Size, len(got.Declared))
		}
		b, err := Read(t.Context(), got)
		if err != nil || !bytes.Equal(b, want.Content) {
			t.Errorf("%s: %v, %d bytes, want %d", want.Name, err, len(b), len(want.Content))
		}
	}
	f.randomAccess(t, Find(t, a, "model.safetensors"), files[3].Content)
	f.checkCache(t)
}

func (f fixture) randomAccess(t *testing.T, file registry.File, want []byte) {
	c, err := file.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var wait sync.WaitGroup
	for off := int64(0); off < c.Size(); off += 10_007 {
		wait.Go(func() {
			b := make([]byte, 100)
			n, err := c.ReadAt(b, off)
			if err != nil && err != io.EOF || !bytes.HasPrefix(want[off:], b[:n]) {
				t.Errorf("ReadAt %d: %v", off, err)
			}
		})
	}
	wait.Wait()
}

// pins: what was resolved stays what it was when the name moves, and the pinned
// reference names the same.
func (f fixture) pins(t *testing.T) {
	ref := f.Publish(t, sample())
	before := f.mustResolve(t, ref)
	moved := sample()
	moved[3].Content = bytes.Repeat([]byte("malware!"), 40_000)
	f.Publish(t, moved)

	got, err := Read(t.Context(), Find(t, before, "model.safetensors"))
	if err != nil || !bytes.Equal(got, sample()[3].Content) {
		t.Errorf("after the name moved, the pinned file changed too (%v)", err)
	}
	after := f.mustResolve(t, ref)
	if after.Pinned == before.Pinned {
		t.Error("the name moved and the pin did not")
	}
	f.sameFiles(t, f.mustResolve(t, before.Pinned), before)
}

// movesWhileListing moves the name after each request in turn: whatever the
// moment, what is listed is what the pin names.
func (f fixture) movesWhileListing(t *testing.T) {
	moved := sample()
	moved[3].Content = bytes.Repeat([]byte("malware!"), 40_000)
	for k := int32(1); k <= 4; k++ {
		ref := f.Publish(t, sample())
		var n atomic.Int32
		f.Front().Set(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			next.ServeHTTP(w, r)
			if n.Add(1) == k {
				f.Publish(t, moved)
			}
		})
		a := f.mustResolve(t, ref)
		f.Front().Set(nil)
		f.sameFiles(t, f.mustResolve(t, a.Pinned), a)
	}
}

func (f fixture) sameFiles(t *testing.T, got, want *registry.Artifact) {
	t.Helper()
	if got.Pinned != want.Pinned || len(got.Files) != len(want.Files) {
		t.Fatalf("pinned %s with %d files, want %s with %d", got.Pinned, len(got.Files), want.Pinned, len(want.Files))
	}
	for i, w := range want.Files {
		g := got.Files[i]
		if g.Name != w.Name || g.Size != w.Size || !slices.Equal(g.Declared, w.Declared) {
			t.Errorf("file %d: %s %v, want %s %v", i, g.Name, g.Declared, w.Name, w.Declared)
		}
	}
}

// resumes: a connection that breaks is continued, not begun again, and the
// result is whole; a server that ignores ranges is coped with.
func (f fixture) resumes(t *testing.T) {
	a := f.mustResolve(t, f.Publish(t, sample()))
	file := Find(t, a, "model.safetensors")
	f.Front().Set(Only(f.IsContent, Times(1, Body(true, Half))))
	if b, err := Read(t.Context(), file); err != nil || !bytes.Equal(b, sample()[3].Content) {
		t.Fatalf("after a broken connection: %v", err)
	}
	ranged := false
	for _, s := range f.Front().Seen() {
		ranged = ranged || s.Range == "bytes=160000-319999"
	}
	if !ranged {
		t.Error("no closed range was asked for after the connection broke")
	}

	f.options.CacheDir = t.TempDir()
	file = Find(t, f.mustResolve(t, a.Pinned), "model.safetensors")
	first := Times(1, Body(true, Half))
	f.Front().Set(Only(f.IsContent, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Header.Del("Range")
		first(w, r, next)
	}))
	if b, err := Read(t.Context(), file); err != nil || !bytes.Equal(b, sample()[3].Content) {
		t.Fatalf("from a server that ignores ranges: %v", err)
	}
	f.checkCache(t)
}

// caches: the second time, and for many at once, nothing is downloaded again.
func (f fixture) caches(t *testing.T) {
	a := f.mustResolve(t, f.Publish(t, sample()))
	file := Find(t, a, "model.safetensors")
	f.Front().Forget()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := Read(t.Context(), file); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	first := len(f.Front().Seen())
	if first == 0 || first > 3 {
		t.Errorf("%d requests for one file read by eight at once", first)
	}
	again := Find(t, f.mustResolve(t, a.Pinned), "model.safetensors")
	f.Front().Forget()
	if _, err := Read(t.Context(), again); err != nil {
		t.Error(err)
	}
	n := len(f.Front().Seen())
	if _, changes := f.Store.(changing); changes {
		if n == 0 {
			t.Error("what may have changed since was taken from the cache")
		}
		return
	}
	if n != 0 {
		t.Errorf("%d requests for what is in the cache", n)
	}
}

// changing is a Store that may change what a pinned name means.
type changing interface{ ChangesInPlace() }

// poisonedCache: a blob that somebody changed in the cache is noticed by the
// next process and replaced.
func (f fixture) poisonedCache(t *testing.T) {
	a := f.mustResolve(t, f.Publish(t, sample()))
	for _, file := range a.Files {
		if _, err := Read(t.Context(), file); err != nil {
			t.Fatal(err)
		}
	}
	poisoned := 0
	dir := filepath.Join(f.options.CacheDir, "blobs", "sha256")
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		b, err := os.ReadFile(name)
		if err := errors.Join(err, os.Chmod(name, 0o600), os.WriteFile(name, append(Flip(b), '!')[:max(1, len(b))], 0o600)); err != nil {
			t.Fatal(err)
		}
		poisoned++
	}
	if poisoned == 0 {
		t.Fatal("nothing was in the cache")
	}
	for range 2 { // the second round shows that it healed
		for _, file := range f.mustResolve(t, a.Pinned).Files {
			b, err := Read(t.Context(), file)
			if err != nil || int64(len(b)) != file.Size {
				t.Errorf("%s: %v", file.Name, err)
			}
		}
	}
	f.checkCache(t)
}

// ranges: a large file can be looked into, and what is not read is not fetched; a
// store that stops serving ranges is coped with, and one that serves another
// content is noticed.
func (f fixture) ranges(t *testing.T) {
	files := sample()
	files[3].Content = bytes.Repeat([]byte("weights!"), 1<<18) // 2 MiB
	a := f.mustResolve(t, f.Publish(t, files))
	file := Find(t, a, "model.safetensors")
	if file.OpenRanges == nil {
		t.Fatal("no access by ranges")
	}
	var served atomic.Int64
	f.Front().Set(Only(f.IsContent, Body(false, func(b []byte) []byte { served.Add(int64(len(b))); return b })))
	c, err := file.OpenRanges(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []int64{0, 8, 1 << 20, file.Size - 4} {
		b := make([]byte, 8)
		n, err := c.ReadAt(b, off)
		if err != nil && (err != io.EOF || off+8 <= file.Size) || !bytes.Equal(b[:n], files[3].Content[off:off+int64(n)]) {
			t.Errorf("at %d: %q, %v", off, b[:n], err)
		}
	}
	if n := served.Load(); n == 0 || n > file.Size/4 {
		t.Errorf("%d of %d bytes were fetched for four reads", n, file.Size)
	}
	f.Front().Set(Only(f.IsContent, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.Header.Del("Range")
		next.ServeHTTP(w, r)
	}))
	b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err := errors.Join(err, c.Close()); err != nil || !bytes.Equal(b, files[3].Content) {
		t.Errorf("when ranges end: %v, %d bytes", err, len(b))
	}
	f.checkCache(t)

	f.options.CacheDir = t.TempDir()
	file = Find(t, f.mustResolve(t, a.Pinned), "model.safetensors")
	f.Front().Set(Only(f.IsContent, Header("Content-Range", "bytes 0-65535/70000")))
	if c, err := file.OpenRanges(t.Context()); err == nil {
		t.Error("a file of another size was opened")
		c.Close()
	}
	f.Front().Set(nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := file.OpenRanges(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
}

func (f fixture) cancelled(t *testing.T) {
	ref, _ := registry.ParseReference(f.Publish(t, sample()))
	a := f.mustResolve(t, ref.String())
	f.Front().Set(f.Front().Hang)
	for name, call := range map[string]func(context.Context) error{
		"Resolve": func(ctx context.Context) error {
			_, err := f.Source(t, f.options).Resolve(ctx, ref)
			return err
		},
		"Open": func(ctx context.Context) error {
			_, err := Read(ctx, Find(t, a, "model.safetensors"))
			return err
		},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- call(ctx) }()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want the context's error", name, err)
		}
	}
}
