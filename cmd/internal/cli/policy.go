package cli

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"assay/cmd/internal/console"
	"assay/scanners"
	formats "assay/scanners/all"
	"assay/verify"
	"assay/verify/policy"
	"assay/verify/report"
	"assay/verify/trust"
)

// policyOptions are the flags beside --policy and --fail-on that decide.
type policyOptions struct {
	environment string
	waivers     []string
	baseline    string
	recalled    string // deny list of the command, which holds for approvers too
}

func (o *policyOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.environment, "env", "", "environment of the policy to judge for, by `NAME`")
	f.StringArrayVar(&o.waivers, "waivers", nil, "`FILE` of findings that are accepted for a time; repeatable")
	f.StringVar(&o.baseline, "baseline", "", "earlier report, a JSON `FILE`: only what is new denies")
}

// rules is the policy that the flags ask for.
func (a *app) rules(signatureRequired bool) (policy.Rules, error) {
	var rules policy.Rules
	var err error
	if a.policy != "" {
		if rules, err = policy.Load(a.policy); err != nil {
			return rules, usageError("--policy: %w", err)
		}
	}
	if a.failOn != "" {
		rules.FailOn = new(scanners.Severity)
		if err := rules.FailOn.UnmarshalText([]byte(a.failOn)); err != nil {
			return rules, usageError("--fail-on: %w", err)
		}
	}
	rules.RequireSignature = rules.RequireSignature || signatureRequired
	if err := checkFormats(rules); err != nil {
		return rules, usageError("--policy: %w", err)
	}
	return a.applyOptions(rules)
}

// applyOptions adds environment, waivers and baseline.
func (a *app) applyOptions(rules policy.Rules) (policy.Rules, error) {
	rules, err := rules.InEnvironment(a.environment)
	if err != nil {
		return rules, usageError("--env: %w", err)
	}
	for _, path := range a.waivers {
		if rules, err = a.withWaivers(rules, path); err != nil {
			return rules, usageError("--waivers: %w", err)
		}
	}
	if a.baseline == "" {
		return rules, nil
	}
	r, err := savedReport(a.baseline)
	if err != nil {
		return rules, usageError("--baseline: %w", err)
	}
	rules.Baseline = policy.NewBaseline(r)
	return rules, nil
}

// withWaivers adds a file of waivers and whoever approved it.
func (a *app) withWaivers(rules policy.Rules, path string) (policy.Rules, error) {
	data, err := trust.ReadFile(path, policy.MaxFile)
	if err != nil {
		return rules, err
	}
	list, err := policy.ParseWaivers(path, data)
	if err != nil {
		return rules, err
	}
	signers, err := a.approvals(rules, path, data)
	if err != nil {
		return rules, err
	}
	if rules, err = rules.WithWaivers(list, signers...); err != nil {
		return rules, fmt.Errorf("%s: %w", path, err)
	}
	return rules, nil
}

// checkFormats refuses names that no scanner has: a misspelled name on a deny
// list would deny nothing.
func checkFormats(rules policy.Rules) error {
	known := make(map[string]bool)
	for _, s := range formats.Scanners() {
		known[s.Info().Name] = true
	}
	for _, name := range rules.FormatNames() {
		if !known[name] {
			return fmt.Errorf("policy %s: no format is called %q: one of %s", rules.Name, name, strings.Join(sortedKeys(known), ", "))
		}
	}
	return nil
}

// savedReport reads a saved report, and checks that it is about the content that
// it names: everything else in it is believed by the caller's choice.
func savedReport(path string) (verify.Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return verify.Report{}, &exitError{console.ExitUsage, err}
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		return r, fmt.Errorf("%s: %w", path, err)
	}
	if id := r.Artifact.ContentID; id != "" && id != verify.ContentID(r.Files) {
		return r, fmt.Errorf("%s: its content id is not that of its files: the report was changed", path)
	}
	return r, nil
}

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "write, check, test and apply policies",
		Long: `policy works on policy files (assay.dev/v1) and saved reports. It touches no model.

The way to a policy: 'init' writes a start for a scenario, 'check' reads it
strictly, 'test' judges the cases beside it, 'explain' says which rule decided about
a report and why, 'apply' judges saved reports again, 'waive' writes waivers for
what a report denies, 'schema' prints the JSON Schema for editors.`,
		Args: cobra.NoArgs,
		RunE: run(func(cmd *cobra.Command, _ []string) error { return cmd.Help() }),
	}
	cmd.AddCommand(a.policyInit(), a.policyCheck(), a.policyTest(), a.policyExplain(), a.policyApply(), a.policyWaive(), a.policySchema())
	return cmd
}

func (a *app) policyInit() *cobra.Command {
	var cases bool
	cmd := &cobra.Command{
		Use:   "init [SCENARIO]",
		Short: "print a commented policy to start from",
		Long: "init prints a commented policy, or with --cases test cases that it passes, for\n'assay policy test'. Scenarios: " +
			strings.Join(policy.Scenarios(), ", ") + " (default: ci).",
		Example:   "  assay policy init promotion > policy.yaml\n  assay policy init promotion --cases > policy_test.yaml",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: policy.Scenarios(),
	}
	cmd.Flags().BoolVar(&cases, "cases", false, "print test cases for the policy of the scenario instead")
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		template := policy.Template
		if cases {
			template = policy.CasesTemplate
		}
		data, err := template(cmp.Or(strings.Join(args, ""), "ci"))
		if err != nil {
			return usageError("%w", err)
		}
		_, err = a.Stdout.Write(data)
		return err
	})
	return cmd
}

func (a *app) policySchema() *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "print the JSON Schema of policies, waivers and policy tests", Args: cobra.NoArgs,
		RunE: run(func(*cobra.Command, []string) error {
			_, err := a.Stdout.Write(policy.Schema)
			return err
		}),
	}
}

func (a *app) policyExplain() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "explain --policy FILE REPORT",
		Short:   "say which rule decides about a saved report, and why",
		Long:    "explain judges a saved report again and prints every rule with the reason why it applies or\nnot, every clause with its answer, and the verdict. It exits as the verdict says.",
		Example: "  assay policy explain --policy policy.yaml --env prod report.json",
		Args:    needs("a saved report", "REPORT"),
	}
	a.policyFlags(cmd.Flags())
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		rules, err := a.rules(false)
		if err != nil {
			return err
		}
		r, err := savedReport(args[0])
		if err != nil {
			return err
		}
		x := rules.Explain(r.Evidence, a.Now())
		r.Verdict, r.Policy = x.Verdict, rules.ID()
		if err := a.explanation(r, x); err != nil {
			return err
		}
		return exit(console.ExitCode(r.Outcome()))
	})
	return cmd
}

func (a *app) explanation(r verify.Report, x policy.Explanation) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", strings.ToUpper(string(r.Outcome())), report.Safe(r.Artifact.Ref))
	if len(x.Rules) == 0 {
		b.WriteString("rules      the policy has none: every reference is judged alike\n")
	}
	for _, t := range x.Rules {
		says := "applies"
		if !t.Applies {
			says = "does not apply: " + t.Why
		}
		fmt.Fprintf(&b, "rule       %s %s\n", report.Safe(t.Name), report.Safe(says))
	}
	fmt.Fprintf(&b, "threshold  findings of %s or worse deny\n", x.Threshold)
	if x.Verdict.Mode != "" {
		fmt.Fprintf(&b, "mode       %s: nothing is refused\n", x.Verdict.Mode)
	}
	for _, c := range x.Clauses {
		effect, _ := c.Effect.MarshalText()
		fmt.Fprintf(&b, "%-10s %s (%s): %s\n", effect, c.Name, report.Safe(c.Source), report.Safe(c.Says))
	}
	for _, w := range x.Verdict.Waivers {
		fmt.Fprintf(&b, "waiver     %s %s: %d excused, until %s (%s, %s)\n", report.Safe(w.ID), w.Status, w.Count, report.Safe(w.Expires), report.Safe(w.Owner), report.Safe(w.Ticket))
	}
	_, err := a.Stdout.Write([]byte(b.String()))
	return err
}

func (a *app) policyApply() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "apply --policy FILE REPORT...",
		Short: "judge saved reports again, without touching a model",
		Long: `apply judges saved reports again by the policy of now and prints them like 'gate' does;
for several, one after the other. The exit code is the strictest of them.

Signatures are not checked again: what a report says about them was checked with
the keys that its gate was given, so name the signers in the policy.

Formats: text (default), and those of 'gate'; jsonl for many.`,
		Example: "  assay policy apply --policy policy.yaml reports/*.json",
		Args:    cobra.MinimumNArgs(1),
	}
	a.reportFlags(cmd.Flags())
	a.policyFlags(cmd.Flags())
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		if len(args) > 1 && len(a.outputs) > 0 {
			return usageError("-o has room for one report: apply it to one at a time")
		}
		if _, err := a.targets("text"); err != nil {
			return err
		}
		rules, err := a.rules(false)
		if err != nil {
			return err
		}
		worst := verify.Pass
		for _, path := range args {
			r, err := savedReport(path)
			if err != nil {
				return err
			}
			r = verify.NewReport(r.Evidence, rules, a.Now())
			if err := a.write(r, "text"); err != nil {
				return err
			}
			worst = worseOutcome(worst, r.Outcome())
		}
		return exit(console.ExitCode(worst))
	})
	return cmd
}

// worseOutcome: a reason to deny is not hidden by an incomplete look, and that
// not by an absence.
func worseOutcome(a, b verify.Outcome) verify.Outcome {
	order := []verify.Outcome{verify.Fail, verify.Incomplete, verify.Nothing, verify.Pass}
	if slices.Index(order, b) < slices.Index(order, a) {
		return b
	}
	return a
}

func (a *app) policyWaive() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "waive REPORT",
		Short: "print waivers for what a saved report denies, to be filled in",
		Long: `waive prints one waiver for each finding that denies and for each gap that can be waived,
bound to the bytes of its file. It is no valid file until somebody fills in reason,
ticket, owner and the end: nothing is waived by accident.`,
		Example: "  assay policy waive report.json > waivers.yaml",
		Args:    needs("a saved report", "REPORT"),
	}
	a.policyFlags(cmd.Flags())
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		rules, err := a.rules(false)
		if err != nil {
			return err
		}
		r, err := savedReport(args[0])
		if err != nil {
			return err
		}
		_, err = a.Stdout.Write(rules.WaiverDraft(r.Evidence, a.Now()))
		return err
	})
	return cmd
}

// trusted adds what the policy brings for checking signatures to the flags.
func (s *signers) trusted(t policy.Trust) error {
	if s.trustedRoot != "" && t.TrustedRoot != nil {
		return usageError("--trusted-root: the policy names one, too")
	}
	s.policy = t
	return nil
}
