package cli

import (
	"github.com/spf13/cobra"
)

func (a *app) renderCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "render REPORT",
		Short: "write a saved JSON report in another format",
		Long: `render reads a report that 'gate' or 'scan' wrote with --format json and writes it
in another format. It touches no model, and exits as the report says.

Formats: text (default), json, jsonl, sarif, junit, markdown, html, github, gitlab
(Code Quality), gitlab-sast, tekton, spdx3-json, spdx2-json, cyclonedx-json.`,
		Example: "  assay render report.json\n  assay render report.json -o spdx3-json=model.spdx.json",
		Args:    needs("a saved report", "REPORT"),
	}
	a.reportFlags(cmd.Flags())
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		r, err := savedReport(args[0])
		if err != nil {
			return err
		}
		return a.conclude(r, a.write(r, "text"))
	})
	return cmd
}
