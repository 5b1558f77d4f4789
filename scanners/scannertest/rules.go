package scannertest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
)

// Sample holds one input in which a rule must fire and one, as similar as it
// can be, in which it must not. A rule may have several samples.
type Sample struct {
	Rule string // full id, "zip/duplicate-name"
	Name string // file name of both inputs; a hint, may be empty
	Hit  []byte // nil: this sample only shows a miss
	Miss []byte // nil: this sample only shows a hit

	// Sibling is given to the scanner as File.Sibling, for rules that look at
	// the container around the file. May be nil.
	Sibling func(name string) (int64, bool)
	// Siblings are the names of all members, for rules about those that are left.
	Siblings []string
}

var (
	ruleID  = regexp.MustCompile(`^[a-z0-9]+/[a-z0-9]+(-[a-z0-9]+)*$`)
	cweID   = regexp.MustCompile(`^CWE-[1-9][0-9]*$`)
	atlasID = regexp.MustCompile(`^AML\.T[0-9]{4}(\.[0-9]{3})?$`)
	owaspID = regexp.MustCompile(`^LLM(0[1-9]|10)$`)
)

// CheckRules checks the rules of s and runs the samples. It demands at least one
// hit and one miss for every rule, and refuses a finding of a rule that Info
// does not declare. A miss must be recognised by the scanner: an input that it
// declines proves nothing.
func CheckRules(t testing.TB, s scanners.Scanner, samples []Sample) {
	t.Helper()
	declared := checkDeclarations(t, s.Info())
	hits, misses := make(map[string]bool), make(map[string]bool)
	for i, sample := range samples {
		if !declared[sample.Rule] {
			t.Errorf("sample %d is for %q, which Info does not declare", i, sample.Rule)
			continue
		}
		if sample.Hit != nil {
			hits[sample.Rule] = true
			checkSample(t, s, declared, sample, i, sample.Hit, true)
		}
		if sample.Miss != nil {
			misses[sample.Rule] = true
			checkSample(t, s, declared, sample, i, sample.Miss, false)
		}
	}
	for id := range declared {
		if !hits[id] {
			t.Errorf("%s: no sample in which it fires", id)
		}
		if !misses[id] {
			t.Errorf("%s: no sample in which it must not fire", id)
		}
	}
}

func checkSample(t testing.TB, s scanners.Scanner, declared map[string]bool, sample Sample, i int, data []byte, want bool) {
	t.Helper()
	f := File(sample.Name, data)
	f.Sibling = sample.Sibling
	if sample.Siblings != nil {
		f.Siblings = slices.Values(sample.Siblings)
	}
	result, err := RunFile(s, f, Head(sample.Name, data))
	if declined(err) {
		t.Errorf("%s, sample %d (hit: %v): the scanner does not recognise it", sample.Rule, i, want)
		return
	}
	if HasRule(result.Findings, sample.Rule) != want {
		t.Errorf("%s, sample %d: fired: %v, want %v; findings %v, error %v",
			sample.Rule, i, !want, want, result.Findings, err)
	}
	for _, finding := range result.Findings {
		if !declared[finding.Rule] {
			t.Errorf("%s, sample %d: finding of the undeclared rule %q", sample.Rule, i, finding.Rule)
		}
	}
	checkResult(t, f.Size, result)
}

// checkDeclarations checks what every rule must say and returns their ids.
func checkDeclarations(t testing.TB, info scanners.Info) map[string]bool {
	t.Helper()
	if info.Name == "" || info.Title == "" || info.Version < 1 {
		t.Errorf("info lacks a name, a title or a version: %q %q %d", info.Name, info.Title, info.Version)
	}
	declared := make(map[string]bool, len(info.Rules))
	for _, r := range info.Rules {
		if declared[r.ID] {
			t.Errorf("%s: declared twice", r.ID)
		}
		declared[r.ID] = true
		if !strings.HasPrefix(r.ID, info.Name+"/") || !ruleID.MatchString(r.ID) {
			t.Errorf("%s: want %q and a kebab-case name", r.ID, info.Name+"/")
		}
		if r.Summary == "" || r.Help == "" {
			t.Errorf("%s: no summary or no help", r.ID)
		}
		checkIDs(t, r)
		checkClass(t, r)
	}
	return declared
}

func checkIDs(t testing.TB, r scanners.Rule) {
	t.Helper()
	for _, list := range []struct {
		ids     []string
		pattern *regexp.Regexp
	}{{r.CWE, cweID}, {r.ATLAS, atlasID}, {r.OWASP, owaspID}} {
		for _, id := range list.ids {
			if !list.pattern.MatchString(id) {
				t.Errorf("%s: %q is no id of the form %s", r.ID, id, list.pattern)
			}
		}
	}
}

// checkClass refuses the two contradictions: a note that condemns the file, and
// a grave finding that leaves it clean.
func checkClass(t testing.TB, r scanners.Rule) {
	t.Helper()
	grave := r.Severity.AtLeast(scanners.High)
	if grave && r.Class == scanners.Clean {
		t.Errorf("%s: %s, yet the file may be clean", r.ID, r.Severity)
	}
	if r.Severity == scanners.Informational && (r.Class == scanners.Suspicious || r.Class == scanners.Malicious) {
		t.Errorf("%s: info, yet the file is %s", r.ID, r.Class)
	}
}
