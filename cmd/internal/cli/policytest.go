package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/verify"
	"assay/verify/policy"
	"assay/verify/report"
	"assay/verify/trust"
)

func (a *app) policyCheck() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check [FILE]",
		Short: "read a policy strictly and say what it holds",
		Long: `check reads the policy FILE, or that of --policy, the keys that it names and the
waivers, and says what they hold. Exit code 2 when something is wrong, 1 when a
waiver has expired.`,
		Example: "  assay policy check policy.yaml --waivers waivers.yaml",
		Args:    cobra.MaximumNArgs(1),
	}
	a.policyFlags(cmd.Flags())
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			if cmd.Flags().Changed("policy") {
				return usageError("two policies were given, %s and --policy %s: check one at a time", args[0], a.policy)
			}
			a.policy = args[0]
		}
		rules, err := a.rules(false)
		if err != nil {
			return err
		}
		return a.holds(rules)
	})
	return cmd
}

// holds says what a policy holds, and which of its waivers have ended.
func (a *app) holds(rules policy.Rules) error {
	expired := 0
	for _, w := range rules.Waivers {
		if !a.Now().Before(w.Expires) {
			expired++
			fmt.Fprintf(a.Stdout, "expired  waiver %s of %s (%s): renew it, or remove it\n", report.Safe(w.ID), report.Safe(w.Owner), report.Safe(w.Ticket))
		}
	}
	_, err := fmt.Fprintf(a.Stdout, "%s: %s, %s, %s, %s\n", cmp.Or(rules.Name, "the built-in policy"), report.Plural(len(rules.Rules), "rule"),
		report.Plural(len(rules.Named), "signer"), report.Plural(len(rules.Environments), "environment"), report.Plural(len(rules.Waivers), "waiver"))
	if err == nil && expired > 0 {
		return exit(console.ExitFail)
	}
	return err
}

func (a *app) policyTest() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "test --policy FILE [CASES...]",
		Short: "judge the test cases beside a policy",
		Long: `test judges the cases of files of kind PolicyTest and compares with what they expect.
Without CASES it takes the file beside the policy that ends in _test:
policy_test.yaml of policy.yaml. A case describes an artifact, or names a saved
report beside it; 'policy init --cases' prints some to start from. Exit code 1 when
one fails.`,
		Example: "  assay policy test --policy policy.yaml\n  assay policy test --policy policy.yaml more_cases.yaml",
	}
	a.policyFlags(cmd.Flags())
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			beside, err := a.casesBeside()
			if err != nil {
				return err
			}
			args = []string{beside}
		}
		rules, err := a.rules(false)
		if err != nil {
			return err
		}
		failed := 0
		for _, path := range args {
			n, err := a.runCases(rules, path)
			if err != nil {
				return err
			}
			failed += n
		}
		if failed > 0 {
			return exit(console.ExitFail)
		}
		return nil
	})
	return cmd
}

// casesBeside is policy_test.yaml of policy.yaml.
func (a *app) casesBeside() (string, error) {
	if a.policy == "" {
		return "", usageError("name the policy, and its cases: assay policy test --policy FILE CASES")
	}
	ext := filepath.Ext(a.policy)
	path := strings.TrimSuffix(a.policy, ext) + "_test" + ext
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", usageError("there are no cases beside the policy, in %s: name their file, or begin one with 'assay policy init --cases > %s'", path, path)
	}
	return path, nil
}

func (a *app) runCases(rules policy.Rules, path string) (failed int, err error) {
	data, err := trust.ReadFile(path, policy.MaxFile)
	if err != nil {
		return 0, usageError("%w", err)
	}
	results, err := rules.RunCases(path, data, func(name string) (verify.Report, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(path), name)
		}
		return savedReport(name)
	})
	if errors.Is(err, policy.ErrKind) {
		return 0, usageError("%w: name its cases, a file of kind PolicyTest, and the policy with --policy", err)
	}
	if err != nil {
		return 0, usageError("%w", err)
	}
	for _, r := range results {
		if r.Problem != "" {
			failed++
			fmt.Fprintf(a.Stdout, "FAIL  %s: %s\n", report.Safe(r.Name), report.Safe(r.Problem))
		} else if !a.quiet {
			fmt.Fprintf(a.Stdout, "ok    %s\n", report.Safe(r.Name))
		}
	}
	_, err = fmt.Fprintf(a.Stdout, "%s: %s, %d failed\n", path, report.Plural(len(results), "case"), failed)
	return failed, err
}
