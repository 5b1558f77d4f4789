package license

import (
	"slices"
	"strings"
)

// Class is what kind of conditions a license has, for policies that ask by kind
// instead of by name.
type Class string

// The classes.
const (
	NonCommercial Class = "non-commercial" // commercial use is not granted
	UseRestricted Class = "use-restricted" // some purposes are forbidden, or large users need a grant
	NoDerivatives Class = "no-derivatives" // changed copies must not be passed on
	ShareAlike    Class = "share-alike"    // changed copies are under the same license
	Permissive    Class = "permissive"     // attribution at most
)

// AllClasses are all there are.
func AllClasses() []Class {
	return []Class{NonCommercial, UseRestricted, NoDerivatives, ShareAlike, Permissive}
}

// classes are by the beginning of an id, in lower case; every line that matches
// counts. Source of each: the text of the license.
var classes = []struct {
	prefix string
	class  Class
	why    string
}{
	{"cc-by-nc", NonCommercial, "section 2(a)(1): for NonCommercial purposes only"},
	{"cc-by-nc-nd", NoDerivatives, "section 2(a)(1)(B): not shared in adapted form"},
	{"cc-by-nd", NoDerivatives, "section 2(a)(1)(B): not shared in adapted form"},
	{"cc-by-nc-sa", ShareAlike, "section 3(b)"},
	{"cc-by-sa", ShareAlike, "section 3(b)"},
	{"gpl-", ShareAlike, "section 5(c) of version 3, section 2(b) of version 2"},
	{"agpl-", ShareAlike, "section 5(c)"},
	{"lgpl-", ShareAlike, "section 4"},
	{"mpl-", ShareAlike, "section 3.1, per file"},
	{"epl-", ShareAlike, "section 3"},
	{"eupl-", ShareAlike, "article 5"},
	{"osl-", ShareAlike, "section 1(c)"},
	{"odbl-", ShareAlike, "section 4.4"},
	{"cdla-sharing", ShareAlike, "section 3.1"},
	{"licenseref-hf-llama", UseRestricted, "acceptable use policy; more than 700 million monthly users need a grant"},
	{"licenseref-hf-gemma", UseRestricted, "section 3.2, prohibited use policy"},
	{"licenseref-hf-openrail", UseRestricted, "attachment A"},
	{"licenseref-hf-creativeml-openrail", UseRestricted, "attachment A"},
	{"licenseref-hf-bigscience", UseRestricted, "attachment A"},
	{"licenseref-hf-bigcode-openrail", UseRestricted, "attachment A"},
	{"licenseref-hf-grok2-community", UseRestricted, "acceptable use policy"},
	{"licenseref-hf-deepfloyd", NonCommercial, "research only"},
	{"licenseref-hf-deepfloyd", UseRestricted, "attachment A"},
	{"licenseref-hf-fair-noncommercial", NonCommercial, "noncommercial research uses only"},
	{"licenseref-hf-intel-research", NonCommercial, "research only"},
	{"licenseref-hf-h-research", NonCommercial, "research only"},
	{"licenseref-hf-apple-amlr", NonCommercial, "research purposes only"},
	{"apache-", Permissive, "section 2"}, {"mit", Permissive, "the whole"}, {"bsd-", Permissive, "the whole"},
	{"bsl-1.0", Permissive, "the whole"}, {"isc", Permissive, "the whole"}, {"zlib", Permissive, "the whole"},
	{"cc0-", Permissive, "section 2"}, {"unlicense", Permissive, "the whole"}, {"wtfpl", Permissive, "the whole"},
	{"cdla-permissive", Permissive, "section 2"}, {"openmdw", Permissive, "the whole"}, {"pddl-", Permissive, "section 3"},
	{"odc-by-", Permissive, "section 3"}, {"ncsa", Permissive, "the whole"}, {"postgresql", Permissive, "the whole"},
	{"cc-by-2", Permissive, "section 3"}, {"cc-by-3", Permissive, "section 3"}, {"cc-by-4", Permissive, "section 2"},
}

// Classes returns the classes of a license expression in a fixed order, and
// nothing for a license that is not known here: unknown is not permissive.
func Classes(expression string) []Class {
	var out []Class
	for id := range strings.FieldsSeq(strings.NewReplacer("(", " ", ")", " ").Replace(strings.ToLower(expression))) {
		for _, c := range classes {
			if strings.HasPrefix(id, c.prefix) && !slices.Contains(out, c.class) {
				out = append(out, c.class)
			}
		}
		if saysNonCommercial(id) && !slices.Contains(out, NonCommercial) {
			out = append(out, NonCommercial)
		}
	}
	slices.Sort(out)
	return out
}

// saysNonCommercial reports an id that says so itself, as PolyForm-Noncommercial and
// the names that publishers give their own licenses do.
func saysNonCommercial(id string) bool {
	for _, word := range []string{"noncommercial", "non-commercial", "research"} {
		if strings.Contains(id, word) {
			return true
		}
	}
	return slices.Contains(strings.FieldsFunc(id, func(r rune) bool { return r == '-' || r == '_' || r == '.' }), "nc")
}
