package hf

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"assay/registry"
	"assay/registry/internal/gitwire"
	"assay/registry/internal/remote"
)

// ByTree is who promises a digest that was proven: the commit id, which is the root
// of a tree of hashes over every name and file.
const ByTree = "git-tree"

// prove fetches the commit and its trees, hashes them, and compares every file. A
// large file is bound too: the commit binds its pointer, the text of which is known
// from its SHA-256 and size.
func (s *Source) prove(ctx context.Context, r repo, a *registry.Artifact) error {
	base := join(s.endpoint, strings.Split(r.prefix+r.name, "/")...)
	var objects *gitwire.Objects
	err := s.cfg.Client.Retry(ctx, func() error {
		git, err := gitwire.Open(ctx, gitwire.HTTP{Client: s.cfg.Client, Base: base, Origin: s.gitOrigin()})
		if err == nil {
			objects, err = git.Snapshot(ctx, r.revision, 0)
		}
		return err
	})
	if err != nil {
		return s.explain(r, err)
	}
	root, err := objects.RootOf(r.revision)
	if err != nil {
		return err
	}
	listed := make(map[string]int, len(a.Files))
	for i, f := range a.Files {
		listed[f.Name] = i
	}
	err = objects.Walk(root, func(name string, e gitwire.Entry) error {
		i, ok := listed[name]
		delete(listed, name)
		switch {
		case !ok && (e.Mode == "160000" || e.Mode == "120000"):
			return nil // submodules and links are no files; the listing told of them, or not
		case !ok:
			return fmt.Errorf("%w: the commit has %s, and the Hub does not list it", registry.ErrDigest, registry.PrintableName(name))
		}
		id, err := gitID(a.Files[i])
		if err != nil {
			return err
		}
		if id != e.ID {
			return fmt.Errorf("%w: %s: the commit binds object %s, the Hub lists %s (%s)", registry.ErrDigest, name, e.ID, id, a.Files[i].Declared[0].Digest)
		}
		a.Files[i].Declared[0].By = ByTree
		return nil
	})
	if err != nil {
		return err
	}
	for name := range listed {
		return fmt.Errorf("%w: the Hub lists %s, which the commit does not have", registry.ErrDigest, name)
	}
	return nil
}

// gitID is the object that a commit has for a file.
func gitID(f registry.File) (string, error) {
	d := f.Declared[0].Digest
	if d.Algorithm != "sha256" {
		return d.Hex, nil
	}
	return gitwire.ID(gitwire.Blob, fmt.Appendf(nil, "version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n", d.Hex, f.Size))
}

// gitOrigin signs in as git does at the Hub: with the token for a password.
func (s *Source) gitOrigin() http.RoundTripper {
	if s.cfg.Token == "" || s.withheld {
		return s.cfg.Client.Transport()
	}
	r := http.Request{Header: make(http.Header), URL: &url.URL{}}
	r.SetBasicAuth("user", s.cfg.Token)
	return remote.SignIn{Next: s.cfg.Client.Transport(), Authorization: r.Header.Get("Authorization")}
}
