package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/sbom"
	"assay/sbom/read"
	"assay/verify/report"
	"assay/verify/trust"
)

func (a *app) diffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "say what changed between two bills or reports, and whether it matters",
		Long: `diff compares two bills of materials (SPDX 2.x or 3.0.1, CycloneDX, in JSON) or
two reports ('gate --format json') and says of each change whether it matters: whether
it can change what the artifact does, what it may be used for, where it comes from,
or how much of that is known. It touches no model and no network.

Compare like with like: a report knows more than a bill, and a bill in one format
more than in another.

Exit codes: 0 nothing that matters changed, 1 something did, 2 usage, 3 a file could
not be read as a bill or report.

Formats: text (default), json.`,
		Example: `  assay diff old.spdx.json new.spdx.json
  assay diff --format json old-report.json new-report.json`,
		Args: cobra.ExactArgs(2),
	}
	a.formatFlag(cmd.Flags(), "text", "json")
	cmd.RunE = run(func(_ *cobra.Command, args []string) error {
		old, err := readDocument(args[0])
		if err != nil {
			return err
		}
		now, err := readDocument(args[1])
		if err != nil {
			return err
		}
		return a.writeChanges(now.Diff(old))
	})
	return cmd
}

// readDocument reads a bill or a report: both are JSON, and a report says so.
func readDocument(path string) (sbom.Document, error) {
	data, err := trust.ReadFile(path, read.MaxBytes)
	if err != nil {
		return sbom.Document{}, &exitError{console.ExitUsage, err}
	}
	bill, notBill := read.Parse(data, filepath.Base(path))
	if notBill == nil {
		return bill.Document, nil
	}
	r, notReport := report.Read(bytes.NewReader(data))
	if notReport != nil {
		return sbom.Document{}, fmt.Errorf("%s: neither a bill (%w) nor a report (%w)", path, notBill, notReport)
	}
	return sbom.FromReport(r), nil
}

// writeChanges prints the changes and gives the exit code.
func (a *app) writeChanges(changes []sbom.Change) error {
	code := console.ExitPass
	for _, c := range changes {
		if c.Matters {
			code = console.ExitFail
		}
	}
	var b bytes.Buffer
	if a.format == "json" {
		enc := json.NewEncoder(&b)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(map[string]any{"schemaVersion": "1", "changes": changes, "matters": code != console.ExitPass}); err != nil {
			return err
		}
	} else {
		textChanges(&b, changes)
	}
	if _, err := a.Stdout.Write(b.Bytes()); err != nil {
		return err
	}
	return exit(code)
}

func textChanges(b *bytes.Buffer, changes []sbom.Change) {
	n := 0
	for _, c := range changes {
		mark := " "
		if c.Matters {
			mark = "!"
			n++
		}
		fmt.Fprintf(b, "%s %s: %s\n", mark, c.Field, c.Why)
		if c.Old != "" {
			fmt.Fprintf(b, "    - %s\n", c.Old)
		}
		if c.New != "" {
			fmt.Fprintf(b, "    + %s\n", c.New)
		}
	}
	fmt.Fprintf(b, "%d changes, %d of them matter\n", len(changes), n)
}
