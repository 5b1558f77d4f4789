package cli

import (
	"github.com/spf13/cobra"

	"assay/verify"
	"assay/verify/attest"
	"assay/verify/policy"
)

func (a *app) verifyCommand() *cobra.Command {
	var s signers
	var method string
	cmd := &cobra.Command{
		Use:   "verify [--method METHOD] [--bundle FILE] [--attestation FILE] MODEL",
		Short: "check a model's signature or attestations against a key or an authority",
		Long: `verify hashes every file and compares it with an OpenSSF Model Signing bundle.
It looks at signatures only: whether the content is safe to load is what 'gate'
and 'scan' say. Attestations that are given or required have to hold too; without
--method they alone are checked: every file must have one, and no signature.

Exit codes: 0 verified, 1 the signature does not hold, 3 could not verify,
4 there is no signature.`,
		Example: `  assay verify --method key --public-key publisher.pem ./model
  assay verify --method certificate --bundle model.sig --certificate-chain root.pem ./model
  assay verify --method sigstore --trusted-root root.json --identity me@example.com --issuer https://accounts.example.com ./model
  assay verify --method sigstore --trusted-root root.json --identity-regexp 'https://github\.com/org/model/\.github/workflows/release\.yml@refs/tags/.*' --issuer https://token.actions.githubusercontent.com --certificate-runner github-hosted ./model
  assay verify --attestation model.intoto.jsonl --attestation-key builder.pub --builder-id https://example.com/builder --source-uri https://github.com/org/model ./model`,
		Args: needs("a model", "--method METHOD MODEL"),
	}
	s.flags(cmd.Flags())
	cmd.Flags().StringVar(&method, "method", "", "how it was signed: key, certificate or sigstore")
	cmd.Flags().BoolVar(&s.ignoreUnsigned, "ignore-unsigned-files", false, "accept files that the signature does not list")
	a.reportFlags(cmd.Flags())
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		a.leaveOutGit = true // signatures of models leave it out (model-signing-spec 6.2)
		attested := method == "" && s.attested.given()
		if method == "" && !attested {
			return usageError("say how it was signed: --method key, certificate or sigstore")
		}
		if _, err := a.targets("text"); err != nil {
			return err
		}
		if attested && len(s.attested.require) == 0 {
			s.attested.require = []string{attest.KindAny} // one about a single file would say nothing about the others
		}
		s.attestedOnly = attested
		verifiers, err := a.verifiers(s, method)
		if err != nil {
			return err
		}
		artifact, err := a.resolve(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		p := a.pipeline(verifiers...)
		p.Scanners = nil
		evidence, err := p.Gather(cmd.Context(), artifact)
		if err != nil {
			return err
		}
		r := verify.NewReport(evidence, policy.Signatures{Attestations: attested}, a.Now())
		return a.conclude(r, a.write(r, "text"))
	})
	return cmd
}
