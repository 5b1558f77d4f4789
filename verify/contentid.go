package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// ContentID is the SHA-256 over the canonical list of (name, size, SHA-256) of
// all files. Unlike an OMS root digest it binds the names: a file that is
// renamed is another artifact. It keys all evidence. It returns "" when a file
// was not hashed whole, because then there is nothing to key by.
//
// The list is one line for each file, sorted by name: the length of the name,
// the name, the size and the digest, so that no name can imitate another line.
func ContentID(files []FileEvidence) string {
	h := sha256.New()
	fmt.Fprintf(h, "assay content id v1\n%d\n", len(files))
	for _, f := range files {
		if f.SHA256 == "" {
			return ""
		}
		fmt.Fprintf(h, "%d:%s %d %s\n", len(f.Name), f.Name, f.Size, f.SHA256)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
