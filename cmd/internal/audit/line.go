package audit

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/registry"
	"assay/verify"
	"assay/verify/report"
)

// Line is the outcome of one model, as written to Out.
type Line struct {
	Model     string          `json:"model"` // slash-separated, relative to the audited directory
	Outcome   verify.Outcome  `json:"outcome"`
	Decision  verify.Decision `json:"decision"`
	ContentID string          `json:"contentId"` // "" when not every byte was hashed
	Files     int             `json:"files"`
	Bytes     int64           `json:"bytes"`
	Reasons   []verify.Reason `json:"reasons"`     // worst first, at most maxReasons
	More      int             `json:"moreReasons"` // how many are left out
}

// Summary counts the lines.
type Summary struct {
	Root       string `json:"root"` // as asked
	Ruleset    string `json:"ruleset"`
	Policy     string `json:"policy"`
	Models     int    `json:"models"`
	Pass       int    `json:"pass"`
	Fail       int    `json:"fail"`
	Incomplete int    `json:"incomplete"`
	Nothing    int    `json:"nothing"`
	Files      int    `json:"files"`
	Bytes      int64  `json:"bytes"`

	// Resumed is how many lines came from the journal. It is not part of the
	// output, which does not depend on interruptions.
	Resumed int `json:"-"`
}

// Outcome is the one word for the whole audit: the worst that occurred, with a
// model that fails before one that could not be verified.
func (s *Summary) Outcome() verify.Outcome {
	switch {
	case s.Fail > 0:
		return verify.Fail
	case s.Incomplete > 0:
		return verify.Incomplete
	case s.Pass > 0:
		return verify.Pass
	}
	return verify.Nothing
}

func (s *Summary) add(r result) {
	s.Models++
	s.Files += r.line.Files
	s.Bytes += r.line.Bytes
	if r.resumed {
		s.Resumed++
	}
	switch r.line.Outcome {
	case verify.Pass:
		s.Pass++
	case verify.Fail:
		s.Fail++
	case verify.Nothing:
		s.Nothing++
	default:
		s.Incomplete++
	}
}

// Bounds of a line: a report about a hostile model may hold thousands of long
// reasons, and has them in full when the model is gated on its own.
const (
	maxReasons = 10
	maxText    = 1024 // bytes of one text
)

func lineOf(i item, r verify.Report) Line {
	l := Line{
		Model: registry.PrintableName(i.name), Outcome: r.Outcome(), Decision: r.Verdict.Decision,
		ContentID: r.Artifact.ContentID, Files: len(r.Files), Reasons: []verify.Reason{},
	}
	for _, f := range r.Files {
		l.Bytes += f.Size
	}
	for n, reason := range r.Verdict.Reasons {
		if n == maxReasons {
			l.More = len(r.Verdict.Reasons) - maxReasons
			break
		}
		reason.File, reason.What, reason.Advice = report.Clip(reason.File, maxText), report.Clip(reason.What, maxText), report.Clip(reason.Advice, maxText)
		l.Reasons = append(l.Reasons, reason)
	}
	return l
}

// incomplete is the line of what could not be judged.
func incomplete(i item, code, what string) Line {
	return Line{
		Model: registry.PrintableName(i.name), Outcome: verify.Incomplete,
		Reasons: []verify.Reason{{Code: code, What: report.Clip(what, maxText)}},
	}
}

func encode(v any) ([]byte, error) {
	return json.Marshal(v, json.Deterministic(true), jsontext.AllowInvalidUTF8(true))
}

func decodeLine(text []byte) (l Line, err error) {
	err = json.Unmarshal(text, &l, json.RejectUnknownMembers(true))
	return l, err
}
