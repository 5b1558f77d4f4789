package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/pflag"

	"assay/cmd/internal/console"
	"assay/registry"
	sources "assay/registry/all"
	formats "assay/scanners/all"
	"assay/verify"
	"assay/verify/oms"
	"assay/verify/policy"
	"assay/verify/store"
	"assay/verify/trust"
)

// signers are the flags that say whose signature counts.
type signers struct {
	bundle         string
	publicKeys     []string
	certificates   []string
	trustedRoot    string
	identity       string
	pattern        string
	issuer         string
	build          oms.Identity // what the certificate must say about the build
	ignorePaths    []string
	ignoreUnsigned bool
	attested       attestations
	attestedOnly   bool         // signatures are not asked about
	policy         policy.Trust // what the policy file brings
}

func (s *signers) flags(f *pflag.FlagSet) {
	f.StringVar(&s.bundle, "bundle", "", "signature `FILE` (default: model.sig inside the model)")
	f.StringArrayVar(&s.publicKeys, "public-key", nil, "require a signature by this key, a PEM `FILE`; repeatable")
	f.StringArrayVar(&s.certificates, "certificate-chain", nil, "require a signature under this authority, a PEM `FILE` of root and intermediate certificates; repeatable")
	f.StringVar(&s.trustedRoot, "trusted-root", "", "Sigstore trusted root `FILE`, for --identity, and for the time of other signatures")
	f.StringVar(&s.identity, "identity", "", "require a keyless signature by this `SUBJECT`, exactly")
	f.StringVar(&s.pattern, "identity-regexp", "", "require a keyless signature by a subject of which all matches `PATTERN`")
	f.StringVar(&s.build.Repository, "certificate-repository", "", "the keyless signer's certificate must name this source repository `URI`")
	f.StringVar(&s.build.Workflow, "certificate-workflow", "", "the keyless signer's certificate must name this workflow `URI`, with its ref")
	f.StringVar(&s.build.Ref, "certificate-ref", "", "the keyless signer's certificate must name this `REF` of the source")
	f.StringVar(&s.build.Trigger, "certificate-trigger", "", "the keyless signer's certificate must name this `EVENT`")
	f.StringVar(&s.build.Runner, "certificate-runner", "", "the keyless signer's certificate must name this `KIND` of runner, like github-hosted")
	f.StringVar(&s.issuer, "issuer", "", "identity provider `URL` that vouches for --identity, exactly")
	f.StringArrayVar(&s.ignorePaths, "ignore-paths", nil, "`PATH` in the model that the signature need not cover; repeatable, and named in the report")
	s.attested.flags(f)
}

// required reports whether the caller named a signer, and so asks for one.
func (s *signers) required() bool {
	return len(s.publicKeys)+len(s.certificates) > 0 || s.keylessSigner() != oms.Identity{}
}

// keylessSigner is empty when none was asked for.
func (s *signers) keylessSigner() oms.Identity {
	id := s.build
	id.Subject, id.SubjectPattern, id.Issuer = s.identity, s.pattern, s.issuer
	return id
}

// maxBundle bounds a signature bundle, in bytes: a million entries take 180 MB.
const maxBundle = 512 << 20

// resolve pins a reference and lists its files.
func (a *app) resolve(ctx context.Context, ref string) (*registry.Artifact, error) {
	list, err := a.sources()
	if err != nil {
		return nil, err
	}
	return sources.Resolve(ctx, list, ref)
}

func (a *app) sources() ([]registry.Source, error) {
	list, err := sources.Sources(sources.Config{Offline: a.offline, LeaveOutGit: a.leaveOutGit, ProveTree: a.proveTree, UserAgent: "assay/" + Version, Getenv: a.Getenv, Progress: a.transfers(), Notice: func(text string) { a.note("%s", text) }})
	if err != nil {
		return nil, &exitError{console.ExitUsage, err}
	}
	return list, nil
}

// pipeline is the one way from an artifact to evidence.
func (a *app) pipeline(verifiers ...verify.Verifier) verify.Pipeline {
	return verify.Pipeline{Scanners: formats.Scanners(), Ruleset: formats.Ruleset(), Verifiers: verifiers, Jobs: a.jobs, Progress: a.progress()}
}

// progress is nil when nobody wants to see it.
func (a *app) progress() verify.Progress {
	if a.quiet {
		return nil
	}
	return console.NewProgress(a.Stderr, console.IsTerminal(a.Stderr, a.Getenv))
}

// transfers tells a person how far the files are that are being fetched.
func (a *app) transfers() func(name string, have, size int64) {
	terminal := console.IsTerminal(a.Stderr, a.Getenv)
	if a.quiet || terminal && !a.pulling { // the line there tells of the reading
		return nil
	}
	t := console.NewTransfers(a.Stderr, terminal, time.Now)
	a.closers = append(a.closers, t.Done)
	return t.Have
}

// judge is everything that turns references into reports, put together once.
type judge struct {
	rules    verify.Policy
	sources  []registry.Source
	pipeline verify.Pipeline
	store    *store.Store // nil: nothing is remembered
	reuse    bool         // of what is remembered
	storeErr error        // why there is no store although there should be one
	now      func() time.Time
}

// storeError comes beside a report that is complete: only its evidence could not
// be remembered.
type storeError struct{ err error }

func (e *storeError) Error() string {
	return "the verdict stands, and is not in the store: " + e.err.Error()
}

func (e *storeError) Unwrap() error { return e.err }

// judge reads the policy, the keys and the store that the flags name. The
// caller closes it.
func (a *app) judge(s signers, st storeFlags) (*judge, error) {
	a.recalled = s.attested.denyList
	rules, err := a.rules(s.required())
	if err != nil {
		return nil, err
	}
	if err := s.trusted(rules.Trust); err != nil {
		return nil, err
	}
	if s.attested.believe {
		if err := s.believe(rules); err != nil {
			return nil, err
		}
	}
	verifiers, err := a.verifiers(s, "")
	if err != nil {
		return nil, err
	}
	list, err := a.sources()
	if err != nil {
		return nil, err
	}
	j := &judge{rules: rules, sources: list, pipeline: a.pipeline(verifiers...), now: a.Now}
	if err := a.lookForDenied(&j.pipeline, s); err != nil {
		return nil, err
	}
	if s.attested.believe {
		// Evidence of nobody having looked must not be found in the store.
		j.rules, j.pipeline.Scanners, j.pipeline.Ruleset = policy.Believed{Rules: rules}, nil, ""
		return j, nil
	}
	if st.off {
		return j, nil
	}
	j.reuse = st.reuse
	j.store, j.storeErr = st.open()
	if j.storeErr != nil && st.path == "" {
		// Nobody asked for the default store: a job without a home has none.
		a.note("the evidence is not kept (name a place with --store FILE, or say --no-store): %v", j.storeErr)
		j.storeErr = nil
	}
	return j, nil
}

func (j *judge) close() {
	if j.store != nil {
		_ = j.store.Close() // every Put has been committed
	}
}

// gate takes one reference from resolve to report. With a *storeError the report
// is as good as without.
func (j *judge) gate(ctx context.Context, ref string) (verify.Report, error) {
	artifact, err := sources.Resolve(ctx, j.sources, ref)
	if err != nil {
		return verify.Report{}, err
	}
	return j.gateArtifact(ctx, artifact)
}

// gateArtifact is gate for what is resolved already.
func (j *judge) gateArtifact(ctx context.Context, artifact *registry.Artifact) (verify.Report, error) {
	atRest := verify.AtRest(artifact, time.Now()) // the clock of the file system
	pipeline := j.pipeline
	if known, at, ok := j.recall(ctx, artifact, atRest); ok {
		pipeline.Recall = verify.RecallAll(known, at)
	}
	evidence, err := pipeline.Gather(ctx, artifact)
	if err != nil {
		return verify.Report{}, err
	}
	changed, err := j.publisher(ctx, artifact)
	if err != nil {
		return verify.Report{}, err
	}
	if changed != nil {
		evidence.Gaps = append(evidence.Gaps, *changed)
	}
	if evidence.Artifact.NewestSigned, err = j.newestSigned(ctx, evidence); err != nil {
		return verify.Report{}, err
	}
	r := verify.NewReport(evidence, j.rules, j.now())
	if evidence.Artifact.Recorded != "" {
		return r, nil // to remember it now would make it look newer than it is
	}
	if err := j.remember(ctx, evidence, atRest); err != nil {
		return r, &storeError{err}
	}
	return r, nil
}

// newestSigned asks the store what was signed under the same name before, when the
// policy wants to know.
func (j *judge) newestSigned(ctx context.Context, e verify.Evidence) (string, error) {
	asks, ok := j.rules.(interface{ AsksHistory() bool })
	if !ok || !asks.AsksHistory() || j.store == nil || e.Artifact.Pinned == "" {
		return "", nil
	}
	return newestSigned(ctx, j.store, e.Artifact.Pinned)
}

// newestSigned is what a policy sees of the history of a name: "none" when nothing
// with a trusted time was seen.
func newestSigned(ctx context.Context, s *store.Store, pinned string) (string, error) {
	at, err := s.NewestSigned(ctx, pinned)
	switch {
	case err != nil:
		return "", err
	case at.IsZero():
		return "none", nil
	}
	return at.UTC().Format(time.RFC3339), nil
}

// denials is gate for an audit, to which an error says that nothing is known: a
// denial is known, also when it could not be remembered.
func (j *judge) denials(ctx context.Context, ref string) (verify.Report, error) {
	r, err := j.gate(ctx, ref)
	if r.Outcome() == verify.Fail {
		return r, nil
	}
	return r, err
}

// remember puts evidence into the store. Evidence that is bound to no content
// cannot be stored; its gaps say why.
func (j *judge) remember(ctx context.Context, e verify.Evidence, atRest string) error {
	if e.Artifact.ContentID == "" || j.store == nil {
		return j.storeErr
	}
	if err := j.store.Put(ctx, e, j.now()); err != nil {
		return err
	}
	if e.Artifact.Pinned != "" {
		return nil
	}
	return j.store.PutAtRest(ctx, atRest, e.Artifact.ContentID, j.now())
}

// contentPinned are the stores whose revisions are made of the content: a commit, a
// manifest's digest. Others give a version a name, and can change what is under it.
var contentPinned = []string{"hf", "oci", "ollama", "git+https", "git+http"}

// recall takes what the store knows of an artifact instead of reading it, if the
// caller said so. A remote revision names its bytes, a folder is told by AtRest.
// Files on this machine under a revision's name, a cache, are read: anybody may
// have written them. So is what is missing or damaged in the store.
func (j *judge) recall(ctx context.Context, a *registry.Artifact, atRest string) (known verify.Evidence, recorded time.Time, ok bool) {
	if !j.reuse || j.store == nil {
		return known, recorded, false
	}
	onDisk := slices.ContainsFunc(a.Files, func(f registry.File) bool { return f.Stamp.ID != "" })
	var err error
	switch {
	case slices.Contains(contentPinned, a.Ref.Scheme) && a.Pinned != "" && !onDisk:
		known, recorded, err = j.store.Pinned(ctx, a.Pinned, j.pipeline.Ruleset)
	case a.Pinned == "" && atRest != "":
		known, recorded, err = j.store.AtRest(ctx, atRest, j.pipeline.Ruleset)
	default:
		return known, recorded, false
	}
	return known, recorded, err == nil && len(known.Files) == len(a.Files)
}

// omsConfig reads the keys and certificates that the flags name.
func (a *app) omsConfig(s signers, method string) (oms.Config, error) {
	c := oms.Config{Method: method, IgnorePaths: s.ignorePaths, IgnoreUnsignedFiles: s.ignoreUnsigned, Now: a.Now(), MaxBundle: maxBundle}
	var err error
	if c.Denied, err = s.attested.denied(); err != nil {
		return c, err
	}
	for _, path := range s.publicKeys {
		key, err := trust.LoadPublicKey(path)
		if err != nil {
			return c, usageError("--public-key: %w", err)
		}
		c.PublicKeys = append(c.PublicKeys, key)
	}
	c.PublicKeys = append(c.PublicKeys, s.policy.Keys...)
	chain := slices.Clone(s.policy.Certificates)
	for _, path := range s.certificates {
		certificates, err := trust.LoadCertificates(path)
		if err != nil {
			return c, usageError("--certificate-chain: %w", err)
		}
		chain = append(chain, certificates...)
	}
	c.CertificateRoots, c.Intermediates = trust.SplitRoots(chain)
	if err := s.keyless(&c); err != nil {
		return c, err
	}
	if err := a.stored(&c); err != nil {
		return c, err
	}
	if s.bundle != "" {
		data, err := trust.ReadFile(s.bundle, maxBundle)
		if err != nil {
			return c, usageError("--bundle: %w", err)
		}
		c.Bundles = []oms.Bundle{{Name: s.bundle, Data: data}}
	}
	return c, nil
}

// identityOf is a signer of a policy as verifiers take it.
func identityOf(s policy.Signer) oms.Identity {
	return oms.Identity{
		Subject: s.Subject, SubjectPattern: s.Pattern, Issuer: s.Issuer,
		Repository: s.Repository, Workflow: s.Workflow, Ref: s.Ref, Trigger: s.Trigger, Runner: s.Runner,
	}
}

// keyless adds the Sigstore root and the identity to look for.
func (s *signers) keyless(c *oms.Config) error {
	if id := s.keylessSigner(); (id != oms.Identity{}) {
		c.Identities = []oms.Identity{id}
	}
	for _, id := range s.policy.Identities {
		c.Identities = append(c.Identities, identityOf(id))
	}
	if s.trustedRoot == "" {
		c.TrustedRoot = s.policy.TrustedRoot
		return nil
	}
	root, err := trust.ReadFile(s.trustedRoot, trust.MaxFile)
	if err != nil {
		return usageError("--trusted-root: %w", err)
	}
	c.TrustedRoot = root
	return nil
}

// note tells a person something that is not part of the result.
func (a *app) note(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.Stderr, "assay: "+format+"\n", args...)
	}
}
