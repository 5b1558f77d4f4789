package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// app is what every command gets: the process and the shared flags.
type app struct {
	Env
	options
	cancel  context.CancelFunc // of the timeout; nil without one
	pulling bool               // fetching is all that is done: a terminal shows it
	closers []func()
}

// NewRoot builds the command tree.
func NewRoot(env Env) *cobra.Command { return (&app{Env: env}).root() }

func (a *app) close() {
	if a.cancel != nil {
		a.cancel()
	}
	for _, f := range a.closers {
		f()
	}
}

func (a *app) root() *cobra.Command {
	env := a.Env
	root := &cobra.Command{
		Use:   "assay",
		Short: "decide whether a model may be used, and prove why",
		Long: `assay decides whether a machine-learning model, dataset or adapter may be used,
and proves why: it checks who signed it, looks inside every file, says what it
did not look at, and judges by policy.

A reference is a file, a folder, hf://org/name@revision (hf://datasets/... for a
dataset), oci://host/repository:tag, ollama://model:tag, s3://bucket/prefix,
gs://bucket/prefix, ms://org/name (ModelScope), git+https://host/repository@tag,
mlflow+https://host/models:/name@alias, https://host/file@sha256:...; or on this
machine hfcache:org/name@revision (a Hugging Face cache), ollama-store:model,
docker-models:name, git+file:///path, oci-layout:PATH:tag.

Exit codes: 0 pass, 1 denied, 2 usage, 3 could not verify (incomplete),
4 nothing to verify found, 5 internal error, 130 interrupted.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	a.everywhere(root.PersistentFlags())
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) }
	root.AddCommand(
		a.gateCommand(), a.scanCommand(), a.verifyCommand(), a.signCommand(), a.attestCommand(), a.trustCommand(),
		a.pullCommand(), a.promoteCommand(), a.lockCommand(), a.cacheCommand(), a.bomCommand(), a.diffCommand(),
		a.auditCommand(), a.serveCommand(), a.renderCommand(), a.policyCommand(), a.rulesCommand(), a.explainCommand(), a.explainLoadCommand(),
		a.versionCommand(),
	)
	return root
}

// limitTime starts the timeout, when there is one.
func (a *app) limitTime(cmd *cobra.Command) {
	if a.timeout > 0 {
		ctx, cancel := context.WithTimeout(cmd.Context(), a.timeout)
		a.cancel = cancel
		cmd.SetContext(ctx)
	}
}
