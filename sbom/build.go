package sbom

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"assay/verify"
)

// FromReport builds the bill of materials of a report. It is pure: the same
// report gives the same document, whoever decided what about it.
func FromReport(r verify.Report) Document {
	d := Document{
		Subject: subject(r.Artifact),
		Files:   files(r),
		Claims:  claims(r.Claims),
		Ignored: cleanAll(r.Artifact.Ignored, maxName),
		Ruleset: clean(r.Ruleset, maxShort),
	}
	d.Gaps = assignGaps(d.Files, r)
	hidePaths(d.Claims, d.Files)
	d.Complete = !slices.ContainsFunc(d.Gaps, leavesOut)
	for i, f := range d.Files {
		d.Coverage = d.Coverage.Plus(f.Coverage)
		markFacts(&d.Files[i])
	}
	d.Facts = artifactFacts(d.Files)
	d.Subject.inferKind(d.Facts)
	d.License = declaredLicense(d.Facts)
	d.Bases = bases(d.Facts)
	d.Datasets = datasets(d.Facts)
	d.Conflicts = conflicts(d)
	return d
}

func subject(a verify.ArtifactInfo) Subject {
	p := splitReference(cmp.Or(a.Pinned, a.Ref))
	if p.revision == "" {
		p.revision = a.Revision
	}
	s := Subject{
		Kind:       Kind(clean(string(a.Kind), maxShort)),
		Name:       value(a.Name, Declared, "store"),
		ContentID:  value(a.ContentID, Verified, "all files"),
		Asked:      value(location(a.Ref), Declared, "caller"),
		Location:   value(location(a.Pinned), Inferred, "pinned reference"),
		PURL:       value(p.purl(), Inferred, "pinned reference"),
		Repository: value(a.Repository, Declared, "store"),
		Supplier:   value(a.Owner, Declared, "store"),
		Created:    value(utcSeconds(a.Created), Declared, "store"),
		Version:    version(a.Revision, Declared, "store"),
	}
	if !s.Name.Known() {
		s.Name = value(p.name, Inferred, "reference")
	}
	if !s.Version.Known() && a.Pinned != "" {
		s.Version = version(p.revision, Inferred, "pinned reference")
	}
	if !s.Version.Known() {
		s.Version = version(a.ContentID, Inferred, "content id")
	}
	return s
}

// inferKind tells an adapter by its configuration and a dataset by its Croissant
// description, where the store says nothing.
func (s *Subject) inferKind(facts []Fact) {
	if s.Kind != KindUnknown {
		return
	}
	switch {
	case find(facts, configPrefix+"peft_type").Known(), find(facts, "gguf/kind").Text == "adapter":
		s.Kind = KindAdapter
	case find(facts, "text/croissant/conformsTo").Known():
		s.Kind = KindDataset
	case find(facts, configPrefix+"architectures").Known(), find(facts, configPrefix+"model_type").Known(), find(facts, configPrefix+"_class_name").Known(),
		find(facts, "gguf/kind").Text == "model", find(facts, packagingPrefix+"config/architecture").Known(), find(facts, packagingPrefix+"model/name").Known():
		s.Kind = KindModel
	}
	s.KindInferred = s.Kind != KindUnknown
}

// value makes a Value; an empty text is Absent.
func value(text string, standing Standing, source string) Value {
	if text == "" {
		return Value{}
	}
	return Value{Text: clean(text, maxText), Standing: standing, Source: source}
}

// version makes a Value short enough for CycloneDX, which allows 1024 characters.
func version(text string, standing Standing, source string) Value {
	return value(clean(text, maxVersion), standing, source)
}

// utcSeconds normalises a time to what bills of materials accept, and returns
// "" for what is no time, or one before the year 1 or after the year 9999.
func utcSeconds(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return ""
	}
	t = t.UTC().Truncate(time.Second)
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		return ""
	}
	return t.Format(time.RFC3339)
}

func files(r verify.Report) []File {
	out := make([]File, len(r.Files))
	for i, f := range r.Files {
		out[i] = file(f)
	}
	slices.SortStableFunc(out, func(a, b File) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func file(f verify.FileEvidence) File {
	out := File{
		Name:           clean(f.Name, maxName),
		Size:           f.Size,
		Digests:        digests(f),
		Formats:        cleanAll(f.Formats, maxShort),
		Coverage:       Coverage(f.Coverage),
		Classification: f.Classification.String(),
		Members:        f.Members,
		Findings:       make([]Finding, len(f.Findings)),
		MoreFacts:      max(0, len(f.Facts)-maxFacts),
	}
	for i, x := range f.Findings {
		out.Findings[i] = Finding{
			Rule: clean(x.Rule, maxShort), Severity: x.Severity.String(),
			Path: cleanAll(x.Path, maxShort), Offset: x.Offset, What: clean(x.What, maxText),
		}
	}
	for _, x := range f.Facts[:len(f.Facts)-out.MoreFacts] {
		out.Facts = append(out.Facts, Fact{Key: clean(x.Key, maxShort), Value: Value{
			Text: clean(x.Value, maxText), Standing: Declared, Source: out.Name}})
	}
	return out
}

// digestSizes are the lengths in hex digits of the algorithms that a registry
// may use.
var digestSizes = map[string]int{"sha256": 64, "sha384": 96, "sha512": 128, "sha1-git": 40, "blake2b": 128, "blake3": 64}

// isDigest reports whether a text is what a digest of the algorithm looks like.
// What is not says nothing about a file and is left out of every bill.
func isDigest(algorithm, text string) bool {
	_, err := hex.DecodeString(text)
	return err == nil && len(text) == digestSizes[algorithm] && text == strings.ToLower(text) && text != ""
}

// digests lists the computed digests, then the declared ones that were not
// computed or that the bytes do not keep. A promise that was kept says nothing
// new, except where its algorithm is not computed otherwise.
func digests(f verify.FileEvidence) []Digest {
	var out []Digest
	add := func(d Digest) {
		if isDigest(d.Algorithm, d.Hex) {
			out = append(out, d)
		}
	}
	add(Digest{Algorithm: "sha256", Hex: f.SHA256, Standing: Verified})
	add(Digest{Algorithm: "sha512", Hex: f.SHA512, Standing: Verified})
	for _, d := range f.Declared {
		algorithm, value, _ := strings.Cut(d.Digest, ":")
		known := slices.ContainsFunc(out, func(x Digest) bool {
			return x.Algorithm == algorithm && x.Standing == Verified
		})
		switch {
		case d.Match == verify.MatchKept && !known:
			add(Digest{Algorithm: algorithm, Hex: value, Standing: Verified})
		case d.Match == verify.MatchBroken, !known:
			add(Digest{Algorithm: algorithm, Hex: value, Standing: Declared,
				Source: clean(d.By, maxShort), Broken: d.Match == verify.MatchBroken})
		}
	}
	slices.SortStableFunc(out, func(a, b Digest) int { return cmp.Compare(rank(a), rank(b)) })
	return out
}

// rank puts the computed digests first.
func rank(d Digest) int {
	if d.Standing == Verified {
		return 0
	}
	return 1
}

func claims(list []verify.Claim) []Claim {
	out := make([]Claim, len(list))
	for i, c := range list {
		out[i] = Claim{
			Scheme: clean(c.Scheme, maxShort), Document: clean(c.Document, maxName),
			PredicateType: clean(c.PredicateType, maxShort),
			Standing:      cmp.Or(clean(string(c.Standing), maxShort), "unchecked"),
			Signer: Signer{
				Method: clean(c.Identity.Method, maxShort), KeyID: clean(c.Identity.KeyID, maxShort),
				Subject: clean(c.Identity.Subject, maxShort), Issuer: clean(c.Identity.Issuer, maxShort)},
			Time: clean(c.Time, maxShort), TimeSource: clean(c.TimeSource, maxShort),
			Covers: len(c.Covers), Problems: problems(c.Problems),
		}
	}
	return out
}

// hidePaths reduces a document that is no file of the artifact to its last
// element: it is what the caller passed, somewhere on the caller's disk.
func hidePaths(claims []Claim, files []File) {
	for i, c := range claims {
		if !slices.ContainsFunc(files, func(f File) bool { return f.Name == c.Document }) {
			claims[i].Document = localName(c.Document)
		}
	}
}

// maxProblems bounds the problems told per claim; the report has them all.
const maxProblems = 20

func problems(list []verify.Problem) []string {
	var out []string
	for i, p := range list {
		if i == maxProblems {
			return append(out, "more problems: see the report")
		}
		text := p.Code + ": " + p.What
		if p.File != "" {
			text = p.Code + ": " + p.File + ": " + p.What
		}
		out = append(out, clean(text, maxText))
	}
	return out
}

// assignGaps gives each gap to the file it is about and returns the others.
func assignGaps(files []File, r verify.Report) []Gap {
	index := make(map[string]int, len(files))
	for i, f := range files {
		index[f.Name] = i
	}
	var rest []Gap
	for _, g := range r.Gaps {
		gap := Gap{
			Code: clean(string(g.Code), maxShort), File: clean(g.File, maxName),
			Path: cleanAll(g.Path, maxShort), Offset: g.Offset, Reason: clean(g.Reason, maxText),
		}
		if i, ok := index[gap.File]; ok {
			files[i].Gaps = append(files[i].Gaps, gap)
			continue
		}
		rest = append(rest, gap)
	}
	return rest
}

// leavesOut reports a gap that may stand for a file that is not listed. Only a
// signature scheme that failed is known not to.
func leavesOut(g Gap) bool { return g.Code != string(verify.GapVerifier) }
