package scanners

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Scan runs every scanner that matches on f, opens the members they found, and
// accounts for every byte. It never panics and never returns an error: what went
// wrong is a Gap in the report.
func Scan(ctx context.Context, list []Scanner, f File, lim Limits) FileReport {
	lim = lim.WithDefaults()
	r := &run{ctx: ctx, list: list, lim: lim, size: f.Size,
		findings: worst{max: lim.MaxFindings}}
	f.ReaderAt = untilDone{ctx, f.ReaderAt}
	n := r.file(f, nil)

	r.findings.trim()
	report := r.report
	report.Findings = r.findings.list
	report.noteDropped(r.findings.dropped)
	report.Members = r.members
	report.Coverage = n.coverage(f.Size)
	report.Plain = n.opaque
	report.Class = r.classify()
	if report.Class == Clean && !(report.Coverage.Complete() && len(report.Gaps) == 0) {
		report.Class = Unknown
	}
	report.sortStable()
	return report
}

// run is the state of one Scan, shared by all depths of one file.
type run struct {
	ctx   context.Context
	list  []Scanner
	lim   Limits
	rules map[string]Rule // by id; nil until a finding asks for it

	report   FileReport
	findings worst
	factsCut bool // facts were left out
	members  int
	size     int64 // of the file itself
	expanded int64 // bytes that came out of compressed members, all depths
	free     int64 // of RatioFree, what members beyond their ratio used up
	analysed int64 // bytes of members that Analysts looked at, all depths
	stored   int64 // bytes of stored members, all depths
}

// node is what is known about one file or member once all scanners ran on it.
type node struct {
	recognised bool
	parsed     Spans
	opaque     Spans
	members    []Member
	uses       []Use
	broken     bool  // a scanner could not read it to its end
	gapsFrom   int   // index of the first gap of this node in the report
	spooled    int64 // decompressed size, for a compressed member
}

func (n *node) covered() Spans {
	all := Spans{list: slices.Clone(n.parsed.list)}
	all.AddAll(n.opaque, 0)
	return all
}

// coverage gives parsed precedence over opaque where scanners disagree.
func (n *node) coverage(size int64) Coverage {
	all := n.covered().Total(size)
	parsed := n.parsed.Total(size)
	return Coverage{Parsed: parsed, Opaque: all - parsed, Skipped: size - all}
}

// file runs all matching scanners on f and then descends into its members.
func (r *run) file(f File, path []string) *node {
	n := &node{gapsFrom: len(r.report.Gaps)}
	if f.Size == 0 {
		n.recognised = true
		// A container states the size of a member: one of no bytes is whole.
		if len(path) == 0 && !ordinaryWhenEmpty(f.Name) {
			r.gap(GapBroken, path, 0, "the file is empty: its content is missing")
		}
		return n
	}
	head, err := readHead(f)
	if err != nil {
		r.gap(GapUnreadable, path, 0, err.Error())
		return n
	}
	for _, s := range r.list {
		if err := r.ctx.Err(); err != nil {
			r.gap(GapUnreadable, path, 0, "interrupted: "+err.Error())
			return n
		}
		r.apply(n, s, head, f, path)
	}
	if err := r.ctx.Err(); err != nil { // the last scanner may have stopped halfway
		r.gap(GapUnreadable, path, 0, "interrupted: "+err.Error())
		return n
	}
	r.descend(n, f, path)
	r.explainRest(n, f, path)
	return n
}

// ordinaryWhenEmpty reports the names under which an empty file is common and
// means nothing: package markers, placeholders that keep a folder in Git, and
// plain text. Any other empty file is what is left of a file.
func ordinaryWhenEmpty(name string) bool {
	base := path.Base(name)
	if strings.HasPrefix(base, ".") {
		return true
	}
	return slices.Contains([]string{".py", ".typed", ".txt", ".md", ".log", ".keep"}, path.Ext(base))
}

// apply runs one scanner and folds its result into n.
func (r *run) apply(n *node, s Scanner, head Head, f File, path []string) {
	result, matched, err := r.guarded(s, head, f, path)
	if !matched || errors.Is(err, ErrNotRecognised) && len(result.Findings) == 0 {
		return
	}
	info := s.Info() // a copy: not for every file that is another scanner's
	n.recognised = true
	if !slices.Contains(r.report.Formats, info.Name) {
		r.report.Formats = append(r.report.Formats, info.Name)
	}
	for _, finding := range result.Findings {
		finding.Path, finding.Offset = placed(f, path, finding.Offset)
		finding.What = oneLine(finding.What)
		r.findings.add(finding)
	}
	r.facts(result.Facts, path)
	r.report.Outline.take(result.Outline, path)
	n.parsed.AddAll(result.Parsed, 0)
	n.opaque.AddAll(result.Opaque, 0)
	n.members = append(n.members, result.Members...)
	n.uses = append(n.uses, result.Uses...)
	if err != nil {
		n.broken = true
		code, offset := codeOf(err)
		at, offset := placed(f, path, offset)
		r.gap(code, at, offset, info.Name+": "+err.Error())
	}
}

// guarded runs Match and Scan behind the panic barrier.
func (r *run) guarded(s Scanner, head Head, f File, path []string) (result Result, matched bool, err error) {
	defer func() { matched = matched || err != nil }() // a panic in Match is an opinion too
	defer barrier(&err)
	if !s.Match(head) && (head.dense == nil || !s.Match(head.condensed())) {
		return Result{}, false, nil
	}
	if !r.afford(s, f.Size, path) {
		return Result{}, true, fmt.Errorf("%w: the members are more code than the size of the file explains", errLimit)
	}
	result, err = s.Scan(r.ctx, f, r.lim)
	return result, true, err
}

// descend scans the members that the scanners handed back and accounts for
// their bytes in the container.
func (r *run) descend(n *node, f File, path []string) {
	if len(n.members) == 0 {
		return
	}
	sizes := make(map[string]int64, len(n.members))
	for _, m := range n.members {
		sizes[m.Name] = m.Size
	}
	around := File{ReaderAt: f, Size: f.Size, Partial: n.broken,
		Sibling:  func(name string) (int64, bool) { size, ok := sizes[name]; return size, ok },
		Siblings: func(yield func(string) bool) { n.names(yield) }}

	children := make([]*node, len(n.members))
	tensors := len(r.report.Outline.Tensors)
	used := make(map[Use]bool)
	for i, m := range n.members {
		children[i] = r.member(m, around, append(slices.Clone(path), label(m.Name)))
		for _, u := range children[i].uses {
			used[u] = true
		}
	}
	accepted := make(map[string]bool)
	for i, m := range n.members {
		// The size that counts is the real one, not the declared one.
		if size := children[i].size(m); used[Use{m.Name, size}] && m.Unreadable == "" {
			children[i].opaque.Add(0, size)
			children[i].recognised = true
			accepted[label(m.Name)] = true
		}
		n.adopt(children[i], m)
	}
	r.withdraw(n.gapsFrom, path, accepted)
	r.report.Outline.locate(tensors, n.stored())
}

// names yields the names of the members.
func (n *node) names(yield func(string) bool) {
	for _, m := range n.members {
		if !yield(m.Name) {
			return
		}
	}
}

// stored are the members that lie in the container as they are. Of two with the
// same name nobody knows which one a loader reads.
func (n *node) stored() map[string]Span {
	list := make(map[string]Span, len(n.members))
	for _, m := range n.members {
		if _, twice := list[m.Name]; twice || m.Open != nil || m.Unreadable != "" {
			list[m.Name] = Span{}
			continue
		}
		list[m.Name] = m.Span
	}
	return list
}

// withdraw removes, for members that a loader reads as numbers, the gaps that
// only say "I do not know what this is" and the findings below high: random
// numbers begin like many a format and break off. What would harm whoever reads
// the member otherwise stays.
func (r *run) withdraw(from int, path []string, accepted map[string]bool) {
	of := func(p []string) bool {
		return len(p) == len(path)+1 && accepted[p[len(path)]] && slices.Equal(p[:len(path)], path)
	}
	kept := slices.DeleteFunc(r.report.Gaps[from:], func(g Gap) bool {
		return of(g.Path) && (g.Code == GapUnrecognised || g.Code == GapUncovered || g.Code == GapBroken)
	})
	r.report.Gaps = r.report.Gaps[:from+len(kept)]
	r.findings.list = slices.DeleteFunc(r.findings.list, func(f Finding) bool {
		return of(f.Path) && !f.Severity.AtLeast(High)
	})
}

// adopt accounts for a member in its container: byte by byte when it is stored
// as it is, whole or not at all when it is compressed.
func (n *node) adopt(child *node, m Member) {
	if m.Open == nil {
		if m.Unreadable == "" {
			n.parsed.addWithin(child.parsed, m.Span)
			n.opaque.addWithin(child.opaque, m.Span)
		}
		return
	}
	if !child.recognised {
		return
	}
	if _, hole := child.covered().FirstHole(child.size(m)); hole {
		return
	}
	if child.parsed.Total(child.size(m)) > 0 || child.size(m) == 0 {
		n.parsed.Add(m.Span.Off, m.Span.Len)
		return
	}
	n.opaque.Add(m.Span.Off, m.Span.Len)
}

// explainRest reports what no scanner accounted for.
func (r *run) explainRest(n *node, f File, path []string) {
	if !n.recognised {
		r.gap(GapUnrecognised, path, 0, fmt.Sprintf("no scanner knows this format (%d bytes)", f.Size))
		return
	}
	if len(r.report.Gaps) > n.gapsFrom {
		return // already explained by something more precise
	}
	if hole, ok := n.covered().FirstHole(f.Size); ok {
		rest := f.Size - n.covered().Total(f.Size)
		r.gap(GapUncovered, path, hole.Off,
			fmt.Sprintf("%d bytes belong to no structure of the format, the first %d of them here", rest, hole.Len))
	}
}

// facts keeps at most maxFacts.
func (r *run) facts(list []Fact, path []string) {
	room := maxFacts - len(r.report.Facts)
	if len(list) > room && !r.factsCut {
		r.factsCut = true // said once
		r.gap(GapLimit, path, 0, fmt.Sprintf("more than %d facts", maxFacts))
	}
	for _, f := range list[:min(len(list), room)] {
		r.report.Facts = append(r.report.Facts, Fact{f.Key, clip(f.Value, maxWhat)})
	}
}

func (r *run) gap(code GapCode, path []string, offset int64, reason string) {
	r.report.Gaps = append(r.report.Gaps, Gap{Code: code, Path: path, Offset: offset, Reason: oneLine(reason)})
}

// codeOf says what kind of gap an error leaves, and at which byte.
func codeOf(err error) (GapCode, int64) {
	var format *FormatError
	var internal *internalError
	switch {
	case errors.As(err, &internal):
		return GapInternal, 0
	case errors.As(err, &format):
		return cmp.Or(format.Code, GapBroken), format.Offset
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return GapUnreadable, 0
	case errors.Is(err, errLimit):
		return GapLimit, 0
	case errors.As(err, new(*fs.PathError)):
		return GapUnreadable, 0
	}
	return GapBroken, 0
}

// classify takes the worst class of all findings, those that were not kept
// included.
func (r *run) classify() Class {
	class := Clean
	for _, f := range r.findings.list {
		class = class.Worse(r.rule(f.Rule).Class.At(f.Severity))
	}
	for rule := range r.findings.droppedRules {
		class = class.Worse(r.rule(rule).Class)
	}
	return class
}

// rule looks up a declared rule. The index is made for the first finding: most
// files have none, and there may be a million of them.
func (r *run) rule(id string) Rule {
	if r.rules == nil {
		r.rules = make(map[string]Rule)
		for _, s := range r.list {
			for _, rule := range s.Info().Rules {
				r.rules[rule.ID] = rule
			}
		}
	}
	return r.rules[id]
}

func readHead(f File) (Head, error) {
	h := Head{Name: f.Name, Size: f.Size}
	h.Start = make([]byte, min(HeadSize, f.Size))
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, f.Size), h.Start); err != nil {
		return Head{}, fmt.Errorf("read the first bytes: %w", err)
	}
	if dense, ok := TextStart(f, f.Size); ok {
		h.dense = dense
	}
	if f.Size <= HeadSize {
		h.End = h.Start[max(0, len(h.Start)-TailSize):]
		return h, nil
	}
	h.End = make([]byte, min(TailSize, f.Size))
	if _, err := io.ReadFull(io.NewSectionReader(f, f.Size-int64(len(h.End)), int64(len(h.End))), h.End); err != nil {
		return Head{}, fmt.Errorf("read the last bytes: %w", err)
	}
	return h, nil
}
