package pickle

import (
	"fmt"
	"slices"

	"assay/scanners"
)

// perGroup is how many findings of one rule about one name are kept; the rest is
// counted in the last of them.
const perGroup = 8

// sink collects the findings of a file and of everything nested in it.
type sink struct {
	list    []scanners.Finding
	grave   int // high and critical ones
	max     int
	limit   string // a limit that was reached: something was not looked at
	tallies map[tallyKey]*tally
}

type tallyKey struct {
	rule  ruleID
	group string
}

// tally counts the findings of one group.
type tally struct {
	offsets []int64 // of those that are kept
	last    int     // index of the last one
	more    int
}

// add keeps a finding, or counts it. There is room for max grave findings and for
// max others, so that a flood of harmless ones cannot hide a bad one.
func (s *sink) add(rule ruleID, severity scanners.Severity, off int64, group string, what func() string) {
	t := s.tallies[tallyKey{rule, group}]
	if t == nil {
		if !s.room(severity) {
			return
		}
		t = &tally{}
		if s.tallies == nil {
			s.tallies = make(map[tallyKey]*tally)
		}
		s.tallies[tallyKey{rule, group}] = t
	}
	if slices.Contains(t.offsets, off) {
		return // the second reading of the same bytes
	}
	if len(t.offsets) >= perGroup || !s.room(severity) {
		t.more++
		return
	}
	if severity.AtLeast(scanners.High) {
		s.grave++
	}
	t.offsets, t.last = append(t.offsets, off), len(s.list)
	s.list = append(s.list, scanners.Finding{Rule: ruleTable[rule].ID, Severity: severity, Offset: off, What: clean(what())})
}

// take adds a finding of an inner analysis.
func (s *sink) take(f scanners.Finding) {
	if !s.room(f.Severity) {
		return
	}
	if f.Severity.AtLeast(scanners.High) {
		s.grave++
	}
	s.list = append(s.list, f)
}

func (s *sink) room(severity scanners.Severity) bool {
	n := len(s.list) - s.grave
	if severity.AtLeast(scanners.High) {
		n = s.grave
	}
	if n >= s.max {
		s.limit = fmt.Sprintf("more than %d findings", s.max)
	}
	return n < s.max
}

// findings returns the list with the counts of what was not kept.
func (s *sink) findings() []scanners.Finding {
	for _, t := range s.tallies {
		if t.more > 0 && len(t.offsets) > 0 {
			s.list[t.last].What += fmt.Sprintf(" (and %d more like it)", t.more)
		}
	}
	return s.list
}
