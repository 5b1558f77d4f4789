package scanners

import (
	"cmp"
	"fmt"
	"slices"
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
	Members  int // files inside it, all depths
}

// sortStable puts findings and gaps in an order that does not depend on which
// scanner ran first.
func (r *FileReport) sortStable() {
	slices.Sort(r.Formats)
	slices.SortFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Severity, b.Severity), slices.Compare(a.Path, b.Path),
			cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.What, b.What))
	})
	slices.SortFunc(r.Gaps, func(a, b Gap) int {
		return cmp.Or(slices.Compare(a.Path, b.Path), cmp.Compare(a.Offset, b.Offset),
			cmp.Compare(a.Code, b.Code), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortStableFunc(r.Facts, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value, b.Value))
	})
}

// capFindings keeps the n worst findings and turns the rest into one gap, so
// that a flood of harmless findings cannot hide a bad one.
func (r *FileReport) capFindings(n int) {
	if len(r.Findings) <= n {
		return
	}
	r.Gaps = append(r.Gaps, Gap{Code: GapLimit,
		Reason: fmt.Sprintf("%d findings; the %d worst are kept", len(r.Findings), n)})
	r.Findings = r.Findings[:n]
}
