package report

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"assay/verify"
)

// Fingerprint names a finding so that it is recognised when the file moves or
// is built again: rule, members and text, and neither the file's name nor its
// digest nor the offset.
func Fingerprint(f verify.Finding) string {
	h := sha256.New()
	for _, s := range append([]string{f.Rule, f.What}, f.Path...) {
		fmt.Fprintf(h, "%d:%s,", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// excusing knows which findings did not count, by file and fingerprint.
type excusing map[[2]string]string

func excuses(r verify.Report) excusing {
	x := make(excusing, len(r.Verdict.Excused))
	left := make(map[[2]string]int)
	for _, e := range r.Verdict.Excused {
		key := [2]string{e.File, e.Fingerprint}
		x[key] = e.By
		left[key]++
	}
	if len(x) == 0 {
		return x
	}
	for _, f := range r.Files {
		for _, finding := range f.Findings {
			left[[2]string{f.Name, Fingerprint(finding)}]--
		}
	}
	for key, n := range left {
		if n < 0 {
			delete(x, key) // one of several counts, and nothing tells them apart
		}
	}
	return x
}

// of says what excused a finding, "" when it counts.
func (x excusing) of(file, fingerprint string) string { return x[[2]string{file, fingerprint}] }
