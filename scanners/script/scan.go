package script

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"unicode/utf8"

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
// content is not code by its name; Python is, for old versions run what stands
// before the first NUL.
func source(name string, start []byte) (sourcecode.Language, bool) {
	if sourcecode.IsTorchScript(name, start) {
		return sourcecode.Language{}, false // has its own scanner
	}
	lang, ok := sourcecode.Of(name, start)
	if ok && lang.Name != "Python" && bytes.IndexByte(start, 0) >= 0 && !isUTF16(start) {
		return sourcecode.Language{}, false
	}
	return lang, ok
}

func isUTF16(start []byte) bool {
	return bytes.HasPrefix(start, []byte{0xff, 0xfe}) || bytes.HasPrefix(start, []byte{0xfe, 0xff})
}

// Scan says what f is. It covers nothing but a Python file without a statement.
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
	if lang.Name == "Python" {
		if empty, err := hasNoStatement(f); err != nil || empty {
			var result scanners.Result
			if empty {
				result.Parsed.Add(0, f.Size)
			}
			return result, err
		}
	}
	found.Add("script/source-code", 0, "%s: %s", lang.Name, lang.Runs)
	return scanners.Result{Findings: found.All()}, notAnalysed(lang.Name, lang.Runs)
}

func notAnalysed(what, why string) error {
	return &scanners.FormatError{Code: scanners.GapUnsupported, Err: errors.New(what + " is not analysed; " + why)}
}

// maxEmpty is the size up to which a Python file is searched for a statement.
const maxEmpty = 1 << 20

// cookie is a declaration of the source encoding (PEP 263). Under another
// encoding than UTF-8 the bytes of a comment may decode to a new line and code.
var cookie = regexp.MustCompile(`coding[:=][ \t]*([-\w.]+)`)

// hasNoStatement reports a Python file of blank lines and comments only.
func hasNoStatement(f scanners.File) (bool, error) {
	if f.Size > maxEmpty {
		return false, nil
	}
	text := make([]byte, f.Size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), text); err != nil {
		return false, fmt.Errorf("read the source: %w", err)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text) {
		return false, nil
	}
	for _, m := range cookie.FindAllSubmatch(text, -1) {
		if name := bytes.ToLower(m[1]); !bytes.Equal(name, []byte("utf-8")) && !bytes.Equal(name, []byte("utf8")) && !bytes.Equal(name, []byte("ascii")) {
			return false, nil
		}
	}
	isBreak := func(r rune) bool { return r == '\n' || r == '\r' }
	for line := range bytes.FieldsFuncSeq(text, isBreak) {
		if line = bytes.TrimLeft(line, " \t\f"); len(line) > 0 && line[0] != '#' {
			return false, nil
		}
	}
	return true, nil
}
