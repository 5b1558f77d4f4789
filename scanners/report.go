package scanners

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Coverage accounts for every byte of a file. The four sum to its size. The
// zero value covers nothing.
type Coverage struct {
	Parsed  int64 `json:"parsed"`  // read and understood
	Hashed  int64 `json:"hashed"`  // covered by the digest alone: nothing is known of their meaning
	Opaque  int64 `json:"opaque"`  // data that no loader interprets
	Skipped int64 `json:"skipped"` // not looked at
}

// Complete reports whether every byte was parsed or known to be plain data.
func (c Coverage) Complete() bool { return c.Hashed == 0 && c.Skipped == 0 }

// Size is the sum of the four.
func (c Coverage) Size() int64 { return c.Parsed + c.Hashed + c.Opaque + c.Skipped }

// GapCode is a stable word for why a question could not be answered.
type GapCode string

// The gap codes.
const (
	GapUnrecognised GapCode = "unrecognised" // no scanner knows the format
	GapUncovered    GapCode = "uncovered"    // a scanner knows the file, and left bytes unexplained
	GapBroken       GapCode = "broken"       // the format ends in an error
	GapUnsupported  GapCode = "unsupported"  // known, and not analysed (encrypted, unknown method, code)
	GapLimit        GapCode = "limit"        // a limit was reached
	GapUnreadable   GapCode = "unreadable"   // the bytes could not be read
	GapInternal     GapCode = "internal"     // a scanner failed; please report it
)

// Gap is a question that could not be answered. A gap is not a pass.
type Gap struct {
	Code   GapCode
	Path   []string // members from the file inwards
	Offset int64
	Reason string
}

// FileReport is everything the scanners say about one file.
type FileReport struct {
	Formats  []string // scanners that recognised it, sorted
	Coverage Coverage // Hashed is always 0 here: hashing is not a scanner's work
	Class    Class
	Findings []Finding // sorted; at most Limits.MaxFindings, the worst kept
	Facts    []Fact
	Gaps     []Gap
	Members  int     // files inside it, all depths
	Outline  Outline // for checks across files
	Plain    Spans   // the opaque bytes that no other scanner read
}

const (
	// maxWhat is how much of a finding, a gap or a fact reaches the report, in bytes.
	maxWhat = 1 << 10
	// maxFacts is the number of facts kept for one file.
	maxFacts = 10_000
)

// sortStable puts findings and gaps in an order that does not depend on which
// scanner ran first.
func (r *FileReport) sortStable() {
	slices.Sort(r.Formats)
	r.Outline.sortStable()
	slices.SortFunc(r.Findings, compareFindings)
	slices.SortFunc(r.Gaps, func(a, b Gap) int {
		return cmp.Or(slices.Compare(a.Path, b.Path), cmp.Compare(a.Offset, b.Offset),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortStableFunc(r.Facts, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
	})
}

// compareFindings is a total order, the worst first.
func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Severity, b.Severity), slices.Compare(a.Path, b.Path),
		cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.What, b.What))
}

// worst keeps the max worst findings and counts the rest, so that a flood of
// harmless findings neither hides a bad one nor fills the memory. What is kept
// does not depend on the order of arrival.
type worst struct {
	list         []Finding
	max          int
	dropped      int
	droppedRules map[string]bool
}

func (w *worst) add(f Finding) {
	if w.list = append(w.list, f); len(w.list) >= 2*w.max {
		w.trim()
	}
}

func (w *worst) trim() {
	if len(w.list) <= w.max {
		return
	}
	slices.SortFunc(w.list, compareFindings)
	w.dropped += len(w.list) - w.max
	if w.droppedRules == nil {
		w.droppedRules = make(map[string]bool)
	}
	for _, f := range w.list[w.max:] {
		w.droppedRules[f.Rule] = true
	}
	clear(w.list[w.max:])
	w.list = w.list[:w.max]
}

// noteDropped turns the findings that were not kept into one gap.
func (r *FileReport) noteDropped(n int) {
	if n == 0 {
		return
	}
	r.Gaps = append(r.Gaps, Gap{Code: GapLimit,
		Reason: fmt.Sprintf("%d findings; the %d worst are kept", n+len(r.Findings), len(r.Findings))})
}

// label is the name of a member as reports show it: a name that is not one
// short printable line is quoted, so that no reader of a report is deceived.
func label(name string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) }
	if utf8.ValidString(name) && !strings.ContainsFunc(name, hidden) {
		return clip(name, maxWhat)
	}
	return clip(strconv.QuoteToASCII(name), maxWhat)
}

// oneLine makes text fit for a report, whatever a scanner or a library put into
// it: valid, printable, one line, bounded.
func oneLine(s string) string {
	printable := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}
	return clip(strings.Map(printable, strings.ToValidUTF8(s, "\ufffd")), maxWhat)
}

// clip shortens s to n bytes, at the boundary of a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const dots = "..."
	return strings.ToValidUTF8(s[:n-len(dots)], "") + dots
}
