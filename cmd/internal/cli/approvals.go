package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"

	"assay/registry"
	"assay/registry/local"
	"assay/verify"
	"assay/verify/oms"
	"assay/verify/policy"
	"assay/verify/trust"
)

// maxApprovals bounds the signatures beside one waiver file.
const maxApprovals = 32

// approvals are the proven signers of a waiver file, by the signers of the policy.
// Their signatures lie beside it as FILE.sig and FILE.NAME.sig, as 'assay sign FILE'
// writes them. One that does not hold is an error: somebody changed the waivers
// after they were approved.
func (a *app) approvals(rules policy.Rules, path string, data []byte) ([]verify.Signer, error) {
	if len(rules.Approvers.Of) == 0 {
		return nil, nil
	}
	list, err := signaturesBeside(path)
	if err != nil {
		return nil, err
	}
	var who []verify.Signer
	for _, signature := range list {
		s, err := a.approval(rules.Trust, path, data, signature)
		if err != nil {
			return nil, err
		}
		who = append(who, s...)
	}
	return who, nil
}

func signaturesBeside(path string) ([]string, error) {
	dir, base := filepath.Split(path)
	entries, err := filepath.Glob(filepath.Join(escapeGlob(dir), escapeGlob(base)+".*sig"))
	if err != nil {
		return nil, err
	}
	slices.Sort(entries)
	if len(entries) > maxApprovals {
		return nil, fmt.Errorf("%d signatures lie beside %s, at most %d are looked at", len(entries), path, maxApprovals)
	}
	return entries, nil
}

// escapeGlob makes a name match itself.
func escapeGlob(name string) string {
	var text []rune
	for _, r := range name {
		if r == '*' || r == '?' || r == '[' || r == '\\' && filepath.Separator != '\\' {
			text = append(text, '[', r, ']')
			continue
		}
		text = append(text, r)
	}
	return string(text)
}

// approval verifies one signature. Nobody's is no error and no approval.
func (a *app) approval(t policy.Trust, path string, data []byte, signature string) ([]verify.Signer, error) {
	bundle, err := trust.ReadFile(signature, maxBundle)
	if err != nil {
		return nil, err
	}
	c := oms.Config{PublicKeys: t.Keys, TrustedRoot: t.TrustedRoot, Bundles: []oms.Bundle{{Name: signature, Data: bundle}}, Now: a.Now(), MaxBundle: maxBundle}
	c.CertificateRoots, c.Intermediates = trust.SplitRoots(t.Certificates)
	for _, id := range t.Identities {
		c.Identities = append(c.Identities, identityOf(id))
	}
	if c.Denied, err = a.deniedAnywhere(attestations{denyList: a.recalled}); err != nil {
		return nil, err
	}
	verifier, err := oms.New(c)
	if err != nil {
		return nil, err
	}
	evidence, err := a.hashed(path, verifier)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	if len(evidence.Files) != 1 || evidence.Files[0].SHA256 != hex.EncodeToString(sum[:]) {
		return nil, fmt.Errorf("%s changed while it was read", path)
	}
	var who []verify.Signer
	for _, claim := range evidence.Claims {
		switch {
		case claim.Standing == verify.Failed:
			return nil, fmt.Errorf("%s does not hold: %s", signature, claim.Problems[0].What)
		case claim.Standing == verify.Verified && slices.Contains(claim.Covers, evidence.Files[0].Name):
			who = append(who, claim.Identity)
		}
	}
	return who, nil
}

// hashed is the evidence about one file in which no scanner looks.
func (a *app) hashed(path string, verifier verify.Verifier) (verify.Evidence, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return verify.Evidence{}, err
	}
	ctx := context.Background() // a file of at most policy.MaxFile bytes
	artifact, err := local.New().Resolve(ctx, registry.Reference{Scheme: "file", Rest: abs})
	if err != nil {
		return verify.Evidence{}, err
	}
	return verify.Pipeline{Verifiers: []verify.Verifier{verifier}}.Gather(ctx, artifact)
}
