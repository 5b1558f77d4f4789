package cas_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/internal/cas"
)

func digest(t *testing.T, algorithm string, sum []byte) registry.Digest {
	t.Helper()
	d, err := registry.NewDigest(algorithm, hex.EncodeToString(sum))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func sha(t *testing.T, content string) registry.Digest {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	return digest(t, "sha256", sum[:])
}

func gitBlob(t *testing.T, hexID string) registry.Digest {
	t.Helper()
	d, err := registry.NewDigest("sha1-git", hexID)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func write(content string) cas.Fill {
	return func(_ context.Context, sink *cas.Sink) error {
		_, err := io.WriteString(sink, content)
		return err
	}
}

func mustNotFill(t *testing.T) cas.Fill {
	return func(context.Context, *cas.Sink) error {
		t.Error("downloaded what the cache has")
		return errors.New("not wanted")
	}
}

func read(t *testing.T, c registry.Content, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err := errors.Join(err, c.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// entries lists every file in the cache.
func entries(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestLandsAndFinds(t *testing.T) {
	dir := t.TempDir()
	b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{sha(t, "hello")}}
	c, err := cas.New(dir).Get(t.Context(), b, write("hello"))
	if got := read(t, c, err); got != "hello" {
		t.Errorf("got %q", got)
	}
	path := filepath.Join(dir, "blobs", "sha256", b.Want[0].Hex)
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o444 && runtime.GOOS != "windows" {
		t.Errorf("%v, %v, want mode 0444", info, err)
	}
	c, err = cas.New(dir).Get(t.Context(), b, mustNotFill(t))
	if got := read(t, c, err); got != "hello" {
		t.Errorf("from the cache: %q", got)
	}
}

// Known answers from git hash-object and from the standard library.
func TestAlgorithms(t *testing.T) {
	sum512, sum384 := sha512.Sum512([]byte("hello")), sha512.Sum384([]byte("hello"))
	for _, d := range []registry.Digest{
		gitBlob(t, "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"),
		digest(t, "sha512", sum512[:]), digest(t, "sha384", sum384[:]),
		{Algorithm: "blake3", Hex: "ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f"},
		{Algorithm: "blake2b", Hex: "e4cfa39a3d37be31c59609e807970799caa68a19bfaa15135f165085e01d41a65ba1e1b146aeb6bd0092b49eac214c103ccfa3a365954bbbe52f74a2b3620c94"},
	} {
		dir := t.TempDir()
		b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{d}}
		c, err := cas.New(dir).Get(t.Context(), b, write("hello"))
		read(t, c, err)
		c, err = cas.New(dir).Get(t.Context(), b, mustNotFill(t))
		read(t, c, err)
		if _, err := cas.New(t.TempDir()).Get(t.Context(), b, write("hellO")); !errors.Is(err, registry.ErrDigest) {
			t.Errorf("%s, wrong bytes: %v", d.Algorithm, err)
		}
	}
}

// Nothing remains of what is wrong, and the error says what was expected.
func TestNothingWrongLands(t *testing.T) {
	good := sha(t, "hello")
	for name, c := range map[string]struct {
		blob cas.Blob
		fill cas.Fill
	}{
		"other bytes":  {cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{good}}, write("hellO")},
		"short":        {cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{good}}, write("hell")},
		"long":         {cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{good}}, write("hello!")},
		"size lies":    {cas.Blob{Name: "f", Size: 6, Want: []registry.Digest{good}}, write("hello")},
		"second wrong": {cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{good, gitBlob(t, strings.Repeat("0", 40))}}, write("hello")},
		"no promise":   {cas.Blob{Name: "f", Size: 5}, write("hello")},
		"unknown":      {cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{{Algorithm: "md5", Hex: "00"}}}, write("hello")},
	} {
		dir := t.TempDir()
		content, err := cas.New(dir).Get(t.Context(), c.blob, c.fill)
		if !errors.Is(err, registry.ErrDigest) || content != nil {
			t.Errorf("%s: %v, %v, want ErrDigest", name, content, err)
		}
		if left := entries(t, dir); len(left) != 0 {
			t.Errorf("%s: left %q", name, left)
		}
	}
	_, err := cas.New(t.TempDir()).Get(t.Context(), cas.Blob{Name: "w.bin", Size: 5, Want: []registry.Digest{good}}, write("hellO"))
	for _, part := range []string{"w.bin", good.Hex, sha(t, "hellO").Hex} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
}

func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{sha(t, "hello")}}
	full := errors.New("no space left on device")
	_, err := cas.New(dir).Get(t.Context(), b, func(_ context.Context, sink *cas.Sink) error {
		_, err := io.WriteString(sink, "hel")
		return errors.Join(err, full)
	})
	if !errors.Is(err, full) || len(entries(t, dir)) != 0 {
		t.Errorf("%v, left %q", err, entries(t, dir))
	}
}

// A sink that is reset has forgotten the bytes and their hash.
func TestReset(t *testing.T) {
	b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{sha(t, "hello"), gitBlob(t, "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0")}}
	c, err := cas.New(t.TempDir()).Get(t.Context(), b, func(ctx context.Context, sink *cas.Sink) error {
		return errors.Join(write("junk")(ctx, sink), sink.Reset(), write("hello")(ctx, sink))
	})
	if got := read(t, c, err); got != "hello" {
		t.Errorf("got %q", got)
	}
}

// More than was promised is refused while it is written: a disk is not filled.
func TestSinkIsBounded(t *testing.T) {
	b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{sha(t, "hello")}}
	_, err := cas.New(t.TempDir()).Get(t.Context(), b, func(_ context.Context, sink *cas.Sink) error {
		if _, err := io.WriteString(sink, "hello!"); !errors.Is(err, registry.ErrDigest) {
			t.Errorf("%v, want ErrDigest", err)
		}
		return errors.New("done")
	})
	if err == nil {
		t.Error("no error")
	}
}

// A poisoned blob, and one whose name leads elsewhere, are replaced.
func TestHeals(t *testing.T) {
	for name, poison := range map[string]func(path string) error{
		"content": func(p string) error { return os.WriteFile(p, []byte("hellO"), 0o600) },
		"size":    func(p string) error { return os.WriteFile(p, []byte("hi"), 0o600) },
		"link out": func(p string) error {
			return errors.Join(os.Remove(p), os.Symlink("/etc/hostname", p))
		},
	} {
		if name == "link out" && runtime.GOOS == "windows" {
			continue
		}
		dir := t.TempDir()
		b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{sha(t, "hello")}}
		store := cas.New(dir)
		c, err := store.Get(t.Context(), b, write("hello"))
		read(t, c, err)
		path := filepath.Join(dir, "blobs", "sha256", b.Want[0].Hex)
		if err := errors.Join(os.Chmod(path, 0o600), poison(path)); err != nil {
			t.Fatal(err)
		}
		for _, s := range []*cas.Store{store, cas.New(dir)} { // the process that wrote it notices too
			c, err := s.Get(t.Context(), b, write("hello"))
			if got := read(t, c, err); got != "hello" {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
}

// An alias that names other bytes is only a hint.
func TestAliasLies(t *testing.T) {
	dir := t.TempDir()
	git := gitBlob(t, "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0")
	b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{git}}
	other := cas.Blob{Name: "g", Size: 5, Want: []registry.Digest{sha(t, "other")}}
	store := cas.New(dir)
	for blob, content := range map[*cas.Blob]string{&b: "hello", &other: "other"} {
		c, err := store.Get(t.Context(), *blob, write(content))
		read(t, c, err)
	}
	alias := filepath.Join(dir, "alias", "sha1-git", git.Hex)
	for _, lie := range []string{other.Want[0].Hex, "../../../etc/passwd", "", strings.Repeat("f", 64)} {
		if err := os.WriteFile(alias, []byte(lie+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := store.Get(t.Context(), b, write("hello"))
		if got := read(t, c, err); got != "hello" {
			t.Errorf("alias %q gave %q", lie, got)
		}
	}
	c, err := store.Get(t.Context(), other, mustNotFill(t)) // the bytes it named are still there
	read(t, c, err)
}

func TestOneDownloadForMany(t *testing.T) {
	store := cas.New(t.TempDir())
	content := strings.Repeat("x", 1<<20)
	b := cas.Blob{Name: "f", Size: 1 << 20, Want: []registry.Digest{sha(t, content)}}
	var fills atomic.Int32
	var wait sync.WaitGroup
	for range 10 {
		wait.Go(func() {
			c, err := store.Get(t.Context(), b, func(ctx context.Context, sink *cas.Sink) error {
				fills.Add(1)
				time.Sleep(10 * time.Millisecond)
				return write(content)(ctx, sink)
			})
			if err != nil || !bytes.Equal(readAll(c), []byte(content)) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if fills.Load() != 1 {
		t.Errorf("%d downloads", fills.Load())
	}
}

func readAll(c registry.Content) []byte {
	b, _ := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	_ = c.Close()
	return b
}

// When the one that downloads fails, the next takes over; one that waits can leave.
func TestWaitersTakeOver(t *testing.T) {
	store := cas.New(t.TempDir())
	b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{sha(t, "hello")}}
	begun, fail := make(chan bool), make(chan bool)
	go store.Get(t.Context(), b, func(context.Context, *cas.Sink) error {
		close(begun)
		<-fail
		return errors.New("connection lost")
	})
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Get(ctx, b, mustNotFill(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("a waiter whose context ended: %v", err)
	}
	close(fail)
	c, err := store.Get(t.Context(), b, write("hello"))
	if got := read(t, c, err); got != "hello" {
		t.Errorf("got %q", got)
	}
}

func TestSweepsOldLeftovers(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, age := range map[string]time.Duration{"old": 72 * time.Hour, "young": time.Hour} {
		path := filepath.Join(dir, "tmp", name)
		when := time.Now().Add(-age)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{sha(t, "hello")}}
	c, err := cas.New(dir).Get(t.Context(), b, write("hello"))
	read(t, c, err)
	if left := strings.Join(entries(t, filepath.Join(dir, "tmp")), " "); left != "young" {
		t.Errorf("left in tmp: %q", left)
	}
}

func TestDir(t *testing.T) {
	got, err := cas.Dir(func(key string) string { return map[string]string{"ASSAY_CACHE": "/somewhere"}[key] })
	if err != nil || got != "/somewhere" {
		t.Errorf("%q, %v", got, err)
	}
}

// A cache that cannot be made is an error, not a crash and not a silent bypass.
func TestNoCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{sha(t, "hello")}}
	if _, err := cas.New(filepath.Join(file, "sub")).Get(t.Context(), b, mustNotFill(t)); err == nil {
		t.Error("no error")
	}
}
