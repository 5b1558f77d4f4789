package ociref

import (
	"assay/verify"
	"assay/verify/internal/envelope"
)

// Signature is a signature document over a manifest, with everything that is known
// before the files are.
type Signature struct {
	envelope.Signed
	Scheme        string
	Name          string // the document
	PredicateType string
	Problem       *verify.Problem
	// Fails says of a Problem whether it makes the claim fail although the registry
	// may keep anybody's documents: what a signer who counts signed and does not hold.
	// Any other problem is a note. A denied signer always fails.
	Fails func(s *Signature) bool
}

// Check implements verify.Check for signatures over manifests.
type Check struct {
	Signatures []*Signature
	Binding    Binding
}

// Needs implements verify.Check.
func (c *Check) Needs() []verify.HashNeed { return c.Binding.Needs() }

// Claims implements verify.Check.
func (c *Check) Claims(files verify.Digests) []verify.Claim {
	covers, problems := c.Binding.Compare(files)
	claims := make([]verify.Claim, 0, len(c.Signatures))
	for _, s := range c.Signatures {
		claims = append(claims, s.claim(covers, problems))
	}
	return claims
}

func (s *Signature) claim(covers []string, problems []verify.Problem) verify.Claim {
	claim := verify.Claim{
		Scheme: s.Scheme, Document: s.Name, PredicateType: s.PredicateType, Identity: s.Signer,
		Time: s.Time, TimeSource: s.TimeSource, Covers: []string{}, Problems: []verify.Problem{}, Notes: s.Notes,
	}
	switch {
	case s.Problem != nil && (s.Problem.Code == envelope.CodeDenied || s.Fails(s)):
		claim.Standing, claim.Problems = verify.Failed, append(claim.Problems, *s.Problem)
	case s.Problem != nil:
		claim.Notes = append(claim.Notes, s.Problem.What)
	case s.Trusted && len(problems) > 0:
		claim.Standing, claim.Problems = verify.Failed, problems
	case s.Trusted:
		claim.Standing, claim.Covers = verify.Verified, covers
	}
	return claim
}
