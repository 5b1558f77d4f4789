package registrytest

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // Git object ids
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Hub is a server with the interface of the Hugging Face Hub, for models and
// datasets: revision information, the paginated tree, and content by resolve
// URLs with a redirect to another host for LFS files, with the headers and error
// codes of the real one. It binds nothing but loopback addresses.
//
// The zero value of an exported field is the behaviour of the real Hub; they may
// be set before the first request.
type Hub struct {
	Front    *Front // sees every request first
	PageSize int    // entries on a page of the tree (1000)
	Token    string // wanted by private and gated repositories

	server, storage *httptest.Server
	mu              sync.Mutex
	repos           map[string]*Repo // "models/org/name"
	blobs           map[string]*io.SectionReader
}

// File is a file to publish.
type File struct {
	Name    string
	Content []byte
	LFS     bool // kept by SHA-256 on the storage host, as every large file is

	// Large, if not nil, takes the place of Content, which need then not be in
	// memory, under the SHA-256 that the test gives it. It implies LFS.
	Large *io.SectionReader
	Sum   string
}

func (f File) section() *io.SectionReader {
	if f.Large != nil {
		return f.Large
	}
	return io.NewSectionReader(bytes.NewReader(f.Content), 0, int64(len(f.Content)))
}

func (f File) size() int64 { return f.section().Size() }

func (f File) sum() string {
	if f.Large != nil {
		return f.Sum
	}
	return SHA256(f.Content)
}

// Repo is a repository of a Hub. Its exported fields may be set before the next
// request.
type Repo struct {
	Name      string
	ID        string // "_id"
	Author    string
	CreatedAt string
	Private   bool
	Gated     bool
	Disabled  bool
	MovedTo   string // the repository's new name; the old one redirects

	hub      *Hub
	kind     string // "models" or "datasets"
	branches map[string]string
	commits  map[string][]File
	objects  map[string]gitObject // commits and trees
}

// SetID gives the name to another repository with the same files, while the Hub is
// asked.
func (repo *Repo) SetID(id string) {
	repo.hub.mu.Lock()
	defer repo.hub.mu.Unlock()
	repo.ID = id
}

func (repo *Repo) id() string {
	repo.hub.mu.Lock()
	defer repo.hub.mu.Unlock()
	return repo.ID
}

// NewHub starts a Hub. With a nil t the caller closes it.
func NewHub(t testing.TB) *Hub {
	h := &Hub{Front: NewFront(), PageSize: 1000, repos: make(map[string]*Repo), blobs: make(map[string]*io.SectionReader)}
	h.server = httptest.NewServer(h.Front.Wrap(Origin, http.HandlerFunc(h.serve)))
	h.storage = httptest.NewServer(h.Front.Wrap(Elsewhere, http.HandlerFunc(h.serveStorage)))
	if t != nil {
		t.Cleanup(h.Close)
	}
	return h
}

// URL is what HF_ENDPOINT should be set to.
func (h *Hub) URL() string { return h.server.URL }

// Close stops the servers.
func (h *Hub) Close() {
	h.Front.Release()
	h.server.Close()
	h.storage.Close()
}

// AddModel creates a model with one commit on the branch "main".
func (h *Hub) AddModel(name string, files ...File) *Repo { return h.add("models", name, files) }

// AddDataset creates a dataset with one commit on the branch "main".
func (h *Hub) AddDataset(name string, files ...File) *Repo { return h.add("datasets", name, files) }

// AddSpace creates a space with one commit on the branch "main".
func (h *Hub) AddSpace(name string, files ...File) *Repo { return h.add("spaces", name, files) }

func (h *Hub) add(kind, name string, files []File) *Repo {
	author, _, _ := strings.Cut(name, "/")
	r := &Repo{
		Name: name, ID: id(kind, name)[:24], Author: author, CreatedAt: "2024-05-06T07:08:09.000Z",
		hub: h, kind: kind, branches: make(map[string]string), commits: make(map[string][]File),
		objects: make(map[string]gitObject),
	}
	h.mu.Lock()
	h.repos[kind+"/"+name] = r
	h.mu.Unlock()
	r.Commit("main", files...)
	return r
}

// Commit makes files the whole content of a branch and returns the commit id.
func (repo *Repo) Commit(branch string, files ...File) string {
	repo.hub.mu.Lock()
	defer repo.hub.mu.Unlock()
	for _, f := range files {
		repo.hub.blobs[f.sum()] = f.section()
	}
	commit := repo.object(files, repo.branches[branch])
	repo.commits[commit] = slices.Clone(files)
	repo.branches[branch] = commit
	return commit
}

// Branch moves a branch, or a tag, to a commit.
func (repo *Repo) Branch(name, commit string) {
	repo.hub.mu.Lock()
	defer repo.hub.mu.Unlock()
	repo.branches[name] = commit
}

// find resolves a revision of the repository.
func (repo *Repo) find(revision string) (commit string, files []File, ok bool) {
	repo.hub.mu.Lock()
	defer repo.hub.mu.Unlock()
	commit = revision
	if c, isBranch := repo.branches[revision]; isBranch {
		commit = c
	}
	files, ok = repo.commits[commit]
	return commit, files, ok
}

func (h *Hub) repo(kind, name string) *Repo {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.repos[kind+"/"+name]
}

// serveStorage is the content delivery network: presigned, no authorisation.
func (h *Hub) serveStorage(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	sum := strings.TrimPrefix(r.URL.Path, "/lfs/")
	content, ok := h.blobs[sum]
	h.mu.Unlock()
	if !ok || r.URL.Query().Get("X-Amz-Signature") == "" {
		http.Error(w, "AccessDenied", http.StatusForbidden)
		return
	}
	w.Header().Set("ETag", `"`+sum+`"`)
	serveContent(w, r, content)
}

func serveContent(w http.ResponseWriter, r *http.Request, content *io.SectionReader) {
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(content, 0, content.Size()))
}

// SHA256 is the digest of content in hexadecimal.
func SHA256(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// GitBlob is the object id that Git gives content.
func GitBlob(content []byte) string {
	h := sha1.New() //nolint:gosec // see above
	fmt.Fprintf(h, "blob %d\x00", len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

// id makes a stable, Git-like id of texts.
func id(parts ...string) string {
	h := sha1.New() //nolint:gosec // see above
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
