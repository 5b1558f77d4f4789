package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"assay/registry"
	"assay/verify/hashing"
)

// settled is how long before a listing a file must have been left alone. A file
// written in the tick of the listing could be written again in the same tick
// (the problem that Git calls racy; two seconds are the tick of FAT).
const settled = 2 * time.Second

// AtRest names an artifact by what the file system says of its files, listed at
// the given time: when the name is the same later, nobody wrote them meanwhile, as
// far as the file system tells. It is "" when some file has no stamp or was
// written just now.
func AtRest(a *registry.Artifact, listed time.Time) string {
	h := sha256.New()
	fmt.Fprintf(h, "assay at rest v1\n%d\n", len(a.Files))
	for _, f := range a.Files {
		if f.Stamp.ID == "" || f.Stamp.Changed.After(listed.Add(-settled)) {
			return ""
		}
		fmt.Fprintf(h, "%d:%s %d:%s\n", len(f.Name), f.Name, len(f.Stamp.ID), f.Stamp.ID)
	}
	if len(a.Files) == 0 {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Recall gives what is known already of a file whose content is known to be that
// of earlier evidence, so that it need not be read. It is asked before a file is
// opened, from several goroutines.
type Recall func(f registry.File) (Known, bool)

// Known is what evidence says about one file.
type Known struct {
	File     FileEvidence
	Gaps     []Gap     // of this file
	Recorded time.Time // when it was read
}

// RecallAll takes all of a known artifact's files by their names: for an artifact
// of which the caller knows that it is the same.
func RecallAll(known Evidence, recorded time.Time) Recall {
	files := KnownFiles(known, recorded)
	return func(f registry.File) (Known, bool) {
		k, ok := files[f.Name]
		return k, ok
	}
}

// KnownFiles are the files of evidence by name. What the store promised, and
// whether it kept that, is left out: it is asked anew.
func KnownFiles(e Evidence, recorded time.Time) map[string]Known {
	files := make(map[string]Known, len(e.Files))
	for _, f := range e.Files {
		f.Declared = nil
		files[f.Name] = Known{File: f, Recorded: recorded}
	}
	for _, g := range e.Gaps {
		k, ok := files[g.File]
		if !ok || g.Code == GapOmitted || g.Code == GapDigest {
			continue
		}
		k.Gaps = append(k.Gaps, g)
		files[g.File] = k
	}
	return files
}

// remembered notes the time of the oldest file that was not read.
func (e *Evidence) remembered(results []fileResult) {
	var oldest time.Time
	for _, r := range results {
		if !r.recorded.IsZero() && (oldest.IsZero() || r.recorded.Before(oldest)) {
			oldest = r.recorded
		}
	}
	if !oldest.IsZero() {
		e.Artifact.Recorded = oldest.UTC().Format(time.RFC3339)
	}
}

// recall answers for a file without reading it, if somebody knows it and no digest
// is needed that nobody computed.
func (p Pipeline) recall(f registry.File, needs []HashNeed) (fileResult, bool) {
	if p.Recall == nil || p.HeadersOnly {
		return fileResult{}, false
	}
	known, ok := p.Recall(f)
	if !ok || known.File.Name != f.Name || known.File.Size != f.Size {
		return fileResult{}, false
	}
	sums, err := hashing.Known(known.File.SHA256, known.File.SHA512)
	if err != nil {
		return fileResult{}, false
	}
	for _, need := range needs {
		if _, ok := sums.Hex(need, 0); !ok {
			return fileResult{}, false
		}
	}
	r := fileResult{file: known.File, sums: sums, gaps: slices.Clone(known.Gaps), recorded: known.Recorded}
	r.file.Declared = declared(f)
	compareDeclared(f, &r)
	if p.Progress != nil {
		p.Progress.Read(f.Size)
	}
	return r, true
}
