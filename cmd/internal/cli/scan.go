package cli

import (
	"github.com/spf13/cobra"

	"assay/verify"
)

func (a *app) scanCommand() *cobra.Command {
	var hash, preCommit bool
	cmd := &cobra.Command{
		Use:   "scan REF | scan --pre-commit FILE...",
		Short: "look inside the files, without checking signatures",
		Long: `scan reads what judging the content needs: headers, archive directories, pickles.
Tensor values count as plain data and are not read. Of a large file on a registry
only what is read is fetched, where the registry serves ranges. Nothing is hashed unless
--hash is given, so the outcome is bound to no content and is not stored.

Formats: text (default), json, jsonl, sarif, junit, markdown, html, github, gitlab
(Code Quality), gitlab-sast, tekton, and for the bill of materials spdx3-json, spdx2-json, cyclonedx-json.`,
		Example: "  assay scan model.pt\n  assay scan --hash --format json ./model",
		Args: func(cmd *cobra.Command, args []string) error {
			if preCommit {
				return cobra.MinimumNArgs(1)(cmd, args)
			}
			return needs("a model", "REF")(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&preCommit, "pre-commit", false, "scan every FILE whole and print those that do not pass, for a commit hook")
	cmd.Flags().BoolVar(&hash, "hash", false, "read and hash every byte as well")
	a.reportFlags(cmd.Flags())
	a.judgeFlags(cmd.Flags())
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		if _, err := a.targets("text"); err != nil {
			return err
		}
		if preCommit {
			return a.preCommit(cmd.Context(), args)
		}
		rules, err := a.rules(false)
		if err != nil {
			return err
		}
		artifact, err := a.resolve(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		p := a.pipeline()
		p.HeadersOnly = !hash
		evidence, err := p.Gather(cmd.Context(), artifact)
		if err != nil {
			return err
		}
		r := verify.NewReport(evidence, rules, a.Now())
		return a.conclude(r, a.write(r, "text"))
	})
	return cmd
}
