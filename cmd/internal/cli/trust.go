package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/verify/attest"
	"assay/verify/oms"
	"assay/verify/report"
	"assay/verify/trust"
)

func (a *app) trustCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "trust",
		Short: "show whose signatures count, and where that comes from",
		Long: `trust shows the keys, certificates, trusted roots and deny lists that gate and
verify would use with the same flags, in the order in which they are looked for:

  1. the flag (--public-key FILE)
  2. the environment variable of the flag (ASSAY_PUBLIC_KEY)
  3. the signers of the policy file
  4. your own store, that 'trust add', 'trust import' and 'trust refresh' fill: its
     keys and certificates count where 1 to 3 name no signer, and ask for none
  5. the built-in root of the public Sigstore instance, for identities that 1 to 3
     name without a root

What is denied anywhere is denied. Nothing is taken from the model, and nothing is
fetched but by 'trust refresh'. The store is a file in the folder ASSAY_TRUST
(default: assay/trust in your configuration folder). A deny list has one entry on
each line, with a reason behind it:

  sha256:HEX      a file, or the content id of an artifact
  key:HEX         the key of a signer or an authority, as 'trust show' prints it
  identity:NAME   the subject of a signer's certificate`,
		Example: "  assay trust list --public-key publisher.pem --deny-list denied.txt",
	}
	cmd.AddCommand(a.trustListCommand(), a.trustShowCommand(), a.trustAddCommand(), a.trustRemoveCommand(),
		a.trustRefreshCommand(), a.trustExportCommand(), a.trustImportCommand())
	return cmd
}

func (a *app) trustListCommand() *cobra.Command {
	var s signers
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "list what is trusted with these flags, and where it was found",
		Example: "  assay trust list --public-key publisher.pem --trusted-root root.json",
		Args:    cobra.NoArgs,
	}
	s.flags(cmd.Flags())
	cmd.RunE = run(func(cmd *cobra.Command, _ []string) error {
		if _, err := a.verifiers(s, ""); err != nil {
			return err
		}
		w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
		found := false
		add := func(flag, path string, show func(path string) ([]string, error)) error {
			lines, err := show(path)
			if err != nil {
				return usageError("--%s: %w", flag, err)
			}
			from := "--" + flag
			if !cmd.Flags().Changed(flag) {
				from = "ASSAY_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
			}
			for _, line := range lines {
				fmt.Fprintf(w, "%s\t%s\t%s\n", from, report.Safe(path), line)
			}
			found = true
			return nil
		}
		for _, each := range []struct {
			flag  string
			paths []string
			show  func(string) ([]string, error)
		}{
			{"public-key", s.publicKeys, a.showKey}, {"certificate-chain", s.certificates, a.showCertificates},
			{"trusted-root", one(s.trustedRoot), a.showRoot}, {"attestation-key", s.attested.keys, a.showKey},
			{"deny-list", one(s.attested.denyList), a.showDenied},
		} {
			for _, path := range each.paths {
				if err := add(each.flag, path, each.show); err != nil {
					return err
				}
			}
		}
		stored, err := a.listStore(w)
		if err != nil {
			return err
		}
		if s.trustedRoot == "" && s.keylessSigner() != (oms.Identity{}) {
			a.listBuiltIn(w)
		}
		if found = found || stored; !found {
			fmt.Fprintln(w, "nothing: no signature can be verified; name a signer with --public-key, --certificate-chain, or --trusted-root and --identity")
		}
		return w.Flush()
	})
	return cmd
}

func one(path string) []string {
	if path == "" {
		return nil
	}
	return []string{path}
}

func (a *app) trustShowCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "show the ids of a key, of certificates or of a trusted root",
		Long: `show prints what a file of public keys, certificates or a Sigstore trusted root
holds, with the ids that deny lists use and the times between which it is valid.`,
		Example: "  assay trust show publisher.pem",
		Args:    needs("a file of keys, certificates or a root", "FILE"),
	}
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		var problem error
		for _, show := range []func(string) ([]string, error){a.showKey, a.showCertificates, a.showRoot} {
			lines, err := show(args[0])
			if err != nil {
				problem = err
				continue
			}
			_, err = fmt.Fprintln(a.Stdout, strings.Join(lines, "\n"))
			return err
		}
		return &exitError{console.ExitUsage, fmt.Errorf("%s: no public key, no certificate, no trusted root: %w", args[0], problem)}
	})
	return cmd
}

func (a *app) showKey(path string) ([]string, error) {
	key, err := trust.LoadPublicKey(path)
	if err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("key:%s (%s)", key.ID, trust.Algorithm(key.Key))}, nil
}

func (a *app) showCertificates(path string) ([]string, error) {
	chain, err := trust.LoadCertificates(path)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, c := range chain {
		lines = append(lines, fmt.Sprintf("key:%s (certificate of %s, %s)", trust.CertificateKeyID(c),
			report.Safe(c.Subject.String()), a.validity(c.NotBefore, c.NotAfter)))
	}
	return lines, nil
}

// validity says what a person wants to know first: whether it has ended.
func (a *app) validity(from, to time.Time) string {
	text := from.UTC().Format(time.DateOnly) + " to "
	if to.IsZero() {
		return text + "further notice"
	}
	text += to.UTC().Format(time.DateOnly)
	if a.Now().After(to) {
		text += ", EXPIRED"
	}
	return text
}

func (a *app) showRoot(path string) ([]string, error) {
	data, err := trust.ReadFile(path, trust.MaxFile)
	if err != nil {
		return nil, err
	}
	parts, err := attest.DescribeRoot(data)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, p := range parts {
		lines = append(lines, fmt.Sprintf("%s %s (%s)", p.Kind, report.Safe(p.URI), a.validity(p.From, p.To)))
	}
	return lines, nil
}

func (a *app) showDenied(path string) ([]string, error) {
	list, err := (&attestations{denyList: path}).denied()
	if err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("%d denied", list.Len())}, nil
}
