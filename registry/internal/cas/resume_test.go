package cas_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/spans"
)

var errLost = errors.New("connection lost")

// half leaves an unfinished download of content behind and returns its blob.
func half(t *testing.T, dir string, content []byte) cas.Blob {
	t.Helper()
	if !resumesHere {
		t.Skip("unfinished downloads are not kept on this system")
	}
	b := cas.Blob{Name: "f", Size: int64(len(content)), Want: []registry.Digest{sha(t, string(content))}}
	_, err := cas.New(dir).Get(t.Context(), b, func(_ context.Context, sink *cas.Sink) error {
		_, err := sink.WriteAt(content[:len(content)/2], 0)
		return errors.Join(err, errLost)
	})
	if !errors.Is(err, errLost) {
		t.Fatal(err)
	}
	return b
}

// rest writes what is missing and records what that was.
func rest(content []byte, asked *[][]spans.Span) cas.Fill {
	return func(_ context.Context, sink *cas.Sink) error {
		*asked = append(*asked, sink.Missing())
		for _, m := range sink.Missing() {
			if _, err := sink.WriteAt(content[m.From:m.To], m.From); err != nil {
				return err
			}
		}
		return nil
	}
}

func big() []byte { return bytes.Repeat([]byte("0123456789abcdef"), 1<<18) } // 4 MiB

func TestContinues(t *testing.T) {
	dir, content := t.TempDir(), big()
	b := half(t, dir, content)
	var asked [][]spans.Span
	c, err := cas.New(dir).Get(t.Context(), b, rest(content, &asked))
	if got := read(t, c, err); got != string(content) {
		t.Error("other bytes")
	}
	if len(asked) != 1 || len(asked[0]) != 1 || asked[0][0].From != b.Size/2 {
		t.Errorf("asked for %v", asked)
	}
}

// Whatever is wrong with what was kept, the result is right.
func TestDamagedPart(t *testing.T) {
	content := big()
	for name, damage := range map[string]func(part, journal string) error{
		"no journal": func(_, journal string) error { return os.Remove(journal) },
		"log of nonsense": func(_, journal string) error {
			name := strings.TrimSuffix(journal, ".journal") + ".log"
			return errors.Join(os.Remove(journal), os.WriteFile(name, bytes.Repeat([]byte("nonsense"), 999), 0o600))
		},
		"log that others may write": func(part, journal string) error {
			name := strings.TrimSuffix(journal, ".journal") + ".log"
			return errors.Join(flipAt(part, 10), os.Remove(journal), os.Chmod(name, 0o666))
		},
		"empty journal": func(_, journal string) error { return os.WriteFile(journal, nil, 0o600) },
		"short part":    func(part, _ string) error { return os.Truncate(part, 100) },
		"no part":       func(part, _ string) error { return os.Remove(part) },
		"others may write": func(part, _ string) error {
			return errors.Join(flipAt(part, 10), os.Chmod(part, 0o666))
		},
		"second name": func(part, _ string) error {
			return errors.Join(flipAt(part, 10), os.Link(part, part+".other"))
		},
		"link": func(part, _ string) error {
			return errors.Join(os.Rename(part, part+".other"), flipAt(part+".other", 10), os.Symlink(filepath.Base(part)+".other", part))
		},
		"journal that others may write": func(part, journal string) error {
			return errors.Join(flipAt(part, 10), os.Chmod(journal, 0o666))
		},
		"another boot, lost pages": func(part, journal string) error {
			text, err := os.ReadFile(journal)
			changed := bytes.Replace(text, []byte(`"boot":"`), []byte(`"boot":"x`), 1)
			return errors.Join(err, flipAt(part, 10), os.WriteFile(journal, changed, 0o600))
		},
		"journal claims more": func(_, journal string) error {
			text, err := os.ReadFile(journal)
			changed := bytes.Replace(text, []byte(`"to":2097152`), []byte(`"to":4194304`), 1)
			return errors.Join(err, os.WriteFile(journal, changed, 0o600))
		},
		"spans overlap": func(_, journal string) error {
			text, err := os.ReadFile(journal)
			changed := bytes.Replace(text, []byte(`"to":2097152}`), []byte(`"to":2097152},{"from":5,"to":4194304}`), 1)
			return errors.Join(err, os.WriteFile(journal, changed, 0o600))
		},
	} {
		dir := t.TempDir()
		b := half(t, dir, content)
		key := filepath.Join(dir, "tmp", "sha256-"+b.Want[0].Hex)
		if err := damage(key+".part", key+".journal"); err != nil {
			t.Fatal(err)
		}
		var asked [][]spans.Span
		c, err := cas.New(dir).Get(t.Context(), b, rest(content, &asked))
		if got := read(t, c, err); got != string(content) {
			t.Errorf("%s: other bytes", name)
		}
		again, err := cas.New(dir).Get(t.Context(), b, mustNotFill(t))
		read(t, again, err)
	}
}

func flipAt(path string, off int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte{0xff}, off)
	return errors.Join(err, f.Close())
}

// Wrong bytes are fetched once more, and the person is told which.
func TestFetchedOnceMore(t *testing.T) {
	store := cas.New(t.TempDir())
	var told []string
	store.Notice = func(text string) { told = append(told, text) }
	b := cas.Blob{Name: "w.bin", Size: 5, Want: []registry.Digest{sha(t, "hello")}}
	answers := []string{"hellO", "hello"}
	c, err := store.Get(t.Context(), b, func(ctx context.Context, sink *cas.Sink) error {
		answer := answers[0]
		answers = answers[1:]
		return write(answer)(ctx, sink)
	})
	if got := read(t, c, err); got != "hello" {
		t.Errorf("got %q", got)
	}
	if len(told) != 1 || !strings.Contains(told[0], "w.bin") || !strings.Contains(told[0], sha(t, "hellO").Hex) {
		t.Errorf("told %q", told)
	}
}

// A wrong blob of the cache is named, kept aside and replaced.
func TestQuarantine(t *testing.T) {
	dir := t.TempDir()
	b := cas.Blob{Name: "w.bin", Size: 5, Want: []registry.Digest{sha(t, "hello")}}
	c, err := cas.New(dir).Get(t.Context(), b, write("hello"))
	read(t, c, err)
	path := filepath.Join(dir, "blobs", "sha256", b.Want[0].Hex)
	if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("hellO"), 0o600)); err != nil {
		t.Fatal(err)
	}
	store := cas.New(dir)
	var told string
	store.Notice = func(text string) { told += text }
	c, err = store.Get(t.Context(), b, write("hello"))
	if got := read(t, c, err); got != "hello" {
		t.Errorf("got %q", got)
	}
	kept, err := os.ReadFile(filepath.Join(dir, "quarantine", b.Want[0].Hex))
	if err != nil || string(kept) != "hellO" {
		t.Errorf("kept %q, %v", kept, err)
	}
	for _, part := range []string{"w.bin", b.Want[0].Hex, sha(t, "hellO").Hex, "quarantine"} {
		if !strings.Contains(told, part) {
			t.Errorf("%q does not name %s", told, part)
		}
	}
}

// What does not fit is refused before a byte of it is fetched.
func TestDiskIsTooSmall(t *testing.T) {
	if !resumesHere {
		t.Skip("free space is not known on this system")
	}
	dir := t.TempDir()
	b := cas.Blob{Name: "f", Size: math.MaxInt64 / 2, Want: []registry.Digest{sha(t, "hello")}}
	_, err := cas.New(dir).Get(t.Context(), b, mustNotFill(t))
	if !errors.Is(err, registry.ErrSpace) || !strings.Contains(err.Error(), "bytes") || len(entries(t, dir)) != 0 {
		t.Errorf("%v, left %q", err, entries(t, dir))
	}
}

// What may be hashed already does not change.
func TestSinkRefusesTwice(t *testing.T) {
	b := cas.Blob{Name: "f", Size: 5, Want: []registry.Digest{sha(t, "hello")}}
	_, err := cas.New(t.TempDir()).Get(t.Context(), b, func(_ context.Context, sink *cas.Sink) error {
		if _, err := sink.WriteAt([]byte("hel"), 0); err != nil {
			t.Error(err)
		}
		if _, err := sink.WriteAt([]byte("XX"), 1); err == nil {
			t.Error("a byte was written twice")
		}
		return errLost
	})
	if err == nil {
		t.Error("no error")
	}
}
