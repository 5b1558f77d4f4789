package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"assay/scanners"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/sourcecode"
)

// Scanner recognises code.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "script", Title: "Code", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts what is code by its name or its beginning.
func (Scanner) Match(h scanners.Head) bool {
	if _, ok := compiled(h.Name, h.Start, nil); ok {
		return true
	}
	_, ok := source(h.Name, h.Start)
	return ok
}

// source recognises program text. Some extensions have a second meaning (".ts"
// is TypeScript and TorchScript, ".m" Objective-C and MATLAB), so that binary
// content is not code by its name.
func source(name string, start []byte) (sourcecode.Language, bool) {
	if sourcecode.IsTorchScript(name, start) || sourcecode.AnalystOf(name, start) != sourcecode.NoAnalyst {
		return sourcecode.Language{}, false // has its own scanner
	}
	lang, ok := sourcecode.Of(name, start)
	if ok && bytes.IndexByte(start, 0) >= 0 && !isUTF16(start) {
		return sourcecode.Language{}, false
	}
	return lang, ok
}

func isUTF16(start []byte) bool {
	return bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff})
}

// Scan says what f is. It covers nothing.
func (Scanner) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	start := make([]byte, min(f.Size, scanners.HeadSize))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	found := findings.New(rules)
	if p, ok := compiled(f.Name, start, f); ok {
		found.Add(p.rule, 0, "%s", p.what)
		return scanners.Result{Findings: found.All()}, notAnalysed("compiled code", "whatever loads it runs it")
	}
	lang, ok := source(f.Name, start)
	if !ok {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	found.Add("script/source-code", 0, "%s: %s", lang.Name, lang.Runs)
	return scanners.Result{Findings: found.All()}, notAnalysed(lang.Name, lang.Runs)
}

func notAnalysed(what, why string) error {
	return &scanners.FormatError{Code: scanners.GapUnsupported, Err: errors.New(what + " is not analysed; " + why)}
}
