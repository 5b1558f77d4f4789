package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
)

// Bounds on what is attached to one artifact, because whoever may write to the
// registry may attach without end (CVE-2023-46737, CVE-2024-29902, CVE-2024-29903).
const (
	maxPages       = 16
	maxReferrers   = 1024      // descriptors of one answer, of any type
	maxAttachments = 64        // signature documents
	maxAttachment  = 64 << 20  // bytes of one
	maxAttached    = 128 << 20 // bytes of all
)

// Types of referrers, and of the layers in them and in cosign's older tags, that
// hold signatures.
const (
	typeBundle    = "application/vnd.dev.sigstore.bundle" // and a version behind it
	typeNotary    = "application/vnd.cncf.notary.signature"
	typeCosign    = "application/vnd.dev.cosign.artifact.sig.v1+json"
	typeCosignAtt = "application/vnd.dev.cosign.artifact.att.v1+json"
)

var signatureLayers = []string{
	typeBundle,
	"application/vnd.dev.cosign.simplesigning.v1+json",
	"application/vnd.dsse.envelope.v1+json",
	"application/jose+json",
	"application/cose",
}

// maySign also takes descriptors whose registry does not know the type of an
// artifact and gives none, or that of its configuration.
func maySign(artifactType string) bool {
	return artifactType == "" || artifactType == typeEmpty || strings.HasPrefix(artifactType, typeBundle) || artifactType == typeNotary ||
		artifactType == typeCosign || artifactType == typeCosignAtt
}

func isSignatureLayer(mediaType string) bool {
	for _, t := range signatureLayers {
		if mediaType == t || t == typeBundle && strings.HasPrefix(mediaType, t) {
			return true
		}
	}
	return false
}

// attached finds the signature documents of one manifest: by the referrers
// interface, else by its fallback tag (distribution specification 1.1, "Listing
// Referrers"), and by the tags of cosign.
type attached struct {
	repo      repository
	subject   registry.Digest
	referrers func(context.Context) ([]descriptor, error)
	tagged    func(ctx context.Context, tag string) (*document, error)

	mu   sync.Mutex
	done bool
	list []registry.Attachment
	size int64
}

func (a *attached) documents(ctx context.Context) ([]registry.Attachment, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done {
		return a.list, nil
	}
	a.list, a.size = nil, 0
	if err := a.find(ctx); err != nil {
		return nil, fmt.Errorf("look for signatures of %s: %w", a.subject, err)
	}
	a.done = true
	return a.list, nil
}

func (a *attached) find(ctx context.Context) error {
	referrers, err := a.referrers(ctx)
	if err != nil {
		return err
	}
	for _, d := range referrers {
		if !maySign(d.ArtifactType) {
			continue
		}
		if err := a.addReferrer(ctx, d); err != nil {
			return err
		}
	}
	tag := a.subject.Algorithm + "-" + a.subject.Hex
	for _, suffix := range []string{".sig", ".att"} {
		doc, err := a.tagged(ctx, tag+suffix)
		if isNoTag(err) {
			continue
		} else if err != nil {
			return err
		}
		if err := a.addLayers(ctx, doc, "tag "+tag+suffix, false); err != nil {
			return err
		}
	}
	return nil
}

// addReferrer reads one referrer. One that was deleted is none.
func (a *attached) addReferrer(ctx context.Context, d descriptor) error {
	digest, err := d.digest()
	if err != nil {
		return err
	}
	doc, err := a.repo.manifest(ctx, digest.String())
	if errors.Is(err, registry.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.addLayers(ctx, doc, "referrer "+digest.String(), true)
}

// addLayers reads the documents in the layers of a manifest. A manifest that
// names another subject is about something else; one behind a tag may name none.
func (a *attached) addLayers(ctx context.Context, doc *document, name string, named bool) error {
	m, index, err := doc.parse()
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	case index || named && m.Subject == nil || m.Subject != nil && m.Subject.Digest != a.subject.String():
		return nil
	}
	for _, layer := range m.Layers {
		if !isSignatureLayer(layer.MediaType) {
			continue
		}
		data, err := a.read(ctx, layer)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		own := name
		if len(m.Layers) > 1 {
			own += " layer " + layer.Digest
		}
		a.list = append(a.list, registry.Attachment{Name: own, MediaType: layer.MediaType, Annotations: layer.Annotations, Data: data})
	}
	return nil
}

func (a *attached) read(ctx context.Context, layer descriptor) (data []byte, err error) {
	digest, err := layer.digest()
	if err != nil {
		return nil, err
	}
	if a.size += layer.Size; len(a.list) == maxAttachments || layer.Size > maxAttachment || a.size > maxAttached {
		return nil, fmt.Errorf("%w: more than %d signature documents, or of more than %d bytes", registry.ErrLimit, maxAttachments, maxAttached)
	}
	content, err := a.repo.open(ctx, cas.Blob{Name: layer.Digest, Size: layer.Size, Want: []registry.Digest{digest}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	return io.ReadAll(io.NewSectionReader(content, 0, min(content.Size(), maxAttachment)))
}

// referrers asks the registry, and looks at the fallback tag of one that does not
// know the question.
func (p *pull) referrers(ctx context.Context, subject registry.Digest) ([]descriptor, error) {
	var list []descriptor
	next := p.url("referrers", subject.String())
	for range maxPages {
		page, after, err := p.referrersPage(ctx, next)
		var status *fetch.StatusError
		if errors.As(err, &status) && len(list) == 0 && (status.Status == http.StatusNotFound || status.Status == http.StatusBadRequest ||
			status.Status == http.StatusNotAcceptable || status.Status == http.StatusMethodNotAllowed) {
			return p.fallback(ctx, subject)
		}
		if err != nil {
			return nil, err
		}
		if page == nil {
			return p.fallback(ctx, subject)
		}
		if list = append(list, page.Manifests...); len(list) > maxReferrers {
			return nil, fmt.Errorf("%w: more than %d referrers", registry.ErrLimit, maxReferrers)
		}
		if after == nil {
			return list, nil
		}
		next = after
	}
	return nil, fmt.Errorf("%w: more than %d pages of referrers", registry.ErrLimit, maxPages)
}

// referrersPage asks for one page. It is nil when the answer is none to this question.
func (p *pull) referrersPage(ctx context.Context, u *url.URL) (*manifest, *url.URL, error) {
	body, resp, err := p.source.cfg.Client.Document(ctx, fetch.Request{
		URL: u, Origin: p.origin, Header: http.Header{"Accept": {string(types.OCIImageIndex)}},
	}, maxManifest)
	if err != nil {
		return nil, nil, p.explain("referrers", err)
	}
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	if strings.TrimSpace(kind) != string(types.OCIImageIndex) {
		return nil, nil, nil
	}
	m := new(manifest)
	if err := json.Unmarshal(body, m); err != nil {
		return nil, nil, fmt.Errorf("%w: referrers: not strict JSON", errManifest)
	}
	after, err := nextPage(u, resp.Header)
	return m, after, err
}

// nextPage reads Link: <url>; rel="next". It stays at the same question.
func nextPage(u *url.URL, h http.Header) (*url.URL, error) {
	for _, link := range h.Values("Link") {
		target, parameters, ok := strings.Cut(link, ">")
		target, ok2 := strings.CutPrefix(strings.TrimSpace(target), "<")
		if !ok || !ok2 || !strings.Contains(parameters, `rel="next"`) && !strings.Contains(parameters, "rel=next") {
			continue
		}
		next, err := u.Parse(target)
		if err != nil || next.Scheme != u.Scheme || next.Host != u.Host || next.Path != u.Path || next.User != nil {
			return nil, fmt.Errorf("%w: the next page of referrers is elsewhere", fetch.ErrProtocol)
		}
		return next, nil
	}
	return nil, nil
}

// fallback reads the index under the tag that stands in for the interface.
func (p *pull) fallback(ctx context.Context, subject registry.Digest) ([]descriptor, error) {
	doc, err := p.manifest(ctx, fallbackTag(subject))
	if isNoTag(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, index, err := doc.parse()
	if err != nil || !index {
		return nil, fmt.Errorf("tag %s: %w", fallbackTag(subject), errors.Join(err, errManifest))
	}
	if len(m.Manifests) > maxReferrers {
		return nil, fmt.Errorf("%w: more than %d referrers", registry.ErrLimit, maxReferrers)
	}
	return m.Manifests, nil
}

// isNoTag reports that there is no such tag. A registry in front of another kind of
// store, where not every text is a tag, calls it a bad request.
func isNoTag(err error) bool {
	var status *fetch.StatusError
	return errors.Is(err, registry.ErrNotFound) || errors.As(err, &status) && status.Status == http.StatusBadRequest
}

// fallbackTag cuts what is too long for a tag (distribution specification 1.1,
// "Referrers Tag Schema").
func fallbackTag(d registry.Digest) string {
	return d.Algorithm[:min(32, len(d.Algorithm))] + "-" + d.Hex[:min(64, len(d.Hex))]
}
