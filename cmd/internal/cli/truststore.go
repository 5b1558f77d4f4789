package cli

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/verify"
	"assay/verify/attest"
	"assay/verify/oms"
	"assay/verify/report"
	"assay/verify/sigstore"
	"assay/verify/trust"
)

// storeVariable names the folder of the trust store.
const storeVariable = "ASSAY_TRUST"

// trustDir is the folder of the store, "" when there is no place for one.
func (a *app) trustDir() string {
	if dir := a.Getenv(storeVariable); dir != "" {
		return dir
	}
	if dir := a.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "assay", "trust")
	}
	if home := a.Getenv("HOME"); home != "" {
		return filepath.Join(home, ".config", "assay", "trust")
	}
	return ""
}

// readStore reads the store of the user.
func (a *app) readStore() (trust.Store, error) {
	dir := a.trustDir()
	if dir == "" {
		return trust.Store{}, nil
	}
	s, err := trust.ReadStore(dir)
	if err != nil {
		return s, usageError("%s: %w", filepath.Join(dir, "trust.json"), err)
	}
	return s, nil
}

// stored completes what flags and policy say: the keys and certificates of the
// store when they name no signer, a root for their identities, and its denials in
// any case.
func (a *app) stored(c *oms.Config) error {
	s, err := a.readStore()
	if err != nil {
		return err
	}
	if err := s.Usable(a.Now()); err != nil {
		return &exitError{console.ExitIncomplete, err}
	}
	denied, err := trust.ParseDenyList([]byte(s.Denied))
	if err != nil {
		return err
	}
	c.Denied = c.Denied.Join(denied)
	if len(c.PublicKeys)+len(c.CertificateRoots)+len(c.Intermediates)+len(c.Identities) == 0 {
		keys, certificates := s.Signers()
		c.PublicKeys, c.OthersMaySign = keys, true
		c.CertificateRoots, c.Intermediates = trust.SplitRoots(certificates)
	}
	if len(c.Identities) > 0 && c.TrustedRoot == nil {
		if c.TrustedRoot = s.TrustedRoot; c.TrustedRoot == nil {
			c.TrustedRoot = sigstore.PublicRoot()
			if age := a.Now().Sub(sigstore.PublicDate); age > sigstore.MaxAge {
				a.note("the built-in Sigstore root is of %s: run 'assay trust refresh', or give --trusted-root FILE", sigstore.PublicDate.Format(time.DateOnly))
			}
		}
	}
	return nil
}

// listStore prints what is in the store.
func (a *app) listStore(w io.Writer) (found bool, err error) {
	s, err := a.readStore()
	if err != nil {
		return false, err
	}
	line := func(format string, args ...any) {
		found = true
		fmt.Fprintf(w, "store\t%s\t%s\n", report.Safe(a.trustDir()), fmt.Sprintf(format, args...))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Keys)) {
		if key, err := trust.ParsePublicKey([]byte(s.Keys[name])); err == nil {
			line("%s: key:%s (%s)", name, key.ID, trust.Algorithm(key.Key))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Certificates)) {
		list, _ := trust.ParseCertificates([]byte(s.Certificates[name]))
		for _, c := range list {
			line("%s: key:%s (certificate of %s, %s)", name, trust.CertificateKeyID(c), report.Safe(c.Subject.String()), a.validity(c.NotBefore, c.NotAfter))
		}
	}
	if s.TrustedRoot != nil {
		line("Sigstore root from %s, of %s", report.Safe(s.RootFrom), s.RootTime.Format(time.DateOnly))
	}
	if denied, err := trust.ParseDenyList([]byte(s.Denied)); err == nil && denied.Len() > 0 {
		line("%d denied", denied.Len())
	}
	if !s.Expires.IsZero() {
		line("imported, made %s, %s", s.Made.Format(time.RFC3339), a.validity(s.Made, s.Expires))
	}
	if s.Policy != "" {
		line("policy %s", report.Safe(filepath.Join(a.trustDir(), policyName)))
	}
	return found, nil
}

func (a *app) listBuiltIn(w io.Writer) {
	fmt.Fprintf(w, "built in\tSigstore root of %s\tfor identities, unless a root is given or in the store\n", sigstore.PublicDate.Format(time.DateOnly))
}

// changeStore reads, changes and writes the store.
func (a *app) changeStore(change func(*trust.Store) error) error {
	dir := a.trustDir()
	if dir == "" {
		return usageError("no folder for a trust store: set %s", storeVariable)
	}
	s, err := a.readStore()
	if err != nil {
		return err
	}
	if err := change(&s); err != nil {
		return err
	}
	return s.Write(dir)
}

func (a *app) trustAddCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "add NAME FILE",
		Short: "put a key, certificates, a Sigstore root or a deny list into your store",
		Long: `add takes a public key or certificates in PEM, a Sigstore trusted_root.json, or a
deny list, and keeps it in your trust store. Signatures by these keys are then
verified without a flag; none is asked for.`,
		Example: "  assay trust add publisher publisher.pem\n  assay trust add recalled denied.txt",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError("name what to add, and under which name: %s NAME FILE", cmd.CommandPath())
			}
			return nil
		},
	}
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		data, err := trust.ReadFile(args[1], trust.MaxStore)
		if err != nil {
			return &exitError{console.ExitUsage, err}
		}
		kind := ""
		err = a.changeStore(func(s *trust.Store) error {
			if _, rootErr := attest.DescribeRoot(data); rootErr == nil {
				kind, s.TrustedRoot, s.RootFrom, s.RootTime = "Sigstore root", data, args[1], a.Now().UTC().Truncate(time.Second)
				return nil
			}
			var err error
			if kind, err = s.Add(args[0], data); err != nil {
				return usageError("%s: %w", args[1], err)
			}
			return nil
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "added %s %s\n", kind, args[0])
		return err
	})
	return cmd
}

func (a *app) trustRemoveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "take a key, certificates, the Sigstore root or a denial out of your store",
		Long: `remove takes out what was added under the name, an entry of the deny list as it is
written there, or "root", the Sigstore root.`,
		Example: "  assay trust remove publisher\n  assay trust remove identity:me@example.com",
		Args:    needs("a name", "NAME"),
	}
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		err := a.changeStore(func(s *trust.Store) error {
			if args[0] == "root" && s.TrustedRoot != nil {
				s.TrustedRoot, s.RootFrom, s.RootTime = nil, "", time.Time{}
				return nil
			}
			if !s.Remove(args[0]) {
				return usageError("nothing in the store is called %s: see 'assay trust list'", args[0])
			}
			return nil
		})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "removed %s\n", args[0])
		return err
	})
	return cmd
}

func (a *app) trustRefreshCommand() *cobra.Command {
	var mirror, tufRoot string
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "fetch the newest Sigstore trusted root into your store, by TUF",
		Long: `refresh asks the TUF repository of the public Sigstore instance, or of your own
(--tuf-url with --tuf-root), for the newest trusted root, checks it from the root
that is built in or given, and keeps it in your store. It is the only command
that fetches trust. Versions never go back.`,
		Example: "  assay trust refresh\n  assay trust refresh --tuf-url https://tuf.example.com --tuf-root root.json",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&mirror, "tuf-url", "", "TUF repository `URL` (default: "+sigstore.PublicMirror+")")
	cmd.Flags().StringVar(&tufRoot, "tuf-root", "", "TUF root.json `FILE` of that repository, from somebody you trust")
	cmd.RunE = run(func(cmd *cobra.Command, _ []string) error {
		if a.offline {
			return usageError("refresh asks a server, and --offline forbids it: use 'assay trust import' with a bundle made elsewhere")
		}
		if mirror != "" && !isSecure(mirror) {
			return usageError("--tuf-url %s: https:// is wanted", mirror)
		}
		dir := a.trustDir()
		if dir == "" {
			return usageError("no folder for a trust store: set %s", storeVariable)
		}
		r := sigstore.Refresh{Mirror: mirror, Cache: filepath.Join(dir, "tuf")}
		if tufRoot != "" {
			var err error
			if r.Root, err = trust.ReadFile(tufRoot, trust.MaxFile); err != nil {
				return usageError("--tuf-root: %w", err)
			}
		}
		if mirror != "" && tufRoot == "" {
			return usageError("--tuf-url needs --tuf-root FILE: whoever runs the repository must not be the one who vouches for it")
		}
		if err := os.MkdirAll(r.Cache, 0o700); err != nil {
			return err
		}
		data, err := r.TrustedRoot(cmd.Context())
		if err != nil {
			return err
		}
		from := mirror
		if from == "" {
			from = sigstore.PublicMirror
		}
		if err := a.changeStore(func(s *trust.Store) error {
			s.TrustedRoot, s.RootFrom, s.RootTime = data, from, a.Now().UTC().Truncate(time.Second)
			return nil
		}); err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "refreshed the Sigstore root from %s\n", report.Safe(from))
		return err
	})
	return cmd
}

func isSecure(url string) bool {
	return strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://127.0.0.1:") || strings.HasPrefix(url, "http://localhost:")
}

// deniedAnywhere is the list of the flag and of the store together.
func (a *app) deniedAnywhere(s attestations) (trust.DenyList, error) {
	denied, err := s.denied()
	if err != nil {
		return denied, err
	}
	stored, err := a.readStore()
	if err != nil {
		return denied, err
	}
	more, err := trust.ParseDenyList([]byte(stored.Denied))
	if err != nil {
		return denied, err
	}
	return denied.Join(more), nil
}

// lookForDenied adds the look into containers to a pipeline, when a file is denied.
func (a *app) lookForDenied(p *verify.Pipeline, s signers) error {
	denied, err := a.deniedAnywhere(s.attested)
	if err != nil {
		return err
	}
	if scanner := denied.Scanner(); scanner != nil {
		p.Scanners, p.Ruleset = append(slices.Clone(p.Scanners), scanner), p.Ruleset+denied.RulesetSuffix()
	}
	return nil
}
