package pickle

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/pyglobals"
)

// Scanner analyses pickles. The zero value is ready for use.
type Scanner struct{}

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "pickle", Title: "Python pickle", Version: 1, Rules: slices.Clone(ruleTable[:])}
}

// Match reports a first byte that can open a pickle. Protocols 0 and 1 have no
// magic number, so that ordinary text may match; Scan then declines.
func (Scanner) Match(h scanners.Head) bool {
	return len(h.Start) >= 2 && opcodes[h.Start[0]].start && (h.Start[0] != opProto || h.Start[1] <= maxProtocol)
}

// Scan analyses every pickle of the file.
func (Scanner) Scan(ctx context.Context, f scanners.File, lim scanners.Limits) (scanners.Result, error) {
	lim = lim.WithDefaults()
	return scan(ctx, f, lim, nil)
}

// scan analyses a file, and tells listen, when there is one, what a loader would do
// as it comes to it.
func scan(ctx context.Context, f scanners.File, lim scanners.Limits, listen func(event)) (scanners.Result, error) {
	_, result, err := analyse(ctx, f, lim, listen)
	return result, err
}

func analyse(ctx context.Context, f scanners.File, lim scanners.Limits, listen func(event)) (*analysis, scanners.Result, error) {
	j := &judge{sink: &sink{max: lim.MaxFindings}, sibling: f.Sibling, siblings: f.Siblings, partial: f.Partial, file: f.Name, listen: listen}
	a := &analysis{judge: j, cover: &cover{}}
	a.machine = &machine{ctx: ctx, judge: j, depth: lim.MaxDepth, cover: a.cover, allowance: newAllowance(f.Size)}
	a.machine.open(f, 0, min(f.Size, maxOffset))
	err := a.stream(0)
	if !a.recognised(err, f.Name) {
		return a, scanners.Result{}, scanners.ErrNotRecognised
	}
	if f.Size > maxOffset {
		j.limit(0, "a pickle of more than 1 TiB")
	}
	result, err := a.result(err)
	return a, result, err
}

// recognised decides whether the file is a pickle at all. Text and tensors may
// begin with an opcode; they are left to others unless a loader would act on them.
func (a *analysis) recognised(err error, name string) bool {
	head := a.view(0, 2)
	names := a.judge.names.list
	switch {
	case len(head) == 2 && head[0] == opProto && head[1] <= maxProtocol:
		return true
	case a.judge.effects > 0 && slices.ContainsFunc(names, plausible):
		// An effect without a name (an extension code, a persistent id) is one
		// opcode: one storage of random numbers in eighty begins with one.
		return true
	case len(a.adopted) > 0: // a constant is a pickle with findings
		return true
	case a.first:
		return len(names) > 0 || a.rest == a.end || namedPickle(name) || err != nil
	case namedPickle(name) && a.ops >= 4:
		return true
	}
	// A name in the first two lines of a text is chance; one of a known module,
	// with opcodes after it, is not.
	return err != nil && a.ops-a.firstName >= 2 && slices.ContainsFunc(names, func(g *global) bool {
		return plausible(g) && (g.entry != nil || g.dangerous || pyglobals.KnownModule(g.module))
	})
}

// plausible reports whether a name could be one that a program defines.
func plausible(g *global) bool { return isIdentifier(g.module) && isIdentifier(g.name) }

// namedPickle reports a name under which pickles are kept.
func namedPickle(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".pkl", ".pickle", ".pck", ".pcl", ".p", ".pk", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".jl", ".dill", ".sav", ".pdparams", ".pdopt":
		return true
	}
	return false
}

// result puts together what is known.
func (a *analysis) result(err error) (scanners.Result, error) {
	a.judge.finish(err)
	if err == nil && a.judge.sink.limit == "" {
		a.judge.unused()
	}
	r := scanners.Result{Uses: a.judge.uses(), Parsed: a.cover.parsed, Opaque: a.cover.opaque, Members: a.cover.members}
	r.Facts = a.facts()
	r.Outline = a.outline()
	r.Findings = a.judge.sink.findings()
	if err == nil && a.judge.sink.limit != "" {
		err = &scanners.FormatError{Code: scanners.GapLimit, Err: errors.New(a.judge.sink.limit)}
	}
	return r, err
}
