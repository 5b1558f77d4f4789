package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/registry"
	"assay/scanners"
	formats "assay/scanners/all"
	"assay/scanners/pickle"
	"assay/verify/report"
)

func (a *app) explainLoadCommand() *cobra.Command {
	all := false
	cmd := &cobra.Command{
		Use:   "explain-load REF",
		Short: "print what loading the pickles of a model would do",
		Long: `explain-load prints, for every pickle in the reference (in archives too), what
loading it would do, as a program much like Python: the offset, "ok" or "!!", the
statement, and by which entry a name is allowed or why it is not. What a call gives
is named by its offset (x28). Then come the findings, whether
torch.load(weights_only=True) would take the file and what stops it, and what to do.
Nothing is executed. It describes and does not judge: the exit code is 0
when everything could be followed, 3 when something could not, 4 when there is no
pickle.`,
		Example: "  assay explain-load pytorch_model.bin",
		Args:    needs("a model", "REF"),
		RunE: run(func(cmd *cobra.Command, args []string) error {
			artifact, err := a.resolve(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			e := &explainer{out: a.Stdout, all: all}
			for _, f := range artifact.Files {
				if err := e.file(cmd.Context(), f); err != nil {
					return err
				}
			}
			switch {
			case e.failed:
				return exit(console.ExitIncomplete)
			case e.pickles == 0:
				a.note("there is no pickle in %s", args[0])
				return exit(console.ExitNothing)
			}
			return nil
		}),
	}
	cmd.Flags().BoolVar(&all, "all", false, "print every allowed call, and not only the first of a name")
	return cmd
}

// explainer stands in for the pickle scanner, so that the core finds the pickles
// in archives for it as it does for a scan.
type explainer struct {
	pickle.Scanner
	out     io.Writer
	all     bool
	current string // file of the artifact
	pickles int
	failed  bool
}

func (e *explainer) file(ctx context.Context, f registry.File) error {
	content, err := f.Open(ctx)
	if err != nil {
		return err
	}
	e.current = f.Name
	list := formats.Scanners()
	for i, s := range list {
		if s.Info().Name == e.Info().Name {
			list[i] = e
		}
	}
	r := scanners.Scan(ctx, list, scanners.File{ReaderAt: content, Name: f.Name, Size: f.Size}, scanners.Limits{})
	e.failed = e.failed || len(r.Gaps) > 0
	return content.Close()
}

// Scan explains one pickle.
func (e *explainer) Scan(ctx context.Context, f scanners.File, lim scanners.Limits) (scanners.Result, error) {
	var text bytes.Buffer
	err := pickle.Explain(ctx, f, lim, e.all, &text)
	if errors.Is(err, scanners.ErrNotRecognised) {
		return scanners.Result{}, err
	}
	e.pickles++
	name := e.current
	if f.Name != e.current {
		name += " > " + f.Name
	}
	if _, err := fmt.Fprintf(e.out, "== %s\n%s", report.Safe(name), text.Bytes()); err != nil {
		return scanners.Result{}, err
	}
	return e.Scanner.Scan(ctx, f, lim)
}
