package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"assay/registry"
	"assay/scanners"
	"assay/verify/hashing"
)

// settled is how long before a listing a file must have been left alone. A file
// written in the tick of the listing could be written again in the same tick
// (the problem that Git calls racy; two seconds are the tick of FAT).
const settled = 2 * time.Second

// AtRest names an artifact by what the file system says of its files, listed at
// the given time: when the name is the same later, nobody wrote them meanwhile, as
// far as the file system tells. It is "" when some file has no stamp or was
// written just now.
func AtRest(a *registry.Artifact, listed time.Time) string {
	h := sha256.New()
	fmt.Fprintf(h, "assay at rest v1\n%d\n", len(a.Files))
	for _, f := range a.Files {
		if f.Stamp.ID == "" || f.Stamp.Changed.After(listed.Add(-settled)) {
			return ""
		}
		fmt.Fprintf(h, "%d:%s %d:%s\n", len(f.Name), f.Name, len(f.Stamp.ID), f.Stamp.ID)
	}
	if len(a.Files) == 0 {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Recall is Gather for an artifact about whose bytes everything is known already,
// and reads no file of it but signature documents. What was found in the files and
// their digests come from known; the artifact, what was left out of it, the
// promised digests and the signatures are looked at anew. It is false when known is
// not enough: other files, other scanners, or a digest that nobody computed.
func (p Pipeline) Recall(ctx context.Context, a *registry.Artifact, known Evidence, recorded time.Time) (Evidence, bool) {
	if p.HeadersOnly || known.Ruleset != p.ruleset() || len(known.Files) != len(a.Files) {
		return Evidence{}, false
	}
	e := Evidence{Artifact: info(a), Ruleset: known.Ruleset, Claims: []Claim{}, Gaps: []Gap{}}
	e.Artifact.ContentID = ContentID(known.Files)
	e.Artifact.Recorded = recorded.UTC().Format(time.RFC3339)
	checks, needs := p.prepare(ctx, a, &e)
	for _, need := range needs {
		if need != (HashNeed{Algorithm: hashing.SHA256}) && need != (HashNeed{Algorithm: hashing.SHA512}) {
			return Evidence{}, false
		}
	}
	e.Files = slices.Clone(known.Files)
	for i, f := range a.Files {
		if !recalled(&e.Files[i], f, p.SHA512, &e.Gaps) {
			return Evidence{}, false
		}
	}
	for _, g := range known.Gaps {
		if !slices.Contains(ofTheArtifact, g.Code) {
			e.Gaps = append(e.Gaps, g)
		}
	}
	e.omitted(a)
	for _, check := range checks {
		e.Claims = append(e.Claims, check.Claims(DigestsOf(e))...)
	}
	e.Rules = p.rules(e.Files)
	sortEvidence(&e)
	return e, true
}

// ofTheArtifact are the gaps that Recall finds anew.
var ofTheArtifact = []scanners.GapCode{GapOmitted, GapVerifier, GapDigest}

// recalled fills in what the store of f promises now.
func recalled(known *FileEvidence, f registry.File, sha512 bool, gaps *[]Gap) bool {
	if known.Name != f.Name || known.Size != f.Size || known.SHA256 == "" || sha512 && known.SHA512 == "" {
		return false
	}
	r := fileResult{file: *known}
	r.file.Declared = declared(f)
	compareDeclared(f, &r)
	*known, *gaps = r.file, append(*gaps, r.gaps...)
	return true
}
