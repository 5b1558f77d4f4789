package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (a *app) gateCommand() *cobra.Command {
	var s signers
	var st storeFlags
	cmd := &cobra.Command{
		Use:   "gate REF",
		Short: "decide whether a model may be used",
		Long: `gate resolves the reference, pins it, reads and hashes every byte once, scans
every file, checks signatures, judges by the policy and prints the verdict.
The evidence goes to the store, from which 'serve' answers; --no-store keeps it out.

Formats: text (default), json, jsonl, sarif, junit, markdown, html, github, gitlab
(Code Quality), gitlab-sast, tekton, and for the bill of materials spdx3-json, spdx2-json, cyclonedx-json.`,
		Example: `  assay gate ./model
  assay gate ./model --public-key publisher.pem -o json=report.json -o spdx3-json=model.spdx.json
  assay gate hf://org/name@0123456789abcdef0123456789abcdef01234567`,
		Args: needs("a model", "REF"),
	}
	s.flags(cmd.Flags())
	st.flags(cmd.Flags())
	a.reportFlags(cmd.Flags())
	a.judgeFlags(cmd.Flags())
	cmd.Flags().BoolVar(&st.off, "no-store", false, "keep the evidence out of the store")
	cmd.Flags().BoolVar(&st.reuse, "reuse", false, "read nothing of a model that the store knows, when its revision, or size, times and inode of all its files, are unchanged")
	cmd.Flags().BoolVar(&s.attested.believe, "require-vsa", false, "look at no content: believe a signed summary (VSA) that these bytes passed this policy before")
	cmd.MarkFlagsMutuallyExclusive("reuse", "no-store", "require-vsa")
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		if _, err := a.targets("text"); err != nil {
			return err
		}
		j, err := a.judge(s, st)
		if err != nil {
			return err
		}
		defer j.close()
		j.pipeline.Progress = a.progress()
		r, err := j.gate(cmd.Context(), args[0])
		var forgotten *storeError
		if err != nil && !errors.As(err, &forgotten) {
			return err
		}
		return a.conclude(r, errors.Join(err, a.write(r, "text")))
	})
	return cmd
}
