package safetensors

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/jsontok"
)

// maxDocuments bounds the values of the metadata that are handed on.
const maxDocuments = 256

// documentSigns are in a text that a loader may read as YAML and call something
// for: keys of Hydra, LightningCLI and latent diffusion, tags, and escapes that
// could hide them.
var documentSigns = []string{"target", "class_path", "callable", "import_path", "()", "auto_map", "trust_remote_code", "!", "%TAG", `\x`, `\u`, `\U`}

// addDocument hands on a value that is a configuration in JSON or YAML: trainers
// keep theirs there, and their loaders build the model by it. It is judged as a
// file with that text is.
func (h *header) addDocument(t jsontok.Token) {
	text := bytes.TrimSpace(t.Text)
	ext := ""
	switch {
	case len(text) == 0:
	case text[0] == '{' || text[0] == '[':
		ext = ".json"
	case bytes.IndexByte(text, ':') >= 0 && slices.ContainsFunc(documentSigns, func(sign string) bool { return bytes.Contains(text, []byte(sign)) }):
		ext = ".yaml"
	}
	if ext == "" {
		return
	}
	if len(h.result.Members) >= maxDocuments {
		h.fail(t.Offset, "more than %d documents in the metadata", maxDocuments)
		return
	}
	value := string(t.Text)
	h.result.Members = append(h.result.Members, scanners.Member{
		Name: fmt.Sprintf("metadata.%d%s", len(h.result.Members)+1, ext), Size: int64(len(value)), Span: scanners.Span{Off: t.Offset, Len: t.End - t.Offset},
		Open: func() (io.Reader, error) { return strings.NewReader(value), nil }})
}
