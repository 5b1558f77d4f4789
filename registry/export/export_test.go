package export_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/export"
	"assay/registry/local"
	"assay/registry/registrytest"
)

var update = flag.Bool("update", false, "write the golden files")

// memory is Content in memory.
type memory struct {
	*bytes.Reader
	err error
}

func (m memory) Close() error { return m.err }

func file(name, content string) registry.File {
	d, _ := registry.NewDigest("sha256", registrytest.SHA256([]byte(content)))
	return registry.File{
		Name: name, Size: int64(len(content)), Declared: []registry.Declared{{Digest: d, By: "test"}},
		Open: func(context.Context) (registry.Content, error) {
			return memory{bytes.NewReader([]byte(content)), nil}, nil
		},
	}
}

func artifact(files ...registry.File) *registry.Artifact {
	commit := strings.Repeat("a", 40)
	return &registry.Artifact{
		Ref: registry.Reference{Scheme: "hf", Rest: "acme/bert@main"}, Pinned: "hf://acme/bert@" + commit, Kind: registry.KindModel,
		Identity: registry.Identity{ID: "6512", Name: "acme/bert", Owner: "acme", Created: "2024-05-06T07:08:09.000Z", Revision: commit},
		Files:    files,
	}
}

func sample() *registry.Artifact {
	return artifact(file("README.md", "# hi\n"), file("a/b/c.bin", "deep"), file("empty", ""))
}

// tree lists every file below dir with its content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// untouched asserts that parent holds only these names: no half-written folder.
func untouched(t *testing.T, parent string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(parent)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, names) {
		t.Errorf("the parent folder holds %q, want %q", got, names)
	}
}

func TestExport(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "new", "bert")
	lock, err := export.Export(t.Context(), sample(), dir)
	if err != nil {
		t.Fatal(err)
	}
	got := tree(t, dir)
	if len(got) != 3 || got["README.md"] != "# hi\n" || got["a/b/c.bin"] != "deep" {
		t.Errorf("written: %q", got)
	}
	untouched(t, filepath.Join(parent, "new"), "bert", "bert.lock.json")
	b, err := os.ReadFile(export.LockPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "bert.lock.json")
	if *update {
		if err := os.WriteFile(golden, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(golden); err != nil || !bytes.Equal(b, want) {
		t.Errorf("lock file differs from %s (%v):\n%s", golden, err, b)
	}
	read, err := export.ReadLock(export.LockPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := read.Marshal(); !bytes.Equal(again, b) {
		t.Error("the lock file does not survive being read")
	}
	if len(lock.Files) != 3 || lock.Files[1].SHA256 != registrytest.SHA256([]byte("deep")) {
		t.Errorf("lock %+v", lock.Files)
	}
	if info, err := os.Stat(filepath.Join(dir, "README.md")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o133 != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestTwiceIsNoError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bert")
	for range 2 {
		if _, err := export.Export(t.Context(), sample(), dir); err != nil {
			t.Fatal(err)
		}
	}
	untouched(t, filepath.Dir(dir), "bert", "bert.lock.json")
}

func TestEmptyTarget(t *testing.T) {
	dir := t.TempDir()
	if _, err := export.Export(t.Context(), sample(), dir); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir); len(got) != 3 {
		t.Errorf("written: %q", got)
	}
}

func TestNoFiles(t *testing.T) {
	if _, err := export.Export(t.Context(), artifact(), filepath.Join(t.TempDir(), "x")); err != nil {
		t.Error(err)
	}
}

// A target with anything else in it is left as it is.
func TestOccupied(t *testing.T) {
	for name, change := range map[string]func(dir string) error{
		"one more file": func(d string) error { return os.WriteFile(filepath.Join(d, "modeling.py"), nil, 0o644) },
		"one less":      func(d string) error { return os.Remove(filepath.Join(d, "empty")) },
		"other content": func(d string) error { return os.WriteFile(filepath.Join(d, "a", "b", "c.bin"), []byte("DEEP"), 0o644) },
		"a link": func(d string) error {
			p := filepath.Join(d, "README.md") // as long as the link: only its kind differs
			return errors.Join(os.Rename(p, filepath.Join(filepath.Dir(d), "rd")), os.Symlink("../rd", p))
		},
	} {
		if name == "a link" && runtime.GOOS == "windows" {
			continue
		}
		dir := filepath.Join(t.TempDir(), "bert")
		if _, err := export.Export(t.Context(), sample(), dir); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(change(dir), os.Remove(export.LockPath(dir))); err != nil {
			t.Fatal(err)
		}
		before := tree(t, dir)
		if _, err := export.Export(t.Context(), sample(), dir); !errors.Is(err, export.ErrExists) {
			t.Errorf("%s: %v, want ErrExists", name, err)
		}
		if after := tree(t, dir); len(after) != len(before) {
			t.Errorf("%s: the target was changed", name)
		}
		if _, err := os.Stat(export.LockPath(dir)); err == nil {
			t.Errorf("%s: a lock file was written", name)
		}
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := export.Export(t.Context(), sample(), path); err == nil {
		t.Error("a file as target: no error")
	}
}

// Whatever goes wrong, the target is not there and nothing lies around.
func TestFailuresLeaveNothing(t *testing.T) {
	broken := errors.New("broken")
	failing := func(open func(context.Context) (registry.Content, error)) registry.File {
		f := file("b", "content")
		f.Open = open
		return f
	}
	grown := failing(func(context.Context) (registry.Content, error) {
		return memory{bytes.NewReader([]byte("content!")), nil}, nil
	})
	grown.Declared = nil
	for name, bad := range map[string]registry.File{
		"size": grown,
		"open": failing(func(context.Context) (registry.Content, error) { return nil, broken }),
		"changed": failing(func(context.Context) (registry.Content, error) {
			return memory{bytes.NewReader([]byte("content")), registry.ErrChanged}, nil
		}),
		"digest": failing(func(context.Context) (registry.Content, error) {
			return memory{bytes.NewReader([]byte("CONTENT")), nil}, nil
		}),
		"short": failing(func(context.Context) (registry.Content, error) {
			return memory{bytes.NewReader([]byte("con")), nil}, nil
		}),
		"name":   file("../evil", "x"),
		"device": file("a/nul", "x"),
	} {
		parent := t.TempDir()
		if _, err := export.Export(t.Context(), artifact(file("a/x", "x"), bad), filepath.Join(parent, "bert")); err == nil {
			t.Errorf("%s: no error", name)
		}
		untouched(t, parent)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	parent := t.TempDir()
	if _, err := export.Export(ctx, sample(), filepath.Join(parent, "bert")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
	untouched(t, parent)
}

// What could not be made a file is in the lock, so that a reader knows.
func TestOmittedIsRecorded(t *testing.T) {
	a := sample()
	a.Omitted = []registry.Omission{{Name: "link", Reason: "symbolic link"}}
	lock, err := export.Export(t.Context(), a, filepath.Join(t.TempDir(), "bert"))
	if err != nil || len(lock.Omitted) != 1 || lock.Omitted[0].Name != "link" {
		t.Errorf("%v, %+v", err, lock)
	}
}

// An exported folder resolves to the same files: the lock is beside it.
func TestRoundTrip(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bert")
	if _, err := export.Export(t.Context(), sample(), dir); err != nil {
		t.Fatal(err)
	}
	a, err := local.New().Resolve(t.Context(), registry.Reference{Scheme: "file", Rest: dir})
	if err != nil || len(a.Files) != 3 {
		t.Errorf("%v, %+v", err, a)
	}
}

// A link that the user names as the target is followed once.
func TestLinkedTarget(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links")
	}
	parent := t.TempDir()
	real := filepath.Join(parent, "real")
	if err := errors.Join(os.Mkdir(real, 0o755), os.Symlink("real", filepath.Join(parent, "link"))); err != nil {
		t.Fatal(err)
	}
	if _, err := export.Export(t.Context(), sample(), filepath.Join(parent, "link")); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, real); len(got) != 3 {
		t.Errorf("written: %q", got)
	}
}

func TestReadLockRefuses(t *testing.T) {
	good, err := os.ReadFile(filepath.Join("testdata", "bert.lock.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"version":        {`"schemaVersion": "1.0"`, `"schemaVersion": "2.0"`},
		"unknown member": {`"kind":`, `"trusted": true, "kind":`},
		"duplicate":      {`"kind":`, `"pinned": "x", "kind":`},
		"traversal":      {`"name": "empty"`, `"name": "../empty"`},
		"twice":          {`"name": "empty"`, `"name": "readme.md"`},
		"no digest":      {registrytest.SHA256([]byte("deep")), "../../x"},
		"negative size":  {`"size": 0`, `"size": -1`},
		"trailing":       {"\n}\n", "\n}{}\n"},
	} {
		text := strings.Replace(string(good), change[0], change[1], 1)
		if text == string(good) {
			t.Fatalf("%s: nothing was changed", name)
		}
		path := filepath.Join(t.TempDir(), "x.lock.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := export.ReadLock(path); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A lock that is accepted has safe names and usable digests, and one spelling.
func FuzzReadLock(f *testing.F) {
	good, err := os.ReadFile(filepath.Join("testdata", "bert.lock.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, b []byte) {
		lock, err := export.DecodeLock(bytes.NewReader(b))
		if err != nil {
			return
		}
		for _, file := range lock.Files {
			if registry.CheckName(file.Name) != nil || file.Size < 0 || len(file.SHA256) != 64 {
				t.Errorf("accepted %+v", file)
			}
		}
		out, err := lock.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := export.DecodeLock(bytes.NewReader(out)); err != nil || len(again.Files) != len(lock.Files) {
			t.Errorf("does not survive: %v", err)
		}
	})
}
