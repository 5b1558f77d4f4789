package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"assay/cmd/internal/admission"
	"assay/cmd/internal/mlflowhook"
	"assay/registry"
	"assay/verify"
)

// hookSecretVariable is where the secret comes from that MLflow signs deliveries
// with: a flag would show it to every user of the machine.
const hookSecretVariable = "ASSAY_MLFLOW_SECRET"

func (a *app) serveMLflowCommand() *cobra.Command {
	var s signers
	var st storeFlags
	var o mlflowOptions
	cmd := &cobra.Command{
		Use:   "mlflow --tracking-uri URL --tls-cert FILE --tls-key FILE",
		Short: "gate every new version of an MLflow registry",
		Long: `mlflow receives the webhooks of an MLflow registry at POST /mlflow: of
model_version.created and model_version_alias.created, with the secret that is in
ASSAY_MLFLOW_SECRET. It gates the version as 'gate mlflow+https://.../models:/name/version'
does, and writes the outcome on it as tags: assay.verdict (pass, fail, incomplete,
nothing, error), assay.content, assay.policy, assay.reason and assay.time.

MLflow asks nobody before it stores a version. What deploys from it has to look at
the tag, or at an alias that --remove-alias takes away from what does not pass.
Credentials for MLflow come from MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME
and MLFLOW_TRACKING_PASSWORD.`,
		Example: "  ASSAY_MLFLOW_SECRET=... assay serve mlflow --tracking-uri https://mlflow.example.com --policy policy.yaml --public-key publisher.pem --tls-cert tls.crt --tls-key tls.key",
		Args:    cobra.NoArgs,
	}
	s.flags(cmd.Flags())
	st.flags(cmd.Flags())
	a.judgeFlags(cmd.Flags())
	cmd.Flags().StringVar(&o.tracking, "tracking-uri", "", "`URL` of the MLflow server (required)")
	cmd.Flags().BoolVar(&o.removeAlias, "remove-alias", false, "take an alias away again that was given to a version that does not pass")
	cmd.Flags().StringVar(&o.listen, "listen", ":8443", "`ADDRESS` to listen on")
	cmd.Flags().StringVar(&o.cert, "tls-cert", "", "certificate, a PEM `FILE` (required)")
	cmd.Flags().StringVar(&o.key, "tls-key", "", "its private key, a PEM `FILE` (required)")
	cmd.RunE = run(func(cmd *cobra.Command, _ []string) error {
		base, err := o.check(a.Getenv)
		if err != nil {
			return err
		}
		j, err := a.judge(s, st)
		if err != nil {
			return err
		}
		defer j.close()
		j.pipeline.Progress = nil
		return a.receive(cmd.Context(), o, base, j)
	})
	return cmd
}

// mlflowOptions are the flags of the receiver.
type mlflowOptions struct {
	tracking, listen, cert, key string
	removeAlias                 bool
}

// check returns how references to the server begin.
func (o mlflowOptions) check(getenv func(string) string) (string, error) {
	u, err := url.Parse(o.tracking)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return "", usageError("serve mlflow needs --tracking-uri URL, like https://mlflow.example.com")
	case o.cert == "" || o.key == "":
		return "", usageError("serve mlflow needs --tls-cert FILE and --tls-key FILE")
	case len(getenv(hookSecretVariable)) < 16:
		return "", usageError("put the secret of the webhook, of at least 16 characters, in %s", hookSecretVariable)
	}
	if _, err := tls.LoadX509KeyPair(o.cert, o.key); err != nil {
		return "", usageError("--tls-cert and --tls-key: %w", err)
	}
	return "mlflow+" + strings.TrimSuffix(u.String(), "/") + "/models:/", nil
}

// tracker is a source that can write about a version of a model.
type tracker interface {
	SetTags(ctx context.Context, ref registry.Reference, tags map[string]string) error
	RemoveAlias(ctx context.Context, ref registry.Reference, alias string) error
}

// receive serves until ctx ends and lets the job at hand finish its tags.
func (a *app) receive(ctx context.Context, o mlflowOptions, base string, j *judge) error {
	scheme, _, _ := strings.Cut(base, "://")
	var server tracker
	for _, s := range j.sources {
		if t, ok := s.(tracker); ok && s.Scheme() == scheme {
			server = t
		}
	}
	if server == nil {
		return errors.New("no source writes to " + scheme)
	}
	name := func(model, version string) (registry.Reference, error) {
		return registry.ParseReference(base + url.PathEscape(model) + "/" + version)
	}
	logger := slog.New(slog.NewJSONHandler(a.Stderr, nil))
	c := mlflowhook.Config{
		Secret: []byte(a.Getenv(hookSecretVariable)), Now: a.Now, Log: logger,
		Gate: func(ctx context.Context, model, version string) (verify.Report, error) {
			ref, err := name(model, version)
			if err != nil {
				return verify.Report{}, err
			}
			return j.denials(ctx, ref.String())
		},
		Tag: func(ctx context.Context, model, version string, tags map[string]string) error {
			ref, err := name(model, version)
			if err != nil {
				return err
			}
			return server.SetTags(context.WithoutCancel(ctx), ref, tags)
		},
	}
	if o.removeAlias {
		c.RemoveAlias = func(ctx context.Context, model, version, alias string) error {
			ref, err := name(model, version)
			if err != nil {
				return err
			}
			return server.RemoveAlias(context.WithoutCancel(ctx), ref, alias)
		}
	}
	return a.listenMLflow(ctx, o, mlflowhook.New(c), logger)
}

func (a *app) listenMLflow(ctx context.Context, o mlflowOptions, receiver *mlflowhook.Receiver, logger *slog.Logger) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.listen)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(a.Stdout, "listening on %s\n", listener.Addr()); err != nil {
		return errors.Join(err, listener.Close())
	}
	var working sync.WaitGroup
	working.Go(func() { receiver.Run(ctx) })
	defer working.Wait()
	return admission.Serve(ctx, listener, o.cert, o.key, receiver, slog.NewLogLogger(logger.Handler(), slog.LevelWarn))
}
