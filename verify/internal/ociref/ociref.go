// Package ociref says which files a signature over an OCI manifest is about.
//
// # Security
//
// A manifest binds its layers by digest, and their names by its annotations. The
// source compared the manifest with the digest that the reference is pinned to,
// and declared the digests that stand in it; the files are compared with those
// here, by the digests computed from their bytes. A file that has none from the
// manifest is not covered.
package ociref

import (
	"slices"
	"strings"

	"assay/registry"
	"assay/verify"
	"assay/verify/hashing"
)

// PinnedDigest is the SHA-256 that a reference is pinned to, in hex, or "": that
// of an OCI manifest, which binds layers and their names.
func PinnedDigest(pinned string) string {
	_, sum, ok := strings.Cut(pinned, "@sha256:")
	if !ok || len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" {
		return ""
	}
	return sum
}

// Binding is what a manifest says about its files.
type Binding struct {
	declared map[string]registry.Digest
}

// Bind takes the digests that the manifests of an artifact declare.
func Bind(a *registry.Artifact) Binding {
	b := Binding{declared: make(map[string]registry.Digest, len(a.Files))}
	for _, f := range a.Files {
		for _, d := range f.Declared {
			if d.By == "oci-layer" || d.By == "oci-config" {
				b.declared[f.Name] = d.Digest
			}
		}
	}
	return b
}

// Needs are the digests beyond SHA-256.
func (b Binding) Needs() []verify.HashNeed {
	var needs []verify.HashNeed
	for _, d := range b.declared {
		need := hashing.Need{Algorithm: d.Algorithm}
		if d.Algorithm != hashing.SHA256 && !slices.Contains(needs, need) {
			needs = append(needs, need)
		}
	}
	return needs
}

// Compare returns the files that have the digest of the manifest, sorted, and a
// problem for each that has another. A file that was not read is in neither.
func (b Binding) Compare(files verify.Digests) (covers []string, problems []verify.Problem) {
	covers = []string{}
	for _, name := range files.Names() {
		want, ok := b.declared[name]
		got, read := files.Hex(name, hashing.Need{Algorithm: want.Algorithm}, 0)
		switch {
		case !ok || !read:
		case got == want.Hex:
			covers = append(covers, name)
		default:
			problems = append(problems, verify.Problem{Code: "digest-mismatch", File: name, What: "content is not what the signed manifest names"})
		}
	}
	return covers, problems
}
