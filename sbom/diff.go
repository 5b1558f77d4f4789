package sbom

import (
	"cmp"
	"slices"
	"strings"
)

// Change is one difference between two bills of the same artifact.
type Change struct {
	Field   string `json:"field"` // "file model.safetensors", "license", ...
	Old     string `json:"old,omitempty"`
	New     string `json:"new,omitempty"`
	Matters bool   `json:"matters"`
	Why     string `json:"why"` // why it matters, or why it does not
}

// Diff lists what changed from old to d, what matters first. A change matters
// when it can change what the artifact does, what it may be used for, where it
// comes from, or how much of that is known.
func (d Document) Diff(old Document) []Change {
	var out []Change
	out = append(out, subjectChanges(old.Subject, d.Subject)...)
	out = append(out, licenseChanges(old.License, d.License)...)
	out = append(out, listChanges("base model", baseTexts(old.Bases), baseTexts(d.Bases), "the artifact is made from something else")...)
	out = append(out, listChanges("dataset", texts(old.Datasets), texts(d.Datasets), "it was trained on something else")...)
	out = append(out, fileChanges(old, d)...)
	out = append(out, factChanges(old.Facts, d.Facts)...)
	out = append(out, listChanges("conflict", conflictTexts(old.Conflicts), conflictTexts(d.Conflicts), "sources contradict each other")...)
	out = append(out, listChanges("signature", claimTexts(old.Claims), claimTexts(d.Claims), "somebody else vouches for it, or nobody does")...)
	slices.SortStableFunc(out, func(a, b Change) int {
		return cmp.Or(cmp.Compare(yes(b.Matters), yes(a.Matters)), cmp.Compare(a.Field, b.Field), cmp.Compare(a.Old, b.Old), cmp.Compare(a.New, b.New))
	})
	return out
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

func subjectChanges(old, now Subject) []Change {
	var out []Change
	for _, f := range []struct {
		field    string
		old, now Value
		matters  bool
		why      string
	}{
		{"name", old.Name, now.Name, true, "it is another artifact, or was renamed"},
		{"supplier", old.Supplier, now.Supplier, true, "somebody else supplies it"},
		{"repository", old.Repository, now.Repository, true, "the repository behind the name is another one"},
		{"created", old.Created, now.Created, true, "the repository was created anew"},
		{"version", old.Version, now.Version, false, "the files say what the new version changed"},
		{"location", old.Location, now.Location, false, "follows from the version"},
	} {
		if f.old.Text != f.now.Text {
			out = append(out, Change{f.field, f.old.Text, f.now.Text, f.matters, f.why})
		}
	}
	if old.Kind != now.Kind {
		out = append(out, Change{"kind", string(old.Kind), string(now.Kind), true, "it is something else"})
	}
	return out
}

func licenseChanges(old, now License) []Change {
	out := listChanges("license text", texts(old.Found), texts(now.Found), "the text with the artifact is another license")
	if old.Expression.Text == now.Expression.Text {
		return out
	}
	why := "other conditions apply"
	for _, class := range now.Classes {
		if !slices.Contains(old.Classes, class) && class != "permissive" {
			why = "it is now " + class
		}
	}
	return append(out, Change{"license", old.Expression.Text, now.Expression.Text, true, why})
}

// listChanges compares two sets.
func listChanges(field string, old, now []string, why string) []Change {
	var out []Change
	for _, t := range old {
		if !slices.Contains(now, t) {
			out = append(out, Change{field, t, "", true, why})
		}
	}
	for _, t := range now {
		if !slices.Contains(old, t) {
			out = append(out, Change{field, "", t, true, why})
		}
	}
	return out
}

func texts(values []Value) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.Text)
	}
	return out
}

func baseTexts(bases []Base) []string {
	var out []string
	for _, b := range bases {
		text := b.Name.Text
		if b.Revision.Known() {
			text += "@" + b.Revision.Text
		}
		out = append(out, text)
	}
	return out
}

func conflictTexts(conflicts []Conflict) []string {
	var out []string
	for _, c := range conflicts {
		out = append(out, c.summary())
	}
	return out
}

func claimTexts(claims []Claim) []string {
	var out []string
	for _, c := range claims {
		out = append(out, strings.TrimPrefix(c.summary(), "signature: "))
	}
	return out
}

// inert are the roles of files that no loader reads.
var inert = []Role{RoleDocumentation}

func fileChanges(old, now Document) []Change {
	before := make(map[string]File, len(old.Files))
	for _, f := range old.Files {
		before[f.Name] = f
	}
	var out []Change
	for _, f := range now.Files {
		was, ok := before[f.Name]
		delete(before, f.Name)
		role, _ := now.Role(f)
		matters := !slices.Contains(inert, role)
		switch {
		case !ok:
			out = append(out, Change{FieldFile + f.Name, "", f.identity(), matters, reason(matters, "a file was added")})
		case !sameContent(was, f):
			out = append(out, Change{FieldFile + f.Name, was.identity(), f.identity(), matters, reason(matters, "its content is another")})
		}
		out = append(out, listChanges("finding in "+f.Name, findingTexts(was), findingTexts(f), "what was found in it is another")...)
		if was.Complete() && !f.Complete() && ok {
			out = append(out, Change{"coverage of " + f.Name, "complete", "incomplete", true, "less of it was looked at"})
		}
	}
	for _, f := range before {
		role, _ := old.Role(f)
		matters := !slices.Contains(inert, role)
		out = append(out, Change{FieldFile + f.Name, f.identity(), "", matters, reason(matters, "a file was removed")})
	}
	return out
}

func reason(matters bool, what string) string {
	if matters {
		return what
	}
	return what + "; it is documentation"
}

// sameContent compares the digests that both have. Without any in common the
// content is not known to be the same, and so is not.
func sameContent(a, b File) bool {
	common := false
	for _, x := range a.Digests {
		for _, y := range b.Digests {
			if x.Algorithm == y.Algorithm && !x.Broken && !y.Broken {
				common = true
				if x.Hex != y.Hex {
					return false
				}
			}
		}
	}
	return common
}

// identity is the first digest, or the size where there is none.
func (f File) identity() string {
	if len(f.Digests) == 0 {
		return "no digest"
	}
	return f.Digests[0].Algorithm + ":" + f.Digests[0].Hex
}

func findingTexts(f File) []string {
	var out []string
	for _, x := range f.Findings {
		text := x.Severity + " " + x.Rule + ": " + x.What
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// telling are the facts that change what the artifact is; other facts are what
// somebody wrote about it.
var telling = []string{"safetensors/parameters", "safetensors/dtypes", "gguf/parameters", "gguf/dtypes", "gguf/architecture", configPrefix, "text/component", "text/tokenizer/", "text/merge/"}

func factChanges(old, now []Fact) []Change {
	keys := make(map[string]bool)
	values := func(facts []Fact) map[string]string {
		out := make(map[string]string)
		for _, f := range facts {
			keys[f.Key] = true
			out[f.Key] = strings.TrimPrefix(out[f.Key]+", "+f.Value.Text, ", ")
		}
		return out
	}
	before, after := values(old), values(now)
	var out []Change
	for key := range keys {
		if before[key] == after[key] || keyOfOther(key) {
			continue
		}
		matters := slices.ContainsFunc(telling, func(p string) bool { return strings.HasPrefix(key, p) })
		why := "what the publisher writes about it"
		if matters {
			why = "the model is built differently"
		}
		out = append(out, Change{"fact " + key, before[key], after[key], matters, why})
	}
	return out
}

// keyOfOther reports facts of which a field of its own tells the change.
func keyOfOther(key string) bool {
	_, base := baseKeys[key]
	return base || slices.Contains([]string{keyLicense, keyLicenseName, keyGGUFLicense, keyFoundLicense, keyCroissantLicense, cardPrefix + "datasets"}, key)
}
