package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"assay/cmd/internal/audit"
	"assay/cmd/internal/console"
	formats "assay/scanners/all"
	"assay/verify/report"
)

func (a *app) auditCommand() *cobra.Command {
	var s signers
	var st storeFlags
	var journal string
	var reuse bool
	cmd := &cobra.Command{
		Use:   "audit DIR",
		Short: "judge every model below a folder",
		Long: `audit walks a folder of models and gates each of them: one line for each model, in
a fixed order, then a summary. A folder that holds only folders and companions
(README, LICENSE, hidden files) is a shelf; any other folder is one model with
everything below it. That holds for DIR too: when weights lie loose in it, it is one
model, called ".", with its subfolders. A companion on a shelf is judged by itself. In a
Hugging Face cache each snapshot is a model; in a store of Ollama or Docker Model
Runner, each that it lists; an OCI layout is one.

With --journal FILE an audit that was killed goes on where it stopped, and its
output is the same as that of an undisturbed one. The exit code is the worst.

Formats: text (default), jsonl.`,
		Example: "  assay audit /models --journal audit.journal --format jsonl > audit.jsonl",
		Args:    needs("a folder of models", "DIR"),
	}
	s.flags(cmd.Flags())
	st.flags(cmd.Flags())
	a.formatFlag(cmd.Flags(), "text", "jsonl")
	a.judgeFlags(cmd.Flags())
	cmd.Flags().BoolVar(&st.off, "no-store", false, "keep the evidence out of the store")
	cmd.Flags().StringVar(&journal, "journal", "", "`FILE` outside the folder to resume from")
	cmd.Flags().BoolVar(&reuse, "reuse", false, "also believe the journal of a finished audit for files whose size, times and inode are unchanged")
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		j, err := a.judge(s, st)
		if err != nil {
			return err
		}
		defer j.close()
		// Models are judged side by side: a second level of workers would only
		// multiply buffers.
		j.pipeline.Jobs, j.pipeline.Progress = 1, nil
		c := audit.Config{
			Root: args[0], Journal: journal, Reuse: reuse, Jobs: a.jobs,
			Ruleset: formats.Ruleset(), Policy: j.rules.ID() + " " + s.id(), Judge: j.denials,
		}
		a.auditOutput(&c)
		summary, err := audit.Run(cmd.Context(), c)
		if err != nil {
			return err
		}
		return a.auditEnd(summary)
	})
	return cmd
}

// id names the signers that were asked for, because a journal of an audit with
// other signers says something else.
func (s *signers) id() string {
	return strings.Join([]string{
		"bundle=" + s.bundle, "keys=" + strings.Join(s.publicKeys, ","), "certificates=" + strings.Join(s.certificates, ","),
		"root=" + s.trustedRoot, fmt.Sprintf("identity=%q", s.keylessSigner()), "ignore=" + strings.Join(s.ignorePaths, ","), s.attested.id(),
	}, " ")
}

func (a *app) auditOutput(c *audit.Config) {
	if a.format == "jsonl" {
		c.Out = a.Stdout
		return
	}
	c.Each = func(l audit.Line) error {
		if a.quiet {
			return nil
		}
		_, err := fmt.Fprintf(a.Stdout, "%-10s  %s  (%s, %s)%s\n", strings.ToUpper(string(l.Outcome)),
			report.Safe(l.Model), report.Plural(l.Files, "file"), report.Bytes(l.Bytes), firstReason(l))
		return err
	}
}

func firstReason(l audit.Line) string {
	if len(l.Reasons) == 0 {
		return ""
	}
	text := l.Reasons[0].What
	if l.Reasons[0].File != "" {
		text = l.Reasons[0].File + ": " + text
	}
	if more := len(l.Reasons) - 1 + l.More; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return "\n            " + report.Safe(text)
}

func (a *app) auditEnd(s audit.Summary) error {
	if a.format != "jsonl" {
		if s.Resumed > 0 {
			a.note("%d models were taken from the journal", s.Resumed)
		}
		_, err := fmt.Fprintf(a.Stdout, "%s  %s: %s, %d pass, %d fail, %d incomplete, %d nothing (%s, %s)\n",
			strings.ToUpper(string(s.Outcome())), report.Safe(s.Root), report.Plural(s.Models, "model"),
			s.Pass, s.Fail, s.Incomplete, s.Nothing, report.Plural(s.Files, "file"), report.Bytes(s.Bytes))
		if err != nil {
			return err
		}
	}
	return exit(console.ExitCode(s.Outcome()))
}
