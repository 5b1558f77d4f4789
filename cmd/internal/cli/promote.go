package cli

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/registry"
	sources "assay/registry/all"
	"assay/registry/export"
	"assay/verify"
	"assay/verify/attest"
)

// promotion is what promote was asked to do.
type promotion struct {
	signers signers
	store   storeFlags
	key     signingKey // of the summary
	as      string     // URI of who decides, in the summary
}

func (a *app) promoteCommand() *cobra.Command {
	var p promotion
	cmd := &cobra.Command{
		Use:   "promote REF TARGET",
		Short: "copy a model to another store, only if it passes",
		Long: `promote gates REF as 'gate' does and, only if it passes, copies exactly the bytes
that were judged to TARGET: oci://host/repository:tag, or a folder that does not
exist yet. A registry gets a model of the CNCF specification, one layer for each
file; from one registry to another the manifest is copied as it is, with the
signatures and attestations that refer to it. The tag is moved last.

With --private-key, the decision goes along as a signed verification summary (VSA)
about what was written: beside it in the registry as a referrer, or as
TARGET.vsa.sigstore.json. 'assay gate TARGET --require-vsa' believes it later, and
so does --require-vsa here.

Exit codes: 0 promoted, 1 denied, 2 usage, 3 could not verify or copy.`,
		Example: `  assay promote hf://org/name@0123456789abcdef0123456789abcdef01234567 oci://registry.example.com/models/name:1 --policy policy.yaml --private-key gate.key --sign-as https://example.com/gate
  assay promote oci://staging.example.com/models/name:1 oci://registry.example.com/models/name:1 --require-vsa --attestation-key gate.pub --verifier-id https://example.com/gate`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError("name a model and where it goes: %s REF TARGET", cmd.CommandPath())
			}
			return nil
		},
	}
	f := cmd.Flags()
	p.signers.flags(f)
	p.store.flags(f)
	f.StringVar(&p.key.privateKey, "private-key", "", "sign the decision with this key: ECDSA P-256, P-384 or P-521 in a PEM `FILE`; its password is taken from "+unlockVariable)
	f.StringVar(&p.as, "sign-as", defaultVerifier, "`URI` of who decides here, for the signed summary")
	a.reportFlags(f)
	a.judgeFlags(f)
	f.BoolVar(&p.store.off, "no-store", false, "keep the evidence out of the store")
	f.BoolVar(&p.signers.attested.believe, "require-vsa", false, "look at no content: believe a signed summary (VSA) that these bytes passed this policy before")
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		if _, err := a.targets("text"); err != nil {
			return err
		}
		return a.promote(cmd.Context(), p, args[0], args[1])
	})
	return cmd
}

func (a *app) promote(ctx context.Context, p promotion, ref, target string) error {
	var signer crypto.Signer
	if p.key.privateKey != "" {
		var err error
		if signer, _, err = p.key.load(a.Getenv); err != nil {
			return err
		}
	}
	j, err := a.judge(p.signers, p.store)
	if err != nil {
		return err
	}
	defer j.close()
	if to, err := registry.ParseReference(target); err != nil || to.Scheme != "file" {
		if err := sources.CanPush(j.sources, target); err != nil {
			return err
		}
	}
	artifact, err := sources.Resolve(ctx, j.sources, ref)
	if err != nil {
		return err
	}
	r, err := j.gateArtifact(ctx, artifact)
	var forgotten *storeError
	if err != nil && !errors.As(err, &forgotten) {
		return err
	}
	if err := errors.Join(err, a.write(r, "text")); err != nil || r.Outcome() != verify.Pass {
		a.note("nothing was copied to %s", target)
		return a.conclude(r, err)
	}
	pinned, err := a.copyTo(ctx, j, artifact, r, target)
	if err != nil {
		return err
	}
	a.note("copied to %s", pinned)
	if signer == nil {
		return nil
	}
	return a.summarise(ctx, j, r, p, signer, pinned)
}

// copyTo writes the judged bytes, and says where they are.
func (a *app) copyTo(ctx context.Context, j *judge, artifact *registry.Artifact, r verify.Report, target string) (string, error) {
	digests := make(map[string]string, len(r.Files))
	for _, f := range r.Files {
		digests[f.Name] = f.SHA256
	}
	parsed, err := registry.ParseReference(target)
	if err != nil {
		return "", err
	}
	if parsed.Scheme != "file" {
		return sources.Push(ctx, j.sources, artifact, digests, target)
	}
	promised, err := promise(artifact, digests)
	if err != nil {
		return "", err
	}
	_, err = export.Export(ctx, promised, parsed.Rest)
	return parsed.Rest, err
}

// promise makes the digests that were judged promises, which export compares.
func promise(a *registry.Artifact, digests map[string]string) (*registry.Artifact, error) {
	judged := *a
	judged.Files = make([]registry.File, len(a.Files))
	for i, f := range a.Files {
		digest, err := registry.NewDigest("sha256", digests[f.Name])
		if err != nil {
			return nil, fmt.Errorf("%s was not judged: %w", f.Name, err)
		}
		f.Declared = append(f.Declared[:len(f.Declared):len(f.Declared)], registry.Declared{Digest: digest, By: "gate"})
		judged.Files[i] = f
	}
	return &judged, nil
}

// summarise signs the decision about what is there now: in a registry that is the
// artifact under its manifest, with a configuration that the origin did not have.
func (a *app) summarise(ctx context.Context, j *judge, r verify.Report, p promotion, signer crypto.Signer, pinned string) error {
	there, err := j.written(ctx, r, pinned)
	if err != nil {
		return err
	}
	statement, err := attest.MakeVSA(there, attest.Summary{Verifier: p.as, Resource: pinned, Time: a.Now()})
	if err != nil {
		return err
	}
	bundle, err := attest.SignWithKey(statement, signer)
	if err != nil {
		return err
	}
	if !strings.Contains(pinned, "://") {
		path := pinned + ".vsa.sigstore.json"
		a.note("the decision is in %s", path)
		return writeFile(path, append(bundle, '\n'))
	}
	return attach(ctx, j.sources, pinned, bundle)
}

// written is the report about what was written: files that were judged are not read
// again, what came to them is.
func (j *judge) written(ctx context.Context, r verify.Report, pinned string) (verify.Report, error) {
	artifact, err := sources.Resolve(ctx, j.sources, pinned)
	if err != nil {
		return r, err
	}
	known := verify.KnownFiles(r.Evidence, j.now())
	pipeline := j.pipeline
	pipeline.Verifiers = nil // the decision about signatures is the one that was made
	pipeline.Recall = func(f registry.File) (verify.Known, bool) {
		k, ok := known[f.Name]
		return k, ok && isDeclared(f, k.File.SHA256)
	}
	evidence, err := pipeline.Gather(ctx, artifact)
	if err != nil {
		return r, err
	}
	evidence.Claims = r.Claims
	// Where it is now, another rule may apply. The summary is of that one when it
	// passes there, else of the one that let it go.
	there := verify.NewReport(evidence, j.rules, j.now())
	if there.Outcome() != verify.Pass {
		there.Verdict = r.Verdict
	}
	for _, f := range r.Files {
		if k, ok := known[f.Name]; !ok || k.File.SHA256 == "" {
			return r, fmt.Errorf("%s was not judged", f.Name)
		}
	}
	return there, nil
}

func isDeclared(f registry.File, sha256 string) bool {
	for _, d := range f.Declared {
		if d.Digest.Algorithm == "sha256" && d.Digest.Hex == sha256 {
			return true
		}
	}
	return false
}

// bundleType is what a registry calls a Sigstore bundle (cosign's bundle
// specification; the version of the bundle is in the type).
const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// attach puts a signed document beside an artifact of a registry.
func attach(ctx context.Context, list []registry.Source, pinned string, bundle []byte) error {
	ref, err := registry.ParseReference(pinned)
	if err != nil {
		return err
	}
	for _, s := range list {
		if at, ok := s.(registry.Attacher); ok && s.Scheme() == ref.Scheme {
			_, err := at.Attach(ctx, pinned, registry.Attachment{MediaType: bundleType, Data: bundle})
			return err
		}
	}
	return fmt.Errorf("%w: nothing can be attached to %s", registry.ErrReference, pinned)
}
