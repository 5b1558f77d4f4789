package oms

import (
	"assay/verify"
	"assay/verify/hashing"
	"assay/verify/internal/envelope"
)

// check implements verify.Check.
type check struct {
	config    *Config
	documents []*document
	omitted   map[string]string
	beside    map[string]bool // files that a publisher does not have
}

// Needs implements verify.Check.
func (c *check) Needs() []verify.HashNeed {
	var needs []verify.HashNeed
	for _, d := range c.documents {
		if d.manifest != nil && d.manifest.need() != (hashing.Need{Algorithm: hashing.SHA256}) {
			needs = append(needs, d.manifest.need())
		}
	}
	return needs
}

// Claims implements verify.Check.
func (c *check) Claims(files verify.Digests) []verify.Claim {
	claims := make([]verify.Claim, len(c.documents))
	for i, d := range c.documents {
		claims[i] = c.claim(d, files)
	}
	return claims
}

func (c *check) claim(d *document, files verify.Digests) verify.Claim {
	claim := verify.Claim{
		Scheme: Scheme, Document: d.name, PredicateType: d.predicateType, Identity: d.Signer,
		Time: d.Time, TimeSource: d.TimeSource, Covers: []string{}, Problems: []verify.Problem{}, Notes: d.Notes,
	}
	if d.problem != nil && (d.beside || c.config.OthersMaySign) && envelope.IsStranger(d.problem.Code) {
		claim.Notes = append(claim.Notes, d.problem.What)
		return claim
	}
	if d.problem != nil {
		claim.Standing, claim.Problems = verify.Failed, append(claim.Problems, *d.problem)
		return claim
	}
	cmp := comparison{
		manifest: d.manifest, files: files, omitted: c.omitted, self: d.self, beside: c.beside,
		ignore: c.ignored(d.manifest), lenient: c.config.IgnoreUnsignedFiles,
	}
	cmp.run()
	claim.Covers, claim.Exempt = append(claim.Covers, cmp.covers...), cmp.exempt()
	claim.Problems = append(claim.Problems, cmp.problems...)
	claim.Notes = append(claim.Notes[:len(d.Notes):len(d.Notes)], cmp.notes()...)
	switch {
	case len(cmp.problems) > 0:
		claim.Standing = verify.Failed
	case d.Trusted && len(cmp.unread) == 0:
		claim.Standing = verify.Verified
	}
	return claim
}

// ignored is what need not be signed: what the signature says, or what signers
// left out when signatures did not say it yet, and what the caller says.
func (c *check) ignored(m *Manifest) pathSet {
	set := pathSet{}
	set.add(c.config.IgnorePaths)
	if m.IgnorePaths == nil {
		set.add(gitPaths)
	}
	set.add(m.IgnorePaths)
	return set
}
