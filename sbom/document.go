package sbom

import "slices"

// Standing says how a value is known. The zero value is Absent: a value that
// nobody vouches for is not a value.
type Standing string

// The standings.
const (
	Absent   Standing = ""         // not known
	Verified Standing = "verified" // computed from the bytes of the artifact
	Declared Standing = "declared" // said by the publisher or the store
	Inferred Standing = "inferred" // derived from the reference or from other values
)

// Value is a text with its standing and its source.
type Value struct {
	Text     string   `json:"text,omitempty"`
	Standing Standing `json:"standing,omitempty"`
	Source   string   `json:"source,omitempty"` // who or what says so: "store", "reference", a file name
}

// Known reports whether there is a value.
func (v Value) Known() bool { return v.Standing != Absent }

// Kind is what the artifact is for, as registry.Kind has it.
type Kind string

// The kinds. Anything else is treated as an unknown kind of model.
const (
	KindUnknown Kind = ""
	KindModel   Kind = "model"
	KindDataset Kind = "dataset"
	KindAdapter Kind = "adapter"
)

// License is a license that the publisher declares, in terms of SPDX.
type License struct {
	Expression Value         `json:"expression"`      // SPDX license expression; absent when none is declared
	Note       string        `json:"note,omitempty"`  // what the translation could not keep
	Texts      []LicenseText `json:"texts,omitempty"` // explain each LicenseRef of the expression
	// Classes of the declared license, sorted: "non-commercial", "use-restricted",
	// ... Empty where nothing is known about it.
	Classes []string `json:"classes,omitempty"`
	Found   []Value  `json:"found,omitempty"` // licenses whose texts are in the artifact
}

// Confirmed reports whether every license text that was found is that of the one
// declared license.
func (l License) Confirmed() bool {
	other := func(v Value) bool { return v.Text != l.Expression.Text }
	return l.Expression.Known() && len(l.Found) > 0 && !slices.ContainsFunc(l.Found, other)
}

// LicenseText explains a license that the SPDX license list does not have.
type LicenseText struct {
	ID   string `json:"id"` // "LicenseRef-..."
	Text string `json:"text"`
}

// Base is another model that the publisher names as the origin of this one. It
// was not looked at.
type Base struct {
	Name     Value    `json:"name"`
	Revision Value    `json:"revision"` // absent: whatever the base is by then
	Relation Relation `json:"relation,omitempty"`
	Needed   bool     `json:"needed"` // a loader fetches it: this artifact does not work without it
}

// Document is the bill of materials of one artifact. All texts are bounded,
// valid UTF-8, and without control characters.
type Document struct {
	Subject   Subject    `json:"subject"`
	Files     []File     `json:"files,omitempty"` // sorted by name
	Facts     []Fact     `json:"facts,omitempty"` // of the whole artifact, sorted by key
	License   License    `json:"license"`
	Bases     []Base     `json:"bases,omitempty"`     // sorted by name
	Datasets  []Value    `json:"datasets,omitempty"`  // trained on, or made from; sorted
	Conflicts []Conflict `json:"conflicts,omitempty"` // sources that contradict each other
	Parts     []Document `json:"parts,omitempty"`     // bills of bases, datasets and neighbours; see Merge
	Claims    []Claim    `json:"claims,omitempty"`    // in the order of the report
	Gaps      []Gap      `json:"gaps,omitempty"`      // that concern no listed file
	Coverage  Coverage   `json:"coverage"`
	Ignored   []string   `json:"ignored,omitempty"` // entries that are by definition no part of the artifact (".git")
	// Complete: Files lists everything that the artifact holds.
	Complete bool   `json:"complete"`
	Ruleset  string `json:"ruleset"` // digest of the scanners and rules that looked
}

// WithoutFindings leaves out what was found in the files, for rules that forbid
// vulnerability information in a bill (BSI TR-03183-2, section 3.1). The gaps
// stay: they say what the bill does not know.
func (d Document) WithoutFindings() Document {
	d.Files = slices.Clone(d.Files)
	for i := range d.Files {
		d.Files[i].Findings = nil
	}
	return d
}

// Subject identifies the artifact.
type Subject struct {
	Kind         Kind  `json:"kind"`
	KindInferred bool  `json:"kindInferred,omitempty"` // from the files, because the store does not say
	Name         Value `json:"name"`                   // the store's name of the repository, else from the reference
	Version      Value `json:"version"`                // the immutable revision, else the content id
	ContentID    Value `json:"contentId"`              // "sha256:<hex>" over names, sizes and digests; absent when a file was not read whole
	Asked        Value `json:"asked"`                  // reference as asked; absent for a local path
	Location     Value `json:"location"`               // pinned reference as a URI; absent for a local path
	PURL         Value `json:"purl"`                   // package URL; absent where the purl specification has no type
	Repository   Value `json:"repository"`
	Supplier     Value `json:"supplier"`
	Created      Value `json:"created"` // RFC 3339, UTC, whole seconds
}

// File is one file of the artifact.
type File struct {
	Name           string    `json:"name"`
	Size           int64     `json:"size"`              // bytes
	Digests        []Digest  `json:"digests,omitempty"` // computed ones first
	Formats        []string  `json:"formats,omitempty"` // scanners that recognised it, sorted
	Coverage       Coverage  `json:"coverage"`
	Classification string    `json:"classification"`
	Members        int       `json:"members"` // files inside it, all depths
	Findings       []Finding `json:"findings,omitempty"`
	Gaps           []Gap     `json:"gaps,omitempty"`
	Facts          []Fact    `json:"facts,omitempty"`
	MoreFacts      int       `json:"moreFacts,omitempty"` // facts left out of Facts
}

// Complete reports whether the file was read whole and understood.
func (f File) Complete() bool {
	return len(f.Gaps) == 0 && f.Coverage.Hashed == 0 && f.Coverage.Skipped == 0
}

// Hashed reports whether a digest was computed from all bytes of the file.
func (f File) Hashed() bool {
	return len(f.Digests) > 0 && f.Digests[0].Standing == Verified
}

// Digest is a hash of a file. Verified: computed from the bytes. Declared:
// promised by Source and not computed here.
type Digest struct {
	Algorithm string   `json:"algorithm"` // as in registry.Digest: "sha256", "sha1-git", ...
	Hex       string   `json:"hex"`
	Standing  Standing `json:"standing"`
	Source    string   `json:"source,omitempty"`
	Broken    bool     `json:"broken,omitempty"` // declared, and the bytes have another digest
}

// Coverage accounts for bytes as scanners.Coverage does.
type Coverage struct {
	Parsed  int64 `json:"parsed"`
	Hashed  int64 `json:"hashed"`
	Opaque  int64 `json:"opaque"`
	Skipped int64 `json:"skipped"`
}

// Plus adds two accounts.
func (c Coverage) Plus(o Coverage) Coverage {
	return Coverage{c.Parsed + o.Parsed, c.Hashed + o.Hashed, c.Opaque + o.Opaque, c.Skipped + o.Skipped}
}

// Finding is one thing found in a file.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity string   `json:"severity"`
	Path     []string `json:"path,omitempty"` // members from the file inwards
	Offset   int64    `json:"offset"`
	What     string   `json:"what"`
}

// Fact is metadata for the bill: what a scanner read, and whether it follows
// from the bytes or is text that somebody wrote into them.
type Fact struct {
	Key   string `json:"key"` // "safetensors/parameters"
	Value Value  `json:"value"`
}

// Claim is what somebody signed, and whether it may be believed.
type Claim struct {
	Scheme        string   `json:"scheme"`
	Document      string   `json:"document,omitempty"` // file of the artifact, or what the caller passed
	PredicateType string   `json:"predicateType,omitempty"`
	Standing      string   `json:"standing"` // "verified", "failed", "unchecked"
	Signer        Signer   `json:"signer"`
	Time          string   `json:"time,omitempty"`
	TimeSource    string   `json:"timeSource,omitempty"`
	Covers        int      `json:"covers"` // number of files
	Problems      []string `json:"problems,omitempty"`
}

// Signer is who made a claim, as far as key or certificate proves it.
type Signer struct {
	Method  string `json:"method,omitempty"`
	KeyID   string `json:"keyId,omitempty"`
	Subject string `json:"subject,omitempty"`
	Issuer  string `json:"issuer,omitempty"`
}

// Gap is a question that could not be answered.
type Gap struct {
	Code   string   `json:"code"`
	File   string   `json:"file,omitempty"`
	Path   []string `json:"path,omitempty"`
	Offset int64    `json:"offset,omitempty"`
	Reason string   `json:"reason"`
}
