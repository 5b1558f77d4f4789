package cli

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/verify/attest"
	"assay/verify/sigstore"
	"assay/verify/trust"
	"assay/verify/trust/transfer"
)

// policyName is the policy of an imported bundle, in the folder of the store.
const policyName = "policy.yaml"

func (a *app) trustExportCommand() *cobra.Command {
	var key signingKey
	var out, rules string
	var valid time.Duration
	cmd := &cobra.Command{
		Use:   "export -o FILE --private-key FILE",
		Short: "sign your store as a bundle for machines without network",
		Long: `export writes your keys, certificates, Sigstore root and deny list, and with
--policy the rules, as one signed bundle. 'assay trust import' takes it where its
signer is known, until it expires. Without a root in the store the built-in one
goes along.`,
		Example: "  assay trust export -o trust.json --private-key security.key --policy policy.yaml --valid 720h",
		Args:    cobra.NoArgs,
	}
	key.flags(cmd.Flags())
	cmd.Flags().StringVarP(&out, "output", "o", "", "bundle `FILE` to write")
	cmd.Flags().StringVar(&rules, "policy", "", "policy `FILE` to take along; files that it names do not go with it")
	cmd.Flags().DurationVar(&valid, "valid", 30*24*time.Hour, "how long the bundle may be used")
	cmd.RunE = run(func(cmd *cobra.Command, _ []string) error {
		out, err := a.bundleOut(cmd, out)
		if err != nil {
			return err
		}
		if out == "" || valid <= 0 {
			return usageError("export needs -o FILE, and a positive --valid")
		}
		signer, err := key.signer(cmd.Context(), a)
		if err != nil {
			return err
		}
		s, err := a.readStore()
		if err != nil {
			return err
		}
		if s.TrustedRoot == nil {
			s.TrustedRoot, s.RootFrom, s.RootTime = sigstore.PublicRoot(), "built in", sigstore.PublicDate
		}
		if rules != "" {
			text, err := trust.ReadFile(rules, trust.MaxFile)
			if err != nil {
				return usageError("--policy: %w", err)
			}
			s.Policy = string(text)
		}
		data, err := transfer.Export(cmd.Context(), s, signer, a.Now(), a.Now().Add(valid))
		if err != nil {
			return err
		}
		if err := writeFile(out, append(data, '\n')); err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "exported to %s, good until %s\n", out, a.Now().Add(valid).UTC().Format(time.RFC3339))
		return err
	})
	return cmd
}

func (a *app) trustImportCommand() *cobra.Command {
	var s signers
	cmd := &cobra.Command{
		Use:   "import FILE --public-key FILE",
		Short: "replace your store by a signed bundle",
		Long: `import checks who signed the bundle, that it has not expired and is not older than
the last one, and replaces your store by it. Rules in it become policy.yaml beside
the store; use them with --policy. When the bundle has expired, commands that need
trust say so and exit with 3.`,
		Example: "  assay trust import trust.json --public-key security.pub",
		Args:    needs("a bundle", "FILE --public-key FILE"),
	}
	cmd.Flags().StringArrayVar(&s.publicKeys, "public-key", nil, "the bundle must be signed by this key, a PEM `FILE`; repeatable")
	cmd.Flags().StringArrayVar(&s.certificates, "certificate-chain", nil, "the bundle must be signed under this authority, a PEM `FILE`; repeatable")
	cmd.Flags().StringVar(&s.identity, "identity", "", "the bundle must be signed keyless by this `SUBJECT`, exactly")
	cmd.Flags().StringVar(&s.issuer, "issuer", "", "identity provider `URL` for --identity")
	cmd.Flags().StringVar(&s.trustedRoot, "trusted-root", "", "Sigstore trusted root `FILE` for --identity (default: the built-in one)")
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		if !s.required() {
			return usageError("say who signs trust for you: --public-key FILE, --certificate-chain FILE, or --identity with --issuer")
		}
		c, err := a.namedTrust(s)
		if err != nil {
			return err
		}
		data, err := trust.ReadFile(args[0], 2*trust.MaxStore)
		if err != nil {
			return &exitError{console.ExitUsage, err}
		}
		dir := a.trustDir()
		if dir == "" {
			return usageError("no folder for a trust store: set %s", storeVariable)
		}
		before, err := a.readStore()
		if err != nil {
			return err
		}
		next, _, err := transfer.Import(data, c, before)
		switch {
		case errors.Is(err, transfer.ErrUntrusted), errors.Is(err, transfer.ErrOlder):
			return &exitError{console.ExitFail, fmt.Errorf("%s: %w", args[0], err)}
		case err != nil:
			return &exitError{console.ExitIncomplete, fmt.Errorf("%s: %w", args[0], err)}
		}
		if err := next.Write(dir); err != nil {
			return err
		}
		if next.Policy != "" {
			if err := writeFile(filepath.Join(dir, policyName), []byte(next.Policy)); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(a.Stdout, "imported %d keys and %d certificates, good until %s\n", len(next.Keys), len(next.Certificates), next.Expires.Format(time.RFC3339))
		return err
	})
	return cmd
}

// namedTrust is whom the flags name, and nobody from the store: what is imported
// must not vouch for what comes next.
func (a *app) namedTrust(s signers) (attest.Trust, error) {
	t := attest.Trust{Now: a.Now()}
	for _, path := range s.publicKeys {
		key, err := trust.LoadPublicKey(path)
		if err != nil {
			return t, usageError("--public-key: %w", err)
		}
		t.PublicKeys = append(t.PublicKeys, key)
	}
	for _, path := range s.certificates {
		list, err := trust.LoadCertificates(path)
		if err != nil {
			return t, usageError("--certificate-chain: %w", err)
		}
		roots, others := trust.SplitRoots(list)
		t.Roots, t.Intermediates = append(t.Roots, roots...), append(t.Intermediates, others...)
	}
	if s.identity == "" && s.issuer == "" {
		return t, nil
	}
	t.Identities, t.TrustedRoot = []attest.Identity{{Subject: s.identity, Issuer: s.issuer}}, sigstore.PublicRoot()
	if s.trustedRoot != "" {
		var err error
		if t.TrustedRoot, err = trust.ReadFile(s.trustedRoot, trust.MaxFile); err != nil {
			return t, usageError("--trusted-root: %w", err)
		}
	}
	return t, nil
}
