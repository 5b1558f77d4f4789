package export_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/export"
)

func lockOf(t *testing.T, a *registry.Artifact) *export.Lock {
	t.Helper()
	lock, err := export.Export(t.Context(), a, filepath.Join(t.TempDir(), "m"))
	if err != nil {
		t.Fatal(err)
	}
	return lock
}

func TestDrift(t *testing.T) {
	lock := lockOf(t, sample())
	same := sample()
	if d := append(lock.Identity(same.Identity), lock.Content(same.Files)...); len(d) != 0 {
		t.Errorf("the same artifact differs: %v", d)
	}
	for want, change := range map[string]func(a *registry.Artifact){
		`repository id: locked "6512", now "9999"`: func(a *registry.Artifact) { a.Identity.ID = "9999" },
		`owner: locked "acme", now "emca"`:         func(a *registry.Artifact) { a.Identity.Owner = "emca" },
		`created: locked "2024-05-06T07:08:09.000Z", now "2026-01-01T00:00:00.000Z"`: func(a *registry.Artifact) {
			a.Identity.Created = "2026-01-01T00:00:00.000Z"
		},
		`repository name: locked "acme/bert", now "acme/bert2"`: func(a *registry.Artifact) { a.Identity.Name = "acme/bert2" },
		"file added modeling_x.py":                              func(a *registry.Artifact) { a.Files = append(a.Files, file("modeling_x.py", "x")) },
		"file removed empty":                                    func(a *registry.Artifact) { a.Files = a.Files[:2] },
		"file changed a/b/c.bin":                                func(a *registry.Artifact) { a.Files[1] = file("a/b/c.bin", "evil") },
	} {
		a := sample()
		change(a)
		d := append(lock.Identity(a.Identity), lock.Content(a.Files)...)
		if len(d) != 1 || !strings.HasPrefix(d[0].String(), want) {
			t.Errorf("%s: %v", want, d)
		}
		if err := lock.Pin(a); !errors.Is(err, registry.ErrChanged) {
			t.Errorf("%s: pinned, %v", want, err)
		}
	}
}

// A store that promises nothing is held to the digests of the lock.
func TestPin(t *testing.T) {
	lock := lockOf(t, sample())
	a := sample()
	if err := lock.Pin(a); err != nil {
		t.Fatal(err)
	}
	again := lockOf(t, a)
	was, _ := lock.Marshal()
	now, _ := again.Marshal()
	if string(was) != string(now) {
		t.Errorf("a pull from a lock writes another lock:\n%s", now)
	}
	b := sample()
	b.Files[1] = file("a/b/c.bin", "evil")
	b.Files[1].Declared = nil
	if err := lock.Pin(b); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "m")
	if _, err := export.Export(t.Context(), b, dir); !errors.Is(err, registry.ErrDigest) {
		t.Errorf("%v, want ErrDigest", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("wrong bytes were exported")
	}
	c := sample()
	c.Identity.Revision = strings.Repeat("b", 40)
	if err := lock.Pin(c); !errors.Is(err, registry.ErrChanged) {
		t.Errorf("another revision: %v", err)
	}
}

// What does not fit is refused before a file of it is opened.
func TestNoRoom(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("free space is not known on this system")
	}
	a := sample()
	for i := range a.Files {
		a.Files[i].Size = math.MaxInt64 / 2
		a.Files[i].Open = func(context.Context) (registry.Content, error) {
			t.Error("a file was opened")
			return nil, errors.New("not wanted")
		}
	}
	parent := t.TempDir()
	if _, err := export.Export(t.Context(), a, filepath.Join(parent, "m")); !errors.Is(err, registry.ErrSpace) {
		t.Errorf("%v, want ErrSpace", err)
	}
	untouched(t, parent)
}
