package cli

import (
	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/verify"
	"assay/verify/policy"
)

func (a *app) verifyCommand() *cobra.Command {
	var s signers
	var method string
	cmd := &cobra.Command{
		Use:   "verify --method METHOD [--bundle FILE] MODEL",
		Short: "check a model's signature against a key or an authority",
		Long: `verify hashes every file and compares it with an OpenSSF Model Signing bundle.
It looks at signatures only: whether the content is safe to load is what 'gate'
and 'scan' say.

Exit codes: 0 verified, 1 the signature does not hold, 3 could not verify,
4 there is no signature.`,
		Example: `  assay verify --method key --public-key publisher.pem ./model
  assay verify --method certificate --bundle model.sig --certificate-chain root.pem ./model
  assay verify --method sigstore --trusted-root root.json --identity me@example.com --issuer https://accounts.example.com ./model`,
		Args: cobra.ExactArgs(1),
	}
	s.flags(cmd.Flags())
	cmd.Flags().StringVar(&method, "method", "", "how it was signed: key, certificate or sigstore")
	cmd.Flags().BoolVar(&s.ignoreUnsigned, "ignore-unsigned-files", false, "accept files that the signature does not list")
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		if method == "" {
			return usageError("say how it was signed: --method key, certificate or sigstore")
		}
		if _, err := a.targets("text"); err != nil {
			return err
		}
		verifier, err := a.verifier(s, method)
		if err != nil {
			return err
		}
		artifact, err := a.resolve(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		p := a.pipeline(verifier)
		p.Scanners = nil
		evidence, err := p.Gather(cmd.Context(), artifact)
		if err != nil {
			return err
		}
		r := verify.NewReport(evidence, policy.Signatures{}, a.Now())
		if err := a.write(r, "text"); err != nil {
			return err
		}
		return exit(console.ExitCode(r.Outcome()))
	})
	return cmd
}
