package hf_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/registry"
	"assay/registry/hf"
	"assay/registry/registrytest"
)

func config(t *testing.T, hub *registrytest.Hub) hf.Config {
	o := registrytest.Options{CacheDir: t.TempDir()}
	return hf.Config{Endpoint: hub.URL(), Client: o.Client(), Store: o.Store()}
}

func resolve(t *testing.T, cfg hf.Config, rest string) (*registry.Artifact, error) {
	t.Helper()
	return newSource(t, cfg).Resolve(t.Context(), registry.Reference{Scheme: "hf", Rest: rest})
}

func small(name, content string) registrytest.File {
	return registrytest.File{Name: name, Content: []byte(content)}
}

func TestIdentity(t *testing.T) {
	hub := registrytest.NewHub(t)
	repo := hub.AddModel("acme/bert", small("config.json", "{}"), registrytest.File{Name: "w.bin", Content: []byte("w"), LFS: true})
	commit := repo.Commit("main", small("config.json", "{}"), registrytest.File{Name: "w.bin", Content: []byte("w"), LFS: true})
	a, err := resolve(t, config(t, hub), "acme/bert")
	if err != nil {
		t.Fatal(err)
	}
	want := registry.Identity{ID: repo.ID, Name: "acme/bert", Owner: "acme", Created: repo.CreatedAt, Revision: commit}
	if a.Identity != want || a.Pinned != hf.PinnedAt(hub.URL(), "hf://acme/bert@"+commit) || a.Kind != registry.KindModel {
		t.Errorf("%+v, pinned %s, kind %s", a.Identity, a.Pinned, a.Kind)
	}
	for name, by := range map[string]string{"config.json": "hf-git", "w.bin": "hf-lfs"} {
		if got := registrytest.Find(t, a, name).Declared[0].By; got != by {
			t.Errorf("%s declared by %s, want %s", name, got, by)
		}
	}
	for _, s := range hub.Front.Seen() {
		if s.Authorization != "" {
			t.Error("an anonymous client sent credentials")
		}
	}
}

func TestDatasetAndModelOfOneName(t *testing.T) {
	hub := registrytest.NewHub(t)
	hub.AddModel("acme/x", small("model", "m"))
	hub.AddDataset("acme/x", small("data", "d"))
	for rest, want := range map[string]registry.Kind{"acme/x": registry.KindModel, "datasets/acme/x": registry.KindDataset} {
		a, err := resolve(t, config(t, hub), rest)
		if err != nil || a.Kind != want || a.Files[0].Name != map[registry.Kind]string{registry.KindModel: "model", registry.KindDataset: "data"}[want] {
			t.Errorf("%s: %v, %+v", rest, err, a)
		}
	}
}

// A rename is followed, on the same host, and can be seen.
func TestRename(t *testing.T) {
	hub := registrytest.NewHub(t)
	hub.AddModel("old/name", small("x", "x")).MovedTo = "new/name"
	hub.AddModel("new/name", small("x", "x"))
	a, err := resolve(t, config(t, hub), "old/name@main")
	if err != nil {
		t.Fatal(err)
	}
	if a.Identity.Name != "new/name" || !strings.HasPrefix(a.Pinned, "hf://new/name@") || a.Ref.Rest != "old/name@main" {
		t.Errorf("name %q, pinned %q, asked %q", a.Identity.Name, a.Pinned, a.Ref)
	}
	if b, err := registrytest.Read(t.Context(), a.Files[0]); err != nil || string(b) != "x" {
		t.Errorf("%q, %v", b, err)
	}
}

// Each refusal tells the person what to do.
func TestExplains(t *testing.T) {
	hub := registrytest.NewHub(t)
	hub.Token = registrytest.Secret
	hub.AddModel("acme/private", small("x", "x")).Private = true
	hub.AddModel("acme/gated", small("x", "x")).Gated = true
	hub.AddModel("acme/disabled", small("x", "x")).Disabled = true
	hub.AddModel("acme/open", small("x", "x"))
	for _, c := range []struct {
		rest, token string
		want        error
		text        string
	}{
		{"acme/none", "", registry.ErrAccess, "does not exist, is private, or is gated"},
		{"acme/none", registrytest.Secret, registry.ErrNotFound, "there is no acme/none"},
		{"acme/private", "", registry.ErrAccess, "HF_TOKEN"},
		{"acme/private", "wrong", registry.ErrAccess, "the token was refused"},
		{"acme/open@nope", "", registry.ErrNotFound, `no revision "nope"`},
		{"acme/open@" + strings.Repeat("a", 40), "", registry.ErrNotFound, "no revision"},
		{"acme/disabled", "", registry.ErrAccess, "disabled"},
	} {
		cfg := config(t, hub)
		cfg.Token = c.token
		_, err := resolve(t, cfg, c.rest)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v, want %v %q", c.rest, err, c.want, c.text)
		}
	}
	a, err := resolve(t, config(t, hub), "acme/gated")
	if err != nil {
		t.Fatal(err)
	}
	_, err = registrytest.Read(t.Context(), a.Files[0])
	if !errors.Is(err, registry.ErrAccess) || !strings.Contains(err.Error(), "accept its terms at "+hub.URL()+"/acme/gated") {
		t.Errorf("gated: %v", err)
	}
}

// The Hub serves, or claims to serve, another commit than the pinned one.
func TestCommitIsChecked(t *testing.T) {
	hub := registrytest.NewHub(t)
	hub.AddModel("acme/x", small("small", "s"), registrytest.File{Name: "large", Content: []byte("l"), LFS: true})
	a, err := resolve(t, config(t, hub), "acme/x")
	if err != nil {
		t.Fatal(err)
	}
	resolveURL := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "resolve") }
	for name, fault := range map[string]registrytest.Fault{
		"another": registrytest.Header("X-Repo-Commit", strings.Repeat("0", 40)),
		"none":    registrytest.Header("X-Repo-Commit", ""),
	} {
		hub.Front.Set(registrytest.Only(resolveURL, fault))
		for _, f := range a.Files {
			if b, err := registrytest.Read(t.Context(), f); !errors.Is(err, registry.ErrChanged) {
				t.Errorf("%s commit, %s: %q, %v", name, f.Name, b, err)
			}
		}
	}
	hub.Front.Set(registrytest.Only(resolveURL, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		rec.Header().Del("X-Repo-Commit")
		maps.Copy(w.Header(), rec.Header())
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	}))
	for _, f := range a.Files {
		if b, err := registrytest.Read(t.Context(), f); err == nil || !strings.Contains(err.Error(), "X-Repo-Commit") {
			t.Errorf("no commit, %s: %q, %v", f.Name, b, err)
		}
	}
}

// The commit asked for is the commit pinned, whatever the server answers.
func TestCommitCannotBeExchanged(t *testing.T) {
	hub := registrytest.NewHub(t)
	repo := hub.AddModel("acme/x", small("a", "good"))
	good := repo.Commit("main", small("a", "good"))
	evil := repo.Commit("main", small("a", "evil"))
	hub.Front.Set(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		r.URL.Path = strings.Replace(r.URL.Path, good, evil, 1)
		next.ServeHTTP(w, r)
	})
	if _, err := resolve(t, config(t, hub), "acme/x@"+good); !errors.Is(err, registry.ErrChanged) {
		t.Errorf("%v, want ErrChanged", err)
	}
}

func TestPagination(t *testing.T) {
	var files []registrytest.File
	for i := range 2500 {
		files = append(files, small(fmt.Sprintf("d%02d/f%04d", i%7, i), fmt.Sprint(i)))
	}
	hub := registrytest.NewHub(t)
	hub.AddModel("acme/many", files...)
	a, err := resolve(t, config(t, hub), "acme/many")
	if err != nil || len(a.Files) != len(files) {
		t.Fatalf("%v, want %d files", err, len(files))
	}
	registrytest.CheckArtifact(t, a)
}

// treePath is the path of the last listing that was asked for.
func treePath(hub *registrytest.Hub) string {
	path := ""
	for _, s := range hub.Front.Seen() {
		if strings.Contains(s.Path, "/tree/") {
			path = s.Path + "?cursor=1"
		}
	}
	return path
}

// A listing that leads elsewhere, in circles, or nowhere ends in an error.
func TestHostilePagination(t *testing.T) {
	other := registrytest.NewHub(t)
	endless := map[string]bool{"circle": true, "without end": true}
	for name, link := range map[string]func(hub *registrytest.Hub, n int) string{
		"another host": func(hub *registrytest.Hub, _ int) string { return other.URL() + treePath(hub) },
		"another path": func(hub *registrytest.Hub, _ int) string { return hub.URL() + "/api/models/acme/secret/tree/main?x=1" },
		"another scheme": func(hub *registrytest.Hub, _ int) string {
			return strings.Replace(hub.URL(), "http:", "https:", 1) + "/x"
		},
		"no URL":      func(*registrytest.Hub, int) string { return "http://%zz" },
		"circle":      func(*registrytest.Hub, int) string { return "?recursive=true&cursor=0" },
		"without end": func(_ *registrytest.Hub, n int) string { return fmt.Sprintf("?recursive=true&cursor=0&n=%d", n) },
	} {
		hub := registrytest.NewHub(t)
		hub.AddModel("acme/x")
		hub.AddModel("acme/secret", small("secret", "s"))
		other.AddModel("acme/x")
		n := 0
		hub.Front.Set(registrytest.Only(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/tree/") },
			func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if n++; n > 1 && !endless[name] {
					next.ServeHTTP(w, r)
					return
				}
				registrytest.Header("Link", "<"+link(hub, n)+`>; rel="next"`)(w, r, next)
			}))
		cfg := config(t, hub)
		cfg.Token = registrytest.Secret
		if a, err := resolve(t, cfg, "acme/x"); err == nil {
			t.Errorf("%s: listed %d files", name, len(a.Files))
		}
		if len(other.Front.Seen()) != 0 {
			t.Errorf("%s: another host was asked", name)
		}
	}
}

// Entries that are no files are told, entries without usable promise refused.
func TestOddEntries(t *testing.T) {
	hub := registrytest.NewHub(t)
	hub.AddModel("acme/x", small("a", "a"))
	sha1 := strings.Repeat("a", 40)
	for tree, want := range map[string]string{
		`[{"type":"commit","oid":"` + sha1 + `","size":0,"path":"sub"}]`:                           "",
		`[{"type":"file","oid":"` + sha1 + `","size":-1,"path":"a"}]`:                              "no usable digest",
		`[{"type":"file","oid":"","size":1,"path":"a"}]`:                                           "no usable digest",
		`[{"type":"file","oid":"` + strings.Repeat("A", 40) + `","size":1,"path":"a"}]`:            "no usable digest",
		`[{"type":"file","oid":"` + sha1 + `","size":1,"path":"a","lfs":{"oid":"../x","size":1}}]`: "no usable digest",
		`[{"type":"file","oid":"` + sha1 + `","size":1,"path":"../../../api/x"}]`:                  "unsafe file name",
		`[{"type":"file","oid":"` + sha1 + `","size":1e99,"path":"a"}]`:                            "JSON",
		`[{"type":"file","oid":"` + sha1 + `","size":1,"path":"a","path":"b"}]`:                    "JSON",
	} {
		hub.Front.Set(registrytest.Only(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/tree/") },
			func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { _, _ = w.Write([]byte(tree)) }))
		a, err := resolve(t, config(t, hub), "acme/x")
		switch {
		case want == "" && (err != nil || len(a.Omitted) != 1 || !strings.Contains(a.Omitted[0].Reason, "commit")):
			t.Errorf("%s: %v, %+v", tree, err, a)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v, want %q", tree, err, want)
		}
	}
}

func TestConfig(t *testing.T) {
	for _, bad := range []hf.Config{
		{Endpoint: "ftp://x"}, {Endpoint: "huggingface.co"}, {Endpoint: "https://user:" + registrytest.Secret + "@x"},
		{Endpoint: "https://x?token=" + registrytest.Secret}, {Token: registrytest.Secret + "\n"}, {Token: "a b"},
	} {
		bad.Client = registrytest.Options{}.Client()
		if _, err := hf.New(bad); !errors.Is(err, registry.ErrReference) || strings.Contains(err.Error(), registrytest.Secret) {
			t.Errorf("%v, want ErrReference without the secret", err)
		}
	}
}

// A token is not sent in the clear to another machine, and the message says so.
func TestPlainHTTP(t *testing.T) {
	hub := registrytest.NewHub(t)
	hub.AddModel("acme/private", small("x", "x")).Private = true
	cfg := config(t, hub)
	cfg.Endpoint, cfg.Token = "http://models.example:80", registrytest.Secret
	cfg.Client = registrytest.Options{}.ClientVia(hub.URL())
	_, err := resolve(t, cfg, "acme/private")
	if err == nil || !strings.Contains(err.Error(), "token was not sent") {
		t.Errorf("%v", err)
	}
	for _, s := range hub.Front.Seen() {
		if s.Authorization != "" {
			t.Error("the token was sent")
		}
	}
}

func TestFromEnv(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(content), 0o600)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tokenFile := write("elsewhere", "from-path\n")
	write("home/token", "from-hf-home\n")
	write("xdg/huggingface/token", "from-xdg\n")
	write("user/.cache/huggingface/token", "from-user\n")
	for _, c := range []struct {
		env  map[string]string
		want hf.Config
	}{
		{map[string]string{}, hf.Config{}},
		{map[string]string{"HF_ENDPOINT": "https://m.example"}, hf.Config{Endpoint: "https://m.example"}},
		{map[string]string{"HF_TOKEN": " t ", "HF_TOKEN_PATH": tokenFile}, hf.Config{Token: "t"}},
		{map[string]string{"HUGGING_FACE_HUB_TOKEN": "old"}, hf.Config{Token: "old"}},
		{map[string]string{"HF_TOKEN_PATH": tokenFile, "HF_HOME": dir + "/home"}, hf.Config{Token: "from-path"}},
		{map[string]string{"HF_HOME": dir + "/home", "HOME": dir + "/user"}, hf.Config{Token: "from-hf-home"}},
		{map[string]string{"XDG_CACHE_HOME": dir + "/xdg", "HOME": dir + "/user"}, hf.Config{Token: "from-xdg"}},
		{map[string]string{"HOME": dir + "/user"}, hf.Config{Token: "from-user"}},
		{map[string]string{"HOME": dir + "/user", "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"}, hf.Config{}},
		{map[string]string{"HOME": dir + "/nobody"}, hf.Config{}},
		{map[string]string{"HF_HUB_OFFLINE": "1"}, hf.Config{Offline: true}},
	} {
		got, err := hf.FromEnv(hf.Config{}, func(key string) string { return c.env[key] })
		if err != nil || got != c.want {
			t.Errorf("%v: %+v, %v", c.env, got, err)
		}
	}
	huge := write("huge", strings.Repeat("x", 5000))
	if _, err := hf.FromEnv(hf.Config{}, func(key string) string { return map[string]string{"HF_TOKEN_PATH": huge}[key] }); !errors.Is(err, registry.ErrLimit) {
		t.Errorf("a huge token file: %v", err)
	}
}
