package assay_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/registry"
	sources "assay/registry/all"
	"assay/registry/export"
	"assay/registry/registrytest"
	"assay/scanners"
	formats "assay/scanners/all"
	"assay/verify"
)

// attacks are the known ways to make a pull do harm, each with what a robust client
// does about it. Every one ends in a clear error or in the right bytes; afterwards
// nothing lies outside of the target, and no token was seen by another host.
var attacks = []struct {
	name string
	try  func(*attack)
}{
	{"01 path traversal in a file name", (*attack).fileNames},
	{"02 path traversal in an OCI title", (*attack).titles},
	{"03 dot segments in a URL", (*attack).dotSegments},
	{"04 a digest as a path", (*attack).digestAsPath},
	{"05 links in a tar layer", (*attack).tarLinks},
	{"06 a link in the cache and in the target", (*attack).plantedLinks},
	{"07 a token for the redirect's host", (*attack).redirectedToken},
	{"08 a hijacked realm", (*attack).realm},
	{"09 requests to inner hosts", (*attack).innerHosts},
	{"10 documents and sizes without end", (*attack).endless},
	{"11 right size, wrong bytes", (*attack).wrongBytes},
	{"12 ranges and encodings that lie", (*attack).lyingRanges},
	{"13 a name that moves", (*attack).movingName},
	{"14 a name registered again", (*attack).namespaceReuse},
	{"15 another spelling of a name", (*attack).spelling},
	{"16 the store's own scan", (*attack).storeScan},
	{"17 more files than were locked", (*attack).extraFiles},
	{"18 a malformed model", (*attack).malformed},
	{"19 fewer files than were locked", (*attack).fewerFiles},
	{"20 a cache poisoned after it was verified", (*attack).poisonedCache},
	{"21 secrets in messages", (*attack).secrets},
	{"22 weak digests", (*attack).weakDigests},
}

// attack is a Hub, a registry, a cache and a place to pull to.
type attack struct {
	*testing.T
	hub     *registrytest.Hub
	oci     *httptest.Server
	ociSeen []*http.Request
	serve   http.HandlerFunc // of the registry
	dir     string
	notices []string
}

func TestAttacks(t *testing.T) {
	if len(attacks) != 22 {
		t.Fatalf("%d attacks, the reference has 22", len(attacks))
	}
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			try := attack{T: t, hub: registrytest.NewHub(t), dir: t.TempDir()}
			try.hub.Token = registrytest.Secret
			try.oci = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				try.ociSeen = append(try.ociSeen, r)
				try.serve(w, r)
			}))
			t.Cleanup(try.oci.Close)
			registrytest.Write(t, filepath.Join(try.dir, "outside"), []byte("untouched"))
			a.try(&try)
			try.untouched()
		})
	}
}

// untouched: beside the cache, the target and its lock there is the file that was
// there before, as it was; and credentials went to the Hub alone.
func (a *attack) untouched() {
	a.Helper()
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		a.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains([]string{"outside", "cache", "model", "model.lock.json"}, e.Name()) {
			a.Errorf("%s was written", e.Name())
		}
	}
	if b, err := os.ReadFile(filepath.Join(a.dir, "outside")); err != nil || string(b) != "untouched" {
		a.Errorf("a file outside is now %q (%v)", b, err)
	}
	for _, s := range a.hub.Front.Seen() {
		if s.Where != registrytest.Origin && s.Authorization != "" {
			a.Errorf("the token went to %s", s.Path)
		}
	}
	for _, r := range a.ociSeen {
		if r.Header.Get("Authorization") != "" {
			a.Error("the token of the Hub went to a registry")
		}
	}
}

func (a *attack) list() []registry.Source {
	a.Helper()
	env := map[string]string{"HF_ENDPOINT": a.hub.URL(), "HF_TOKEN": registrytest.Secret}
	list, err := sources.Sources(sources.Config{
		CacheDir: filepath.Join(a.dir, "cache"), Getenv: func(key string) string { return env[key] },
		Notice: func(text string) { a.notices = append(a.notices, text) },
	})
	if err != nil {
		a.Fatal(err)
	}
	return list
}

func (a *attack) resolve(ref string) (*registry.Artifact, error) {
	a.Helper()
	return sources.Resolve(a.Context(), a.list(), ref)
}

func (a *attack) mustResolve(ref string) *registry.Artifact {
	a.Helper()
	artifact, err := a.resolve(ref)
	if err != nil {
		a.Fatal(err)
	}
	return artifact
}

func (a *attack) pull(ref string) (*export.Lock, error) {
	a.Helper()
	artifact, err := a.resolve(ref)
	if err != nil {
		return nil, err
	}
	return export.Export(a.Context(), artifact, filepath.Join(a.dir, "model"))
}

func (a *attack) mustPull(ref string) *export.Lock {
	a.Helper()
	lock, err := a.pull(ref)
	if err != nil {
		a.Fatal(err)
	}
	return lock
}

// want checks an error, and that its text is fit to be shown.
func (a *attack) want(err, kind error, what string) {
	a.Helper()
	if !errors.Is(err, kind) {
		a.Errorf("%s: %v, want %v", what, err, kind)
	}
	if err != nil && strings.Contains(err.Error(), registrytest.Secret) {
		a.Errorf("%s: the message shows the token", what)
	}
}

func file(name, content string) registrytest.File {
	return registrytest.File{Name: name, Content: []byte(content)}
}

func large(name, content string) registrytest.File {
	return registrytest.File{Name: name, Content: []byte(content), LFS: true}
}

// registry serves one image with a layer, under every tag.
func (a *attack) registry(layer map[string]any, content []byte) string {
	layer["digest"], layer["size"] = cmpString(layer["digest"], "sha256:"+registrytest.SHA256(content)), len(content)
	if layer["mediaType"] == nil {
		layer["mediaType"] = "application/octet-stream"
	}
	manifest, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": []any{layer}})
	if err != nil {
		a.Fatal(err)
	}
	a.serve = func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "/manifests/"):
			w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
			_, _ = w.Write(manifest)
		case strings.Contains(r.URL.Path, "/blobs/"):
			_, _ = w.Write(content)
		}
	}
	return strings.TrimPrefix(a.oci.URL, "http://") + "/acme/x:v1"
}

func cmpString(v any, otherwise string) string {
	if s, ok := v.(string); ok {
		return s
	}
	return otherwise
}

func (a *attack) gather(ref string) verify.Evidence {
	a.Helper()
	evidence, err := verify.Pipeline{Scanners: formats.Scanners(), Jobs: 1}.Gather(a.Context(), a.mustResolve(ref))
	if err != nil {
		a.Fatal(err)
	}
	return evidence
}

func (a *attack) fileNames() {
	for what, set := range registrytest.UnsafeSets {
		files := []registrytest.File{file("README.md", "x")}
		for i, name := range set {
			files = append(files, file(name, fmt.Sprint(i)))
		}
		a.hub.AddModel("acme/x", files...)
		_, err := a.pull("hf://acme/x")
		a.want(err, registry.ErrUnsafeName, what)
	}
}

func (a *attack) titles() {
	for _, title := range []string{"../../outside", "/etc/cron.d/x", `..\outside`} {
		_, err := a.pull("oci://" + a.registry(map[string]any{"annotations": map[string]string{"org.cncf.model.filepath": title}}, []byte("evil")))
		a.want(err, registry.ErrUnsafeName, title)
	}
	// The mode that an annotation wants is not given.
	a.mustPull("oci://" + a.registry(map[string]any{"annotations": map[string]string{
		"org.cncf.model.filepath": "run.sh", "org.cncf.model.file.metadata+json": `{"mode":2541,"uid":0}`,
	}}, []byte("#!/bin/sh")))
	info, err := os.Stat(filepath.Join(a.dir, "model", "run.sh"))
	if err != nil || info.Mode().Perm()&0o111 != 0 || info.Mode()&fs.ModeSetuid != 0 {
		a.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func (a *attack) dotSegments() {
	a.hub.AddModel("other/private", file("secret.bin", "x")).Private = true
	a.hub.AddModel("acme/x", file("../../../../other/private/resolve/main/secret.bin", "x"))
	_, err := a.pull("hf://acme/x")
	a.want(err, registry.ErrUnsafeName, "in a file name")
	for _, ref := range []string{"hf://acme/../other/private", "hf://acme/x@../../other/private", "hf://..", "ms://acme/..", "ollama://../x", "s3://bucket/../x", "git+https://host.example/a/../b"} {
		_, err := a.resolve(ref)
		a.want(err, registry.ErrReference, ref)
	}
	for _, s := range a.hub.Front.Seen() {
		if strings.Contains(s.Path, "..") || strings.Contains(s.Path, "private") {
			a.Errorf("%s was asked for", s.Path)
		}
	}
}

func (a *attack) digestAsPath() {
	for _, digest := range []string{"sha256:../../../outside", "sha256:" + strings.Repeat("a", 63) + "/", "SHA256:" + strings.Repeat("a", 64), "sha256-" + strings.Repeat("a", 64), "md5:" + strings.Repeat("a", 32)} {
		rest := a.registry(map[string]any{"digest": digest}, []byte("evil"))
		for _, scheme := range []string{"oci://", "ollama://"} {
			if _, err := a.pull(scheme + rest); err == nil {
				a.Errorf("%s%s was pulled", scheme, digest)
			}
		}
	}
	for _, r := range a.ociSeen {
		if strings.Contains(r.URL.Path, "/blobs/") {
			a.Errorf("%s was asked for", r.URL.Path)
		}
	}
}

func (a *attack) tarLinks() {
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for _, h := range []tar.Header{
		{Name: "escape", Typeflag: tar.TypeSymlink, Linkname: "../../outside"}, {Name: "hard", Typeflag: tar.TypeLink, Linkname: "../../outside"},
		{Name: "escape/x", Typeflag: tar.TypeReg, Mode: 0o6755}, {Name: "device", Typeflag: tar.TypeChar},
	} {
		if err := w.WriteHeader(&h); err != nil {
			a.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		a.Fatal(err)
	}
	ref := "oci://" + a.registry(map[string]any{"mediaType": "application/vnd.oci.image.layer.v1.tar"}, packed.Bytes())
	lock := a.mustPull(ref)
	if len(lock.Files) != 1 || !strings.HasSuffix(lock.Files[0].Name, ".tar") {
		a.Errorf("pulled %+v, want the archive as it is", lock.Files)
	}
	evidence := a.gather(ref)
	if len(evidence.Files[0].Findings) == 0 {
		a.Error("the links in the archive are no finding")
	}
}

func (a *attack) plantedLinks() {
	a.hub.AddModel("acme/x", large("w.bin", "untouched"))
	blob := filepath.Join(a.dir, "cache", "blobs", "sha256", registrytest.SHA256([]byte("untouched")))
	if err := errors.Join(os.MkdirAll(filepath.Dir(blob), 0o700), os.Symlink(filepath.Join(a.dir, "outside"), blob)); err != nil {
		a.Skipf("no links here: %v", err)
	}
	a.mustPull("hf://acme/x")
	if info, err := os.Lstat(blob); err != nil || !info.Mode().IsRegular() {
		a.Errorf("the link in the cache was used: %v, %v", info, err)
	}
	// A target with a link in it is something else than the model.
	target := filepath.Join(a.dir, "model")
	if err := errors.Join(os.Remove(filepath.Join(target, "w.bin")), os.Symlink(filepath.Join(a.dir, "outside"), filepath.Join(target, "w.bin"))); err != nil {
		a.Fatal(err)
	}
	_, err := a.pull("hf://acme/x")
	a.want(err, export.ErrExists, "a link in the target")
}

func (a *attack) redirectedToken() {
	a.hub.AddModel("acme/x", large("w.bin", "weights")).Private = true
	a.mustPull("hf://acme/x")
	elsewhere := 0
	for _, s := range a.hub.Front.Seen() {
		if s.Where == registrytest.Elsewhere {
			elsewhere++
		}
	}
	if elsewhere == 0 {
		a.Error("nothing was redirected: the test proves nothing")
	}
}

func (a *attack) realm() {
	for _, realm := range []string{"http://auth.example/token", "http://169.254.169.254/latest", "file:///etc/passwd", "ftp://x/"} {
		a.serve = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+realm+`",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
		if _, err := a.pull("oci://" + strings.TrimPrefix(a.oci.URL, "http://") + "/acme/x:v1"); err == nil {
			a.Errorf("%s: signed in", realm)
		}
	}
}

func (a *attack) innerHosts() {
	inner := 0
	secret := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { inner++ }))
	defer secret.Close()
	// Foreign addresses of a layer are not used, and a listing does not continue elsewhere.
	a.mustPull("oci://" + a.registry(map[string]any{"urls": []string{secret.URL + "/layer"}}, []byte("layer")))
	a.hub.AddModel("acme/x", file("a", "a"))
	a.hub.Front.Set(registrytest.Only(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/tree/") }, registrytest.Header("Link", "<"+secret.URL+`/next>; rel="next"`)))
	if _, err := a.resolve("hf://acme/x"); err == nil || !strings.Contains(err.Error(), "continues outside") {
		a.Errorf("a listing that continues elsewhere: %v", err)
	}
	if inner > 0 {
		a.Errorf("%d requests went to the inner host", inner)
	}
}

func (a *attack) endless() {
	a.hub.AddModel("acme/x", large("w.bin", strings.Repeat("w", 1000)))
	a.hub.Front.Set(registrytest.Only(func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }, registrytest.Endless))
	_, err := a.resolve("hf://acme/x")
	a.want(err, registry.ErrLimit, "a document without end")
	a.hub.Front.Set(nil)
	a.hub.Front.Set(registrytest.Only(func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/lfs/") }, registrytest.Chunked(registrytest.Longer)))
	_, err = a.pull("hf://acme/x")
	a.want(err, registry.ErrDigest, "more bytes than were declared")
}

func (a *attack) wrongBytes() {
	a.hub.AddModel("acme/x", large("w.bin", "weights"))
	content := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/lfs/") }
	a.hub.Front.Set(registrytest.Only(content, registrytest.Body(false, registrytest.Flip)))
	_, err := a.pull("hf://acme/x")
	a.want(err, registry.ErrDigest, "a flipped bit")
	if err == nil || !strings.Contains(err.Error(), "w.bin: promised sha256:"+registrytest.SHA256([]byte("weights"))+", got sha256:") {
		a.Errorf("%v: want the file, what was expected and what came", err)
	}
	if n := countContent(a, content); n != 2 {
		a.Errorf("fetched %d times, want once more", n)
	}
	a.hub.Front.Set(registrytest.Only(content, registrytest.Times(1, registrytest.Body(false, registrytest.Flip))))
	a.mustPull("hf://acme/x") // wrong once
	if len(a.notices) == 0 || !strings.Contains(a.notices[0], "w.bin") {
		a.Errorf("told: %q", a.notices)
	}
}

func countContent(a *attack, match func(*http.Request) bool) (n int) {
	for _, s := range a.hub.Front.Seen() {
		r, err := http.NewRequest(http.MethodGet, "http://x"+s.Path, nil)
		if err == nil && match(r) {
			n++
		}
	}
	return n
}

func (a *attack) lyingRanges() {
	content := func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/lfs/") }
	for what, fault := range map[string]registrytest.Fault{
		"compressed": registrytest.Header("Content-Encoding", "gzip"), "half, and no ranges": registrytest.Body(false, registrytest.Half),
		"another range": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Range", "bytes 0-6/7")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write([]byte("malware"))
		},
	} {
		a.hub.AddModel("acme/x", large("w.bin", "weights"))
		a.hub.Front.Set(registrytest.Only(content, fault))
		if _, err := a.pull("hf://acme/x"); err == nil {
			a.Errorf("%s: pulled", what)
		}
	}
}

func (a *attack) movingName() {
	repo := a.hub.AddModel("acme/x", large("w.bin", "weights"))
	before := a.mustResolve("hf://acme/x")
	evil := repo.Commit("main", large("w.bin", "malware"))
	if b, err := registrytest.Read(a.Context(), before.Files[0]); err != nil || string(b) != "weights" {
		a.Errorf("%q, %v", b, err)
	}
	a.hub.Front.Set(registrytest.Only(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/resolve/") }, registrytest.Header("X-Repo-Commit", evil)))
	repo.Commit("main", large("w.bin", "other weights"))
	_, err := a.pull("hf://acme/x")
	a.want(err, registry.ErrChanged, "another commit is served")
}

func (a *attack) namespaceReuse() {
	repo := a.hub.AddModel("acme/x", large("w.bin", "weights"))
	lock := a.mustPull("hf://acme/x")
	repo.ID, repo.CreatedAt = "ffffffffffffffffffffffff", "2026-01-01T00:00:00.000Z" // the same bytes, of somebody else
	now := a.mustResolve(lock.Source())
	a.want(lock.Pin(now), registry.ErrChanged, "the name belongs to somebody else")
	if drift := lock.Identity(now.Identity); len(drift) != 2 {
		a.Errorf("%v, want the id and the date", drift)
	}
	a.hub.AddModel("acme/x", large("w.bin", "malware")) // history began again
	if _, err := a.resolve(lock.Source()); err == nil {
		a.Error("the locked commit is found in a history that began again")
	}
}

func (a *attack) spelling() {
	a.hub.AddModel("acme/x", file("a", "a"))
	for _, ref := range []string{"hf://Acme/x", "hf://acme/X", "hf://acrne/x", "hf://acme/x\u0430"} {
		if artifact, err := a.resolve(ref); err == nil {
			a.Errorf("%s was taken for %s", ref, artifact.Identity.Name)
		}
	}
	// Every file is listed and looked at, not weights alone.
	a.hub.AddModel("acme/y", large("model.safetensors", "w"), file("README.md", "# y"), file("loader.py", "import os\nos.system('echo assay-test-marker')\n"))
	if evidence := a.gather("hf://acme/y"); len(evidence.Files) != 3 || evidence.Files[1].Name != "loader.py" || len(evidence.Files[1].Findings) == 0 {
		a.Errorf("%+v", evidence.Files)
	}
}

func (a *attack) storeScan() {
	a.hub.AddModel("acme/x", large("model.pkl", "cos\nsystem\n(S'echo assay-test-marker'\ntR."))
	a.hub.Front.Set(registrytest.Only(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/tree/") }, registrytest.Body(false, func(b []byte) []byte {
		return bytes.ReplaceAll(b, []byte(`"type":"file"`), []byte(`"type":"file","securityFileStatus":{"status":"safe"}`))
	})))
	if evidence := a.gather("hf://acme/x"); evidence.Files[0].Classification != scanners.Malicious {
		a.Errorf("the store says safe, and it is %s", evidence.Files[0].Classification)
	}
}

func (a *attack) extraFiles() {
	repo := a.hub.AddModel("acme/x", large("model.safetensors", "w"))
	lock := a.mustPull("hf://acme/x")
	repo.Commit("main", large("model.safetensors", "w"), large("model.bin", "cos\nsystem\n(S'echo assay-test-marker'\ntR."), file("modeling_x.py", "x"))
	drift := lock.Content(a.mustResolve("hf://acme/x").Files)
	if len(drift) != 2 || drift[0].What != "file added" || drift[1].What != "file added" {
		a.Errorf("%v", drift)
	}
}

func (a *attack) malformed() {
	gguf := append([]byte("GGUF\x03\x00\x00\x00"), bytes.Repeat([]byte{0xff}, 16)...)
	a.hub.AddModel("acme/x", large("model.gguf", string(gguf)), large("model.safetensors", "\xff\xff\xff\xff\xff\xff\xff\x7f{}"))
	for _, f := range a.gather("hf://acme/x").Files {
		if f.Classification == scanners.Clean {
			a.Errorf("%s is clean", f.Name)
		}
	}
}

func (a *attack) fewerFiles() {
	a.hub.AddModel("acme/x", large("w.bin", "weights"), file("config.json", "{}"))
	lock := a.mustPull("hf://acme/x")
	a.hub.Front.Set(registrytest.Only(func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/tree/") }, registrytest.Body(false, func(b []byte) []byte {
		var entries []map[string]any
		if err := json.Unmarshal(b, &entries); err != nil {
			a.Error(err)
		}
		b, _ = json.Marshal(entries[:1])
		return b
	})))
	a.want(lock.Pin(a.mustResolve(lock.Source())), registry.ErrChanged, "a listing that lacks a file")
}

func (a *attack) poisonedCache() {
	a.hub.AddModel("acme/x", large("w.bin", "weights"))
	a.mustPull("hf://acme/x")
	sum := registrytest.SHA256([]byte("weights"))
	blob := filepath.Join(a.dir, "cache", "blobs", "sha256", sum)
	info, err := os.Stat(blob)
	if err != nil {
		a.Fatal(err)
	}
	poison := func() { // the same size, the same time
		if err := errors.Join(os.Chmod(blob, 0o600), os.WriteFile(blob, []byte("malware"), 0o600), os.Chtimes(blob, info.ModTime(), info.ModTime())); err != nil {
			a.Fatal(err)
		}
	}
	poison()
	if b, err := registrytest.Read(a.Context(), a.mustResolve("hf://acme/x").Files[0]); err != nil || string(b) != "weights" {
		a.Errorf("%q, %v", b, err)
	}
	if b, err := os.ReadFile(filepath.Join(a.dir, "cache", "quarantine", sum)); err != nil || string(b) != "malware" {
		a.Errorf("in quarantine: %q, %v", b, err)
	}
	if len(a.notices) != 1 || !strings.Contains(a.notices[0], "w.bin") || !strings.Contains(a.notices[0], sum) {
		a.Errorf("told: %q", a.notices)
	}
	// A reader that hashes what it reads gets the right bytes too, at the second try.
	poison()
	if e := a.gather("hf://acme/x"); len(e.Files) != 1 || e.Files[0].SHA256 != sum || slices.ContainsFunc(e.Gaps, func(g verify.Gap) bool { return g.Code == verify.GapDigest }) {
		a.Errorf("gathered: %+v, %v", e.Files, e.Gaps)
	}
	poison()
	if _, err := export.Export(a.Context(), a.mustResolve("hf://acme/x"), filepath.Join(a.dir, "cache", "model")); err != nil {
		a.Error(err)
	}
	if b, err := os.ReadFile(filepath.Join(a.dir, "cache", "model", "w.bin")); err != nil || string(b) != "weights" || len(a.notices) != 3 {
		a.Errorf("%q, %v; told: %q", b, err, a.notices)
	}
}

func (a *attack) secrets() {
	a.hub.AddModel("acme/x", large("w.bin", "weights"))
	a.hub.Front.Set(registrytest.Only(func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/lfs/") }, registrytest.Status(http.StatusForbidden)))
	_, err := a.pull("hf://acme/x")
	if err == nil || strings.Contains(err.Error(), "X-Amz") || strings.Contains(err.Error(), registrytest.Secret) {
		a.Errorf("%v", err)
	}
	for _, ref := range []string{"https://user:sesame@host.example/x@sha256:" + strings.Repeat("a", 64), "https://host.example/x?token=sesame@sha256:" + strings.Repeat("a", 64), "git+https://user:sesame@host.example/x"} {
		if _, err := a.resolve(ref); err == nil || strings.Contains(err.Error(), "sesame") {
			a.Errorf("%v", err)
		}
	}
}

// Two files with one SHA-1 are known by the traces of the attack: package cas has
// the test with such a pair.
func (a *attack) weakDigests() {
	a.hub.AddModel("acme/x", file("config.json", "{}"))
	lock := a.mustPull("hf://acme/x")
	f := lock.Files[0]
	if f.SHA256 != registrytest.SHA256([]byte("{}")) || f.Declared[0].Digest != "sha1-git:"+registrytest.GitBlob([]byte("{}")) {
		a.Errorf("%+v: want our own SHA-256 beside the promised SHA-1", f)
	}
	// Later, both must be kept.
	now := a.mustResolve(lock.Source())
	if err := lock.Pin(now); err != nil || len(now.Files[0].Declared) != 2 {
		a.Errorf("%v, %v", now.Files[0].Declared, err)
	}
}
