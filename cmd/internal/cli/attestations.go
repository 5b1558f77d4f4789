package cli

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"assay/cmd/internal/console"
	"assay/verify"
	"assay/verify/attest"
	"assay/verify/checksums"
	"assay/verify/cosign"
	"assay/verify/gitcommit"
	"assay/verify/notary"
	"assay/verify/oms"
	"assay/verify/policy"
	"assay/verify/trust"
)

// attestations are the flags about in-toto attestations: where they are, whose
// count, and what they have to say.
type attestations struct {
	files    []string
	keys     []string
	identity string
	issuer   string
	require  []string
	expect   attest.Expectations
	params   []string
	after    string
	denyList string
	believe  bool // an earlier summary stands for the look at the content
}

func (s *attestations) flags(f *pflag.FlagSet) {
	f.StringArrayVar(&s.files, "attestation", nil, "in-toto attestation `FILE`, which has to hold; repeatable (those inside the model are found)")
	s.signerFlags(f)
	f.StringArrayVar(&s.require, "require-attestation", nil, "a verified attestation of this `KIND` must be about every file: "+
		strings.Join(attest.Kinds(), ", ")+", or a predicate type URI; repeatable")
	f.StringArrayVar(&s.expect.Builders, "builder-id", nil, "provenance must be by the builder `URI`, exactly; repeatable")
	f.StringVar(&s.expect.BuildType, "build-type", "", "provenance must have this build type `URI`")
	f.StringVar(&s.expect.Source, "source-uri", "", "provenance must name this source repository `URI`")
	f.StringVar(&s.expect.Ref, "source-ref", "", "provenance must name this `REF` of the source, like refs/heads/main")
	f.StringArrayVar(&s.expect.Triggers, "build-trigger", nil, "provenance must name this `EVENT`, like push; repeatable")
	f.StringArrayVar(&s.params, "build-parameter", nil, "provenance must have this parameter, `PATH=VALUE` like inputs.release=true, and no other input; repeatable")
	f.StringArrayVar(&s.expect.Verifiers, "verifier-id", nil, "summaries (vsa, svr) must be by the verifier `URI`, exactly; repeatable")
	f.StringVar(&s.expect.Resource, "resource-uri", "", "a vsa must be about this resource `URI`")
	f.StringArrayVar(&s.expect.Levels, "verified-level", nil, "a summary must have this `LEVEL` or property, or a higher SLSA level; repeatable")
	f.DurationVar(&s.expect.MaxAge, "attestation-max-age", 0, "refuse attestations that are older than `DURATION`")
	f.StringVar(&s.after, "attestation-after", "", "refuse attestations made before this `TIME` (RFC 3339), so that an old release cannot come back")
	f.StringVar(&s.denyList, "deny-list", "", "`FILE` of denied digests, keys and identities, one on each line (see 'assay trust')")
}

// signerFlags say whose attestations count.
func (s *attestations) signerFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&s.keys, "attestation-key", nil, "attestations by this key count, a PEM `FILE`; repeatable (default: the signers of the model)")
	f.StringVar(&s.identity, "attestation-identity", "", "keyless attestations by this `SUBJECT` count, exactly; needs --trusted-root")
	f.StringVar(&s.issuer, "attestation-issuer", "", "identity provider `URL` for --attestation-identity")
}

// given reports whether a flag was used that asks for an attestation.
func (s *attestations) given() bool {
	return len(s.files)+len(s.require)+len(s.expect.Builders)+len(s.expect.Verifiers) > 0
}

// believe asks for a summary of an earlier decision by the same policy. Whose
// summaries count has to be said: signer and verifier together (SLSA, "Verifying
// artifacts").
func (s *signers) believe(rules policy.Rules) error {
	t := &s.attested
	switch {
	case len(t.expect.Verifiers) == 0:
		return usageError("--require-vsa: name whose summary counts, with --verifier-id URI")
	case len(t.keys) == 0 && t.identity == "" && !s.required() && len(rules.Trust.Keys) == 0:
		return usageError("--require-vsa: say who signs summaries, with --attestation-key FILE or --attestation-identity")
	}
	t.require = append(t.require, attest.KindVSA)
	return nil
}

// id names what was asked for, for journals.
func (s *attestations) id() string {
	return fmt.Sprintf("attestations=%q keys=%q identity=%q issuer=%q require=%q expect=%+v parameters=%q after=%q deny=%q",
		s.files, s.keys, s.identity, s.issuer, s.require, s.expect, s.params, s.after, s.denyList)
}

// denied reads the deny list, which is empty without the flag.
func (s *attestations) denied() (trust.DenyList, error) {
	if s.denyList == "" {
		return trust.DenyList{}, nil
	}
	data, err := trust.ReadFile(s.denyList, maxDenyList)
	if err != nil {
		return trust.DenyList{}, usageError("--deny-list: %w", err)
	}
	list, err := trust.ParseDenyList(data)
	if err != nil {
		return trust.DenyList{}, usageError("--deny-list: %s: %w", s.denyList, err)
	}
	return list, nil
}

// maxDenyList bounds a deny list, in bytes.
const maxDenyList = 128 << 20

// expectations completes what the flags could not parse themselves.
func (s *attestations) expectations() (attest.Expectations, error) {
	e := s.expect
	if s.after != "" {
		var err error
		if e.After, err = time.Parse(time.RFC3339, s.after); err != nil {
			return e, usageError("--attestation-after: %w", err)
		}
	}
	for _, p := range s.params {
		path, value, ok := strings.Cut(p, "=")
		if !ok || path == "" {
			return e, usageError("--build-parameter %s: write it as PATH=VALUE", p)
		}
		if e.Parameters == nil {
			e.Parameters = make(map[string]string)
		}
		e.Parameters[path] = value
	}
	return e, nil
}

// verifiers are those of signatures, attestations and denied content, put
// together from the flags. Only a signature has a method.
func (a *app) verifiers(s signers, method string) ([]verify.Verifier, error) {
	c, err := a.omsConfig(s, method)
	if err != nil {
		return nil, err
	}
	var list []verify.Verifier
	if !s.attestedOnly {
		if list, err = newSignatures(c); err != nil {
			return nil, err
		}
	}
	attested, err := a.attestVerifier(s, c)
	if err != nil {
		return nil, err
	}
	list = append(list, attested, checksums.Verifier{})
	if c.Denied.Len() > 0 {
		list = append(list, c.Denied.Verifier(cmp.Or(s.attested.denyList, "the trust store")))
	}
	return list, nil
}

// signatureVerifiers are those of signatures alone.
func (a *app) signatureVerifiers(s signers, method string) ([]verify.Verifier, error) {
	c, err := a.omsConfig(s, method)
	if err != nil {
		return nil, err
	}
	return newSignatures(c)
}

// newSignatures are the verifiers of all schemes that sign a model.
func newSignatures(c oms.Config) ([]verify.Verifier, error) {
	trusted := attest.Trust{
		Method: c.Method, PublicKeys: c.PublicKeys, Roots: c.CertificateRoots, Intermediates: c.Intermediates,
		TrustedRoot: c.TrustedRoot, Identities: c.Identities, Now: c.Now, Denied: c.Denied,
	}
	model, err := oms.New(c)
	if err != nil {
		return nil, &exitError{console.ExitUsage, err}
	}
	list := []verify.Verifier{model}
	if len(c.Bundles) > 0 {
		return list, nil // this one and no other
	}
	image, err := cosign.New(trusted)
	if err != nil {
		return nil, &exitError{console.ExitUsage, err}
	}
	notation, err := notary.New(trusted)
	if err != nil {
		return nil, &exitError{console.ExitUsage, err}
	}
	commit := gitcommit.New(gitcommit.Config{PublicKeys: c.PublicKeys, Denied: c.Denied})
	return append(list, image, notation, commit), nil
}

// attestVerifier lets the model's signers count for attestations too, unless
// others are named.
func (a *app) attestVerifier(s signers, signed oms.Config) (*attest.Verifier, error) {
	c := attest.Config{
		Trust: attest.Trust{
			PublicKeys: signed.PublicKeys, Roots: signed.CertificateRoots, Intermediates: signed.Intermediates,
			TrustedRoot: signed.TrustedRoot, Identities: signed.Identities, Now: signed.Now, Denied: signed.Denied,
		},
		Require: s.attested.require, IgnorePaths: s.ignorePaths, MaxDocument: maxBundle,
	}
	var err error
	if c.Expect, err = s.attested.expectations(); err != nil {
		return nil, err
	}
	if err := s.attested.signers(&c); err != nil {
		return nil, err
	}
	if len(s.attested.files) > 0 && len(c.PublicKeys)+len(c.Roots)+len(c.Identities) == 0 {
		return nil, usageError("--attestation: say whose counts, with --attestation-key FILE, or the flags for the model's signer")
	}
	for _, path := range s.attested.files {
		data, err := trust.ReadFile(path, maxBundle)
		if err != nil {
			return nil, usageError("--attestation: %w", err)
		}
		c.Documents = append(c.Documents, attest.Document{Name: path, Data: data})
	}
	v, err := attest.New(c)
	if err != nil {
		return nil, &exitError{console.ExitUsage, err}
	}
	return v, nil
}

// signers replaces all who count by those who were named for attestations.
func (s *attestations) signers(c *attest.Config) error {
	if len(s.keys) == 0 && s.identity == "" && s.issuer == "" {
		return nil
	}
	c.PublicKeys, c.Roots, c.Intermediates, c.Identities = nil, nil, nil, nil
	if s.identity != "" || s.issuer != "" {
		c.Identities = []attest.Identity{{Subject: s.identity, Issuer: s.issuer}}
	}
	for _, path := range s.keys {
		key, err := trust.LoadPublicKey(path)
		if err != nil {
			return usageError("--attestation-key: %w", err)
		}
		c.PublicKeys = append(c.PublicKeys, key)
	}
	return nil
}
