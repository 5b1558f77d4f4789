package local_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/local"
	"assay/registry/registrytest"
)

func resolve(t *testing.T, path string) (*registry.Artifact, error) {
	t.Helper()
	a, err := local.New().Resolve(t.Context(), registry.Reference{Scheme: "file", Rest: path})
	if err == nil {
		registrytest.CheckArtifact(t, a)
	}
	return a, err
}

func mustResolve(t *testing.T, path string) *registry.Artifact {
	t.Helper()
	a, err := resolve(t, path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// write creates files with their name as content.
func write(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, n := range names {
		path := filepath.Join(dir, filepath.FromSlash(n))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(n), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func names(a *registry.Artifact) []string {
	var out []string
	for _, f := range a.Files {
		out = append(out, f.Name)
	}
	return out
}

func reasonOf(a *registry.Artifact, name string) string {
	for _, o := range a.Omitted {
		if o.Name == name {
			return o.Reason
		}
	}
	return ""
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	want := []string{".gitattributes", "a/.git/kept", "a/b/c.bin", "a-b.txt", "z"}
	write(t, dir, want...)
	write(t, dir, ".git/HEAD", ".git/objects/pack/x.pack")
	a, err := local.Source{LeaveOutGit: true}.Resolve(t.Context(), registry.Reference{Scheme: "file", Rest: dir})
	if err != nil {
		t.Fatal(err)
	}
	if b := mustResolve(t, dir); len(b.Ignored) != 0 || len(b.Omitted) != 1 || b.Omitted[0].Name != ".git" {
		t.Errorf("without leave: omitted %v, ignored %v", b.Omitted, b.Ignored)
	}
	slices.Sort(want)
	if got := names(a); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	if len(a.Omitted) != 0 || !slices.Equal(a.Ignored, []string{".git"}) || a.Pinned != "" || a.Kind != registry.KindUnknown {
		t.Errorf("omitted %v, ignored %v, pinned %q, kind %q", a.Omitted, a.Ignored, a.Pinned, a.Kind)
	}
	for _, f := range a.Files {
		if b, err := registrytest.Read(t.Context(), f); err != nil || string(b) != f.Name || f.Size != int64(len(b)) {
			t.Errorf("%s: %q, %v", f.Name, b, err)
		}
	}
}

func TestManyFilesInOneFolder(t *testing.T) {
	dir := t.TempDir()
	for i := range 1500 {
		write(t, dir, strings.Repeat("n", i%50+1)+"-"+string(rune('a'+i%26))+"-"+time.Duration(i).String())
	}
	if got := len(mustResolve(t, dir).Files); got != 1500 {
		t.Errorf("%d files, want 1500", got)
	}
}

func TestSingleFile(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "model.bin")
	a := mustResolve(t, filepath.Join(dir, "model.bin"))
	if got := names(a); !slices.Equal(got, []string{"model.bin"}) {
		t.Errorf("files %q", got)
	}
}

func TestLinkAsReference(t *testing.T) {
	needLinks(t)
	dir := t.TempDir()
	write(t, dir, "real/model.bin")
	link(t, "real", filepath.Join(dir, "latest"))
	link(t, "real/model.bin", filepath.Join(dir, "best.bin"))
	if got := names(mustResolve(t, filepath.Join(dir, "latest"))); !slices.Equal(got, []string{"model.bin"}) {
		t.Errorf("folder through a link: %q", got)
	}
	if got := names(mustResolve(t, filepath.Join(dir, "best.bin"))); !slices.Equal(got, []string{"best.bin"}) {
		t.Errorf("file through a link: %q", got)
	}
}

// What is no ordinary file is named, with the reason, and the rest is listed.
func TestOmissions(t *testing.T) {
	needLinks(t)
	dir := t.TempDir()
	write(t, dir, "ok.txt", "a:b.bin", "dot./x", "aux.py", "Case", "case", "new\nline")
	link(t, "/etc/passwd", filepath.Join(dir, "out"))
	link(t, "ok.txt", filepath.Join(dir, "inside"))
	link(t, ".", filepath.Join(dir, "loop"))
	socket, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	a := mustResolve(t, dir)
	if got := names(a); !slices.Equal(got, []string{"Case", "ok.txt"}) {
		t.Errorf("files %q", got)
	}
	for name, want := range map[string]string{
		"out": `symbolic link to "/etc/passwd"`, "inside": "symbolic link", "loop": "symbolic link", "s": "socket",
		"a:b.bin": "colon", "dot.": "dot", "aux.py": "device", "case": "same file", `"new\nline"`: "control",
	} {
		if got := reasonOf(a, name); !strings.Contains(got, want) {
			t.Errorf("%s: reason %q, want %q", name, got, want)
		}
	}
}

func TestUnreadableFolder(t *testing.T) {
	if os.Getuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("needs a user whom permissions bind")
	}
	dir := t.TempDir()
	write(t, dir, "closed/x", "open")
	if err := os.Chmod(filepath.Join(dir, "closed"), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Join(dir, "closed"), 0o700)
	if got := reasonOf(mustResolve(t, dir), "closed"); !strings.Contains(got, "permission") {
		t.Errorf("reason %q", got)
	}
}

func TestErrors(t *testing.T) {
	if _, err := resolve(t, filepath.Join(t.TempDir(), "none")); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("missing path: %v, want ErrNotFound", err)
	}
	if _, err := resolve(t, os.DevNull); runtime.GOOS != "windows" && !errors.Is(err, registry.ErrReference) {
		t.Errorf("device: %v, want ErrReference", err)
	}
}

// Every way to change a file while it is read is told at Close, or at Open.
func TestChanged(t *testing.T) {
	needLinks(t)
	for name, change := range map[string]func(path string) error{
		"written":  func(p string) error { return os.WriteFile(p, []byte("other size"), 0o644) },
		"appended": func(p string) error { return appendTo(p, "x") },
		"touched": func(p string) error {
			return os.Chtimes(p, time.Now().Add(-time.Hour), time.Now().Add(-time.Hour))
		},
		"written and touched back": func(p string) error {
			info, err := os.Stat(p)
			return errors.Join(err, os.WriteFile(p, []byte("f"), 0o644), os.Chtimes(p, info.ModTime(), info.ModTime()))
		},
		"replaced": func(p string) error {
			return errors.Join(os.WriteFile(p+".new", []byte("f"), 0o644), os.Rename(p+".new", p))
		},
		"made a link": func(p string) error { return errors.Join(os.Rename(p, p+".x"), os.Symlink(filepath.Base(p)+".x", p)) },
		"removed":     os.Remove,
	} {
		dir := t.TempDir()
		write(t, dir, "f")
		path := filepath.Join(dir, "f")
		c, err := mustResolve(t, dir).Files[0].Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // longer than a tick of the file system's clock
		if err := change(path); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); !errors.Is(err, registry.ErrChanged) {
			t.Errorf("%s while open: %v, want ErrChanged", name, err)
		}

		dir = t.TempDir()
		write(t, dir, "f")
		f := mustResolve(t, dir).Files[0]
		time.Sleep(20 * time.Millisecond)
		if err := change(filepath.Join(dir, "f")); err != nil {
			t.Fatal(err)
		}
		if c, err := f.Open(t.Context()); err == nil {
			t.Errorf("%s between listing and opening: not noticed", name)
			c.Close()
		}
	}
}

func appendTo(path, s string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(s)
	return errors.Join(err, f.Close())
}

// A folder on the way that becomes a link out of the tree is not followed.
func TestFolderBecomesLink(t *testing.T) {
	needLinks(t)
	dir, outside := t.TempDir(), t.TempDir()
	write(t, dir, "sub/f")
	write(t, outside, "f")
	a := mustResolve(t, dir)
	if err := errors.Join(os.Rename(filepath.Join(dir, "sub"), filepath.Join(dir, "gone")), os.Symlink(outside, filepath.Join(dir, "sub"))); err != nil {
		t.Fatal(err)
	}
	if c, err := a.Files[0].Open(t.Context()); err == nil {
		c.Close()
		t.Error("a link out of the tree was followed")
	}
}

func needLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links and sockets as Unix has them")
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}
