package profile

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// symbols stand before each line of the text report.
var symbols = map[State]string{Verified: "+", Declared: "o", Inferred: "~", NotApplicable: " ", Missing: "-"}

// maxLine is how much of a value is printed, in characters.
const maxLine = 60

// WriteText writes the report for people, one line for each element.
func (r Report) WriteText(w io.Writer) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "%s\n%s\n\n", r.Title, r.ProfileSource)
	for _, e := range r.Elements {
		fmt.Fprintf(b, "%s %-14s %-22s %-38s %s\n", symbols[e.State], e.State, e.ID, e.Name, e.detail())
	}
	fmt.Fprintf(b, "\n%d%% present (%d%% verified, %d%% declared): %d verified, %d declared, %d inferred, %d missing, %d not applicable\n",
		r.Present, r.Verified, r.Declared, r.Counts[Verified], r.Counts[Declared], r.Counts[Inferred], r.Counts[Missing], r.Counts[NotApplicable])
	return b.Flush()
}

func (e Result) detail() string {
	switch e.State {
	case Missing:
		return "to fill: " + e.Note
	case NotApplicable:
		return e.Note
	}
	text := []rune(e.Value)
	if len(text) > maxLine {
		text = append(text[:maxLine:maxLine], []rune("...")...)
	}
	return fmt.Sprintf("%s (%s)", string(text), e.Source)
}

// Requirement is the least that must be there. Without a number every element that applies and is not optional must be.
type Requirement struct {
	Profile Profile
	Percent int // 0: all that are not optional
}

// ParseRequirement reads "PROFILE" or "PROFILE:PERCENT".
func ParseRequirement(text string) (Requirement, error) {
	id, number, has := strings.Cut(text, ":")
	p, ok := Find(id)
	if !ok {
		return Requirement{}, fmt.Errorf("unknown profile %q: one of %s", id, strings.Join(IDs(), ", "))
	}
	q := Requirement{Profile: p}
	if has {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > 100 {
			return q, fmt.Errorf("%q: a percentage is a whole number from 1 to 100", text)
		}
		q.Percent = n
	}
	return q, nil
}

// Met reports whether r, of the same profile, is enough.
func (q Requirement) Met(r Report) bool {
	if q.Percent == 0 {
		return r.Complete
	}
	return r.Present >= q.Percent
}
