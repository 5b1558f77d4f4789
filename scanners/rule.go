package scanners

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// Severity grades a finding. The zero value is Critical: a rule that forgot to
// say is not played down.
type Severity uint8

// The severities, worst first.
const (
	Critical Severity = iota
	High
	Medium
	Low
	Informational
)

var severityNames = [...]string{"critical", "high", "medium", "low", "info"}

func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return severityNames[Critical]
}

// AtLeast reports whether s is as bad as threshold, or worse.
func (s Severity) AtLeast(threshold Severity) bool { return s <= threshold }

// MarshalText writes the name of the severity.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText accepts the five names only.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severityNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown severity %q: one of critical, high, medium, low, info", text)
	}
	*s = Severity(i)
	return nil
}

// Class is the second axis beside coverage: what the content is taken for. The
// zero value is Unknown.
type Class uint8

// The classes. Clean is claimed only for a file that was covered whole.
const (
	Unknown Class = iota
	Clean
	Suspicious
	Malicious
)

var classNames = [...]string{"unknown", "clean", "suspicious", "malicious"}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return classNames[Unknown]
}

// MarshalText writes the name of the class.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText accepts the four names only.
func (c *Class) UnmarshalText(text []byte) error {
	i := slices.Index(classNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("unknown classification %q", text)
	}
	*c = Class(i)
	return nil
}

// At is what a finding of the severity says about a file, when its rule has the
// class c: what no policy denies by default does not make a file malicious.
func (c Class) At(s Severity) Class {
	if c == Malicious && !s.AtLeast(High) {
		return Suspicious
	}
	return c
}

// Worse returns the worse of two classes: clean < unknown < suspicious < malicious.
func (c Class) Worse(other Class) Class {
	rank := [...]int{Unknown: 1, Clean: 0, Suspicious: 2, Malicious: 3}
	if rank[other] > rank[c] {
		return other
	}
	return c
}

// Rule is a stable statement that a scanner can make. Every rule has at least
// one true and one false positive sample in its scanner's test.
type Rule struct {
	ID       string   // "scanner/kebab-name", never reused
	Severity Severity // unless the finding says otherwise
	Class    Class    // what a file with this finding is taken for at best
	Summary  string   // one sentence
	Help     string   // why it matters, and what to do about it
	CWE      []string // "CWE-502"
	ATLAS    []string // MITRE ATLAS technique ids, "AML.T0011.000"
	OWASP    []string // OWASP Top 10 for LLM Applications 2025, "LLM03"
}

// At is a finding of the rule, with the rule's severity. What is one line; text
// from the file in it is quoted (%q).
func (r Rule) At(offset int64, what string) Finding {
	return Finding{Rule: r.ID, Severity: r.Severity, Offset: offset, What: what}
}

// Ruleset is the digest that names a set of scanners with everything that decides
// what they say: names, versions, rules, and source, a digest of their code and
// their knowledge (scanners/all has it). Evidence is only comparable under the
// same ruleset: without source, a verdict from before a hole was closed would be
// found again afterwards. Rules are sorted by id first, so that the order of
// registration does not matter.
func Ruleset(list []Scanner, source string) string {
	infos := make([]Info, len(list))
	for i, s := range list {
		infos[i] = s.Info()
	}
	slices.SortFunc(infos, func(a, b Info) int { return strings.Compare(a.Name, b.Name) })
	h := sha256.New()
	writeField(h, source)
	for _, info := range infos {
		writeField(h, info.Name, fmt.Sprint(info.Version))
		rules := slices.Clone(info.Rules)
		slices.SortFunc(rules, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) })
		for _, r := range rules {
			writeField(h, r.ID, r.Severity.String(), r.Class.String())
		}
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// writeField writes length-prefixed strings, so that no two lists of fields
// have the same bytes.
func writeField(h hash.Hash, fields ...string) {
	for _, f := range fields {
		fmt.Fprintf(h, "%d:%s,", len(f), f)
	}
}
