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
