package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"assay/registry"
	"assay/registry/export"
	"assay/sbom"
	"assay/verify"
	"assay/verify/report"
)

// hubModel is a name that the Hub may know, and no path of somebody's machine.
var hubModel = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// pullBases resolves the models that the one in dir names as its base, in its
// configuration, its card or its GGUF header. Of an adapter, which is nothing without
// it, the base is pulled into DIR.base, with a lock file; any other is pinned, and
// said.
func (a *app) pullBases(ctx context.Context, w export.Writer, dir string) error {
	model, err := a.resolve(ctx, dir)
	if err != nil {
		return err
	}
	p := a.pipeline()
	p.HeadersOnly, p.Progress = true, nil
	evidence, err := p.Gather(ctx, model)
	if err != nil {
		return err
	}
	rules, err := a.rules(false)
	if err != nil {
		return err
	}
	bases := sbom.FromReport(verify.NewReport(evidence, rules, a.Now())).Bases
	if len(bases) == 0 {
		a.note("the model names no base")
	}
	for _, b := range bases {
		if err := a.pullBase(ctx, w, dir, b); err != nil {
			return fmt.Errorf("base %s: %w", report.Safe(b.Name.Text), err)
		}
	}
	return nil
}

func (a *app) pullBase(ctx context.Context, w export.Writer, dir string, b sbom.Base) error {
	if !hubModel.MatchString(b.Name.Text) {
		if b.Needed {
			return fmt.Errorf("%w: it is no name of a model on the Hub, and the adapter needs it", registry.ErrReference)
		}
		a.note("the base %s is no name of a model on the Hub", report.Safe(b.Name.Text))
		return nil
	}
	ref := "hf://" + b.Name.Text
	if b.Revision.Known() {
		ref += "@" + b.Revision.Text
	}
	artifact, err := a.resolve(ctx, ref)
	if err != nil && !b.Needed && (errors.Is(err, registry.ErrNotFound) || errors.Is(err, registry.ErrAccess)) {
		a.note("the base %s cannot be resolved: %v", report.Safe(ref), err)
		return nil
	}
	if err != nil {
		return err
	}
	said := "named without a commit, pinned now"
	if b.Revision.Text == artifact.Identity.Revision {
		said = "pinned by the model"
	}
	if !b.Needed {
		_, err := fmt.Fprintf(a.Stdout, "%s  base, %s\n", artifact.Pinned, said)
		return err
	}
	target := filepath.Join(dir+".base", strings.ReplaceAll(b.Name.Text, "/", "--"))
	lock, err := w.Export(ctx, artifact, target)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.Stdout, "%s  base, %s: %d files in %s, lock file %s\n", lock.Pinned, said, len(lock.Files), target, export.LockPath(target))
	return err
}
