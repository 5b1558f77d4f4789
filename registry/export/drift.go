package export

import (
	"fmt"
	"slices"
	"strings"

	"assay/registry"
)

// Drift is one thing in which a store differs from what a lock says.
type Drift struct {
	What   string `json:"what"` // "owner", "file added", ...
	File   string `json:"file,omitzero"`
	Locked string `json:"locked,omitzero"`
	Now    string `json:"now,omitzero"`
}

func (d Drift) String() string {
	text := d.What
	if d.File != "" {
		text += " " + registry.PrintableName(d.File)
	}
	switch {
	case d.Locked != "" && d.Now != "":
		return fmt.Sprintf("%s: locked %s, now %s", text, d.Locked, d.Now)
	case d.Locked != "":
		return text + ": locked " + d.Locked
	case d.Now != "":
		return text + ": " + d.Now
	}
	return text
}

// Identity compares who the repository was with who it is. A difference means
// that the name belongs to somebody else, or to something made anew: names that
// were given up can be registered again, and old references then lead to the new
// owner (Unit 42, "Model Namespace Reuse", 2025).
func (l *Lock) Identity(now registry.Identity) []Drift {
	var out []Drift
	for _, c := range []struct{ what, locked, now string }{
		{"repository id", l.Repository.ID, now.ID},
		{"repository name", l.Repository.Name, now.Name},
		{"owner", l.Repository.Owner, now.Owner},
		{"created", l.Repository.Created, now.Created},
	} {
		if c.locked != c.now {
			out = append(out, Drift{What: c.what, Locked: quoted(c.locked), Now: quoted(c.now)})
		}
	}
	return out
}

func quoted(s string) string { return fmt.Sprintf("%q", s) }

// Content compares the files that a store lists with those of the lock, by size
// and by the digests that the store promises.
func (l *Lock) Content(files []registry.File) []Drift {
	locked := make(map[string]File, len(l.Files))
	for _, f := range l.Files {
		locked[f.Name] = f
	}
	var out []Drift
	for _, f := range files {
		was, ok := locked[f.Name]
		delete(locked, f.Name)
		switch now := describe(f); {
		case !ok:
			out = append(out, Drift{What: "file added", File: f.Name})
		case !was.matches(f):
			out = append(out, Drift{What: "file changed", File: f.Name, Locked: fmt.Sprintf("sha256:%s (%d bytes)", was.SHA256, was.Size), Now: now})
		}
	}
	for name := range locked {
		out = append(out, Drift{What: "file removed", File: name})
	}
	slices.SortFunc(out, func(a, b Drift) int { return strings.Compare(a.File, b.File) })
	return out
}

// matches reports whether the store's promises are those of the lock: a SHA-256
// is the file's own, and any other digest is one that the file kept.
func (f File) matches(now registry.File) bool {
	if now.Size != f.Size {
		return false
	}
	for _, d := range now.Declared {
		kept := slices.ContainsFunc(f.Declared, func(was Declared) bool { return was.Digest == d.Digest.String() })
		if d.Digest.Algorithm == "sha256" && d.Digest.Hex != f.SHA256 || d.Digest.Algorithm != "sha256" && !kept {
			return false
		}
	}
	return true
}

func describe(f registry.File) string {
	text := fmt.Sprintf("(%d bytes)", f.Size)
	if len(f.Declared) > 0 {
		text = f.Declared[0].Digest.String() + " " + text
	}
	return text
}

// byLock is who promises the digests that Pin adds.
const byLock = "lock"

// Pin holds an artifact to the lock: the same repository, the same revision, the
// same files; and every file is then promised under the SHA-256 of the lock too,
// so that whoever reads it compares. What differs is returned as an error that
// wraps registry.ErrChanged.
func (l *Lock) Pin(a *registry.Artifact) error {
	drift := append(l.Identity(a.Identity), l.Content(a.Parts())...)
	if a.Identity.Revision != l.Repository.Revision {
		drift = append(drift, Drift{What: "revision", Locked: l.Repository.Revision, Now: a.Identity.Revision})
	}
	if len(drift) > 0 {
		return driftError(fmt.Sprintf("the registry does not have what was locked: %s%s", drift[0], more(len(drift)-1)))
	}
	sums := make(map[string]string, len(l.Files))
	for _, f := range l.Files {
		sums[f.Name] = f.SHA256
	}
	for i := range a.Files {
		if a.Files[i].Beside {
			continue
		}
		d, err := registry.NewDigest("sha256", sums[a.Files[i].Name])
		if err != nil {
			return err
		}
		a.Files[i].Declared = append(slices.Clip(a.Files[i].Declared), registry.Declared{Digest: d, By: byLock})
	}
	return nil
}

// driftError is registry.ErrChanged for what changed before it was read.
type driftError string

func (e driftError) Error() string { return string(e) }

func (driftError) Unwrap() error { return registry.ErrChanged }

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", n)
}

// Source is the reference to resolve for what was locked: the immutable one when
// there is one.
func (l *Lock) Source() string {
	if l.Pinned != "" {
		return l.Pinned
	}
	return l.Reference
}
