package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	formats "assay/scanners/all"
	"assay/verify"
)

// Version is the release, set by the linker (-X assay/cmd/internal/cli.Version).
var Version = "0.1.0-dev"

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "print the version, the rule set and the schema version",
		Args:  cobra.NoArgs,
		RunE: run(func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.Stdout, "assay %s %s/%s %s\nruleset %s\nreport schema %s\n",
				Version, runtime.GOOS, runtime.GOARCH, runtime.Version(),
				formats.Ruleset(), verify.SchemaVersion)
			return err
		}),
	}
}
