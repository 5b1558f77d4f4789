package git_test

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // Git object ids
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cgi" //nolint:gosec // the way git serves
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/registry"
	"assay/registry/git"
	"assay/registry/registrytest"
)

// bare is a bare repository, written object by object, so that it may hold what
// git itself would not write.
type bare struct{ dir string }

func newBare(t testing.TB, dir string) bare {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed: nothing was tried against a real repository")
	}
	cmd := exec.Command("git", "-c", "init.defaultBranch=main", "init", "--quiet", "--bare", dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return bare{dir}
}

func (b bare) object(t testing.TB, kind string, content []byte) string {
	t.Helper()
	text := append(fmt.Appendf(nil, "%s %d\x00", kind, len(content)), content...)
	sum := sha1.Sum(text) //nolint:gosec // see above
	id := hex.EncodeToString(sum[:])
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	_, _ = z.Write(text)
	_ = z.Close()
	registrytest.Write(t, filepath.Join(b.dir, "objects", id[:2], id[2:]), packed.Bytes())
	return id
}

// tree writes files, sorted as Git has them, with modes by name.
func (b bare) tree(t testing.TB, files []registrytest.File) string {
	type entry struct{ mode, name, id string }
	var entries []entry
	folders := make(map[string][]registrytest.File)
	for _, f := range files {
		if folder, rest, ok := strings.Cut(f.Name, "/"); ok {
			folders[folder] = append(folders[folder], registrytest.File{Name: rest, Content: f.Content, LFS: f.LFS})
			continue
		}
		content := f.Content
		if f.LFS {
			content = pointer(f.Content)
			registrytest.Write(t, lfsPath(b.dir, registrytest.SHA256(f.Content)), f.Content)
		}
		entries = append(entries, entry{modeOf(f.Name), f.Name, b.object(t, "blob", content)})
	}
	for name, below := range folders {
		entries = append(entries, entry{"40000", name, b.tree(t, below)})
	}
	slices.SortFunc(entries, func(x, y entry) int { return strings.Compare(x.name, y.name) })
	var text bytes.Buffer
	for _, e := range entries {
		id, _ := hex.DecodeString(e.id)
		fmt.Fprintf(&text, "%s %s\x00%s", e.mode, e.name, id)
	}
	return b.object(t, "tree", text.Bytes())
}

func modeOf(name string) string {
	switch name {
	case "link":
		return "120000"
	case "module":
		return "160000"
	}
	return "100644"
}

func lfsPath(dir, sum string) string {
	return filepath.Join(dir, "lfs", "objects", sum[:2], sum[2:4], sum)
}

func pointer(content []byte) []byte {
	return fmt.Appendf(nil, "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", registrytest.SHA256(content), len(content))
}

func (b bare) commit(t testing.TB, files []registrytest.File) string {
	t.Helper()
	who := "Mara Lind <mara@example.org> 1700000000 +0000"
	id := b.object(t, "commit", fmt.Appendf(nil, "tree %s\nauthor %s\ncommitter %s\n\nmodel\n", b.tree(t, files), who, who))
	registrytest.Write(t, filepath.Join(b.dir, "refs", "heads", "main"), []byte(id+"\n"))
	return id
}

// server is git http-backend with an LFS server beside it.
type server struct {
	front *registrytest.Front
	http  *httptest.Server
	repo  bare

	mu     sync.Mutex
	action func(sum string) map[string]any // in place of an honest answer
}

func start(t *testing.T) *server {
	t.Helper()
	root := t.TempDir()
	s := &server{front: registrytest.NewFront(), repo: newBare(t, filepath.Join(root, "acme", "sample.git"))}
	s.setFilter(t, true)
	program, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{Path: program, Args: []string{"http-backend"}, Root: "/", Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1"}, Stderr: &bytes.Buffer{}}
	s.http = httptest.NewServer(s.front.Wrap(registrytest.Origin, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, _ := r.BasicAuth(); password != registrytest.Secret {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if strings.Contains(r.URL.Path, "/info/lfs/") {
			s.lfs(w, r)
			return
		}
		backend.ServeHTTP(w, r)
	})))
	t.Cleanup(func() { s.front.Release(); s.http.Close() })
	return s
}

func (s *server) setFilter(t testing.TB, on bool) {
	t.Helper()
	cmd := exec.Command("git", "-C", s.repo.dir, "config", "uploadpack.allowFilter", fmt.Sprint(on))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func (s *server) lfs(w http.ResponseWriter, r *http.Request) {
	if sum, ok := strings.CutPrefix(r.URL.Path, "/acme/sample.git/info/lfs/content/"); ok {
		content, err := os.ReadFile(lfsPath(s.repo.dir, sum))
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
		return
	}
	var ask struct {
		Objects []struct {
			OID  string `json:"oid"`
			Size int64  `json:"size"`
		} `json:"objects"`
	}
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil || len(ask.Objects) != 1 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	sum := ask.Objects[0].OID
	object := map[string]any{"oid": sum, "size": ask.Objects[0].Size, "actions": map[string]any{
		"download": map[string]any{"href": s.http.URL + "/acme/sample.git/info/lfs/content/" + sum},
	}}
	s.mu.Lock()
	if s.action != nil {
		object = s.action(sum)
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/vnd.git-lfs+json")
	_ = json.NewEncoder(w).Encode(map[string]any{"transfer": "basic", "objects": []any{object}})
}

// Publish keeps everything that has content in LFS, so that the suite can do
// something to it on its way.
func (s *server) Publish(t testing.TB, files []registrytest.File) string {
	s.front.Set(nil)
	var large []registrytest.File
	for _, f := range files {
		if strings.HasPrefix(f.Name, "/") || strings.Contains(f.Name, "//") || strings.Contains(f.Name, "\x00") {
			return "" // git does not even send such a tree
		}
		f.LFS = len(f.Content) > 0
		large = append(large, f)
	}
	s.repo.commit(t, large)
	return s.ref("")
}

func (s *server) ref(revision string) string {
	return "git+" + s.http.URL + "/acme/sample.git" + revision
}

func (s *server) Source(_ testing.TB, o registrytest.Options) registry.Source {
	return git.New(git.Config{Scheme: "git+http", Offline: o.Offline, Client: o.Client(), Store: o.Store(), Authorization: basic})
}

func basic(string) string {
	r := http.Request{Header: make(http.Header)}
	r.SetBasicAuth("assay", registrytest.Secret)
	return r.Header.Get("Authorization")
}

func (s *server) Front() *registrytest.Front { return s.front }
func (s *server) IsContent(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/lfs/content/")
}
func (s *server) Missing() string { return "git+" + s.http.URL + "/acme/none.git" }

func TestSuite(t *testing.T) {
	registrytest.Run(t, func(t *testing.T) registrytest.Store { return start(t) })
}

func (s *server) resolve(t *testing.T, o registrytest.Options, ref string) (*registry.Artifact, error) {
	t.Helper()
	parsed, err := registry.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Source(t, o).Resolve(t.Context(), parsed)
	if err == nil {
		registrytest.CheckArtifact(t, a)
	}
	return a, err
}

// mixed are files in LFS and in Git, small and large, equal and alike (so that
// packs hold deltas), links and submodules.
func mixed() []registrytest.File {
	noise := make([]byte, 3<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(noise)
	text := []byte(strings.Repeat("a line of a tokenizer\n", 9000))
	return []registrytest.File{
		{Name: "config.json", Content: []byte("{}")}, {Name: "sub/config.json", Content: []byte("{}")}, {Name: "empty", Content: nil},
		{Name: "tokenizer.txt", Content: text}, {Name: "tokenizer-2.txt", Content: append(slices.Clone(text), "more\n"...)},
		{Name: "large.bin", Content: noise}, {Name: "model.safetensors", Content: bytes.Repeat([]byte("weights!"), 1<<17), LFS: true},
		{Name: "link", Content: []byte("/etc/passwd")},
	}
}

func checkMixed(t *testing.T, a *registry.Artifact) {
	t.Helper()
	for _, f := range mixed() {
		if f.Name == "link" {
			continue
		}
		got := registrytest.Find(t, a, f.Name)
		if b, err := registrytest.Read(t.Context(), got); err != nil || !bytes.Equal(b, f.Content) {
			t.Errorf("%s: %d bytes, %v", f.Name, len(b), err)
		}
		if by := map[bool]string{true: git.ByLFS, false: git.ByGit}[f.LFS]; got.Declared[0].By != by {
			t.Errorf("%s is promised by %s", f.Name, got.Declared[0].By)
		}
	}
	if len(a.Omitted) != 1 || a.Omitted[0].Name != "link" {
		t.Errorf("omitted: %+v", a.Omitted)
	}
}

func TestOverHTTP(t *testing.T) {
	for _, filter := range []bool{true, false} {
		t.Run(fmt.Sprintf("filter=%v", filter), func(t *testing.T) {
			s := start(t)
			s.setFilter(t, filter)
			commit := s.repo.commit(t, mixed())
			if out, err := exec.Command("git", "-C", s.repo.dir, "-c", "pack.window=10", "repack", "-adfq").CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			a, err := s.resolve(t, registrytest.Options{CacheDir: t.TempDir()}, s.ref("@main"))
			if err != nil {
				t.Fatal(err)
			}
			if a.Pinned != s.ref("@"+commit) || a.Identity.Revision != commit {
				t.Errorf("pinned %s", a.Pinned)
			}
			checkMixed(t, a)
		})
	}
}

func TestOnThisMachine(t *testing.T) {
	b := newBare(t, filepath.Join(t.TempDir(), "sample.git"))
	commit := b.commit(t, mixed())
	o := registrytest.Options{CacheDir: t.TempDir(), Offline: true}
	source := git.New(git.Config{Scheme: "git+file", Offline: true, Client: o.Client(), Store: o.Store()})
	for _, revision := range []string{"", "@main", "@" + commit} {
		a, err := source.Resolve(t.Context(), registry.Reference{Scheme: "git+file", Rest: b.dir + revision})
		if err != nil {
			t.Fatal(err)
		}
		checkMixed(t, a)
	}
	for rest, want := range map[string]error{
		b.dir + "@none": registry.ErrNotFound, b.dir + "@" + strings.Repeat("1", 40): registry.ErrNotFound,
		t.TempDir(): registry.ErrNotFound, "relative/path": registry.ErrReference,
	} {
		if _, err := source.Resolve(t.Context(), registry.Reference{Scheme: "git+file", Rest: rest}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", rest, err, want)
		}
	}
}

// git and git-lfs themselves write what is read.
func TestOfGitLFS(t *testing.T) {
	if _, err := exec.LookPath("git-lfs"); err != nil {
		t.Skip("git-lfs is not installed (Debian package git-lfs): its own repositories were not tried")
	}
	dir := t.TempDir()
	run := func(arguments ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir}, arguments...)...)
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=Mara", "GIT_AUTHOR_EMAIL=mara@example.org", "GIT_COMMITTER_NAME=Mara", "GIT_COMMITTER_EMAIL=mara@example.org", "HOME="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v: %s", arguments, err, out)
		}
	}
	weights := bytes.Repeat([]byte("weights!"), 1<<16)
	run("-c", "init.defaultBranch=main", "init", "--quiet")
	run("lfs", "install", "--local")
	run("lfs", "track", "*.safetensors")
	registrytest.Write(t, filepath.Join(dir, "model.safetensors"), weights)
	run("add", ".gitattributes", "model.safetensors")
	run("commit", "--quiet", "-m", "model")
	run("tag", "-a", "v1", "-m", "v1")
	o := registrytest.Options{CacheDir: t.TempDir()}
	a, err := git.New(git.Config{Scheme: "git+file", Client: o.Client(), Store: o.Store()}).Resolve(t.Context(), registry.Reference{Scheme: "git+file", Rest: dir + "@v1"})
	if err != nil {
		t.Fatal(err)
	}
	f := registrytest.Find(t, a, "model.safetensors")
	if b, err := registrytest.Read(t.Context(), f); err != nil || !bytes.Equal(b, weights) || f.Declared[0].Digest.Hex != registrytest.SHA256(weights) {
		t.Errorf("%d bytes, %v, %v", len(b), f.Declared, err)
	}
}

// What an LFS server says about where a file is does not send the credentials of
// the repository anywhere, nor anything to a plainer address.
func TestHostileLFS(t *testing.T) {
	s := start(t)
	ref := s.Publish(t, []registrytest.File{{Name: "w.bin", Content: []byte("weights")}})
	a, err := s.resolve(t, registrytest.Options{CacheDir: t.TempDir()}, ref)
	if err != nil {
		t.Fatal(err)
	}
	other := registrytest.NewFront()
	elsewhere := httptest.NewServer(other.Wrap(registrytest.Elsewhere, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("weights")) })))
	defer elsewhere.Close()
	answer := func(download any) func(string) map[string]any {
		return func(sum string) map[string]any {
			return map[string]any{"oid": sum, "size": 7, "actions": map[string]any{"download": download}}
		}
	}
	for name, action := range map[string]func(string) map[string]any{
		"a file":         answer(map[string]any{"href": "file:///etc/passwd"}),
		"another scheme": answer(map[string]any{"href": "ftp://127.0.0.1/x"}),
		"nothing":        answer(nil),
		"another file":   func(string) map[string]any { return map[string]any{"oid": strings.Repeat("0", 64), "size": 7} },
		"gone": func(sum string) map[string]any {
			return map[string]any{"oid": sum, "error": map[string]any{"code": 404, "message": "\x1b[31m"}}
		},
	} {
		s.mu.Lock()
		s.action = action
		s.mu.Unlock()
		if _, err := registrytest.Read(t.Context(), a.Files[0]); err == nil || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.mu.Lock()
	s.action = answer(map[string]any{"href": elsewhere.URL + "/x", "header": map[string]string{"X-Storage": "token"}})
	s.mu.Unlock()
	if b, err := registrytest.Read(t.Context(), a.Files[0]); err != nil || string(b) != "weights" {
		t.Errorf("%q, %v", b, err)
	}
	for _, seen := range other.Seen() {
		if seen.Authorization != "" {
			t.Error("the credentials of the repository went to its storage")
		}
	}
}

// A byte of the pack that is not the one that was sent is noticed.
func TestDamagedPack(t *testing.T) {
	s := start(t)
	s.repo.commit(t, mixed()[:5])
	for _, at := range []int{3, 2, 8} {
		s.front.Set(registrytest.Only(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/git-upload-pack") }, registrytest.Body(true, func(b []byte) []byte {
			if bytes.Contains(b, []byte("packfile\n")) {
				b[len(b)-len(b)/at] ^= 1
			}
			return b
		})))
		if a, err := s.resolve(t, registrytest.Options{CacheDir: t.TempDir()}, s.ref("")); err == nil {
			t.Errorf("1/%d of the pack: %d files were listed", at, len(a.Files))
		}
	}
}

func TestNetrc(t *testing.T) {
	path := filepath.Join(t.TempDir(), "netrc")
	registrytest.Write(t, path, []byte("machine other.example login a password b\nmachine git.example\n  login mara\n  password sesame\ndefault login x password y\n"))
	if got := git.Netrc(path)("git.example"); got != "Basic bWFyYTpzZXNhbWU=" {
		t.Errorf("%q", got)
	}
	for _, host := range []string{"evil.example", "", "example"} {
		if got := git.Netrc(path)(host); got != "" {
			t.Errorf("%s: %q", host, got)
		}
	}
}
