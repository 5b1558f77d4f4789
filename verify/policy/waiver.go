package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"assay/scanners"
	"assay/verify"
	"assay/verify/report"
)

// Waiver excuses one finding or gap in one content, for a time. It is bound to
// bytes: the same finding in changed bytes is judged anew.
type Waiver struct {
	ID          string
	Fingerprint string // report.Fingerprint of the finding or gap
	Content     string // ContentID of the artifact; or
	File        string // SHA-256 of the file, hex
	Reason      string
	Ticket      string
	Owner       string
	Created     time.Time
	Expires     time.Time // the first instant at which it no longer holds
	Approved    []string  // the approvers of the policy who signed it
	written     string    // Expires as written
}

// What becomes of a waiver.
const (
	WaiverApplied = "applied"
	WaiverExpired = "expired"
	WaiverEarly   = "not yet valid"
	WaiverUnused  = "unused"
	// WaiverUnapproved lacks signatures that the policy asks for.
	WaiverUnapproved = "not approved"
)

type (
	waiverFile struct {
		APIVersion string           `yaml:"apiVersion"`
		Kind       string           `yaml:"kind"`
		Waivers    []waiverDocument `yaml:"waivers"`
	}
	waiverDocument struct {
		ID          string `yaml:"id"`
		Fingerprint string `yaml:"fingerprint"`
		Content     string `yaml:"content"`
		File        string `yaml:"file"`
		Reason      string `yaml:"reason"`
		Ticket      string `yaml:"ticket"`
		Owner       string `yaml:"owner"`
		Created     string `yaml:"created"`
		Expires     string `yaml:"expires"`
	}
)

// ParseWaivers reads a file of kind Waivers.
func ParseWaivers(name string, data []byte) ([]Waiver, error) {
	var d waiverFile
	if err := decode(data, &d, "Waivers", func() (string, string) { return d.APIVersion, d.Kind }); err != nil {
		return nil, fmt.Errorf("waivers %s: %w", name, err)
	}
	list, err := waivers(d.Waivers)
	if err != nil {
		return nil, fmt.Errorf("waivers %s: %w", name, err)
	}
	return list, nil
}

// WithWaivers adds waivers to those of the policy, with the proven signers of
// their file. An id that is there already is an error, because the report could not
// say which one was applied.
func (r Rules) WithWaivers(list []Waiver, signers ...verify.Signer) (Rules, error) {
	r.Waivers = slices.Clone(r.Waivers)
	approved := r.distinct(r.Approvers.Of, signers)
	for _, w := range list {
		w.Approved = approved
		if slices.ContainsFunc(r.Waivers, func(o Waiver) bool { return o.ID == w.ID }) {
			return r, fmt.Errorf("waiver %s: the policy has one of this id", w.ID)
		}
		r.Waivers = append(r.Waivers, w)
	}
	return r, nil
}

func waivers(documents []waiverDocument) ([]Waiver, error) {
	seen := make(map[string]bool)
	list := make([]Waiver, 0, len(documents))
	for i, d := range documents {
		w, err := d.waiver()
		if err != nil {
			return nil, fmt.Errorf("waiver %d %s: %w", i+1, d.ID, err)
		}
		if seen[w.ID] {
			return nil, fmt.Errorf("waiver %s: the id is used twice", w.ID)
		}
		seen[w.ID] = true
		list = append(list, w)
	}
	return list, nil
}

func (d waiverDocument) waiver() (Waiver, error) {
	w := Waiver{ID: d.ID, Fingerprint: d.Fingerprint, Content: d.Content, File: d.File, Reason: d.Reason, Ticket: d.Ticket, Owner: d.Owner, written: d.Expires}
	hexOf, isID := strings.CutPrefix(d.Content, "sha256:")
	switch {
	case d.ID == "" || d.Reason == "" || d.Ticket == "" || d.Owner == "" || d.Created == "" || d.Expires == "":
		return w, errors.New("needs id, reason, ticket, owner, created and expires")
	case !isHex(d.Fingerprint, 32):
		return w, errors.New("fingerprint is not 32 lower-case hex digits: 'assay policy waive REPORT' prints it")
	case (d.Content == "") == (d.File == ""):
		return w, errors.New("needs exactly one of content and file: a waiver is for bytes, not for a name")
	case d.Content != "" && (!isID || !isHex(hexOf, 64)):
		return w, errors.New("content is not sha256: and 64 lower-case hex digits, as the report writes it")
	case d.File != "" && !isHex(d.File, 64):
		return w, errors.New("file is not 64 lower-case hex digits: the SHA-256 of the file")
	}
	var err error
	if w.Created, err = date(d.Created, 0); err != nil {
		return w, fmt.Errorf("created: %w", err)
	}
	if w.Expires, err = date(d.Expires, 1); err != nil {
		return w, fmt.Errorf("expires: %w", err)
	}
	if !w.Created.Before(w.Expires) {
		return w, errors.New("it expires before it was created")
	}
	return w, nil
}

// date reads 2026-11-20 or RFC 3339. A date that expires something includes its
// whole day in UTC. What cannot be read is an error: a waiver whose end nobody
// understands would hold for ever.
func date(text string, days int) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t.AddDate(0, 0, days), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%q: write it like 2026-11-20 or 2026-11-20T12:00:00Z", text)
	}
	return t, nil
}

func waiversDigest(list []Waiver) string {
	h := sha256.New()
	for _, w := range list {
		fmt.Fprintf(h, "%q %q\n", w.Approved, []string{w.ID, w.Fingerprint, w.Content, w.File, w.Reason, w.Ticket, w.Owner,
			w.Created.UTC().Format(time.RFC3339), w.Expires.UTC().Format(time.RFC3339)})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// GapFingerprint names a gap like report.Fingerprint names a finding.
func GapFingerprint(g verify.Gap) string {
	return report.Fingerprint(verify.Finding{Rule: "gap/" + string(g.Code), What: g.Reason, Path: g.Path})
}

// excusable are the gaps about content that was read whole. That bytes could not
// be read, changed, or differ from their digest is never excused: there is
// nothing that the excuse could be bound to.
var excusable = []scanners.GapCode{
	scanners.GapUnrecognised, scanners.GapUncovered, scanners.GapBroken, scanners.GapUnsupported, scanners.GapLimit,
}

func isExcusable(g verify.Gap) bool { return slices.Contains(excusable, g.Code) }

// excuses are the waivers and the baseline while one artifact is judged.
type excuses struct {
	content   string
	byPrint   map[string][]*waiverState
	states    []*waiverState
	baseline  map[string]int    // what is left of the baseline
	asked     map[[2]int]string // by index of file and finding: several clauses ask about one
	approvers Approvers
	used      []verify.Excused
}

type waiverState struct {
	Waiver
	status string
	count  int
}

func newExcuses(r Rules, e verify.Evidence, now time.Time) *excuses {
	x := &excuses{content: e.Artifact.ContentID, asked: make(map[[2]int]string), byPrint: make(map[string][]*waiverState), baseline: r.Baseline.known(), approvers: r.Approvers}
	for _, w := range r.Waivers {
		s := &waiverState{Waiver: w, status: WaiverUnused}
		switch {
		case !now.Before(w.Expires):
			s.status = WaiverExpired
		case now.Before(w.Created):
			s.status = WaiverEarly
		case len(w.Approved) < r.Approvers.AtLeast:
			s.status = WaiverUnapproved
		default:
			x.byPrint[w.Fingerprint] = append(x.byPrint[w.Fingerprint], s)
		}
		x.states = append(x.states, s)
	}
	return x
}

// finding says why a finding does not count, "" when it does. Asked again, it
// answers the same, and counts nothing twice.
func (x *excuses) finding(at [2]int, f verify.FileEvidence, finding verify.Finding) string {
	if by, ok := x.asked[at]; ok || len(x.byPrint)+len(x.baseline) == 0 {
		return by
	}
	mark := report.Fingerprint(finding)
	needs := 0
	if finding.Severity.AtLeast(scanners.Critical) {
		needs = x.approvers.Critical
	}
	by := x.waived(f, mark, needs)
	if by == "" {
		by = x.known(findingKey(mark, finding, f.SHA256), f.Name, mark)
	}
	x.asked[at] = by
	return by
}

func (x *excuses) gap(f verify.FileEvidence, g verify.Gap) string {
	if f.SHA256 == "" || !isExcusable(g) {
		return ""
	}
	mark := GapFingerprint(g)
	if by := x.waived(f, mark, 0); by != "" {
		return by
	}
	return x.known(gapKey(mark, f.SHA256), f.Name, mark)
}

// waived finds a waiver that enough approvers signed.
func (x *excuses) waived(f verify.FileEvidence, mark string, approvers int) string {
	for _, s := range x.byPrint[mark] {
		if len(s.Approved) < approvers {
			if s.count == 0 {
				s.status = WaiverUnapproved
			}
			continue
		}
		if s.Content != "" && s.Content == x.content || s.File != "" && s.File == f.SHA256 {
			by := "waiver " + s.ID
			s.status = WaiverApplied
			s.count++
			x.used = append(x.used, verify.Excused{Fingerprint: mark, File: f.Name, By: by})
			return by
		}
	}
	return ""
}

func (x *excuses) known(key, file, mark string) string {
	if x.baseline[key] == 0 {
		return ""
	}
	x.baseline[key]--
	x.used = append(x.used, verify.Excused{Fingerprint: mark, File: file, By: byBaseline})
	return byBaseline
}

func (x *excuses) waivers() []verify.WaiverUse {
	var list []verify.WaiverUse
	for _, s := range x.states {
		use := verify.WaiverUse{ID: s.ID, Status: s.status, Count: s.count, Reason: s.Reason, Ticket: s.Ticket, Owner: s.Owner, Expires: s.written}
		if s.status == WaiverUnapproved {
			use.Missing = x.approvers.missing(s.Approved)
		}
		list = append(list, use)
	}
	return list
}

// missing tells the owner of a waiver what to do.
func (a Approvers) missing(got []string) string {
	by := "nobody of them"
	if len(got) > 0 {
		by = strings.Join(got, ", ")
	}
	return fmt.Sprintf("signed by %s; %d of %s must sign, for a critical finding %d: assay sign FILE -o FILE.NAME.sig", by, a.AtLeast, strings.Join(a.Of, ", "), a.Critical)
}
