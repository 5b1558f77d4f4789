package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// options are the flags that every command shares.
type options struct {
	format  string
	outputs []string
	policy  string
	failOn  string
	policyOptions
	offline bool
	jobs    int
	timeout time.Duration
	quiet   bool
	verbose bool
}

// app is what every command gets: the process and the shared flags.
type app struct {
	Env
	options
	cancel context.CancelFunc // of the timeout; nil without one
}

// NewRoot builds the command tree.
func NewRoot(env Env) *cobra.Command { return (&app{Env: env}).root() }

func (a *app) close() {
	if a.cancel != nil {
		a.cancel()
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
dataset), oci://host/repository:tag, hfcache:org/name@revision (a Hugging Face
cache on this machine) or oci-layout:PATH:tag.

Exit codes: 0 pass, 1 denied, 2 usage, 3 could not verify (incomplete),
4 nothing to verify found, 5 internal error, 130 interrupted.`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	a.sharedFlags(root.PersistentFlags())
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return a.prepare(cmd) }
	root.AddCommand(
		a.gateCommand(), a.scanCommand(), a.verifyCommand(), a.signCommand(), a.attestCommand(), a.trustCommand(),
		a.pullCommand(), a.lockCommand(), a.cacheCommand(), a.bomCommand(), a.diffCommand(),
		a.auditCommand(), a.serveCommand(), a.renderCommand(), a.policyCommand(), a.rulesCommand(), a.explainCommand(), a.explainLoadCommand(),
		a.versionCommand(),
	)
	return root
}

func (a *app) sharedFlags(f *pflag.FlagSet) {
	f.StringVar(&a.format, "format", "", "what to print on standard output (each command says which formats it has)")
	f.StringArrayVarP(&a.outputs, "output", "o", nil, "also write `FORMAT=PATH`; repeatable")
	f.StringVar(&a.policy, "policy", "", "policy `FILE` (default: the built-in policy)")
	f.StringVar(&a.failOn, "fail-on", "", "deny at findings of this `SEVERITY` or worse: critical, high, medium, low, info (default high)")
	a.policyOptions.flags(f)
	f.BoolVar(&a.offline, "offline", false, "open no network connection")
	f.IntVar(&a.jobs, "jobs", 0, "files at a time (default: the number of cores)")
	f.DurationVar(&a.timeout, "timeout", 0, "give up after this long and report what is missing (default: none)")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "print the verdict line only, and no progress")
	f.BoolVarP(&a.verbose, "verbose", "v", false, "print every file, finding and note")
}

// prepare fills flags that were not given from ASSAY_* variables (--fail-on is
// ASSAY_FAIL_ON), checks the shared ones and starts the timeout.
func (a *app) prepare(cmd *cobra.Command) error {
	var problem error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := "ASSAY_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := a.Getenv(name)
		if f.Changed || value == "" || f.Name == "help" {
			return
		}
		if err := f.Value.Set(value); err != nil && problem == nil {
			problem = usageError("%s: %w", name, err)
		}
	})
	switch {
	case problem != nil:
		return problem
	case a.jobs < 0:
		return usageError("--jobs must not be negative")
	case a.timeout < 0:
		return usageError("--timeout must not be negative")
	case a.quiet && a.verbose:
		return usageError("-q and -v exclude each other")
	}
	if a.timeout > 0 {
		ctx, cancel := context.WithTimeout(cmd.Context(), a.timeout)
		a.cancel = cancel
		cmd.SetContext(ctx)
	}
	return nil
}
