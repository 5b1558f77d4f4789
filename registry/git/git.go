// Package git is the Source of Git repositories with large files in LFS: of
// servers, and on this machine.
//
//	git+https://host/path/repository[@revision]
//	git+file:///path/repository[@revision]
//
// The revision (branch, tag, commit; HEAD when there is none) is resolved to a
// commit once. Its trees and small files are fetched and hashed up to the commit
// id, so that the list of files is what the commit binds, whatever the server says;
// large files are fetched when they are opened, as LFS has them, and promised by
// SHA-256. Files that are in Git itself are promised by their object id (SHA-1 that
// notices collision attacks); the larger of them must be fetched to know their size.
//
// # Security
//
// Objects are known by the ids computed from their bytes (internal/gitwire). Names
// are checked, links and submodules are told as omitted. Credentials, from netrc, go
// to the host of the reference; what an LFS server wants sent to its storage goes
// there alone. Plain http is spoken with this machine and with hosts that were named
// for it. A repository on this machine is read by git's upload-pack, without hooks.
package git

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
	"assay/registry/internal/gitwire"
	"assay/registry/internal/remote"
)

// Config configures a Source.
type Config struct {
	Scheme          string // "git+https", "git+http" or "git+file"
	Offline         bool
	Client          *fetch.Client
	Store           *cas.Store
	UnsafePlainHTTP []string // hosts that may be spoken to without encryption, and without credentials

	// Authorization is the value of the header for a host, "" for none; may be nil.
	Authorization func(host string) string
}

// Source resolves references to repositories.
type Source struct{ cfg Config }

var _ registry.Source = (*Source)(nil)

// New returns a Source.
func New(cfg Config) *Source { return &Source{cfg} }

// Scheme is "git+https", "git+http" or "git+file".
func (s *Source) Scheme() string { return s.cfg.Scheme }

// small is the size up to which files come with the commit, in bytes.
const small = 1 << 20

// Resolve pins the revision, fetches the trees of the commit, and lists it.
func (s *Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	r, err := s.parse(ref)
	if err != nil {
		return nil, err
	}
	if s.cfg.Offline && r.base != nil {
		return nil, fmt.Errorf("%w: %s", registry.ErrOffline, ref)
	}
	a := &registry.Artifact{Ref: ref}
	err = s.cfg.Client.Retry(ctx, func() error { return r.open(ctx) })
	if err == nil {
		err = s.cfg.Client.Retry(ctx, func() error {
			a.Files, a.Omitted = nil, nil
			return r.list(ctx, a)
		})
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, r.explain(err)
	}
	slices.SortFunc(a.Files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) })
	if err := registry.CheckSet(a.Files); err != nil {
		return nil, err
	}
	a.Pinned = r.name() + "@" + r.commit
	a.Identity = registry.Identity{Name: r.where(), Revision: r.commit}
	return a, nil
}

// repository is a repository at a revision.
type repository struct {
	source   *Source
	base     *url.URL // nil: on this machine
	dir      string   // on this machine
	revision string
	origin   http.RoundTripper

	git    *gitwire.Repository
	commit string
}

func (r *repository) where() string {
	if r.base == nil {
		return r.dir
	}
	return r.base.Host + r.base.Path
}

func (r *repository) name() string { return r.source.cfg.Scheme + "://" + r.where() }

func (s *Source) parse(ref registry.Reference) (*repository, error) {
	bad := func(why string) (*repository, error) {
		return nil, fmt.Errorf("%w: %s (want %s://host/path[@revision])", registry.ErrReference, why, s.cfg.Scheme)
	}
	r := &repository{source: s}
	address := ref.Rest
	if i := strings.LastIndex(address, "@"); i > strings.LastIndex(address, ":") && i > 0 && strings.Contains(address[:i], "/") {
		address, r.revision = address[:i], address[i+1:]
		if r.revision == "" || registry.CheckName(r.revision) != nil || strings.ContainsAny(r.revision, " ~^?*[") || len(r.revision) > 255 {
			return bad("no usable revision")
		}
	}
	if s.cfg.Scheme == "git+file" {
		if !filepath.IsAbs(address) {
			return bad("a path must be absolute, like git+file:///models/bert")
		}
		r.dir = filepath.Clean(address)
		return r, nil
	}
	u, err := url.Parse(strings.TrimPrefix(s.cfg.Scheme, "git+") + "://" + strings.TrimSuffix(address, "/"))
	switch {
	case err != nil || u.Host == "" || len(ref.Rest) > 2048:
		return bad("no address")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return bad("an address with credentials, a query or a fragment is refused: use netrc")
	case u.Path == "" || strings.ContainsAny(u.Path, " %") || registry.CheckName(strings.TrimPrefix(u.Path, "/")) != nil:
		return bad("the path names no repository")
	case u.Scheme == "http" && !remote.Plain(s.cfg.UnsafePlainHTTP).Allows(u.Host):
		return bad(fmt.Sprintf("plain http to %s (ASSAY_UNSAFE_PLAIN_HTTP=%s allows it)", u.Host, u.Host))
	}
	r.base, r.origin = u, s.cfg.Client.Transport()
	if s.cfg.Authorization != nil && (u.Scheme == "https" || remote.IsLoopback(u.Hostname())) {
		r.origin = remote.SignIn{Next: r.origin, Authorization: s.cfg.Authorization(u.Hostname())}
	}
	return r, nil
}

// open finds the commit.
func (r *repository) open(ctx context.Context) (err error) {
	var transport gitwire.Transport
	if r.base == nil {
		transport = gitwire.Process{Dir: gitFolder(r.dir)}
	} else {
		transport = gitwire.HTTP{Client: r.source.cfg.Client, Base: r.base, Origin: r.origin}
	}
	if r.git, err = gitwire.Open(ctx, transport); err != nil {
		return err
	}
	if _, err := registry.NewDigest("sha1-git", r.revision); err == nil {
		r.commit = r.revision
		return nil
	}
	r.commit, err = r.git.Find(ctx, r.revision)
	return err
}

// gitFolder is where a clone keeps its repository.
func gitFolder(dir string) string {
	below := filepath.Join(dir, ".git")
	if info, err := os.Stat(below); err == nil && info.IsDir() {
		return below
	}
	return dir
}

// list fetches the commit and makes files of its entries.
func (r *repository) list(ctx context.Context, a *registry.Artifact) error {
	objects, err := r.git.Snapshot(ctx, r.commit, small)
	if err != nil {
		return err
	}
	root, err := objects.RootOf(r.commit)
	if err != nil {
		return err
	}
	if text, ok := objects.Get(gitwire.Commit, r.commit); ok {
		commit := registry.Attachment{Name: "commit " + r.commit, MediaType: "application/x-git-commit", Data: text}
		a.Attached = func(context.Context) ([]registry.Attachment, error) { return []registry.Attachment{commit}, nil }
	}
	return objects.Walk(root, func(name string, e gitwire.Entry) error {
		if len(a.Files)+len(a.Omitted) >= registry.MaxFiles {
			return fmt.Errorf("%w: more than %d files", registry.ErrLimit, registry.MaxFiles)
		}
		switch e.Mode {
		case "100644", "100755", "100664":
		case "120000":
			a.Omitted = append(a.Omitted, registry.Omission{Name: registry.PrintableName(name), Reason: "symbolic link, not followed"})
			return nil
		case "160000":
			a.Omitted = append(a.Omitted, registry.Omission{Name: registry.PrintableName(name), Reason: "a submodule: commit " + e.ID + " of another repository, not looked at"})
			return nil
		default:
			return fmt.Errorf("%w: %s has the mode %.16q", fetch.ErrProtocol, registry.PrintableName(name), e.Mode)
		}
		if err := registry.CheckName(name); err != nil {
			return err
		}
		f, err := r.file(ctx, objects, name, e.ID)
		if err == nil {
			a.Files = append(a.Files, f)
		}
		return err
	})
}

// By is who promises the digests.
const (
	ByGit = "git"
	ByLFS = "git-lfs"
)

// file makes a File of an entry: what a pointer of LFS points to, or a file that is
// in Git itself.
func (r *repository) file(ctx context.Context, objects *gitwire.Objects, name, id string) (registry.File, error) {
	content, here := objects.Get(gitwire.Blob, id)
	if p, ok := parsePointer(content); here && ok {
		return r.large(name, p), nil
	}
	d, err := registry.NewDigest("sha1-git", id)
	if err != nil {
		return registry.File{}, err
	}
	b := cas.Blob{Name: name, Size: int64(len(content)), Want: []registry.Digest{d}}
	if here {
		// Kept on disk, not in memory: a File may live long.
		c, err := r.source.cfg.Store.Get(ctx, b, func(_ context.Context, sink *cas.Sink) error {
			_, err := io.Copy(sink, bytes.NewReader(content))
			return err
		})
		if err != nil {
			return registry.File{}, err
		}
		if err := c.Close(); err != nil {
			return registry.File{}, err
		}
	} else if b.Size, err = r.sizeOf(ctx, name, d); err != nil {
		return registry.File{}, err
	}
	open := func(ctx context.Context) (registry.Content, error) { return r.fetch(ctx, b) }
	return registry.File{Name: name, Size: b.Size, Declared: []registry.Declared{{Digest: d, By: ByGit}}, Open: open, OpenRanges: open}, nil
}

// fetch gives a file that is in Git itself, from the cache as a rule.
func (r *repository) fetch(ctx context.Context, b cas.Blob) (registry.Content, error) {
	c, err := r.source.cfg.Store.Get(ctx, b, func(ctx context.Context, sink *cas.Sink) error {
		if r.source.cfg.Offline && r.base != nil {
			return registry.ErrOffline
		}
		return r.git.File(ctx, b.Want[0].Hex, func(size int64) (io.Writer, error) {
			if size != b.Size {
				return nil, fmt.Errorf("%w: %s has %d bytes, listed were %d", registry.ErrChanged, b.Name, size, b.Size)
			}
			return sink, sink.Reset()
		})
	})
	if err != nil {
		return nil, r.explain(err)
	}
	return c, nil
}

// errSize ends a transfer of which the size is all that was wanted.
var errSize = errors.New("the size is known")

// sizeOf asks for a file that is too large to come with the commit, and breaks off
// when its size is known: Git tells it nowhere else.
func (r *repository) sizeOf(ctx context.Context, name string, d registry.Digest) (size int64, err error) {
	err = r.git.File(ctx, d.Hex, func(n int64) (io.Writer, error) {
		size = n
		return nil, errSize
	})
	if err == nil || errors.Is(err, errSize) {
		return size, nil
	}
	return 0, fmt.Errorf("%s: %w", registry.PrintableName(name), err)
}

func (r *repository) explain(err error) error {
	var status *fetch.StatusError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, registry.ErrAccess):
		return fmt.Errorf("%s is private, or not there: put credentials for %s into netrc: %w", r.where(), r.base.Hostname(), err)
	case errors.As(err, &status):
		return fmt.Errorf("%s: %w", r.where(), err)
	}
	return fmt.Errorf("%s: %w", cmp.Or(r.where(), "git"), err)
}
