package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"assay/cmd/internal/admission"
	"assay/cmd/internal/console"
	"assay/registry/hf"
	formats "assay/scanners/all"
	"assay/verify"
	"assay/verify/policy"
	"assay/verify/store"
	"assay/verify/trust"
)

func (a *app) serveCommand() *cobra.Command {
	var st storeFlags
	var listen, cert, key string
	var publicKeys []string
	denied := servedDenyList{stored: func() (trust.DenyList, error) { return a.deniedAnywhere(attestations{}) }}
	cmd := &cobra.Command{
		Use:   "serve --tls-cert FILE --tls-key FILE",
		Short: "answer Kubernetes admission reviews from the store",
		Long: `serve is a validating admission webhook (AdmissionReview v1, POST /validate). It
looks up the models that a Pod or workload names, in image volumes, hf:// names
and the arguments of model servers, in the evidence store, judges the evidence by
the policy now, and denies what has no verdict or is not pinned. It reads no
weights and asks no registry: run 'assay gate' first. The policy's environment is
the one that names the namespace of the object, unless --env chooses one.

GET /healthz and /readyz are for probes. The certificate is read again when its
file changes. SIGTERM stops it after the reviews in flight.`,
		Example: "  assay serve --listen :8443 --tls-cert tls.crt --tls-key tls.key --store /var/lib/assay/store.db",
		Args:    cobra.NoArgs,
	}
	cmd.AddCommand(a.serveMLflowCommand())
	st.flags(cmd.Flags())
	a.policyFlags(cmd.Flags())
	cmd.Flags().StringVar(&listen, "listen", ":8443", "`ADDRESS` to listen on")
	cmd.Flags().StringVar(&cert, "tls-cert", "", "certificate, a PEM `FILE` (required)")
	cmd.Flags().StringVar(&key, "tls-key", "", "its private key, a PEM `FILE` (required)")
	cmd.Flags().StringArrayVar(&publicKeys, "public-key", nil, "require that the gate verified a signature by this key, a PEM `FILE`; repeatable")
	cmd.Flags().StringVar(&denied.path, "deny-list", "", "`FILE` of denied digests, keys and identities, read again when it changes (see 'assay trust')")
	cmd.RunE = run(func(cmd *cobra.Command, _ []string) error {
		if cert == "" || key == "" {
			return usageError("serve needs --tls-cert FILE and --tls-key FILE")
		}
		if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
			return usageError("--tls-cert and --tls-key: %w", err)
		}
		rules, err := a.servedRules(publicKeys)
		if err != nil {
			return err
		}
		if _, err := denied.apply(verify.Evidence{}); err != nil {
			return &exitError{console.ExitUsage, err}
		}
		s, err := st.open()
		if err != nil {
			return err
		}
		defer s.Close()
		logger := slog.New(slog.NewJSONHandler(a.Stderr, nil))
		handler := admission.Handler(admission.Config{
			Lookup: a.lookup(s, rules, &denied), UnsafeAdmitUnresolved: rules.Defaults.Unresolved == "warn", Ready: s.Ping, Hub: a.Getenv("HF_ENDPOINT"), Log: logger,
		})
		listener, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", listen)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(a.Stdout, "listening on %s\n", listener.Addr()); err != nil {
			return errors.Join(err, listener.Close())
		}
		return admission.Serve(cmd.Context(), listener, cert, key, handler, slog.NewLogLogger(logger.Handler(), slog.LevelWarn))
	})
	return cmd
}

// servedRules is the policy over stored evidence. It has to name the signers,
// because the evidence was verified against whatever key its gate was given.
func (a *app) servedRules(publicKeys []string) (policy.Rules, error) {
	rules, err := a.rules(len(publicKeys) > 0)
	if err != nil {
		return rules, err
	}
	for _, path := range publicKeys {
		key, err := trust.LoadPublicKey(path)
		if err != nil {
			return rules, usageError("--public-key: %w", err)
		}
		rules.Signers = append(rules.Signers, verify.Signer{KeyID: key.ID})
	}
	if rules.RequireSignature && len(rules.Signers) == 0 {
		return rules, usageError("the policy requires a signature: say whose with --public-key FILE")
	}
	return rules, nil
}

// lookup judges stored evidence by the policy of now: a verdict is never cached,
// so that a stricter policy holds for what was gathered before.
func (a *app) lookup(s *store.Store, rules policy.Rules, denied *servedDenyList) func(context.Context, string, string) (verify.Report, error) {
	ruleset := formats.Ruleset()
	return func(ctx context.Context, namespace, pinned string) (verify.Report, error) {
		e, recorded, err := s.Pinned(ctx, hf.PinnedAt(a.Getenv("HF_ENDPOINT"), pinned), ruleset)
		if errors.Is(err, store.ErrNotFound) {
			return verify.Report{}, fmt.Errorf("%w: %w", admission.ErrNoVerdict, err)
		}
		if err != nil {
			return verify.Report{}, err
		}
		e.Artifact.Pinned = pinned // as the webhook asked: on this Hub
		e.Artifact.Recorded = recorded.UTC().Format(time.RFC3339)
		if e, err = denied.apply(e); err != nil {
			return verify.Report{}, err
		}
		if rules.AsksHistory() {
			// What was newest then may have been passed by a newer one since.
			if e.Artifact.NewestSigned, err = newestSigned(ctx, s, hf.PinnedAt(a.Getenv("HF_ENDPOINT"), pinned)); err != nil {
				return verify.Report{}, err
			}
		}
		return verify.NewReport(e, rules.ForNamespace(namespace), a.Now()), nil
	}
}
