package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"assay/scanners"
	formats "assay/scanners/all"
)

func (a *app) rulesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "rules [SCANNER]",
		Short:   "list every rule",
		Long:    "rules lists what the scanners can say about a file; with SCANNER, only the rules of that one.\n\nFormats: text (default), json, markdown.",
		Example: "  assay rules pickle",
		Args:    cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return scannerNames(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	a.formatFlag(cmd.Flags(), "text", "json", "markdown")
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		rules := allRules()
		if len(args) > 0 {
			if rules = rulesOf(args[0]); len(rules) == 0 {
				return usageError("no scanner is called %q: 'assay rules' lists the rules of all, as SCANNER/RULE", args[0])
			}
		}
		switch a.format {
		case "json":
			return rulesJSON(a.Stdout, rules)
		case "markdown":
			return rulesMarkdown(a.Stdout, rules)
		}
		return rulesText(a.Stdout, rules)
	})
	return cmd
}

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "explain RULE",
		Short:   "say what a rule means and what to do about it",
		Example: "  assay explain pickle/dangerous-call",
		Args:    needs("a rule", "RULE"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var ids []string
			for _, r := range allRules() {
				ids = append(ids, r.ID)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: run(func(_ *cobra.Command, args []string) error {
			for _, r := range allRules() {
				if r.ID == args[0] {
					return explain(a.Stdout, r)
				}
			}
			return unknownRule(args[0])
		}),
	}
}

// unknownRule names the rules that may be meant.
func unknownRule(name string) error {
	if rules := rulesOf(name); len(rules) > 0 {
		return usageError("%q is a scanner with %d rules: 'assay rules %s' lists them", name, len(rules), name)
	}
	if near := nearRules(name); len(near) > 0 {
		return usageError("no rule is called %q: do you mean %s?", name, strings.Join(near, " or "))
	}
	return usageError("no rule is called %q: 'assay rules' lists them", name)
}

// nearRules are up to three rules that are spelt nearly so, the nearest first: a
// third of the letters may be others. A name without a scanner is compared with
// what comes after it.
func nearRules(name string) []string {
	type candidate struct {
		id       string
		distance int
	}
	var near []candidate
	for _, r := range allRules() {
		id := r.ID
		if !strings.Contains(name, "/") {
			_, id, _ = strings.Cut(id, "/")
		}
		if len(name) <= 100 {
			if d := editDistance(strings.ToLower(name), id); d <= len(name)/3 {
				near = append(near, candidate{r.ID, d})
			}
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var out []string
	for _, c := range near[:min(3, len(near))] {
		out = append(out, c.id)
	}
	return out
}

// editDistance is that of Levenshtein, in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// rulesOf are the rules of one scanner.
func rulesOf(scanner string) []scanners.Rule {
	return slices.DeleteFunc(allRules(), func(r scanners.Rule) bool {
		name, _, _ := strings.Cut(r.ID, "/")
		return name != scanner
	})
}

func scannerNames() []string {
	var names []string
	for _, s := range formats.Scanners() {
		names = append(names, s.Info().Name)
	}
	slices.Sort(names)
	return names
}

// allRules are the rules of all scanners, sorted by id.
func allRules() []scanners.Rule {
	var rules []scanners.Rule
	for _, s := range formats.Scanners() {
		rules = append(rules, s.Info().Rules...)
	}
	slices.SortFunc(rules, func(a, b scanners.Rule) int { return strings.Compare(a.ID, b.ID) })
	return rules
}

func explain(w io.Writer, r scanners.Rule) error {
	_, err := fmt.Fprintf(w, "%s (%s)\n\n%s\n\n%s\n", r.ID, r.Severity, r.Summary, r.Help)
	for _, ids := range []struct {
		name string
		list []string
	}{{"CWE", r.CWE}, {"MITRE ATLAS", r.ATLAS}, {"OWASP LLM", r.OWASP}} {
		if err == nil && len(ids.list) > 0 {
			_, err = fmt.Fprintf(w, "\n%-12s %s", ids.name, strings.Join(ids.list, ", "))
		}
	}
	if err == nil {
		_, err = fmt.Fprintln(w)
	}
	return err
}

func rulesText(w io.Writer, rules []scanners.Rule) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rules {
		fmt.Fprintf(table, "%s\t%s\t%s\n", r.ID, r.Severity, r.Summary)
	}
	return table.Flush()
}

// ruleJSON is the published form of a rule.
type ruleJSON struct {
	ID       string            `json:"id"`
	Severity scanners.Severity `json:"severity"`
	Class    scanners.Class    `json:"classification"`
	Summary  string            `json:"summary"`
	Help     string            `json:"help"`
	CWE      []string          `json:"cwe"`
	ATLAS    []string          `json:"atlas"`
	OWASP    []string          `json:"owasp"`
}

func rulesJSON(w io.Writer, rules []scanners.Rule) error {
	out := make([]ruleJSON, len(rules))
	for i, r := range rules {
		out[i] = ruleJSON(r)
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func rulesMarkdown(w io.Writer, rules []scanners.Rule) error {
	var b strings.Builder
	b.WriteString("# Rules\n\nGenerated by `make generate` from the rule tables of the scanners.\n")
	for _, r := range rules {
		fmt.Fprintf(&b, "\n## %s\n\nSeverity: %s. Classification: %s.", r.ID, r.Severity, r.Class)
		if ids := slices.Concat(r.CWE, r.ATLAS, r.OWASP); len(ids) > 0 {
			fmt.Fprintf(&b, " %s.", strings.Join(ids, ", "))
		}
		fmt.Fprintf(&b, "\n\n%s\n\n%s\n", r.Summary, r.Help)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
