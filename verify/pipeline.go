package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"time"

	"assay/registry"
	"assay/scanners"
	"assay/verify/hashing"
)

// Pipeline gathers evidence about artifacts. A Pipeline is safe for concurrent
// use; all fields are set before the first call.
type Pipeline struct {
	Scanners  []scanners.Scanner // none: files are hashed, and their content is not looked at
	Limits    scanners.Limits
	Ruleset   string // names the scanners in evidence; "": made of their rules alone
	Verifiers []Verifier
	Jobs      int      // files at a time; 0 means GOMAXPROCS
	Progress  Progress // may be nil

	// HeadersOnly reads what the scanners ask for and hashes nothing: no
	// ContentID, no digest compared, signatures cannot be checked. A remote file is
	// then not fetched where its store gives parts of it.
	HeadersOnly bool
	// SHA512 computes that digest of every file too, in the same read: bills of
	// materials may have to have it (BSI TR-03183-2, section 5.2.2).
	SHA512 bool
	// Recall, if not nil, is asked for every file before it is read.
	Recall Recall
}

// Progress is told what the pipeline does, from several goroutines.
type Progress interface {
	Begin(files int, bytes int64)
	Read(n int64)
	End()
}

// Gap codes of the pipeline, beside those of the scanners.
const (
	GapDigest   scanners.GapCode = "digest"   // the bytes are not the promised ones
	GapChanged  scanners.GapCode = "changed"  // the content changed while it was read
	GapOmitted  scanners.GapCode = "omitted"  // an entry that is no regular file
	GapVerifier scanners.GapCode = "verifier" // a signature document could not be read

	// GapPublisher: the repository is not the one that was first seen under its name.
	GapPublisher scanners.GapCode = "publisher"
)

// Gather reads every file of a once and returns what is known. It fails only
// when ctx is cancelled. What went wrong with a file is a gap, and so is what was
// not reached before the deadline of ctx.
func (p Pipeline) Gather(ctx context.Context, a *registry.Artifact) (Evidence, error) {
	e := Evidence{Artifact: info(a), Ruleset: p.ruleset(), Claims: []Claim{}, Gaps: []Gap{}}
	checks, needs := p.prepare(ctx, a, &e)

	results := p.readAll(ctx, a.Files, needs)
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		return Evidence{}, fmt.Errorf("gather evidence: %w", err)
	}
	var set hashing.Set
	e.Files = make([]FileEvidence, len(results))
	results, crossGaps := p.cross(ctx, a.Files, results)
	e.Gaps = append(e.Gaps, crossGaps...)
	for i, r := range results {
		e.Files[i] = r.file
		e.Gaps = append(e.Gaps, r.gaps...)
		set.Put(r.file.Name, r.file.Size, r.sums)
	}
	e.omitted(a)
	e.remembered(results)
	if !p.HeadersOnly {
		e.Artifact.ContentID = ContentID(e.Files)
		for _, check := range checks {
			e.Claims = append(e.Claims, check.Claims(&set)...)
			if d, ok := check.(Declarer); ok {
				e.declare(d.Declared(&set))
			}
		}
	}
	e.Rules = p.rules(e.Files)
	sortEvidence(&e)
	return e, nil
}

func (p Pipeline) ruleset() string {
	return cmp.Or(p.Ruleset, scanners.Ruleset(p.Scanners, ""))
}

// omitted makes a gap of everything that could not be made a file.
func (e *Evidence) omitted(a *registry.Artifact) {
	for _, o := range a.Omitted {
		e.Gaps = append(e.Gaps, Gap{Code: GapOmitted, File: o.Name, Reason: o.Reason})
	}
}

func info(a *registry.Artifact) ArtifactInfo {
	return ArtifactInfo{
		Ref: a.Ref.String(), Pinned: a.Pinned, Kind: a.Kind, Repository: a.Identity.ID,
		Owner: a.Identity.Owner, Created: a.Identity.Created, Revision: a.Identity.Revision,
		Name: a.Identity.Name, Ignored: a.Ignored,
	}
}

// prepare reads the signature documents and collects the digests they need.
func (p Pipeline) prepare(ctx context.Context, a *registry.Artifact, e *Evidence) ([]Check, []HashNeed) {
	if p.HeadersOnly {
		return nil, nil
	}
	var checks []Check
	var needs []HashNeed
	if p.SHA512 {
		needs = append(needs, HashNeed{Algorithm: hashing.SHA512})
	}
	for _, v := range p.Verifiers {
		check, err := v.Prepare(ctx, a)
		if err != nil {
			e.Gaps = append(e.Gaps, Gap{Code: GapVerifier, Reason: v.Scheme() + ": " + err.Error()})
			continue
		}
		if check == nil {
			continue
		}
		checks = append(checks, check)
		for _, need := range check.Needs() {
			if !slices.Contains(needs, need) {
				needs = append(needs, need)
			}
		}
	}
	return checks, needs
}

// fileResult is what one worker has to say about one file.
type fileResult struct {
	file     FileEvidence
	sums     hashing.Sums
	again    bool // the bytes were wrong, and those of the next look may be right
	gaps     []Gap
	report   scanners.FileReport // for the checks across files
	programs []scanners.Program
	recorded time.Time // when somebody else read it; zero for a file that was read now
}

// readAll runs the workers. Large files start first, so that the last worker
// does not begin a large one when the others are done; results keep the order
// of files.
func (p Pipeline) readAll(ctx context.Context, files []registry.File, needs []HashNeed) []fileResult {
	var total int64
	order := make([]int, len(files))
	for i, f := range files {
		order[i] = i
		total += f.Size
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(files[b].Size, files[a].Size) })
	if p.Progress != nil {
		p.Progress.Begin(len(files), total)
		defer p.Progress.End()
	}
	jobs := p.Jobs
	if jobs <= 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	results := make([]fileResult, len(files))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(jobs, len(files)) {
		workers.Go(func() {
			buf := make([]byte, hashing.BufferSize)
			for i := range next {
				var ok bool
				if results[i], ok = p.recall(files[i], needs); !ok {
					results[i] = p.readFile(ctx, files[i], needs, buf)
				}
			}
		})
	}
	for _, i := range order {
		next <- i
	}
	close(next)
	workers.Wait()
	return results
}

// readFile hashes and scans one file, and once more when a cache had other bytes than
// it should: they have been set aside, and are fetched anew.
func (p Pipeline) readFile(ctx context.Context, f registry.File, needs []HashNeed, buf []byte) fileResult {
	r := p.readOnce(ctx, f, needs, buf)
	if r.again {
		f.OpenHashing = nil
		r = p.readOnce(ctx, f, needs, buf)
	}
	return r
}

func (p Pipeline) readOnce(ctx context.Context, f registry.File, needs []HashNeed, buf []byte) (r fileResult) {
	defer func() {
		// A source or a hash that panics costs its file, and neither the others
		// nor the report.
		if cause := recover(); cause != nil {
			r.forget()
			r.file.Classification = scanners.Unknown
			r.gaps = append(r.gaps, Gap{Code: scanners.GapInternal, File: f.Name, Reason: fmt.Sprintf("assay failed here, please report it: %v", cause)})
		}
	}()
	r.file = FileEvidence{
		Name: f.Name, Size: f.Size, Formats: []string{}, Findings: []Finding{},
		Coverage: scanners.Coverage{Skipped: f.Size},
	}
	gap := func(code scanners.GapCode, reason string) {
		r.gaps = append(r.gaps, Gap{Code: code, File: f.Name, Reason: reason})
	}
	r.file.Declared = declared(f)
	content, err := p.open(ctx, f)
	if err != nil {
		gap(openGap(err), err.Error())
		return r
	}
	if got := content.Size(); got != f.Size {
		gap(GapChanged, fmt.Sprintf("%d bytes were announced, %d are there", f.Size, got))
	} else {
		p.readContent(ctx, f, content, needs, buf, &r)
	}
	if err := content.Close(); err != nil {
		gap(openGap(err), err.Error())
		r.forget()
	}
	if len(r.gaps) > 0 && r.file.Classification == scanners.Clean {
		r.file.Classification = scanners.Unknown
	}
	return r
}

func (p Pipeline) open(ctx context.Context, f registry.File) (registry.Content, error) {
	if p.HeadersOnly && f.OpenRanges != nil {
		return f.OpenRanges(ctx)
	}
	if !p.HeadersOnly && f.OpenHashing != nil {
		return f.OpenHashing(ctx)
	}
	return f.Open(ctx)
}

func (p Pipeline) readContent(ctx context.Context, f registry.File, content registry.Content, needs []HashNeed, buf []byte, r *fileResult) {
	if p.HeadersOnly {
		p.scan(ctx, f, content, r)
		return
	}
	w := newWitness(content, f.Size)
	p.scan(ctx, f, w, r)
	watch := watched{p.counted(w.checker()), scanners.NewWatch(r.report.Plain, f.Size)}
	sums, err := hashing.File(ctx, watch.reader(), f.Size, needs, buf)
	r.programs = watch.Found()
	switch {
	case err != nil:
		r.gaps = append(r.gaps, Gap{Code: scanners.GapUnreadable, File: f.Name, Reason: "hash: " + err.Error()})
		return
	case !w.intact():
		r.gaps = append(r.gaps, Gap{Code: GapChanged, File: f.Name, Reason: "the file was changed while it was read"})
		return
	}
	if h, ok := content.(registry.HashedContent); ok && errors.Is(h.Hashed(sums.SHA256()), registry.ErrDigest) {
		r.again = true
	}
	r.sums = sums
	r.file.SHA256, r.file.SHA512 = sums.SHA256(), sums.SHA512()
	// What no scanner explained is covered by the digest, and by nothing else.
	r.file.Coverage.Hashed, r.file.Coverage.Skipped = r.file.Coverage.Skipped, 0
	compareDeclared(f, r)
}

// forget withdraws the digests: they are not those of what was looked at.
func (r *fileResult) forget() {
	r.sums, r.file.SHA256, r.file.SHA512 = hashing.Sums{}, "", ""
}

// scan runs the scanners on what content gives. Without scanners, nothing of
// the content counts as looked at.
func (p Pipeline) scan(ctx context.Context, f registry.File, content io.ReaderAt, r *fileResult) {
	if len(p.Scanners) > 0 {
		r.take(scanners.Scan(ctx, p.Scanners, scanners.File{ReaderAt: content, Name: f.Name, Size: f.Size}, p.Limits), f.Name)
	}
}

// take copies what the scanners said.
func (r *fileResult) take(report scanners.FileReport, name string) {
	r.report = report
	r.file.Formats = append(r.file.Formats, report.Formats...)
	r.file.Coverage = report.Coverage
	r.file.Classification = report.Class
	r.file.Members = report.Members
	for _, f := range report.Findings {
		r.file.Findings = append(r.file.Findings, written(f))
	}
	for _, f := range report.Facts {
		r.file.Facts = append(r.file.Facts, Fact(f))
	}
	for _, g := range report.Gaps {
		r.gaps = append(r.gaps, Gap{Code: g.Code, File: name, Path: g.Path, Offset: g.Offset, Reason: g.Reason})
	}
}

// written is a finding as reports have it.
func written(f scanners.Finding) Finding {
	return Finding{Rule: f.Rule, Severity: f.Severity, Path: append([]string{}, f.Path...), Offset: f.Offset, What: f.What}
}

// compareDeclared marks every declared SHA-256 as kept or broken. Digests of
// other algorithms were compared by the source, before it gave the bytes.
func compareDeclared(f registry.File, r *fileResult) {
	for i, d := range f.Declared {
		switch {
		case d.Digest.Algorithm != "sha256":
		case d.Digest.Hex == r.file.SHA256:
			r.file.Declared[i].Match = MatchKept
		default:
			r.file.Declared[i].Match = MatchBroken
			r.gaps = append(r.gaps, Gap{Code: GapDigest, File: f.Name,
				Reason: fmt.Sprintf("%s promised %s, the bytes are sha256:%s", d.By, d.Digest, r.file.SHA256)})
		}
	}
}

func openGap(err error) scanners.GapCode {
	switch {
	case errors.Is(err, registry.ErrDigest):
		return GapDigest
	case errors.Is(err, registry.ErrChanged):
		return GapChanged
	}
	return scanners.GapUnreadable
}

// counted reports progress while a file is hashed.
func (p Pipeline) counted(r io.ReaderAt) io.ReaderAt {
	if p.Progress == nil {
		return r
	}
	return countingReader{r, p.Progress}
}

type countingReader struct {
	io.ReaderAt
	progress Progress
}

func (c countingReader) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(b, off)
	c.progress.Read(int64(n))
	return n, err
}

// rules describes the rules that the findings name.
func (p Pipeline) rules(files []FileEvidence) []Rule {
	named := make(map[string]bool)
	for _, f := range files {
		for _, finding := range f.Findings {
			named[finding.Rule] = true
		}
	}
	rules := []Rule{}
	for _, s := range p.Scanners {
		for _, r := range s.Info().Rules {
			if named[r.ID] {
				rules = append(rules, Rule(r))
			}
		}
	}
	slices.SortFunc(rules, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return rules
}

// sortEvidence fixes the order of everything that several sources wrote.
func sortEvidence(e *Evidence) {
	slices.SortStableFunc(e.Gaps, func(a, b Gap) int {
		return cmp.Or(cmp.Compare(a.File, b.File), slices.Compare(a.Path, b.Path),
			cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortStableFunc(e.Claims, func(a, b Claim) int {
		return cmp.Or(cmp.Compare(a.Document, b.Document), cmp.Compare(a.Scheme, b.Scheme))
	})
}
