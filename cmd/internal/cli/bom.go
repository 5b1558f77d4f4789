package cli

import (
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/sbom"
	"assay/sbom/cyclonedx"
	"assay/sbom/spdx"
	"assay/verify"
)

func (a *app) bomCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bom REF",
		Short: "write the AI bill of materials of a model or dataset",
		Long: `bom reads and hashes every file and writes what the artifact is made of. It
describes and does not judge: findings and what was not looked at are in the
document as annotations, and the exit code is 0 when it could be written.

The creation time is SOURCE_DATE_EPOCH when that is set, else 1970-01-01: the
same artifact gives the same bytes.

Formats: spdx3-json (default), spdx2-json, cyclonedx-json, and json or text for
the report. A version can be chosen: spdx3-json@3.0.1, spdx2-json@2.3,
cyclonedx-json@1.6 (what cyclonedx-json means) and @1.7, which says field by field
who vouches for it.`,
		Example: "  assay bom ./model > model.spdx.json",
		Args:    cobra.ExactArgs(1),
	}
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		if _, err := a.targets("spdx3-json"); err != nil {
			return err
		}
		rules, err := a.rules(false)
		if err != nil {
			return err
		}
		verifier, err := a.verifier(signers{}, "")
		if err != nil {
			return err
		}
		artifact, err := a.resolve(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		evidence, err := a.pipeline(verifier).Gather(cmd.Context(), artifact)
		if err != nil {
			return err
		}
		if len(evidence.Files) == 0 {
			a.note("%s has no files", args[0])
			return exit(console.ExitNothing)
		}
		return a.write(verify.NewReport(evidence, rules, a.Now()), "spdx3-json")
	})
	return cmd
}

// bomWriter writes a bill of materials in one format.
type bomWriter func(io.Writer, sbom.Document) error

// bomWriters are all formats of a bill of materials. A name without a version
// means the one that most readers know.
func (a *app) bomWriters() map[string]bomWriter {
	tool := "assay " + Version
	all := make(map[string]bomWriter)
	for name, version := range map[string]spdx.Version{
		"spdx3-json": spdx.V301, "spdx3-json@3.0.1": spdx.V301, "spdx2-json": spdx.V23, "spdx2-json@2.3": spdx.V23,
	} {
		all[name] = func(w io.Writer, doc sbom.Document) error {
			return spdx.Write(w, doc, spdx.Options{Version: version, Created: a.created(), Tool: tool})
		}
	}
	for name, version := range map[string]cyclonedx.Version{
		"cyclonedx-json": cyclonedx.V16, "cyclonedx-json@1.6": cyclonedx.V16, "cyclonedx-json@1.7": cyclonedx.V17,
	} {
		all[name] = func(w io.Writer, doc sbom.Document) error {
			return cyclonedx.Write(w, doc, cyclonedx.Options{Version: version, Created: a.created(), Tool: tool})
		}
	}
	return all
}

// created is the creation time of documents that must have one. It is no clock:
// the same input has to give the same bytes (reproducible-builds.org,
// SOURCE_DATE_EPOCH).
func (a *app) created() time.Time {
	seconds, err := strconv.ParseInt(a.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return spdx.DefaultCreated
	}
	return time.Unix(seconds, 0).UTC()
}
