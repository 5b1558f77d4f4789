package spdx

import (
	"encoding/hex"
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
	said, err := doc.Digest("spdx "+string(opts.Version), opts.Created.Format(time.RFC3339), opts.Tool, opts.Author)
	if err != nil {
		return "", err
	}
	content := "unhashed"
	if algorithm, value, ok := strings.Cut(doc.Subject.ContentID.Text, ":"); ok && algorithm == "sha256" && isHex(value) {
		content = algorithm + "-" + value
	}
	return "https://spdx.org/spdxdocs/assay-" + content + "-" + hex.EncodeToString(said[:8]), nil
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil && s != ""
}

// fileID is the local id of the i-th file.
func fileID(i int) string { return fmt.Sprintf("file-%d", i+1) }
