package policy

import (
	"fmt"
	"slices"
	"strings"

	"assay/verify"
	"assay/verify/license"
)

// licenseFact is what the model card declares (front matter, key license).
const licenseFact = "text/card/license"

// licenseNameFact says what the license "other" is.
const licenseNameFact = "text/card/license_name"

func factOf(f verify.FileEvidence, key string) string {
	for _, fact := range f.Facts {
		if fact.Key == key {
			return fact.Value
		}
	}
	return ""
}

// classPrefix begins an entry of a license list that means every license with such
// conditions.
const classPrefix = "class:"

func (j *judgement) licenses(l Lists) []verify.Reason {
	var reasons []verify.Reason
	found := false
	for _, f := range j.e.Files {
		for _, fact := range f.Facts {
			if fact.Key != licenseFact {
				continue
			}
			found = true
			if why := l.refusesLicense(fact.Value, factOf(f, licenseNameFact)); why != "" {
				reasons = append(reasons, verify.Reason{Code: CodeLicense, Effect: verify.Deny, File: f.Name,
					What: fmt.Sprintf("the license %q %s", fact.Value, why), Advice: "use a model under an allowed license, or have this one approved and listed"})
			}
		}
	}
	if !found {
		reasons = append(reasons, j.missing(CodeLicense, "", "no license is declared", "ask the publisher to name the license in the model card"))
	}
	return reasons
}

// refusesLicense says why a license is refused, "" when it is not.
func (l Lists) refusesLicense(declared, name string) string {
	id := strings.ToLower(declared)
	conditions := license.FromCard(declared, name).Expression
	for _, class := range license.Classes(conditions) {
		if slices.Contains(l.Deny, classPrefix+string(class)) {
			return "is denied, because it is " + string(class)
		}
	}
	switch {
	case matchesName(l.Deny, id):
		return "is denied"
	case len(l.Allow) == 0 || matchesName(l.Allow, id) || l.allowsClasses(conditions):
		return ""
	}
	return "is not allowed"
}

// allowsClasses wants every part of an expression to be of allowed classes only: a
// license of unknown conditions is of none.
func (l Lists) allowsClasses(expression string) bool {
	parts := strings.Fields(strings.NewReplacer("(", " ", ")", " ").Replace(expression))
	for _, part := range parts {
		if part == "AND" || part == "OR" {
			continue
		}
		classes := license.Classes(part)
		if len(classes) == 0 || slices.ContainsFunc(classes, func(c license.Class) bool { return !slices.Contains(l.Allow, classPrefix+string(c)) }) {
			return false
		}
	}
	return len(parts) > 0
}

// checkLicenses refuses classes that there are not.
func (l Lists) checkLicenses() error {
	for _, entry := range slices.Concat(l.Allow, l.Deny) {
		class, ok := strings.CutPrefix(entry, classPrefix)
		if ok && !slices.Contains(license.AllClasses(), license.Class(class)) {
			return fmt.Errorf("no class of licenses is called %q: one of %v", class, license.AllClasses())
		}
	}
	return nil
}

func matchesName(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		g, err := ParseGlob(strings.ToLower(p))
		return err == nil && g.Match(name)
	})
}
