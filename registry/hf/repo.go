package hf

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"

	"assay/registry"
)

// repo is a repository of the Hub at a revision.
type repo struct {
	kind     registry.Kind
	prefix   string // of references and pages: "", "datasets/" or "spaces/"
	name     string // "org/name", or "name" for the oldest models
	revision string // "" is the default branch
}

// parse reads "[datasets/|spaces/]org/name[@revision]".
func parse(ref registry.Reference) (repo, error) {
	bad := func(why string) (repo, error) {
		return repo{}, fmt.Errorf("%w: %s: %s (want hf://org/name[@revision] or hf://datasets/org/name[@revision], hf://spaces/...)",
			registry.ErrReference, ref, why)
	}
	r := repo{kind: registry.KindModel}
	name, revision, pinned := strings.Cut(ref.Rest, "@")
	if rest, ok := strings.CutPrefix(name, "datasets/"); ok {
		r.kind, r.prefix, name = registry.KindDataset, "datasets/", rest
	} else if rest, ok := strings.CutPrefix(name, "spaces/"); ok {
		r.kind, r.prefix, name = registry.KindUnknown, "spaces/", rest
	}
	if first, _, _ := strings.Cut(name, "/"); first == "spaces" || first == "datasets" || first == "models" || first == "buckets" {
		return bad("only models, datasets and spaces can be resolved, " + first + "/ cannot")
	}
	if !isRepoName(name) {
		return bad("not the name of a repository")
	}
	if pinned && !isRevision(revision) {
		return bad("not a revision")
	}
	r.name, r.revision = name, revision
	return r, nil
}

// isRepoName follows the Hub's own rule (validate_repo_id of its client): one or
// two parts of letters, digits, "-", "_", ".", at most 96, no "--" or "..", no
// "-" or "." at the ends.
func isRepoName(name string) bool {
	if len(name) > 2*96+1 || strings.Count(name, "/") > 1 {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || len(part) > 96 || strings.ContainsFunc(part, notInName) ||
			strings.Contains(part, "..") || strings.Trim(part, "-.") != part {
			return false
		}
	}
	return true
}

func notInName(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
}

// isRevision accepts what Git accepts as a reference name (git-check-ref-format)
// as far as it matters here.
func isRevision(s string) bool {
	return s != "" && len(s) <= 256 && !strings.Contains(s, "..") && !strings.ContainsAny(s, " ~^:?*[\\@%#") &&
		!strings.HasPrefix(s, "/") && !strings.HasSuffix(s, "/") && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// isCommit reports a full commit id.
func isCommit(s string) bool {
	return len(s) == 40 && strings.Trim(s, "0123456789abcdef") == ""
}

func (r repo) String() string {
	if r.revision == "" {
		return r.prefix + r.name
	}
	return r.prefix + r.name + "@" + r.revision
}

// pin replaces the revision by the commit, and the name by the one that the Hub
// uses now, so that a rename is followed once and visibly.
func (r repo) pin(info revisionInfo) (repo, error) {
	if !isCommit(info.SHA) {
		return repo{}, fmt.Errorf("%w: %s: the endpoint gave no commit; is HF_ENDPOINT a Hub?", registry.ErrReference, r)
	}
	if isCommit(r.revision) && r.revision != info.SHA {
		return repo{}, fmt.Errorf("%w: asked for commit %s of %s and was given %s", registry.ErrChanged, r.revision, r.name, info.SHA)
	}
	if info.Name != "" {
		if !isRepoName(info.Name) {
			return repo{}, fmt.Errorf("%w: %s: the endpoint calls it %q, which is no repository name", registry.ErrReference, r, info.Name)
		}
		r.name = info.Name
	}
	r.revision = info.SHA
	return r, nil
}

// api is the URL of an interface call: /api/models/org/name/call/revision.
func (r repo) api(endpoint *url.URL, call string) *url.URL {
	collection := cmp.Or(strings.TrimSuffix(r.prefix, "/"), "models")
	parts := append([]string{"api", collection}, strings.Split(r.name, "/")...)
	if call != "" {
		parts = append(parts, call, r.revision)
	}
	return join(endpoint, parts...)
}

// file is the URL of a file's content at the pinned commit.
func (r repo) file(endpoint *url.URL, name string) *url.URL {
	parts := strings.Split(r.prefix+r.name, "/")
	parts = append(parts, "resolve", r.revision)
	return join(endpoint, append(parts, strings.Split(name, "/")...)...)
}

// join appends path segments, each encoded by itself: a slash in a revision
// stays inside its segment, and no segment is "." or ".." (the names were
// checked), so that the URL cannot be made to name another repository.
func join(endpoint *url.URL, parts ...string) *url.URL {
	u := *endpoint
	for _, p := range parts {
		u.RawPath = strings.TrimSuffix(u.EscapedPath(), "/") + "/" + url.PathEscape(p)
		u.Path = strings.TrimSuffix(u.Path, "/") + "/" + p
	}
	return &u
}
