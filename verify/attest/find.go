package attest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/registry"
	"assay/verify/internal/envelope"
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

// attached adds the attestations that the store keeps beside the artifact, as
// cosign and others put them into OCI registries: Sigstore bundles as referrers,
// and envelopes under a tag with their certificate in annotations.
func (v *Verifier) attached(ctx context.Context, a *registry.Artifact, c *check) error {
	if a.Attached == nil {
		return nil
	}
	documents, err := a.Attached(ctx)
	if err != nil {
		return err
	}
	for _, d := range documents {
		var b *envelope.Bundle
		text := d.Data
		var err error
		switch {
		case int64(len(d.Data)) > v.config.MaxDocument:
			return fmt.Errorf("%s: larger than %d bytes", d.Name, v.config.MaxDocument)
		case d.MediaType == mediaEnvelope:
			b, text, err = envelope.DecodeAttached(d)
		case strings.HasPrefix(d.MediaType, mediaBundle) && !envelope.IsMessageBundle(d.Data):
			b, err = envelope.DecodeAny(d.Data)
		default:
			continue
		}
		if err == nil && isSignature(b) {
			continue
		}
		c.attestations = append(c.attestations, v.checked(&attestation{name: d.Name}, b, text, err))
	}
	return nil
}

// Media types of attestations in OCI registries; that of bundles has a version
// behind it.
const (
	mediaEnvelope = "application/vnd.dsse.envelope.v1+json"
	mediaBundle   = "application/vnd.dev.sigstore.bundle"
)

// signatureTypes are predicate types of signatures, which have verifiers of their
// own.
var signatureTypes = []string{
	"https://model_signing/signature/v1.0", "https://model_signing/Digests/v0.1", "https://sigstore.dev/cosign/sign/v1",
}

func isSignature(b *envelope.Bundle) bool {
	var st struct {
		PredicateType string `json:"predicateType"`
	}
	return envelope.DecodeWide(b.Envelope.Payload, &st) == nil && slices.Contains(signatureTypes, st.PredicateType)
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
