package verify

import (
	"assay/registry"
	"assay/scanners"
)

// SchemaVersion is the version of Report's JSON form. It changes its first
// number when a reader of the old form would misread the new one.
const SchemaVersion = "1.0"

// Evidence is what is known about an artifact: facts and gaps, no judgement.
type Evidence struct {
	Artifact ArtifactInfo   `json:"artifact"`
	Files    []FileEvidence `json:"files"` // sorted by name
	Claims   []Claim        `json:"claims"`
	Gaps     []Gap          `json:"gaps"`
	Ruleset  string         `json:"ruleset"` // digest of the scanners and rules
	Rules    []Rule         `json:"rules"`   // those that the findings name, sorted by id
}

// Rule is what a rule says, as it was when the evidence was gathered: a report
// explains itself without the program that wrote it.
type Rule struct {
	ID       string            `json:"id"`
	Severity scanners.Severity `json:"severity"`
	Class    scanners.Class    `json:"classification"`
	Summary  string            `json:"summary"`
	Help     string            `json:"help"`
	CWE      []string          `json:"cwe"`
	ATLAS    []string          `json:"atlas"`
	OWASP    []string          `json:"owasp"`
}

// ArtifactInfo identifies what the evidence is about.
type ArtifactInfo struct {
	Ref        string        `json:"ref"`    // as asked
	Pinned     string        `json:"pinned"` // immutable form, "" when the store has none
	Kind       registry.Kind `json:"kind"`
	ContentID  string        `json:"contentId"` // "" when a file was not hashed whole
	Repository string        `json:"repository,omitempty"`
	Owner      string        `json:"owner,omitempty"`
	Created    string        `json:"created,omitempty"`
	Revision   string        `json:"revision,omitempty"`
	Name       string        `json:"name,omitempty"`    // the store's own name of the repository
	Ignored    []string      `json:"ignored,omitempty"` // names that are by definition no part of it (.git)
	// Recorded is when the files were read, RFC 3339, the first of them, if the caller
	// said to believe earlier evidence. "" when all were read for this.
	Recorded string `json:"recorded,omitempty"`
	// NewestSigned is the newest trusted time of a verified signature that was seen
	// before on another revision of the same name, RFC 3339, or "none". "" when
	// nobody asked, or nothing remembers.
	NewestSigned string `json:"newestSigned,omitempty"`
}

// FileEvidence is what is known about one file.
type FileEvidence struct {
	Name           string            `json:"name"`
	Size           int64             `json:"size"`
	SHA256         string            `json:"sha256"` // hex; "" when the file was not read whole
	SHA512         string            `json:"sha512,omitempty"`
	Declared       []DeclaredDigest  `json:"declared,omitempty"`
	Formats        []string          `json:"formats"`
	Coverage       scanners.Coverage `json:"coverage"`
	Classification scanners.Class    `json:"classification"`
	Findings       []Finding         `json:"findings"`
	Facts          []Fact            `json:"facts,omitempty"`
	Members        int               `json:"members,omitempty"`
}

// DeclaredDigest is a digest that the store promised, and whether the bytes
// kept the promise.
type DeclaredDigest struct {
	Digest string `json:"digest"`
	By     string `json:"by"`
	Match  string `json:"match"` // one of the Match constants
	// Strength says what it would take to forge it; "" is unknown.
	Strength string `json:"strength,omitempty"`
	Note     string `json:"note,omitempty"` // why it is unusable
}

// What a declared digest is worth.
const (
	// StrengthStore: the store promised it apart from the bytes, by SHA-256 or
	// stronger. Who controls the store controls both.
	StrengthStore = "store"
	// StrengthGit: the object id of a Git blob, SHA-1 with detection of collisions.
	StrengthGit = "git"
	// StrengthListed: a file of the same artifact lists it, and nobody signed that:
	// it shows damage, and no replacement.
	StrengthListed = "listed"
)

// How a declared digest fared.
const (
	MatchUnchecked = "unchecked" // not computed here; a source may have compared it before it gave the bytes
	MatchKept      = "match"
	MatchBroken    = "mismatch"
	MatchUnusable  = "unusable" // declared, and no digest that anything can be compared with
)

// Finding is a scanners.Finding as it is written in reports.
type Finding struct {
	Rule     string            `json:"rule"`
	Severity scanners.Severity `json:"severity"`
	Path     []string          `json:"path"` // members from the file inwards
	Offset   int64             `json:"offset"`
	What     string            `json:"what"`
}

// Fact is metadata read from a file, for the bill of materials.
type Fact struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Gap is a question that could not be answered.
type Gap struct {
	Code   scanners.GapCode `json:"code"`
	File   string           `json:"file,omitempty"`
	Path   []string         `json:"path,omitempty"`
	Offset int64            `json:"offset,omitempty"`
	Reason string           `json:"reason"`
}
