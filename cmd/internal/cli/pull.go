package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"assay/registry/export"
)

func (a *app) pullCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "pull REF -d DIR",
		Short: "copy a model into a folder, every byte compared with its digest",
		Long: `pull resolves the reference, pins it, fetches every file, compares it with the
digests that the registry declared, and puts the whole into DIR in one step:
DIR appears complete or not at all. DIR.lock.json, beside it, records the pinned
reference and the SHA-256 of every file.

pull does not judge: run 'assay gate DIR' on the result.`,
		Example: "  assay pull hf://org/name@main -d ./model",
		Args:    cobra.ExactArgs(1),
	}
	cmd.Flags().StringVarP(&dir, "dir", "d", "", "folder to create (required)")
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		if dir == "" {
			return usageError("pull needs -d DIR")
		}
		artifact, err := a.resolve(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		lock, err := export.Export(cmd.Context(), artifact, dir)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "%s  %d files in %s, lock file %s\n", lock.Pinned, len(lock.Files), dir, export.LockPath(dir))
		return err
	})
	return cmd
}
