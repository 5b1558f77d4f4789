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

// uuid names a finding at its place, in the form that GitLab wants: version 8 of
// RFC 9562, which is a digest.
func uuid(fingerprint, file string, offset int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d:%s", fingerprint, offset, len(file), file))
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
