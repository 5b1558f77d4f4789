package spdx

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"assay/sbom"
)

// namespace names a document after the content it describes and after all that
// it says: SPDX elements are immutable (Core, Element), so two documents that
// say different things about one artifact must not share ids. The host is the
// one that SPDX gives to creators without a place of their own.
func namespace(doc sbom.Document, opts Options) (string, error) {
	said, err := digest(doc, opts)
	if err != nil {
		return "", err
	}
	content := "unhashed"
	if algorithm, value, ok := strings.Cut(doc.Subject.ContentID.Text, ":"); ok && isHex(value) {
		content = strings.ToLower(algorithm) + "-" + value
	}
	return "https://spdx.org/spdxdocs/assay-" + content + "-" + said, nil
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && s != ""
}

// digest is over everything that the document will say, file by file, so that it
// does not hold a second copy of the document in memory.
func digest(doc sbom.Document, opts Options) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "spdx %s\n%s\n%q\n", opts.Version, opts.Created.Format(time.RFC3339), opts.Tool)
	enc := json.NewEncoder(h)
	for _, f := range doc.Files {
		if err := enc.Encode(f); err != nil {
			return "", err
		}
	}
	doc.Files = nil
	if err := enc.Encode(doc); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}

// fileID is the local id of the i-th file.
func fileID(i int) string { return fmt.Sprintf("file-%d", i+1) }
