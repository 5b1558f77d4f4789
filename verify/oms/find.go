package oms

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"assay/registry"
	"assay/verify/internal/envelope"
)

// defaultName is the bundle's name by the reference implementation.
const defaultName = "model.sig"

// maxDocuments is the number of bundles in one artifact.
const maxDocuments = 32

// sniffSize is how much of a file is read to see whether it is a bundle.
const sniffSize = 4096

// documents returns the bundles to check, with their data.
func (v *Verifier) documents(ctx context.Context, a *registry.Artifact) ([]Bundle, error) {
	if len(v.config.Bundles) > 0 {
		return v.given(ctx, a)
	}
	var found []Bundle
	for _, f := range a.Files {
		if strings.Contains(f.Name, "/") || !strings.HasSuffix(f.Name, ".sig") {
			continue
		}
		data, err := v.load(ctx, f, f.Name != defaultName)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
		if data == nil || isForeign(data) || f.Name != defaultName && isOther(data) {
			continue
		}
		if len(found) == maxDocuments {
			return nil, fmt.Errorf("more than %d signature bundles in one model: name the one to check", maxDocuments)
		}
		found = append(found, Bundle{Name: f.Name, Data: data})
	}
	beside, err := attached(ctx, a)
	return append(found, beside...), err
}

// attached are the bundles that a registry keeps beside the artifact.
func attached(ctx context.Context, a *registry.Artifact) ([]Bundle, error) {
	if a.Attached == nil {
		return nil, nil
	}
	documents, err := a.Attached(ctx)
	if err != nil {
		return nil, err
	}
	var found []Bundle
	for _, d := range documents {
		if strings.HasPrefix(d.MediaType, "application/vnd.dev.sigstore.bundle") && isOurs(d.Data) {
			found = append(found, Bundle{Name: d.Name, Data: d.Data, beside: true})
		}
	}
	return found, nil
}

// isOurs reports a bundle with a statement that says it is a model signature.
func isOurs(data []byte) bool {
	b, err := envelope.Decode(data, false)
	if err != nil {
		return false
	}
	st, _, _ := decodeStatement(b.Envelope.Payload)
	return st.PredicateType == PredicateType || st.PredicateType == OldPredicateType
}

// given fills in the data of bundles that are named only.
func (v *Verifier) given(ctx context.Context, a *registry.Artifact) ([]Bundle, error) {
	bundles := make([]Bundle, len(v.config.Bundles))
	for i, b := range v.config.Bundles {
		bundles[i] = b
		if b.Data != nil {
			continue
		}
		f, err := find(a, b.Name)
		if err != nil {
			return nil, err
		}
		if bundles[i].Data, err = v.load(ctx, f, false); err != nil {
			return nil, fmt.Errorf("read %s: %w", b.Name, err)
		}
	}
	return bundles, nil
}

func find(a *registry.Artifact, name string) (registry.File, error) {
	for _, f := range a.Files {
		if f.Name == name {
			return f, nil
		}
	}
	return registry.File{}, fmt.Errorf("no signature bundle %q in the model: %w", name, registry.ErrNotFound)
}

// load reads a file of at most MaxBundle bytes. When it only may be a bundle and
// does not look like one, the result is nil.
func (v *Verifier) load(ctx context.Context, f registry.File, sniff bool) (data []byte, err error) {
	content, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	if sniff {
		head := make([]byte, min(sniffSize, content.Size()))
		if _, err := content.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if !looksLikeBundle(head) {
			return nil, nil
		}
	}
	if content.Size() > v.config.MaxBundle {
		return nil, fmt.Errorf("larger than %d bytes: raise the limit for signature bundles", v.config.MaxBundle)
	}
	return io.ReadAll(io.LimitReader(io.NewSectionReader(content, 0, content.Size()), v.config.MaxBundle))
}

// looksLikeBundle reports whether the first bytes are those of a JSON document;
// detached signatures of other tools are binary or begin with a line of text.
func looksLikeBundle(head []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(head, " \t\r\n"), []byte("{"))
}

// isForeign reports the text of a detached signature by another tool, which may
// well be called model.sig: OpenPGP, OpenSSH, minisign.
func isForeign(data []byte) bool {
	return bytes.HasPrefix(data, []byte("-----BEGIN PGP SIGNATURE-----")) ||
		bytes.HasPrefix(data, []byte("-----BEGIN SSH SIGNATURE-----")) ||
		bytes.HasPrefix(data, []byte("untrusted comment:"))
}

// isOther reports a document that says itself that it is something else: another
// kind of JSON, a bundle without envelope, an attestation of another type.
func isOther(data []byte) bool {
	b, err := envelope.Decode(data, false)
	if err != nil {
		return !bytes.Contains(data, []byte(`"dsseEnvelope"`))
	}
	st, _, _ := decodeStatement(b.Envelope.Payload)
	return st.PredicateType != "" && st.PredicateType != PredicateType && st.PredicateType != OldPredicateType
}

func baseName(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}
