package attest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"assay/registry"
)

// suffixes are those of attestation files beside a model, as tools write them.
var suffixes = []string{".sigstore.json", ".intoto.jsonl", ".intoto.json"}

func isDocumentName(name string) bool {
	if strings.Contains(name, "/") || name == "claims.jsonl" {
		return name == "claims.jsonl"
	}
	for _, s := range suffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// find adds the documents at the top of the artifact. What only has the name of
// one and is none is left alone.
func (v *Verifier) find(ctx context.Context, a *registry.Artifact, c *check) error {
	for _, f := range a.Files {
		if !isDocumentName(f.Name) || f.Size > v.config.MaxDocument {
			continue
		}
		if len(c.inside) == maxDocuments {
			return fmt.Errorf("more than %d attestation documents in one model: give those to check", maxDocuments)
		}
		data, err := load(ctx, f)
		if err != nil {
			return fmt.Errorf("read %s: %w", f.Name, err)
		}
		if !looksSigned(data) {
			continue
		}
		list, err := v.split(Document{Name: f.Name, Data: data}, false)
		if err != nil {
			return err
		}
		c.inside[f.Name] = isWellFormed(list)
		c.attestations = append(c.attestations, list...)
	}
	return nil
}

// isWellFormed reports a document that holds attestations and nothing else: only
// such a one may be left out of what has to be attested.
func isWellFormed(list []*attestation) bool {
	for _, a := range list {
		if !a.formed {
			return false
		}
	}
	return len(list) > 0
}

func load(ctx context.Context, f registry.File) (data []byte, err error) {
	content, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	return io.ReadAll(io.LimitReader(io.NewSectionReader(content, 0, f.Size), f.Size))
}

// looksSigned reports a document with a DSSE envelope somewhere.
func looksSigned(data []byte) bool {
	return bytes.Contains(data, []byte(`"payloadType"`)) && bytes.Contains(data, []byte(`"signatures"`))
}

// split reads a document: one JSON value, however it is laid out, or one on each
// line. Each is verified by itself, and none lends another its standing.
func (v *Verifier) split(d Document, given bool) ([]*attestation, error) {
	lines := bytes.Split(bytes.TrimSpace(d.Data), []byte("\n"))
	first := bytes.TrimSpace(lines[0])
	if len(lines) == 1 || !bytes.HasPrefix(first, []byte("{")) || !bytes.HasSuffix(first, []byte("}")) {
		return []*attestation{v.read(d.Name, d.Data, given)}, nil
	}
	var list []*attestation
	for i, line := range lines {
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		if len(list) == maxLines {
			return nil, fmt.Errorf("%s: more than %d attestations in one document", d.Name, maxLines)
		}
		list = append(list, v.read(fmt.Sprintf("%s:%d", d.Name, i+1), line, given))
	}
	return list, nil
}
