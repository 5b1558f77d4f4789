package verify

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"assay/registry"
	"assay/scanners"
)

// cross runs the checks across files and adds what they find to the files that
// the findings are about. Files that are known from earlier evidence have those
// findings already, and no outline to find them again by.
func (p Pipeline) cross(ctx context.Context, files []registry.File, results []fileResult) ([]fileResult, []Gap) {
	if slices.ContainsFunc(results, func(r fileResult) bool { return !r.recorded.IsZero() }) {
		return results, nil
	}
	list := make([]scanners.CrossFile, len(results))
	index := make(map[string]int, len(results))
	for i, r := range results {
		list[i] = scanners.CrossFile{Name: r.file.Name, Size: r.file.Size, Report: r.report, Programs: r.programs, Open: p.reopen(files[i], r)}
		index[r.file.Name] = i
	}
	found, err := scanners.Cross(ctx, p.Scanners, list)
	var gaps []Gap
	if err != nil {
		gaps = append(gaps, Gap{Code: scanners.GapInternal, Reason: "checks across files: " + err.Error()})
	}
	touched := make(map[int]bool)
	for _, plain := range found.Plain {
		if i, ok := index[plain.File]; ok {
			results[i].plain(plain.Spans)
		}
	}
	for _, f := range found.Findings {
		i, ok := index[f.File]
		if !ok {
			gaps = append(gaps, Gap{Code: scanners.GapInternal, Reason: fmt.Sprintf("a check across files found %s in a file that is not there", f.Rule)})
			continue
		}
		results[i].file.Findings = append(results[i].file.Findings, written(f.Finding))
		results[i].file.Classification = results[i].file.Classification.Worse(p.classOf(f.Rule).At(f.Severity))
		touched[i] = true
	}
	for i := range touched {
		slices.SortStableFunc(results[i].file.Findings, compareFindings)
	}
	for i := range results {
		results[i].report = scanners.FileReport{} // outlines are large
	}
	return results, gaps
}

// plain makes a file opaque that another one's loader reads as numbers, from its
// first byte to its last. What only said that the format is not known, or that
// numbers begin like some format and break off, is withdrawn; what would harm
// whoever reads the file otherwise stays.
func (r *fileResult) plain(spans scanners.Spans) {
	understood := r.file.Coverage.Complete() && len(r.gaps) == 0 // and then needs no excuse
	if understood || spans.Total(r.file.Size) != r.file.Size {
		return
	}
	r.gaps = slices.DeleteFunc(r.gaps, func(g Gap) bool {
		return g.Code == scanners.GapUnrecognised || g.Code == scanners.GapUncovered || g.Code == scanners.GapBroken
	})
	r.file.Findings = slices.DeleteFunc(r.file.Findings, func(f Finding) bool { return !f.Severity.AtLeast(scanners.High) })
	if len(r.gaps)+len(r.file.Findings) > 0 {
		return
	}
	r.file.Coverage = scanners.Coverage{Parsed: r.file.Coverage.Parsed, Opaque: r.file.Size - r.file.Coverage.Parsed}
	r.file.Classification = scanners.Clean
}

// reopen gives the content of a file once more. One that was not read whole is not
// compared: what is there now may not be what was looked at.
func (p Pipeline) reopen(f registry.File, r fileResult) func(context.Context) (scanners.CrossContent, error) {
	if p.HeadersOnly || r.file.SHA256 == "" {
		return nil
	}
	return func(ctx context.Context) (scanners.CrossContent, error) {
		content, err := f.Open(ctx)
		if err != nil {
			return nil, err
		}
		if content.Size() != f.Size {
			return nil, fmt.Errorf("%d bytes were announced, %d are there", f.Size, content.Size())
		}
		return content, nil
	}
}

func (p Pipeline) classOf(rule string) scanners.Class {
	for _, s := range p.Scanners {
		for _, r := range s.Info().Rules {
			if r.ID == rule {
				return r.Class
			}
		}
	}
	return scanners.Unknown
}

// compareFindings is the order of findings in a file: the worst first.
func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Severity, b.Severity), slices.Compare(a.Path, b.Path),
		cmp.Compare(a.Offset, b.Offset), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.What, b.What))
}
