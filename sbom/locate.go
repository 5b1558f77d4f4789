package sbom

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"path"
	"strings"
)

// place is a reference taken apart.
type place struct {
	scheme   string // "" for a local path
	host     string // of schemes that have one
	name     string // repository without revision
	revision string
	dataset  bool
}

// splitReference takes a reference apart. It follows the spellings of the
// sources: hf://[datasets/]org/name@rev, oci://host/repo[:tag][@digest], a bare
// path for anything local.
func splitReference(ref string) place {
	scheme, rest, ok := remote(ref)
	if !ok {
		return place{name: localName(strings.TrimPrefix(ref, "file:"))}
	}
	p := place{scheme: scheme}
	rest, p.revision, _ = strings.Cut(rest, "@")
	switch scheme {
	case "hf":
		rest, p.dataset = strings.CutPrefix(rest, "datasets/")
	case "oci":
		p.host, rest, _ = strings.Cut(rest, "/")
		if i := strings.LastIndexByte(rest, ':'); i > strings.LastIndexByte(rest, '/') {
			rest = rest[:i]
		}
	}
	p.name = strings.Trim(rest, "/")
	return p
}

// remote splits a reference to a store into scheme and rest, without query,
// fragment and credentials, which may be secrets. A reference of the Hub has no
// authority part, and one without a slash has no credentials: what comes before
// the "@" is a name. It reports false for a local path.
func remote(ref string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(ref, "://")
	if !ok || scheme == "file" {
		return "", "", false
	}
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	if scheme != "hf" {
		if authority, path, ok := strings.Cut(rest, "/"); ok {
			rest = authority[strings.LastIndexByte(authority, '@')+1:] + "/" + path
		}
	}
	return scheme, rest, true
}

// localName is the last element of a path of any system, "" when it has none.
func localName(p string) string {
	name := path.Base(strings.ReplaceAll(p, `\`, "/"))
	if name == "." || name == "/" || name == ".." {
		return ""
	}
	return name
}

// purl writes the package URL of a pinned artifact, and "" where the purl
// specification has no type: it knows models of the Hub, but no datasets.
func (p place) purl() string {
	switch {
	case len(p.name)+len(p.host) > maxURI/4: // each is escaped, to at most three times its length
		return ""
	case p.scheme == "hf" && !p.dataset && isCommit(p.revision) && p.name != "":
		return "pkg:huggingface/" + escapePURL(p.name) + "@" + p.revision
	case p.scheme == "oci" && strings.HasPrefix(p.revision, "sha256:") && p.name != "":
		lower := strings.ToLower(p.name)
		return "pkg:oci/" + escapePURL(path.Base(lower)) + "@" + url.QueryEscape(p.revision) +
			"?repository_url=" + escapePURL(strings.ToLower(p.host)+"/"+lower)
	}
	return ""
}

// isCommit reports a full Git commit id, which is what makes the purl immutable.
func isCommit(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == 20 && s == strings.ToLower(s)
}

// escapePURL percent-encodes each segment and keeps the slashes.
func escapePURL(s string) string {
	parts := strings.Split(s, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.QueryEscape(part), "+", "%20")
	}
	return strings.Join(parts, "/")
}

// maxURI bounds a URI, in bytes. A URI is written whole or not at all.
const maxURI = maxText

// location returns a remote reference as a URI, and "" for a local path and for
// what cannot be written as one.
func location(ref string) string {
	scheme, rest, ok := remote(ref)
	if !ok || len(ref) > maxURI {
		return ""
	}
	uri := scheme + "://" + escapeURI(rest)
	if _, err := url.Parse(uri); err != nil || len(uri) > maxURI {
		return ""
	}
	return uri
}

// escapeURI percent-encodes every byte that RFC 3986 section 2 does not allow in
// a URI, and leaves what is encoded already.
func escapeURI(s string) string {
	const marks = "-._~:/?#[]@!$&'()*+,;="
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case isAlphanumeric(c), strings.IndexByte(marks, c) >= 0, c == '%' && isEscape(s[i:]):
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// isEscape reports whether s begins with a percent sign and two hex digits.
func isEscape(s string) bool {
	if len(s) < 3 {
		return false
	}
	_, err := hex.DecodeString(s[1:3])
	return err == nil
}
