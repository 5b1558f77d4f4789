package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/cmd/internal/console"
	"assay/sbom"
	"assay/verify"
	"assay/verify/report"
)

// renderers are all formats of -o: those of the report and those of the bill of
// materials.
func (a *app) renderers() map[string]report.Renderer {
	all := report.Formats()
	for name, write := range a.bomWriters("", a.created()) {
		all[name] = func(w io.Writer, r verify.Report, _ report.Options) error { return write(w, sbom.FromReport(r)) }
	}
	return all
}

// write prints the report on standard output in the chosen format and in every
// other place that -o names. Files are written under a temporary name first, so
// that no reader meets half a report.
func (a *app) write(r verify.Report, fallback string) error {
	targets, err := a.targets(fallback)
	if err != nil {
		return err
	}
	return a.writeTo(r, targets)
}

// writeTo tries every target, whatever happened to the others.
func (a *app) writeTo(r verify.Report, targets []target) error {
	var problems []error
	for _, t := range targets {
		problems = append(problems, a.writeOne(r, t))
	}
	return errors.Join(problems...)
}

func (a *app) writeOne(r verify.Report, t target) error {
	o := report.Options{Quiet: a.quiet, Verbose: a.verbose}
	o.Color = t.path == "-" && console.IsTerminal(a.Stdout, a.Getenv)
	render := func(w io.Writer) error {
		if err := t.render(w, r, o); err != nil {
			return fmt.Errorf("render %s: %w", t.format, err)
		}
		return nil
	}
	var err error
	if t.path == "-" {
		err = whole(a.Stdout, render)
	} else {
		err = replaceFile(t.path, render)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", t.format, err)
	}
	return nil
}

// conclude turns a report into the end of a command. What went wrong beside it
// (a store or an output that could not be written) does not hide a reason to
// deny: then it is said, and the exit code is that of the denial.
func (a *app) conclude(r verify.Report, problem error) error {
	if problem == nil || r.Outcome() != verify.Fail {
		return cmp.Or(problem, exit(console.ExitCode(r.Outcome())))
	}
	fmt.Fprintln(a.Stderr, "assay:", problem)
	return exit(console.ExitFail)
}

// target is one place to write to; path "-" is standard output.
type target struct {
	format, path string
	render       report.Renderer
}

// targets parses --format and -o. It is also called before the work begins, so
// that a misspelled format does not cost an hour.
func (a *app) targets(fallback string) ([]target, error) { return a.chosen(a.renderers(), fallback) }

// chosen is targets among the given formats.
func (a *app) chosen(all map[string]report.Renderer, fallback string) ([]target, error) {
	pick := func(name, path string) (target, error) {
		render, ok := all[name]
		if !ok {
			return target{}, usageError("unknown format %q: one of %s", name, strings.Join(sortedKeys(all), ", "))
		}
		return target{name, path, render}, nil
	}
	first, err := pick(cmp.Or(a.format, fallback), "-")
	if err != nil {
		return nil, err
	}
	targets := []target{first}
	for _, output := range a.outputs {
		name, path, ok := strings.Cut(output, "=")
		if !ok || path == "" {
			return nil, usageError("-o %s: write it as FORMAT=PATH", output)
		}
		t, err := pick(name, path)
		if err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	return targets, nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
