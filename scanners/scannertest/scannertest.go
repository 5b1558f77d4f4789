// Package scannertest is the suite that every scanner passes: each rule has a
// sample that it must find and one that it must leave alone, and every input,
// hostile or not, keeps the contract of scanners.Scanner.
//
// # Security
//
// Test code only. Samples are built by the tests from readable parts; their
// payloads are inert markers.
package scannertest

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"assay/scanners"
)

// File is data as a scanner receives it. The name is a hint, as always.
func File(name string, data []byte) scanners.File {
	return scanners.File{ReaderAt: bytes.NewReader(data), Name: name, Size: int64(len(data))}
}

// Head is what Match receives for f.
func Head(name string, data []byte) scanners.Head {
	return scanners.Head{
		Name: name, Size: int64(len(data)),
		Start: data[:min(len(data), scanners.HeadSize)],
		End:   data[max(0, len(data)-scanners.TailSize):],
	}
}

// Run runs one scanner the way the core does: Match first, default limits. It
// returns scanners.ErrNotRecognised when Match declines.
func Run(s scanners.Scanner, name string, data []byte) (scanners.Result, error) {
	return RunFile(s, File(name, data), Head(name, data))
}

// RunFile is Run on a file that is not plain bytes: one with siblings, or one
// whose reader fails.
func RunFile(s scanners.Scanner, f scanners.File, h scanners.Head) (scanners.Result, error) {
	if !s.Match(h) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	return s.Scan(context.Background(), f, scanners.Limits{}.WithDefaults())
}

// Scan runs the whole core with a list of scanners and default limits.
func Scan(list []scanners.Scanner, name string, data []byte) scanners.FileReport {
	return scanners.Scan(context.Background(), list, File(name, data), scanners.Limits{})
}

// Harmless demands what an ordinary file must give: it is recognised, every
// byte is accounted for, no gap, no finding above info.
func Harmless(t testing.TB, list []scanners.Scanner, name string, data []byte) scanners.FileReport {
	t.Helper()
	report := Scan(list, name, data)
	if len(data) > 0 && len(report.Formats) == 0 {
		t.Errorf("%s: not recognised", name)
	}
	for _, f := range report.Findings {
		if f.Severity.AtLeast(scanners.Low) {
			t.Errorf("%s: finding on an ordinary file: %s %s %q at %d: %s", name, f.Severity, f.Rule, f.Path, f.Offset, f.What)
		}
	}
	for _, g := range report.Gaps {
		t.Errorf("%s: gap on an ordinary file: %s %q at %d: %s", name, g.Code, g.Path, g.Offset, g.Reason)
	}
	if !report.Coverage.Complete() || report.Coverage.Size() != int64(len(data)) {
		t.Errorf("%s: %d bytes, coverage %+v", name, len(data), report.Coverage)
	}
	return report
}

// HasRule reports whether one of the findings is of the rule.
func HasRule(findings []scanners.Finding, rule string) bool {
	for _, f := range findings {
		if f.Rule == rule {
			return true
		}
	}
	return false
}

// declined reports that a scanner says the bytes are not of its format.
func declined(err error) bool { return errors.Is(err, scanners.ErrNotRecognised) }
