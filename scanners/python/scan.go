package python

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/pysource"
	"assay/scanners/internal/sourcecode"
	"assay/scanners/internal/wholetext"
)

// Scanner knows Python source text.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "python", Title: "Python", Version: 1, Rules: slices.Clone(rules)}
}

// Analyses marks the scanner as an Analyst.
func (Scanner) Analyses() {}

// Match accepts Python by its name or interpreter line, and path configuration
// files.
func (Scanner) Match(h scanners.Head) bool {
	return isPath(h.Name, h.Start) || sourcecode.AnalystOf(h.Name, h.Start) == sourcecode.Python
}

// scan is the state of one file.
type scan struct {
	name  string
	found *findings.List
	facts []scanners.Fact
	size  int64
	exact bool // offsets in the text are those of the file
}

// Scan reads and analyses f.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	data, long := wholetext.Head(f, pysource.MaxSize)
	if data == nil {
		return scanners.Result{}, long
	}
	s := &scan{name: f.Name, found: findings.New(rules), size: f.Size}
	var err error
	if isPath(f.Name, data) {
		err = s.pathFile(data)
	} else {
		err = s.source(ctx, data)
	}
	if errors.Is(err, scanners.ErrNotRecognised) {
		return scanners.Result{}, err
	}
	result := scanners.Result{Findings: s.found.All(), Facts: s.facts}
	if long != nil && ctx.Err() == nil {
		return result, long // what breaks may break where it was cut
	}
	if err == nil {
		result.Parsed.Add(0, f.Size)
	}
	return result, err
}

// at is the offset in the file of an offset in the text.
func (s *scan) at(off int) int64 {
	if !s.exact {
		return 0
	}
	return min(int64(off), s.size)
}

// source analyses the text of a module.
func (s *scan) source(ctx context.Context, data []byte) error {
	text, undecoded := s.decode(data)
	s.characters(text)
	tree := pysource.Parse(text)
	for _, odd := range tree.OddNames {
		s.oddName(odd)
	}
	f := analyse(ctx, tree, s.name, len(text))
	if strings.Contains(strings.TrimSuffix(path.Base(s.name), path.Ext(s.name)), ".") {
		f.notImportable()
	}
	s.report(f)
	switch {
	case f.over != nil:
		return f.over
	case undecoded != nil:
		return undecoded
	case len(tree.Problems) > 0:
		p := tree.Problems[0]
		return &scanners.FormatError{Offset: s.at(p.Off), Err: fmt.Errorf("the source cannot be read: %s", p.What)}
	case f.exhausted():
		return &scanners.FormatError{Code: scanners.GapLimit, Err: errors.New("the source is too intricate to follow within its budget")}
	}
	return nil
}

// report turns effects into findings.
func (s *scan) report(f *flow) {
	stem := strings.ToLower(path.Base(s.name))
	if stem == "sitecustomize.py" || stem == "usercustomize.py" {
		s.found.Add("python/auto-start", 0, "every interpreter that has the folder on its path imports this file when it starts")
	}
	if f.isDatasetScript() {
		s.found.Add("python/dataset-script", 0, "a class for load_dataset")
	}
	for _, e := range f.all() {
		v := judge(e.event, e.how)
		who := whoRuns[e.how]
		if e.how == atImport && stem == "setup.py" {
			who = "whoever installs the package runs this"
		}
		s.found.AddAs(v.severity, v.rule, s.at(e.off), "%s; %s", clip.Bytes(e.what, 600), who)
	}
	if len(f.module.stmts) > 0 {
		s.found.Add("python/code", 0, "Python: %d definitions", len(f.ofStmt))
	}
	for _, name := range f.importedRoots() {
		s.facts = append(s.facts, scanners.Fact{Key: "python/import", Value: clip.Bytes(name, 200)})
	}
}

// maxImports bounds the facts of one file.
const maxImports = 128

// importedRoots are the modules that the file imports: of others the distribution,
// of its own repository the module.
func (f *flow) importedRoots() []string {
	roots := make(map[string]bool)
	for name := range f.imports {
		if !strings.HasPrefix(name, ".") {
			name, _, _ = strings.Cut(name, ".")
		}
		if name != "" {
			roots[name] = true
		}
	}
	out := slices.Sorted(maps.Keys(roots))
	return out[:min(len(out), maxImports)]
}

// notImportable lowers the reach of what only runs when the module does: no
// loader imports a file with a dot in its name, so that a person has to start it.
// The cells of a notebook come under such a name.
func (f *flow) notImportable() {
	for _, s := range f.scopes {
		if s.reach == atImport {
			s.reach = asMain
		}
	}
}

// isPath recognises a path configuration file (Lib/site.py): text under a name
// that weights have too.
func isPath(name string, start []byte) bool {
	if !strings.EqualFold(path.Ext(name), ".pth") {
		return false
	}
	return !slices.ContainsFunc(start[:min(len(start), 4096)], func(c byte) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' })
}

// isProse reports a line that is no folder: markup, JSON, or words.
func isProse(line string) bool {
	if line == "" || line[0] == '#' {
		return false
	}
	return line[0] == '<' || line[0] == '{' || strings.Contains(line, " ") && !strings.ContainsAny(line, `/\`)
}

// pathFile reads each line as site.addpackage does: one that begins with import is
// executed, any other is a folder.
func (s *scan) pathFile(data []byte) error {
	s.exact = true
	at, starts, prose := 0, false, false
	for line := range bytes.Lines(data) {
		text := strings.TrimPrefix(string(line), "\xef\xbb\xbf")
		if strings.HasPrefix(text, "import ") || strings.HasPrefix(text, "import\t") {
			starts = true
			s.found.Add("python/auto-start", int64(at), "a line that Python executes when it starts: %s", clip.Quote(strings.TrimSpace(text), 160))
		}
		prose = prose || isProse(strings.TrimSpace(text))
		at += len(line)
		if bytes.IndexByte(line, 0) >= 0 || len(line) > 4096 {
			return scanners.ErrNotRecognised
		}
	}
	if prose && !starts {
		return scanners.ErrNotRecognised // an error message that was saved as weights
	}
	return nil
}
