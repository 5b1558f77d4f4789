// Package findings collects what one scanner finds in one file.
//
// # Security
//
// A file can repeat the same fault a million times. Of each rule the first few
// findings are kept and the rest is counted, so that memory is bounded and no
// rule can crowd out another.
package findings

import (
	"fmt"

	"assay/scanners"
)

// perRule is how many findings of one rule are worth a reader's time.
const perRule = 16

// List collects findings. It is made by New.
type List struct {
	rules []scanners.Rule
	list  []scanners.Finding
	kept  map[string]int
	more  map[string]*scanners.Finding // the first one that was not kept
	count map[string]int               // how many were not kept
	order []string                     // rules in more, in order of appearance
}

// New returns an empty list for findings of the rules.
func New(rules []scanners.Rule) *List {
	return &List{rules: rules}
}

// severity is that of a rule. Most files have no finding, so that no index is
// worth making.
func (l *List) severity(rule string) scanners.Severity {
	for i := range l.rules {
		if l.rules[i].ID == rule {
			return l.rules[i].Severity
		}
	}
	return scanners.Rule{}.Severity
}

// Add adds a finding with the severity of its rule. Text from the file must be
// quoted by the caller (package clip).
func (l *List) Add(rule string, offset int64, format string, args ...any) {
	l.AddAs(l.severity(rule), rule, offset, format, args...)
}

// AddAs adds a finding with a severity of its own.
func (l *List) AddAs(severity scanners.Severity, rule string, offset int64, format string, args ...any) {
	if l.kept[rule] >= perRule {
		l.drop(severity, rule, offset)
		return
	}
	if l.kept == nil {
		l.kept = make(map[string]int)
	}
	l.kept[rule]++
	l.list = append(l.list, scanners.Finding{
		Rule: rule, Severity: severity, Offset: offset, What: fmt.Sprintf(format, args...)})
}

func (l *List) drop(severity scanners.Severity, rule string, offset int64) {
	if l.more == nil {
		l.more, l.count = make(map[string]*scanners.Finding), make(map[string]int)
	}
	if l.more[rule] == nil {
		l.more[rule] = &scanners.Finding{Rule: rule, Severity: severity, Offset: offset}
		l.order = append(l.order, rule)
	}
	l.more[rule].Severity = min(l.more[rule].Severity, severity)
	l.count[rule]++
}

// Len is the number of findings kept so far.
func (l *List) Len() int { return len(l.list) }

// All returns the findings, and for each rule with too many one that counts the
// rest and carries the worst severity among them.
func (l *List) All() []scanners.Finding {
	all := l.list[:len(l.list):len(l.list)]
	for _, rule := range l.order {
		f := *l.more[rule]
		f.What = fmt.Sprintf("%d more like these, the first of them here", l.count[rule])
		all = append(all, f)
	}
	return all
}
