// Package hfcache is the Source of models in a Hugging Face cache on this
// machine, as the Hub's own clients write it.
//
//	hfcache:[datasets/]org/name[@revision]
//	hfcache:CACHE//[datasets/]org/name[@revision]
//
// CACHE is the folder that holds "models--org--name"; without it, the one of the
// environment (HF_HUB_CACHE, HF_HOME). The revision is a commit or a reference of
// the cache (main when there is none). No network is used.
//
// # Security
//
// The name of a blob is its digest, and the bytes are compared with it: what an
// official client wrote without a look, or somebody changed since, is noticed. A
// snapshot is links into the blobs of its own repository; anything else in it is
// named (Artifact.Omitted): a link that leads elsewhere, a file among links, what
// the list of the commit (trees/) does not have. The cache does not prove that
// the digests belong to the commit: that is asked of the Hub.
package hfcache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"assay/registry"
	"assay/registry/internal/folder"
)

// Source resolves references to repositories in caches.
type Source struct {
	dir string
}

var _ registry.Source = (*Source)(nil)

// New returns a Source with dir as the cache of references that name none; ""
// means that they are refused.
func New(dir string) *Source { return &Source{dir: dir} }

// Dir is the cache that the Hub's clients use in this environment, or "".
func Dir(getenv func(string) string) string {
	for _, key := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"} {
		if dir := getenv(key); dir != "" {
			return dir
		}
	}
	if home := getenv("HF_HOME"); home != "" {
		return filepath.Join(home, "hub")
	}
	if cache := getenv("XDG_CACHE_HOME"); cache != "" {
		return filepath.Join(cache, "huggingface", "hub")
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".cache", "huggingface", "hub")
	}
	return ""
}

// Scheme is "hfcache".
func (*Source) Scheme() string { return "hfcache" }

// Resolve lists one snapshot.
func (s *Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	r, err := s.parse(ref)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Join(r.cache, r.folder())) // lives as long as a File can be opened
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has no %s", registry.ErrNotFound, r.cache, r.name)
	}
	if err != nil {
		return nil, fmt.Errorf("open the cache of %s: %w", r.name, err)
	}
	a, err := s.snapshot(ctx, root, r)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	a.Ref = ref
	return a, nil
}

func (s *Source) snapshot(ctx context.Context, root *os.Root, r repo) (*registry.Artifact, error) {
	commit, err := r.commit(root)
	if err != nil {
		return nil, err
	}
	base := "snapshots/" + commit
	if info, err := root.Lstat(base); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%w: %s has no snapshot of commit %s of %s", registry.ErrNotFound, r.cache, commit, r.name)
	}
	l, err := folder.List(ctx, root, base, false)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", r.name, err)
	}
	// Nothing is pinned: the folder may change, and hold only some of the files of
	// the commit that it is named after.
	a := &registry.Artifact{
		Kind:     r.kind,
		Identity: registry.Identity{Name: r.name, Revision: commit},
		Files:    l.Files, Omitted: l.Omitted, Ignored: l.Ignored,
	}
	c := check{root: root, commit: commit, artifact: a}
	if l.Links > 0 {
		c.filesAmongLinks()
	}
	c.declaredAbsent()
	return a, c.tree()
}

// repo is a repository in a cache, at a revision.
type repo struct {
	cache, name, revision string
	kind                  registry.Kind
}

func (s *Source) parse(ref registry.Reference) (repo, error) {
	bad := func(why string) (repo, error) {
		return repo{}, fmt.Errorf("%w: %s: %s (want hfcache:[CACHE//][datasets/]org/name[@revision])", registry.ErrReference, ref, why)
	}
	r := repo{cache: s.dir, kind: registry.KindModel}
	rest := ref.Rest
	if i := strings.LastIndex(rest, "//"); i >= 0 {
		r.cache, rest = rest[:i], rest[i+2:]
		if r.cache == "" {
			r.cache = "/"
		}
	}
	if r.cache == "" {
		return bad("no cache is known, set HF_HUB_CACHE")
	}
	name, revision, pinned := strings.Cut(rest, "@")
	if after, ok := strings.CutPrefix(name, "datasets/"); ok {
		r.kind, name = registry.KindDataset, after
	}
	if strings.Count(name, "/") > 1 || strings.Contains(name, "--") || registry.CheckName(name) != nil {
		return bad("not the name of a repository")
	}
	if !pinned {
		revision = "main"
	}
	if registry.CheckName(revision) != nil {
		return bad("not a revision")
	}
	r.name, r.revision = name, revision
	return r, nil
}

func (r repo) folder() string {
	kind := "models"
	if r.kind == registry.KindDataset {
		kind = "datasets"
	}
	return kind + "--" + strings.ReplaceAll(r.name, "/", "--")
}

// commit looks the revision up among the references of the cache.
func (r repo) commit(root *os.Root) (string, error) {
	if folder.IsCommit(r.revision) {
		return r.revision, nil
	}
	f, err := root.Open("refs/" + r.revision)
	if err != nil {
		return "", fmt.Errorf("%w: %s has no revision %q of %s", registry.ErrNotFound, r.cache, r.revision, r.name)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 64))
	commit := strings.TrimSpace(string(text))
	if err != nil || !folder.IsCommit(commit) {
		return "", fmt.Errorf("%w: %s: refs/%s of %s holds no commit", registry.ErrReference, r.cache, r.revision, r.name)
	}
	return commit, nil
}
