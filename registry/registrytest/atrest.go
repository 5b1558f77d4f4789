package registrytest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"assay/registry"
)

// AtRest is a store on this machine under test, empty at first.
type AtRest interface {
	// Publish makes files the content behind a reference and returns it.
	Publish(t testing.TB, files []File) (ref string)
	// Source returns a new Source.
	Source(t testing.TB) registry.Source
	// Place is the path under which the content of a file lies.
	Place(t testing.TB, f File) string
	// Missing is a well-formed reference to what does not exist.
	Missing(t testing.TB) string
}

// RunAtRest runs the suite of stores on this machine. A store that has no digests
// implements PromisesNothing, as for Run.
func RunAtRest(t *testing.T, start func(t *testing.T) AtRest) {
	for name, part := range map[string]func(restFixture, *testing.T){
		"Lists":              restFixture.lists,
		"NoticesWrongBytes":  restFixture.wrongBytes,
		"NoticesChanges":     restFixture.changes,
		"MissingContent":     restFixture.missing,
		"FollowsNoLinkOut":   restFixture.linkOut,
		"WaitsForNoPipe":     restFixture.pipe,
		"ListsNoUnsafeNames": restFixture.unsafeNames,
		"NotFound":           restFixture.notFound,
		"HonoursContext":     restFixture.cancelled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part(restFixture{start(t)}, t)
		})
	}
}

type restFixture struct{ AtRest }

func (f restFixture) resolve(t *testing.T, ref string) (*registry.Artifact, error) {
	t.Helper()
	parsed, err := registry.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	a, err := f.Source(t).Resolve(t.Context(), parsed)
	if err == nil {
		CheckArtifact(t, a)
	} else if a != nil {
		t.Error("an artifact was returned together with an error")
	}
	return a, err
}

func (f restFixture) publish(t *testing.T) (*registry.Artifact, string) {
	t.Helper()
	ref := f.Publish(t, sample())
	a, err := f.resolve(t, ref)
	if err != nil {
		t.Fatal(err)
	}
	return a, ref
}

// read is Read by a careful reader, who compares what was promised.
func read(t *testing.T, f registry.File) ([]byte, error) {
	b, err := Read(t.Context(), f)
	for _, d := range f.Declared {
		if err == nil && d.Digest.Algorithm == "sha256" && d.Digest.Hex != SHA256(b) {
			err = registry.ErrDigest
		}
	}
	if err == nil && int64(len(b)) != f.Size {
		err = registry.ErrChanged
	}
	return b, err
}

func (f restFixture) lists(t *testing.T) {
	a, ref := f.publish(t)
	_, unpromised := f.AtRest.(interface{ PromisesNothing() })
	for _, want := range sample() {
		got := Find(t, a, want.Name)
		if len(got.Declared) == 0 && !unpromised {
			t.Errorf("%s: no digest is promised", want.Name)
		}
		if b, err := read(t, got); err != nil || string(b) != string(want.Content) {
			t.Errorf("%s: %v, %d bytes", want.Name, err, len(b))
		}
	}
	if a.Ref.String() != ref {
		t.Errorf("asked for %s, resolved %s", ref, a.Ref)
	}
}

// victim is the file that something is done to.
func victim() File { return sample()[3] }

// replace writes other bytes over the content.
func (f restFixture) replace(t *testing.T, content []byte) {
	t.Helper()
	path := f.Place(t, victim())
	_ = os.Chmod(path, 0o600)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// wrongBytes: what is in the store is not what its name says.
func (f restFixture) wrongBytes(t *testing.T) {
	if _, none := f.AtRest.(interface{ PromisesNothing() }); none {
		t.Skip("the store promises nothing, so that no byte is wrong")
	}
	_, ref := f.publish(t)
	for name, change := range map[string]func([]byte) []byte{"one bit": Flip, "cut": Half, "longer": Longer, "nothing": func([]byte) []byte { return nil }} {
		f.replace(t, change(append([]byte(nil), victim().Content...)))
		a, err := f.resolve(t, ref)
		if err != nil {
			continue
		}
		if b, err := read(t, Find(t, a, victim().Name)); !errors.Is(err, registry.ErrDigest) && !errors.Is(err, registry.ErrChanged) {
			t.Errorf("%s: %d bytes, %v", name, len(b), err)
		}
	}
}

// changes: the content changes after it was listed, or while it is read.
func (f restFixture) changes(t *testing.T) {
	a, ref := f.publish(t)
	file := Find(t, a, victim().Name)
	f.replace(t, append(victim().Content, "more"...))
	if _, err := read(t, file); err == nil {
		t.Error("changed after it was listed: no error")
	}
	f.replace(t, victim().Content)
	a, err := f.resolve(t, ref)
	if err != nil {
		t.Fatal(err)
	}
	c, err := Find(t, a, victim().Name).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.replace(t, append(victim().Content, "more"...))
	if err := c.Close(); !errors.Is(err, registry.ErrChanged) {
		t.Errorf("changed while it was open: %v, want ErrChanged", err)
	}
}

func (f restFixture) missing(t *testing.T) {
	_, ref := f.publish(t)
	if err := os.Remove(f.Place(t, victim())); err != nil {
		t.Fatal(err)
	}
	f.notRead(t, ref, "content that is gone")
}

// notRead: the file is an error, an omission, or not there; never content.
func (f restFixture) notRead(t *testing.T, ref, what string) {
	t.Helper()
	a, err := f.resolve(t, ref)
	if err != nil {
		return
	}
	for _, file := range a.Files {
		if file.Name != victim().Name {
			continue
		}
		if b, err := read(t, file); err == nil {
			t.Errorf("%s: %d bytes were read", what, len(b))
		}
	}
}

func (f restFixture) linkOut(t *testing.T) {
	_, ref := f.publish(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, victim().Content, 0o600); err != nil {
		t.Fatal(err)
	}
	place := f.Place(t, victim())
	if err := errors.Join(os.Remove(place), os.Symlink(outside, place)); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	f.notRead(t, ref, "a link out of the store, though to the right bytes")
}

func (f restFixture) pipe(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no named pipes in folders here")
	}
	_, ref := f.publish(t)
	place := f.Place(t, victim())
	if err := errors.Join(os.Remove(place), mkfifo(place)); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); f.notRead(t, ref, "a named pipe") }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Error("a named pipe is waited for")
	}
}

// unsafeNames: names that leave the folder, or that two systems read differently,
// are refused or told as omitted. What a file system cannot carry is left out.
func (f restFixture) unsafeNames(t *testing.T) {
	for name, set := range UnsafeSets {
		files := []File{{Name: "README.md", Content: []byte("# ordinary\n")}}
		for i, n := range set {
			files = append(files, File{Name: n, Content: []byte{byte(i), 'x'}})
		}
		ref := f.Publish(t, files)
		if ref == "" {
			continue // the store cannot hold it
		}
		a, err := f.resolve(t, ref)
		if err == nil && len(a.Omitted) == 0 || err != nil && !errors.Is(err, registry.ErrUnsafeName) {
			t.Errorf("%s %q: %v, and nothing omitted", name, set, err)
		}
		if err == nil && strings.Contains(strings.Join(namesOf(a), " "), "evil") && len(a.Omitted) == 0 {
			t.Errorf("%s: %v was listed", name, namesOf(a))
		}
	}
}

func namesOf(a *registry.Artifact) (out []string) {
	for _, f := range a.Files {
		out = append(out, f.Name)
	}
	return out
}

func (f restFixture) notFound(t *testing.T) {
	f.publish(t)
	if _, err := f.resolve(t, f.Missing(t)); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("%v, want ErrNotFound", err)
	}
}

func (f restFixture) cancelled(t *testing.T) {
	a, _ := f.publish(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, Find(t, a, victim().Name)); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the context's error", err)
	}
}
