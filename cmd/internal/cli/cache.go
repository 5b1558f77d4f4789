package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	sources "assay/registry/all"
	"assay/verify/report"
)

func (a *app) cacheCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "cache",
		Short: "look after the cache of fetched files",
		Long: `Everything that is fetched is kept under its SHA-256 in $ASSAY_CACHE (default: the
user's cache folder), shared by all registries, and compared with it whenever it
is used. What was found wrong lies in its folder quarantine.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(a.cacheCheckCommand(), a.cacheCleanCommand())
	return cmd
}

func (a *app) cache() (*sources.Cache, error) {
	return sources.NewCache(sources.Config{Getenv: a.Getenv})
}

func (a *app) cacheCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "hash every file of the cache again",
		Long: `check compares every file with the digest that is its name. Wrong ones are named
with what was expected and found, and set aside; they are fetched anew when they
are needed. Exit code 1 means that there were some.`,
		Example: "  assay cache check",
		Args:    cobra.NoArgs,
	}
	cmd.RunE = run(func(cmd *cobra.Command, _ []string) error {
		cache, err := a.cache()
		if err != nil {
			return err
		}
		usage, wrong, err := cache.Check(cmd.Context())
		if err != nil {
			return err
		}
		for _, one := range wrong {
			fmt.Fprintf(a.Stdout, "WRONG  %s\n", report.Safe(one.Error()))
		}
		fmt.Fprintf(a.Stdout, "%s, %d wrong, %d unfinished, %d in quarantine (%s)\n",
			report.Plural(usage.Blobs, "file"), len(wrong), usage.Unfinished, usage.Quarantined, report.Bytes(usage.Bytes))
		if len(wrong) > 0 {
			return exit(console.ExitFail)
		}
		return nil
	})
	return cmd
}

func (a *app) cacheCleanCommand() *cobra.Command {
	var older time.Duration
	cmd := &cobra.Command{
		Use:     "clean",
		Short:   "remove what was fetched long ago",
		Long:    "clean removes files that were fetched longer ago than --older-than, with\nunfinished downloads and quarantined files of that age.",
		Example: "  assay cache clean --older-than 720h",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().DurationVar(&older, "older-than", 30*24*time.Hour, "age; 0 removes everything")
	cmd.RunE = run(func(cmd *cobra.Command, _ []string) error {
		if older < 0 {
			return usageError("--older-than must not be negative")
		}
		cache, err := a.cache()
		if err != nil {
			return err
		}
		removed, err := cache.Clean(cmd.Context(), a.Now().Add(-older))
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.Stdout, "removed %s, %d unfinished, %d in quarantine (%s)\n",
			report.Plural(removed.Blobs, "file"), removed.Unfinished, removed.Quarantined, report.Bytes(removed.Bytes))
		return err
	})
	return cmd
}
