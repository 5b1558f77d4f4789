package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"assay/registry"
	"assay/registry/export"
)

func (a *app) pullCommand() *cobra.Command {
	var dir, lockFile, hubCache string
	var withBase bool
	var writer export.Writer
	cmd := &cobra.Command{
		Use:   "pull [REF] -d DIR",
		Short: "copy a model into a folder, every byte compared with its digest",
		Long: `pull resolves the reference, pins it, fetches every file, compares it with the
digests that the registry declared, and puts the whole into DIR in one step:
DIR appears complete or not at all. DIR.lock.json, beside it, records the pinned
reference and the SHA-256 of every file. A pull that was stopped goes on where it
was when it is called again.

With --hf-cache DIR, the files are written into a Hugging Face cache, where
transformers and the like find them without asking the Hub.

With --lock FILE, exactly what that lock file says is pulled: its pinned revision,
from the same repository, the same files with the same digests, or nothing. REF is
then not needed; if it is given, it must be the reference of the lock.

pull does not judge: run 'assay gate DIR' on the result.`,
		Example: "  assay pull hf://org/name@main -d ./model\n  assay pull --lock model.lock.json -d ./model",
		Args:    cobra.MaximumNArgs(1),
	}
	cmd.Flags().StringVarP(&dir, "dir", "d", "", "folder to create (required)")
	cmd.Flags().StringVar(&lockFile, "lock", "", "pull exactly what this lock `FILE` says")
	cmd.Flags().BoolVar(&a.proveTree, "prove-tree", false, "hash the Git objects of a commit of the Hub: the list of files is then what the commit id binds, not what the Hub says")
	cmd.Flags().BoolVar(&withBase, "with-base", false, "also resolve the base models that it names; that of an adapter is pulled into DIR.base")
	cmd.Flags().StringVar(&hubCache, "hf-cache", "", "instead of -d: the Hugging Face cache `DIR` to write into, as the Hub's own clients do")
	cmd.Flags().BoolVar(&writer.HardLink, "hard-link", false, "share the files of the cache instead of copying them: writing to the one writes to the other")
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		if (dir == "") == (hubCache == "") {
			return usageError("pull needs -d DIR, or --hf-cache DIR")
		}
		if withBase && dir == "" {
			return usageError("--with-base needs -d DIR")
		}
		a.pulling = true
		artifact, err := a.toPull(cmd.Context(), args, lockFile)
		if err != nil {
			return err
		}
		if hubCache != "" {
			lock, err := writer.HubCache(cmd.Context(), artifact, hubCache)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.Stdout, "%s  %d files in the cache %s\n", lock.Pinned, len(lock.Files), hubCache)
			return err
		}
		lock, err := writer.Export(cmd.Context(), artifact, dir)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "%s  %d files in %s, lock file %s\n", lock.Pinned, len(lock.Files), dir, export.LockPath(dir))
		if err == nil && withBase {
			err = a.pullBases(cmd.Context(), writer, filepath.Clean(dir))
		}
		return err
	})
	return cmd
}

// toPull resolves the reference, or the lock file in its place.
func (a *app) toPull(ctx context.Context, args []string, lockFile string) (*registry.Artifact, error) {
	switch {
	case lockFile == "" && len(args) == 0:
		return nil, usageError("pull needs a reference or --lock FILE")
	case lockFile == "":
		return a.resolve(ctx, args[0])
	}
	lock, err := readLock(lockFile)
	if err != nil {
		return nil, err
	}
	if len(args) > 0 && args[0] != lock.Reference && args[0] != lock.Pinned {
		return nil, usageError("%s locks %s, not %s", lockFile, lock.Reference, args[0])
	}
	artifact, err := a.resolve(ctx, lock.Source())
	if err != nil {
		return nil, err
	}
	return artifact, lock.Pin(artifact)
}
