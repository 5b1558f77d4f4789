package cli

import (
	"context"

	"assay/cmd/internal/console"
	"assay/verify"
)

// preCommit scans each file by itself, whole, and prints those that do not pass.
// It is what a commit hook calls with the names of the changed files.
func (a *app) preCommit(ctx context.Context, files []string) error {
	rules, err := a.rules(false)
	if err != nil {
		return err
	}
	p := a.pipeline()
	p.Progress = nil
	worst := verify.Pass
	for _, name := range files {
		artifact, err := a.resolve(ctx, "file:"+name)
		if err != nil {
			return err
		}
		evidence, err := p.Gather(ctx, artifact)
		if err != nil {
			return err
		}
		r := verify.NewReport(evidence, rules, a.Now())
		if r.Outcome() == verify.Pass && !a.verbose {
			continue
		}
		if err := a.write(r, "text"); err != nil {
			return err
		}
		worst = worseOutcome(worst, r.Outcome())
	}
	return exit(console.ExitCode(worst))
}
