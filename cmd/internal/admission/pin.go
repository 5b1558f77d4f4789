package admission

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Reference is one place in an object that names a model.
type Reference struct {
	Path   string // "spec.containers[0].args[1]"
	Raw    string // as written, without credentials
	Pinned string // the immutable form, as `assay gate` records it; "" when there is none
	Ask    string // what to give to `assay gate`; "" when the name is no reference
	// Problem says why it cannot be looked up, and what to do. "" exactly when
	// Pinned is not.
	Problem string
}

var (
	commitForm = regexp.MustCompile(`^[0-9a-f]{40}$`)
	// hubPart follows the Hub's rule for the parts of a name (validate_repo_id).
	hubPart    = `[A-Za-z0-9_][A-Za-z0-9._-]{0,95}`
	hubName    = regexp.MustCompile(`^` + hubPart + `(/` + hubPart + `)?$`)
	hubTwoPart = regexp.MustCompile(`^` + hubPart + `/` + hubPart + `$`)
	schemeForm = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:/`)
)

// isPath reports a path inside the container.
func isPath(s string) bool {
	return s == "." || s == ".." || strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./") || strings.HasPrefix(s, "../") ||
		strings.HasPrefix(s, "~") || strings.HasPrefix(s, "file:")
}

// pinHub joins a name of the Hub and a revision. prefix is "" or "datasets/".
func pinHub(r *Reference, prefix, repo, rev string) {
	if !hubName.MatchString(repo) {
		r.Problem = "it is no name of a repository; write org/name, or ./name for a path"
		return
	}
	r.Ask = "hf://" + prefix + repo
	switch {
	case commitForm.MatchString(rev):
		r.Pinned = r.Ask + "@" + rev
		r.Ask = r.Pinned
	case rev == "":
		r.Problem = "it is not pinned: the branch that it stands for can change after it was verified; add the commit (40 hex digits)"
	default:
		r.Problem = "its revision is not a commit (40 hex digits), and a branch or tag can change after it was verified"
	}
}

// pinImage pins an OCI reference without scheme, the way kubelet and the oci
// source read it. A tag beside a digest decides nothing.
func pinImage(r *Reference, ref string) {
	if d, err := name.NewDigest(ref, name.WeakValidation); err == nil && strings.HasPrefix(d.DigestStr(), "sha256:") {
		r.Pinned = "oci://" + d.Context().Name() + "@" + d.DigestStr()
		r.Ask = r.Pinned
		return
	}
	t, err := name.ParseReference(ref, name.WeakValidation)
	if err != nil {
		r.Problem = "it is no OCI reference; write host/repository@sha256:<digest>"
		return
	}
	r.Ask = "oci://" + t.Context().Name() + ":" + t.Identifier()
	r.Problem = "it is not pinned: a tag can be moved after it was verified; write host/repository@sha256:<digest>"
	if strings.Contains(ref, "@") {
		r.Ask = ""
		r.Problem = "its digest is not sha256; write host/repository@sha256:<digest>"
	}
}

// pinURI pins a URI. rev is what a revision flag says, "" for none.
func pinURI(r *Reference, uri, rev string) {
	scheme, rest, _ := strings.Cut(uri, "://")
	switch scheme {
	case "hf":
		prefix, repo, inside := splitHub(rest)
		if inside != "" && rev != "" && inside != rev {
			r.Problem = "it is given two revisions"
			return
		}
		if inside != "" {
			rev = inside
		}
		pinHub(r, prefix, repo, rev)
	case "oci":
		pinImage(r, rest)
	default:
		r.Problem = "no verdict can exist for it, because nothing in it is immutable; " +
			"publish the model as hf://org/name@<commit> or oci://host/repository@sha256:<digest>"
	}
}

// splitHub reads "[datasets/]org/name[@rev][/path]" and KServe's
// "org/name:rev".
func splitHub(rest string) (prefix, repo, rev string) {
	if r, ok := strings.CutPrefix(rest, "datasets/"); ok {
		prefix, rest = "datasets/", r
	}
	repo, rev, at := strings.Cut(rest, "@")
	if at {
		rev, _, _ = strings.Cut(rev, "/")
		return prefix, repo, rev
	}
	if parts := strings.SplitN(rest, "/", 3); len(parts) == 3 { // a path inside the repository
		rest = parts[0] + "/" + parts[1]
	}
	repo, rev, _ = strings.Cut(rest, ":")
	return prefix, repo, rev
}

// shown is a name as it may be repeated: without the user information and the
// query of a URL, which may be credentials.
func shown(raw string) string {
	if strings.HasPrefix(raw, "hf://") || strings.HasPrefix(raw, "oci://") || !strings.Contains(raw, "://") {
		return raw
	}
	u, err := url.Parse(raw)
	if err != nil {
		scheme, _, _ := strings.Cut(raw, "://")
		return scheme + "://..."
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}
