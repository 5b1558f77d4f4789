// Package ollama is the Source of Ollama's registry, of others that answer as it
// does, and of the store that Ollama keeps on this machine.
//
//	ollama://[host/][namespace/]model[:tag|@sha256:...]
//	ollama-store:[STORE//][host/][namespace/]model[:tag]
//
// The host is registry.ollama.ai, the namespace "library", the tag "latest" when
// they are not given; hf.co serves the GGUF models of the Hub this way. STORE is
// the folder that holds "manifests" and "blobs"; without it, the one of the
// environment (OLLAMA_MODELS, else ~/.ollama/models). A layer's file is named after
// what it is for: model.gguf, template, params.json.
//
// # Security
//
// A tag is resolved to a digest by hashing the manifest, once; everything after it
// is asked for by digest and compared with it. Digests are parsed before they become
// part of a URL or a path (CVE-2024-37032). Pulls are anonymous: models that are
// private to an Ollama key are not served. Plain http is spoken with this machine
// and with hosts that were named for it. In the store, links are not followed out
// of it, and what is there is compared with its name by whoever reads it.
package ollama

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
	"assay/registry/internal/remote"
	"assay/registry/oci"
)

// Config configures a Source.
type Config struct {
	Offline         bool
	Client          *fetch.Client
	Store           *cas.Store
	UnsafePlainHTTP []string // hosts that may be spoken to without encryption
}

// Source resolves references to registries.
type Source struct{ cfg Config }

var _ registry.Source = (*Source)(nil)

// New returns a Source.
func New(cfg Config) *Source { return &Source{cfg} }

// Scheme is "ollama".
func (*Source) Scheme() string { return "ollama" }

// Resolve turns the tag into the digest of its manifest and lists its layers.
func (s *Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	m, err := parse(ref, ref.Rest)
	if err != nil {
		return nil, err
	}
	if s.cfg.Offline {
		return nil, fmt.Errorf("%w: %s", registry.ErrOffline, ref)
	}
	p := s.pull(m)
	text, err := p.find(ctx)
	if err != nil {
		return nil, err
	}
	digest := oci.DigestOf(text)
	if !m.digest.IsZero() && m.digest != digest {
		return nil, fmt.Errorf("%w: manifest asked for %s, got %s", registry.ErrDigest, m.digest, digest)
	}
	a := &registry.Artifact{
		Ref: ref, Pinned: "ollama://" + m.repository() + "@" + digest.String(), Kind: registry.KindModel,
		Identity: registry.Identity{Name: m.repository(), Owner: m.namespace, Revision: digest.String()},
	}
	if err := oci.List(ctx, a, p, text, manifestType, layerName); err != nil {
		return nil, fmt.Errorf("list %s: %w", ref, err)
	}
	return a, nil
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

// files are the names of the layers, by what Ollama calls them (server/images.go).
// "template" and "system" have no ending, as in a Modelfile.
var files = map[string]string{
	"model": "model.gguf", "projector": "projector.gguf", "adapter": "adapter.gguf", "draft": "draft.gguf", "embed": "embed",
	"template": "template", "prompt": "template", "system": "system", "params": "params.json", "messages": "messages.json", "license": "LICENSE",
}

// layerName names the file of a layer: by its own name when it has one (tensors and
// configurations), else by what it is for.
func layerName(l oci.Layer) string {
	if l.Name != "" {
		return l.Name
	}
	kind, ok := strings.CutPrefix(l.MediaType, "application/vnd.ollama.image.")
	if !ok {
		return ""
	}
	return files[kind]
}

// model is a model of a registry, at a tag or a digest.
type model struct {
	host, namespace, name, tag string
	digest                     registry.Digest
}

func (m model) repository() string { return m.host + "/" + m.namespace + "/" + m.name }

// Parts of a name, as Ollama accepts them (types/model/name.go), but for dots alone.
var (
	part     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	hostPart = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?$`)
)

func parse(ref registry.Reference, rest string) (m model, err error) {
	bad := func() (model, error) {
		return model{}, fmt.Errorf("%w: %s (want %s[host/][namespace/]model[:tag])", registry.ErrReference, ref, strings.TrimSuffix(registry.Reference{Scheme: ref.Scheme, Rest: "x"}.String(), "x"))
	}
	m = model{host: "registry.ollama.ai", namespace: "library", tag: "latest"}
	rest, digest, pinned := strings.Cut(rest, "@")
	if pinned {
		if m.digest, err = registry.ParseDigest(digest); err != nil || m.digest.Algorithm != "sha256" {
			return bad()
		}
	}
	parts := strings.Split(rest, "/")
	last := parts[len(parts)-1]
	m.name = last
	if name, tag, ok := strings.Cut(last, ":"); ok {
		m.name, m.tag = name, tag
	}
	switch len(parts) {
	case 3:
		m.host, m.namespace = parts[0], parts[1]
	case 2:
		m.namespace = parts[0]
	case 1:
	default:
		return bad()
	}
	if !hostPart.MatchString(m.host) || strings.Contains(m.host, "..") {
		return bad()
	}
	for _, p := range []string{m.namespace, m.name, m.tag} {
		if !part.MatchString(p) || strings.Contains(p, "..") {
			return bad()
		}
	}
	return m, nil
}

// pull reads from one repository.
type pull struct {
	model
	source *Source
	scheme string
}

var _ oci.Repository = (*pull)(nil)

func (s *Source) pull(m model) *pull {
	p := &pull{model: m, source: s, scheme: "https"}
	if remote.Plain(s.cfg.UnsafePlainHTTP).Allows(m.host) {
		p.scheme = "http"
	}
	return p
}

func (p *pull) url(collection, identifier string) *url.URL {
	return &url.URL{Scheme: p.scheme, Host: p.host, Path: "/v2/" + p.namespace + "/" + p.name + "/" + collection + "/" + identifier}
}

// maxManifest is far more than a manifest of Ollama, in bytes.
const maxManifest = 4 << 20

// find reads the manifest that the reference names. By digest, Ollama's registry
// has it among its blobs.
func (p *pull) find(ctx context.Context) ([]byte, error) {
	if p.digest.IsZero() {
		return p.document(ctx, p.url("manifests", p.tag))
	}
	return p.Manifest(ctx, p.digest)
}

// Manifest reads a manifest by its digest.
func (p *pull) Manifest(ctx context.Context, d registry.Digest) ([]byte, error) {
	text, err := p.document(ctx, p.url("manifests", d.String()))
	if errors.Is(err, registry.ErrNotFound) {
		text, err = p.document(ctx, p.url("blobs", d.String()))
	}
	return text, err
}

func (p *pull) document(ctx context.Context, u *url.URL) ([]byte, error) {
	text, _, err := p.source.cfg.Client.Document(ctx, fetch.Request{URL: u, Header: http.Header{"Accept": {manifestType}}}, maxManifest)
	return text, p.explain(err)
}

func (p *pull) file(b cas.Blob) registry.File {
	store := remote.Store{Client: p.source.cfg.Client, Cache: p.source.cfg.Store, Offline: p.source.cfg.Offline, Explain: p.explain}
	e := remote.Entry{Name: b.Name, Size: b.Size, Request: fetch.Request{URL: p.url("blobs", b.Want[0].String())}}
	for _, d := range b.Want {
		e.Declared = append(e.Declared, registry.Declared{Digest: d})
	}
	return store.File(e)
}

// Open fetches a blob.
func (p *pull) Open(ctx context.Context, b cas.Blob) (registry.Content, error) {
	return p.file(b).Open(ctx)
}

// OpenRanges gives access to a blob without fetching it.
func (p *pull) OpenRanges(ctx context.Context, b cas.Blob) (registry.Content, error) {
	return p.file(b).OpenRanges(ctx)
}

func (p *pull) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, registry.ErrAccess):
		return fmt.Errorf("%s is private, or not there: only public models can be pulled: %w", p.repository(), err)
	}
	return fmt.Errorf("%s: %w", p.repository(), err)
}
