package cli

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// options are the flags that several commands share. A command has only those
// that it heeds: one that is accepted and does nothing would be believed.
type options struct {
	format  string
	outputs []string
	policy  string
	failOn  string
	policyOptions
	offline     bool
	jobs        int
	timeout     time.Duration
	leaveOutGit bool
	proveTree   bool
	quiet       bool
	verbose     bool
}

// everywhere are the flags of every command: how it runs, and how much it says.
func (o *options) everywhere(f *pflag.FlagSet) {
	f.BoolVar(&o.offline, "offline", false, "open no network connection")
	f.IntVar(&o.jobs, "jobs", 0, "files at a time (default: the number of cores)")
	f.DurationVar(&o.timeout, "timeout", 0, "give up after this long and report what is missing (default: none)")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print the verdict line only, and no progress")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "print every file, finding and note")
}

// judgeFlags are those of commands that look into an artifact and judge it.
func (o *options) judgeFlags(f *pflag.FlagSet) {
	o.policyFlags(f)
	f.BoolVar(&o.proveTree, "prove-tree", false, "hash the Git objects of a commit of the Hub: the list of files is then what the commit id binds, not what the Hub says")
	f.BoolVar(&o.leaveOutGit, "leave-out-git", false, "take the .git of a cloned folder for no part of the model; it is named in the report")
}

// reportFlags are those of commands that write a report or a bill.
func (o *options) reportFlags(f *pflag.FlagSet) {
	f.StringVar(&o.format, "format", "", "what to print on standard output, one of the formats above")
	f.StringArrayVarP(&o.outputs, "output", "o", nil, "also write `FORMAT=PATH`; repeatable")
}

// policyFlags are those of commands that judge.
func (o *options) policyFlags(f *pflag.FlagSet) {
	f.StringVar(&o.policy, "policy", "", "policy `FILE` (default: the built-in policy)")
	f.StringVar(&o.failOn, "fail-on", "", "deny at findings of this `SEVERITY` or worse: critical, high, medium, low, info (default high)")
	o.policyOptions.flags(f)
}

// formatsKey annotates --format with the formats of a command that has its own.
const formatsKey = "assay_formats"

// formatFlag is --format of a command that has a few formats of its own, the
// default first.
func (o *options) formatFlag(f *pflag.FlagSet, formats ...string) {
	f.StringVar(&o.format, "format", "", "what to print on standard output: "+strings.Join(formats, ", ")+" (default "+formats[0]+")")
	f.Lookup("format").Annotations = map[string][]string{formatsKey: formats}
}

// accepts reports whether a flag with formats of its own has this one.
func accepts(f *pflag.Flag, value string) bool {
	own := f.Annotations[formatsKey]
	return len(own) == 0 || value == "" || slices.Contains(own, value)
}

// prepare fills flags that were not given from ASSAY_* variables (--fail-on is
// ASSAY_FAIL_ON), checks the shared ones and starts the timeout.
func (a *app) prepare(cmd *cobra.Command) error {
	if err := a.fromEnvironment(cmd); err != nil {
		return err
	}
	format := cmd.Flags().Lookup("format")
	switch {
	case format != nil && !accepts(format, a.format):
		own := slices.Sorted(slices.Values(format.Annotations[formatsKey]))
		return usageError("unknown format %q: one of %s", a.format, strings.Join(own, ", "))
	case a.jobs < 0:
		return usageError("--jobs must not be negative")
	case a.timeout < 0:
		return usageError("--timeout must not be negative")
	case a.quiet && a.verbose:
		return usageError("-q and -v exclude each other")
	}
	a.limitTime(cmd)
	return nil
}

// fromEnvironment sets what the command has and was not given. ASSAY_FORMAT is
// meant for the commands that have the format; it does not break the others.
func (a *app) fromEnvironment(cmd *cobra.Command) error {
	var problem error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		name := "ASSAY_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value := a.Getenv(name)
		if f.Changed || value == "" || f.Name == "help" || !accepts(f, value) {
			return
		}
		if err := f.Value.Set(value); err != nil && problem == nil {
			problem = usageError("%s: %w", name, err)
		}
	})
	return problem
}

// needs is cobra.ExactArgs(1) in words: what is missing, and how to write it.
func needs(what, example string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch len(args) {
		case 0:
			return usageError("name %s: %s %s", what, cmd.CommandPath(), example)
		case 1:
			return nil
		}
		return usageError("%s takes one argument, not %d: %s %s", cmd.CommandPath(), len(args), cmd.CommandPath(), example)
	}
}
