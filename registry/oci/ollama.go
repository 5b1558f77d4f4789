package oci

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
)

// Ollama is the Source of Ollama's registry and of others that answer as it does.
//
//	ollama://[host/][namespace/]model[:tag|@sha256:...]
//
// The host is registry.ollama.ai, the namespace "library", the tag "latest" when
// they are not given; hf.co serves the GGUF models of the Hub this way. A layer's
// file is named after what it is for: model.gguf, template, params.json. Pulls are
// anonymous: models that are private to an Ollama key are not served.
type Ollama struct{ cfg OllamaConfig }

var _ registry.Source = (*Ollama)(nil)

// OllamaConfig configures an Ollama.
type OllamaConfig struct {
	Offline         bool
	Client          *fetch.Client
	Store           *cas.Store
	UnsafePlainHTTP []string // hosts that may be spoken to without encryption
}

// NewOllama returns the Source.
func NewOllama(cfg OllamaConfig) *Ollama { return &Ollama{cfg} }

// Scheme is "ollama".
func (*Ollama) Scheme() string { return "ollama" }

// Resolve turns the tag into the digest of its manifest and lists its layers.
func (s *Ollama) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	m, err := parseOllama(ref, ref.Rest)
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
	digest := manifestDigest(text)
	if !m.digest.IsZero() && m.digest != digest {
		return nil, fmt.Errorf("%w: manifest asked for %s, got %s", registry.ErrDigest, m.digest, digest)
	}
	a := &registry.Artifact{
		Ref: ref, Pinned: "ollama://" + m.repository() + "@" + digest.String(), Kind: registry.KindModel,
		Identity: registry.Identity{Name: m.repository(), Owner: m.namespace, Revision: digest.String()},
	}
	if err := list(ctx, a, p, text, ollamaManifest, ollamaLayer); err != nil {
		return nil, fmt.Errorf("list %s: %w", ref, err)
	}
	return a, nil
}

const ollamaManifest = "application/vnd.docker.distribution.manifest.v2+json"

// ollamaFiles are the names of the layers, by what Ollama calls them (server/images.go).
// "template" and "system" have no ending, as in a Modelfile.
var ollamaFiles = map[string]string{
	"model": "model.gguf", "projector": "projector.gguf", "adapter": "adapter.gguf", "draft": "draft.gguf", "embed": "embed",
	"template": "template", "prompt": "template", "system": "system", "params": "params.json", "messages": "messages.json", "license": "LICENSE",
}

// ollamaLayer names the file of a layer: by its own name when it has one (tensors and
// configurations), else by what it is for.
func ollamaLayer(l layer) string {
	if l.Name != "" {
		return l.Name
	}
	kind, ok := strings.CutPrefix(l.MediaType, "application/vnd.ollama.image.")
	if !ok {
		return ""
	}
	return ollamaFiles[kind]
}

// ollamaModel is a model of a registry, at a tag or a digest.
type ollamaModel struct {
	host, namespace, name, tag string
	digest                     registry.Digest
}

func (m ollamaModel) repository() string { return m.host + "/" + m.namespace + "/" + m.name }

// Parts of a name, as Ollama accepts them (types/model/name.go), but for dots alone.
var (
	ollamaPart = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	ollamaHost = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(:[0-9]{1,5})?$`)
)

func parseOllama(ref registry.Reference, rest string) (m ollamaModel, err error) {
	bad := func() (ollamaModel, error) {
		return ollamaModel{}, fmt.Errorf("%w: %s (want %s[host/][namespace/]model[:tag])", registry.ErrReference, ref, strings.TrimSuffix(registry.Reference{Scheme: ref.Scheme, Rest: "x"}.String(), "x"))
	}
	m = ollamaModel{host: "registry.ollama.ai", namespace: "library", tag: "latest"}
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
	if !ollamaHost.MatchString(m.host) || strings.Contains(m.host, "..") {
		return bad()
	}
	for _, p := range []string{m.namespace, m.name, m.tag} {
		if !ollamaPart.MatchString(p) || strings.Contains(p, "..") {
			return bad()
		}
	}
	return m, nil
}

// ollamaPull reads from one repository.
type ollamaPull struct {
	ollamaModel
	source *Ollama
	scheme string
}

var _ blobs = (*ollamaPull)(nil)

func (s *Ollama) pull(m ollamaModel) *ollamaPull {
	p := &ollamaPull{ollamaModel: m, source: s, scheme: "https"}
	if remote.Plain(s.cfg.UnsafePlainHTTP).Allows(m.host) {
		p.scheme = "http"
	}
	return p
}

func (p *ollamaPull) url(collection, identifier string) *url.URL {
	return &url.URL{Scheme: p.scheme, Host: p.host, Path: "/v2/" + p.namespace + "/" + p.name + "/" + collection + "/" + identifier}
}

// find reads the manifest that the reference names. By digest, Ollama's registry
// has it among its blobs.
func (p *ollamaPull) find(ctx context.Context) ([]byte, error) {
	if p.digest.IsZero() {
		return p.document(ctx, p.url("manifests", p.tag))
	}
	return p.Manifest(ctx, p.digest)
}

// Manifest reads a manifest by its digest.
func (p *ollamaPull) Manifest(ctx context.Context, d registry.Digest) ([]byte, error) {
	text, err := p.document(ctx, p.url("manifests", d.String()))
	if errors.Is(err, registry.ErrNotFound) {
		text, err = p.document(ctx, p.url("blobs", d.String()))
	}
	return text, err
}

func (p *ollamaPull) document(ctx context.Context, u *url.URL) ([]byte, error) {
	text, _, err := p.source.cfg.Client.Document(ctx, fetch.Request{URL: u, Header: http.Header{"Accept": {ollamaManifest}}}, maxManifest)
	return text, p.explain(err)
}

func (p *ollamaPull) file(b cas.Blob) registry.File {
	store := remote.Store{Client: p.source.cfg.Client, Cache: p.source.cfg.Store, Offline: p.source.cfg.Offline, Explain: p.explain}
	e := remote.Entry{Name: b.Name, Size: b.Size, Request: fetch.Request{URL: p.url("blobs", b.Want[0].String())}}
	for _, d := range b.Want {
		e.Declared = append(e.Declared, registry.Declared{Digest: d})
	}
	return store.File(e)
}

// Open fetches a blob.
func (p *ollamaPull) Open(ctx context.Context, b cas.Blob) (registry.Content, error) {
	return p.file(b).Open(ctx)
}

// OpenRanges gives access to a blob without fetching it.
func (p *ollamaPull) OpenRanges(ctx context.Context, b cas.Blob) (registry.Content, error) {
	return p.file(b).OpenRanges(ctx)
}

func (p *ollamaPull) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, registry.ErrAccess):
		return fmt.Errorf("%s is private, or not there: only public models can be pulled: %w", p.repository(), err)
	}
	return fmt.Errorf("%s: %w", p.repository(), err)
}
