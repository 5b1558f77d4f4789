package hfcache_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/hfcache"
	"assay/registry/local"
	"assay/registry/registrytest"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// cache is a cache with one model of a large file in a folder, a small one, and
// the list of the commit.
type cache struct {
	t             *testing.T
	dir, snapshot string
}

func newCache(t *testing.T) cache {
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links")
	}
	c := cache{t, t.TempDir(), ""}
	c.snapshot = filepath.Join("models--org--name", "snapshots", commit)
	config, weights := []byte("{}"), []byte("weights")
	c.write("models--org--name/blobs/"+registrytest.GitBlob(config), config)
	c.write("models--org--name/blobs/"+registrytest.SHA256(weights), weights)
	c.link("config.json", "../../blobs/"+registrytest.GitBlob(config))
	c.link("sub/w.bin", "../../../blobs/"+registrytest.SHA256(weights))
	c.write("models--org--name/refs/main", []byte(commit))
	c.write("models--org--name/refs/refs/pr/1", []byte(commit))
	c.write("models--org--name/.no_exist/"+commit+"/adapter_config.json", nil)
	return c
}

func (c cache) write(name string, content []byte) {
	c.t.Helper()
	path := filepath.Join(c.dir, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
		c.t.Fatal(err)
	}
}

func (c cache) link(name, target string) {
	c.t.Helper()
	path := filepath.Join(c.dir, c.snapshot, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.Symlink(target, path)); err != nil {
		c.t.Fatal(err)
	}
}

func (c cache) resolve(rest string) (*registry.Artifact, error) {
	a, err := hfcache.New(c.dir).Resolve(c.t.Context(), registry.Reference{Scheme: "hfcache", Rest: rest})
	if err == nil {
		registrytest.CheckArtifact(c.t, a)
	}
	return a, err
}

func (c cache) must(a *registry.Artifact, err error) *registry.Artifact {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

func names(a *registry.Artifact) (out []string) {
	for _, f := range a.Files {
		out = append(out, f.Name)
	}
	return out
}

func TestSnapshot(t *testing.T) {
	c := newCache(t)
	for _, rest := range []string{"org/name", "org/name@main", "org/name@refs/pr/1", "org/name@" + commit, c.dir + "//org/name"} {
		a := c.must(c.resolve(rest))
		if !slices.Equal(names(a), []string{"config.json", "sub/w.bin"}) || len(a.Omitted) != 0 ||
			a.Pinned != "" || a.Identity.Name != "org/name" || a.Identity.Revision != commit || a.Kind != registry.KindModel {
			t.Errorf("%s: %q, omitted %v, pinned %s", rest, names(a), a.Omitted, a.Pinned)
		}
		for i, want := range []string{"{}", "weights"} {
			b, err := registrytest.Read(t.Context(), a.Files[i])
			if err != nil || string(b) != want || len(a.Files[i].Declared) != 1 {
				t.Errorf("%s: %q, %v", a.Files[i].Name, b, err)
			}
		}
	}
}

// A folder of the cache given as a path is the same model.
func TestAsPath(t *testing.T) {
	c := newCache(t)
	for path, want := range map[string][]string{
		c.snapshot:                        {"config.json", "sub/w.bin"},
		filepath.Join(c.snapshot, "sub"):  {"w.bin"},
		filepath.Join(c.snapshot, "", ""): {"config.json", "sub/w.bin"},
		"models--org--name": {".no_exist/" + commit + "/adapter_config.json", "refs/main", "refs/refs/pr/1",
			"snapshots/" + commit + "/config.json", "snapshots/" + commit + "/sub/w.bin"},
	} {
		a := c.must(local.New().Resolve(t.Context(), registry.Reference{Scheme: "file", Rest: filepath.Join(c.dir, path)}))
		if !slices.Equal(names(a), want) || len(a.Omitted) != 0 {
			t.Errorf("%s: %q, omitted %v", path, names(a), a.Omitted)
		}
	}
}

// The bytes of a blob that are not those of its name are not handed out, or
// handed out under the digest that they break.
func TestWrongBlob(t *testing.T) {
	c := newCache(t)
	c.write("models--org--name/blobs/"+registrytest.GitBlob([]byte("{}")), []byte("[]"))
	a := c.must(c.resolve("org/name"))
	if _, err := registrytest.Read(t.Context(), a.Files[0]); !errors.Is(err, registry.ErrDigest) {
		t.Errorf("small file: %v, want ErrDigest", err)
	}
	if d := a.Files[1].Declared[0]; d.Digest.String() != "sha256:"+registrytest.SHA256([]byte("weights")) || d.By != "hf-cache" {
		t.Errorf("large file declared as %v", d)
	}
}

func TestNotAsTheClientWroteIt(t *testing.T) {
	small := registrytest.GitBlob([]byte("{}"))
	for name, damage := range map[string]func(c cache){
		"symbolic link to \"/etc/passwd\"":           func(c cache) { c.link("x", "/etc/passwd") },
		"symbolic link to \"../../refs/main\"":       func(c cache) { c.link("x", "../../refs/main") },
		"symbolic link to \"../../../blobs/" + small: func(c cache) { c.link("x", "../../../blobs/"+small) },
		"symbolic link to \"../../blobs/../blobs/x":  func(c cache) { c.link("x", "../../blobs/../blobs/x") },
		"symbolic link to \"../../blobs/" + strings.Repeat("0", 40): func(c cache) {
			c.link("x", "../../blobs/"+strings.Repeat("0", 40))
		},
		"symbolic link to \"../../blobs/" + strings.Repeat("1", 40): func(c cache) {
			c.link("x", "../../blobs/"+strings.Repeat("1", 40))
			if err := os.Symlink("/etc/passwd", filepath.Join(c.dir, "models--org--name", "blobs", strings.Repeat("1", 40))); err != nil {
				c.t.Fatal(err)
			}
		},
		"a file among links":                    func(c cache) { c.write(filepath.ToSlash(c.snapshot)+"/modeling_x.py", []byte("x")) },
		"the cache says that the commit has no": func(c cache) { c.link("adapter_config.json", "../../blobs/"+small) },
		"not in the list of the commit": func(c cache) {
			c.write("models--org--name/trees/"+commit+".json", []byte(`{"format_version":1,"files":{"config.json":{"size":2,"blob_id":"`+small+`"}}}`))
		},
		"the list of the commit has": func(c cache) {
			c.write("models--org--name/trees/"+commit+".json", []byte(`{"format_version":1,"files":{"config.json":{"size":2,"blob_id":"`+strings.Repeat("2", 40)+`"},
				"sub/w.bin":{"size":7,"blob_id":"x","lfs_sha256":"`+registrytest.SHA256([]byte("weights"))+`"}}}`))
		},
		"cannot be read": func(c cache) { c.write("models--org--name/trees/"+commit+".json", []byte(`{"a":1,"a":2}`)) },
	} {
		c := newCache(t)
		damage(c)
		a := c.must(c.resolve("org/name"))
		if len(a.Omitted) != 1 || !strings.Contains(a.Omitted[0].Reason, name) {
			t.Errorf("%s: omitted %v", name, a.Omitted)
		}
	}
}

func TestNeverFetched(t *testing.T) {
	c := newCache(t)
	c.write("models--org--name/trees/"+commit+".json", []byte(`{"format_version":1,"files":{"README.md":{"size":1,"blob_id":"x"},
		"config.json":{"size":2,"blob_id":"`+registrytest.GitBlob([]byte("{}"))+`"},
		"sub/w.bin":{"size":7,"blob_id":"x","lfs_sha256":"`+registrytest.SHA256([]byte("weights"))+`"}}}`))
	a := c.must(c.resolve("org/name"))
	if len(a.Omitted) != 0 || len(a.Ignored) != 1 || !strings.HasPrefix(a.Ignored[0], "README.md (") {
		t.Errorf("omitted %v, ignored %q", a.Omitted, a.Ignored)
	}
}

func TestReferences(t *testing.T) {
	c := newCache(t)
	for rest, want := range map[string]error{
		"org/none": registry.ErrNotFound, "org/name@none": registry.ErrNotFound, "org/name@" + strings.Repeat("a", 40): registry.ErrNotFound,
		"../x": registry.ErrReference, "org/name@../../x": registry.ErrReference, "a/b/c": registry.ErrReference, "a--b": registry.ErrReference,
		"org/name@": registry.ErrReference, "datasets/org/name": registry.ErrNotFound,
	} {
		if _, err := c.resolve(rest); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", rest, err, want)
		}
	}
	c.write("models--org--name/refs/main", []byte("../../../etc"))
	if _, err := c.resolve("org/name"); !errors.Is(err, registry.ErrReference) {
		t.Errorf("a reference that holds no commit: %v", err)
	}
}

func TestDir(t *testing.T) {
	for _, env := range []map[string]string{
		{"HF_HUB_CACHE": "/x/hub"}, {"HUGGINGFACE_HUB_CACHE": "/x/hub"}, {"HF_HOME": "/x"}, {"XDG_CACHE_HOME": "/"}, {"HOME": "/"}, {},
	} {
		want := "/x/hub"
		switch {
		case env["XDG_CACHE_HOME"] != "":
			want = "/huggingface/hub"
		case env["HOME"] != "":
			want = "/.cache/huggingface/hub"
		case len(env) == 0:
			want = ""
		}
		if got := filepath.ToSlash(hfcache.Dir(func(k string) string { return env[k] })); got != want {
			t.Errorf("%v: %s", env, got)
		}
	}
}
