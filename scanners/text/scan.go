package text

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/sourcecode"
)

// Scanner recognises text that is data.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "text", Title: "Text", Version: 2, Rules: slices.Clone(rules)}
}

// Match accepts a file that begins as text and is neither a program nor a model
// in text form.
func (Scanner) Match(h scanners.Head) bool {
	if isPointer(h.Start, h.Size) {
		return true
	}
	if isInterpreted(h.Name, h.Start) {
		return false
	}
	if _, code := sourcecode.Of(h.Name, h.Start); code {
		return false
	}
	if byteOrder(h.Start) != nil {
		return true
	}
	c := checker{named: profileOf(h.Name).named}
	_, err := c.Write(h.Start)
	return err == nil
}

// scan is the state of one file.
type scan struct {
	file     scanners.File
	base     string // lower-case base name
	profile  profile
	settings settings
	start    []byte
	wide     bool // UTF-16: offsets are those of the decoded text, and not shown
	check    checker
	found    *findings.List
	facts    []scanners.Fact
	outline  scanners.Outline
	members  []scanners.Member // chat templates
	lastTag  keptTag
	unbound  error // the data of a table is elsewhere
}

// Scan reads all of f. It returns ErrNotRecognised when any of it is not text.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	s := &scan{file: f, base: strings.ToLower(path.Base(f.Name)), profile: profileOf(f.Name), found: findings.New(rules)}
	s.settings = settingsOf(s.base)
	s.check.named = s.profile.named
	s.start = make([]byte, min(f.Size, 4<<10))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), s.start); err != nil {
		return scanners.Result{}, fmt.Errorf("read the beginning: %w", err)
	}
	if isPointer(s.start, f.Size) {
		return s.pointer()
	}
	err := s.read(ctx)
	if errors.Is(err, errNotText) {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	result := scanners.Result{Findings: s.found.All(), Facts: s.facts, Members: s.members, Outline: s.outline}
	if err == nil {
		result.Parsed.Add(0, f.Size)
		err = s.unbound
	}
	return result, err
}

// read passes the file once through everything that looks at it.
func (s *scan) read(ctx context.Context) error {
	var src io.Reader = contextReader{ctx, io.NewSectionReader(s.file, 0, s.file.Size)}
	if order := byteOrder(s.start); order != nil {
		s.wide = true
		src = newUTF16Reader(contextReader{ctx, io.NewSectionReader(s.file, 2, s.file.Size-2)}, order)
	}
	looks := []io.Writer{&s.check}
	greps := s.greps()
	for _, g := range greps {
		looks = append(looks, g)
	}
	beginning := &head{max: maxCard}
	if s.describes() {
		looks = append(looks, beginning)
	}
	table := &head{max: maxListed}
	if s.isListed() {
		looks = append(looks, table)
	}
	kept := &head{max: maxWhole}
	if s.hasTree() {
		kept.max = 2 * maxTree // a text of UTF-16 grows
	}
	if s.isWhole() {
		looks = append(looks, kept)
	}
	all := io.TeeReader(src, io.MultiWriter(looks...))
	err := s.readJSON(all)
	if _, rest := io.Copy(io.Discard, all); rest != nil {
		return rest
	}
	if s.check.finish() != nil {
		return errNotText
	}
	for _, g := range greps {
		g.finish()
	}
	s.judgeTag()
	s.describe(beginning.text)
	s.whole(kept.text)
	s.unbound = s.judgeRows(table.text)
	s.report()
	return err
}

// add adds a finding at an offset in the text.
func (s *scan) add(rule string, offset int64, format string, args ...any) {
	if s.wide {
		offset = 0
	}
	s.found.Add(rule, offset, format, args...)
}

func (s *scan) addAs(severity scanners.Severity, rule string, offset int64, format string, args ...any) {
	if s.wide {
		offset = 0
	}
	s.found.AddAs(severity, rule, offset, format, args...)
}

// report turns the counts of characters into findings.
func (s *scan) report() {
	c := &s.check
	if c.bidi.count > 0 {
		s.addAs(s.deception(), "text/bidi-control", c.bidi.first, "%d characters that change the direction of text, the first of them here", c.bidi.count)
	}
	if c.tags.count > 0 {
		s.addAs(s.deception(), "text/hidden-characters", c.tags.first, "%d invisible tag characters, the first of them here", c.tags.count)
	}
	if n := c.controls.count + c.escapes.count; n > 0 {
		first := c.controls.first
		if c.controls.count == 0 || c.escapes.count > 0 && c.escapes.first < first {
			first = c.escapes.first
		}
		s.add("text/control-characters", first, "%d control characters, the first of them here", n)
	}
	if c.invalid.count > 0 {
		s.add("text/not-utf8", c.invalid.first, "%d bytes that are not UTF-8, the first of them here", c.invalid.count)
	}
}

// deception grades characters that deceive a reader by who reads the text. A
// vocabulary lists every character there is, and a table holds what its sources
// held; in what configures a program they have no place.
func (s *scan) deception() scanners.Severity {
	if s.isForAgents() { // AML.CS0041
		return scanners.Medium
	}
	switch s.profile.kind {
	case vocabulary, data:
		return scanners.Informational
	case document, other:
		return scanners.Low
	default:
		return scanners.Medium
	}
}

// maxPointer is the size below which git-lfs takes a file for a pointer
// (git-lfs specification, "The Pointer").
const maxPointer = 1024

var pointerVersions = []string{"version https://git-lfs.github.com/spec/v1\n", "version https://hawser.github.com/spec/v1\n"}

func isPointer(start []byte, size int64) bool {
	if size >= maxPointer || !bytes.Contains(start, []byte("\noid sha256:")) {
		return false
	}
	return slices.ContainsFunc(pointerVersions, func(v string) bool { return bytes.HasPrefix(start, []byte(v)) })
}

// pointer reports that the content is elsewhere. Nothing is covered: what the
// name stands for was not seen.
func (s *scan) pointer() (scanners.Result, error) {
	_, oid, _ := bytes.Cut(s.start, []byte("\noid "))
	oid, _, _ = bytes.Cut(oid, []byte("\n"))
	s.add("text/lfs-pointer", 0, "only a pointer to %s is here", clip.Quote(oid, 80))
	return scanners.Result{Findings: s.found.All()}, &scanners.FormatError{Code: scanners.GapUnreadable,
		Err: errors.New("a Git LFS pointer instead of the content; run `git lfs pull` and scan again")}
}

// contextReader ends a long read when the context does.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
