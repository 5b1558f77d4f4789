package pickle

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"assay/scanners"
)

// Explain writes what loading the file would do, one line for each import, call,
// state and method call in the order in which they happen: its offset, "ok" or
// "!!", the statement much as in Python, and by which entry it is allowed or why
// it is not. Then come the findings. It returns
// scanners.ErrNotRecognised for a file that is no pickle; an error of the analysis
// is written too, after what came before it.
func Explain(ctx context.Context, f scanners.File, lim scanners.Limits, w io.Writer) error {
	out := bufio.NewWriter(w)
	result, err := scan(ctx, f, lim.WithDefaults(), func(e event) {
		if e.aside {
			return
		}
		mark := "!!"
		if e.ok {
			mark = "ok"
		}
		line := clean(e.text)
		if e.why != "" {
			line += "  # " + clean(e.why)
		}
		_, _ = fmt.Fprintf(out, "%10d  %s  %s\n", e.off, mark, line) // Flush returns the error
	})
	if errors.Is(err, scanners.ErrNotRecognised) {
		return err
	}
	for _, finding := range result.Findings {
		_, _ = fmt.Fprintf(out, "%10d  %s %s: %s\n", finding.Offset, finding.Severity, finding.Rule, finding.What)
	}
	if err != nil {
		_, _ = fmt.Fprintf(out, "the analysis ends: %v\n", err)
	}
	return errors.Join(out.Flush(), err)
}
