package oci

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"assay/registry"
)

// Media types of the CNCF model specification (specs-go/v1/mediatype.go).
const (
	modelManifestType = "application/vnd.cncf.model.manifest.v1+json"
	modelConfigType   = "application/vnd.cncf.model.config.v1+json"
	modelPath         = "org.cncf.model.filepath"
)

// Push writes an artifact into a repository as a model of the CNCF specification:
// one layer for each file, its bytes as they are, named by its path. The same
// artifact always gives the same manifest. What comes from a registry is copied as
// it is, with what refers to it. The digests are the SHA-256 of every
// file as they were judged, in hex: other bytes are not written (registry.ErrDigest).
// It returns the artifact's name in the repository, by the digest of its manifest.
// The tag of ref, if it has one, is moved last, when everything is there.
func (s *Source) Push(ctx context.Context, a *registry.Artifact, digests map[string]string, ref registry.Reference) (pinned string, err error) {
	target, err := s.parse(ref)
	if err != nil {
		return "", err
	}
	if s.cfg.Offline {
		return "", fmt.Errorf("%w: %s", registry.ErrOffline, ref)
	}
	if _, ok := target.(name.Digest); ok {
		return "", fmt.Errorf("%w: %s: name a tag to write to, the digest follows from the content", registry.ErrReference, ref)
	}
	if a.Ref.Scheme == s.Scheme() && a.Pinned != "" {
		return s.copyPinned(ctx, a.Pinned, target)
	}
	model, config, err := describe(a, digests)
	if err != nil {
		return "", err
	}
	doc, err := encode(model)
	if err != nil {
		return "", err
	}
	w, err := s.writer(ctx, target.Context())
	if err != nil {
		return "", err
	}
	if err := w.blob(static.NewLayer(config, modelConfigType)); err != nil {
		return "", err
	}
	for i, f := range a.Files {
		if err := w.blob(&fileLayer{ctx: ctx, file: f, about: model.Layers[i]}); err != nil {
			return "", fmt.Errorf("write %s: %w", f.Name, err)
		}
	}
	// By its digest first and by the tag last, so that the tag never names something
	// that is not there.
	for _, ref := range []name.Reference{w.repo.Digest(doc.digest.String()), target} {
		if err := w.put(ref, doc); err != nil {
			return "", err
		}
	}
	return "oci://" + w.repo.Name() + "@" + doc.digest.String(), nil
}

// describe writes the manifest and the configuration it names.
func describe(a *registry.Artifact, digests map[string]string) (m *v1.Manifest, config []byte, err error) {
	c := modelConfig{Descriptor: modelDescriptor{Name: a.Identity.Name, Revision: a.Identity.Revision}}
	c.FS.Type, c.FS.DiffIDs = "layers", []string{}
	m = &v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: modelManifestType, Layers: []v1.Descriptor{}}
	for _, f := range a.Files {
		digest, err := registry.NewDigest("sha256", digests[f.Name])
		if err != nil {
			return nil, nil, fmt.Errorf("%s has no digest to be written under: %w", f.Name, err)
		}
		c.FS.DiffIDs = append(c.FS.DiffIDs, digest.String())
		m.Layers = append(m.Layers, v1.Descriptor{
			MediaType: mediaType(f.Name, a.Kind), Size: f.Size, Digest: v1.Hash{Algorithm: digest.Algorithm, Hex: digest.Hex},
			Annotations: map[string]string{modelPath: f.Name},
		})
	}
	if config, err = json.Marshal(c, json.Deterministic(true)); err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(config)
	m.Config = v1.Descriptor{MediaType: modelConfigType, Size: int64(len(config)), Digest: v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}}
	return m, config, nil
}

// modelConfig is the configuration of the CNCF model specification, as far as it
// can be known without reading the model. No time: it would change the digest.
type modelConfig struct {
	Descriptor modelDescriptor `json:"descriptor"`
	Config     struct{}        `json:"config"`
	FS         struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diffIds"`
	} `json:"modelfs"`
}

type modelDescriptor struct {
	Name     string `json:"name,omitempty"`
	Revision string `json:"revision,omitempty"`
}

// layerTypes are the kinds of layer by the ending of the file name; anything else
// is a weight's configuration.
var layerTypes = map[string]string{
	".safetensors": "weight", ".gguf": "weight", ".ggml": "weight", ".bin": "weight", ".pt": "weight", ".pth": "weight",
	".ckpt": "weight", ".onnx": "weight", ".h5": "weight", ".keras": "weight", ".msgpack": "weight", ".tflite": "weight",
	".pb": "weight", ".pkl": "weight", ".joblib": "weight", ".npz": "weight", ".ot": "weight",
	".md": "doc", ".txt": "doc", ".rst": "doc", ".pdf": "doc", ".png": "doc", ".jpg": "doc", ".svg": "doc", "": "doc",
	".py": "code", ".sh": "code", ".ipynb": "code", ".ps1": "code", ".js": "code",
}

func mediaType(file string, kind registry.Kind) types.MediaType {
	what, ok := layerTypes[strings.ToLower(path.Ext(path.Base(file)))]
	switch {
	case kind == registry.KindDataset && what != "doc":
		what = "dataset"
	case !ok:
		what = "weight.config"
	}
	return types.MediaType("application/vnd.cncf.model." + what + ".v1.raw")
}

// writer writes into one repository.
type writer struct {
	repo    name.Repository
	options []remote.Option
	secure  secure
}

func (s *Source) writer(ctx context.Context, repo name.Repository) (*writer, error) {
	auth, err := s.credentials(ctx, repo)
	if err != nil {
		return nil, fmt.Errorf("read the credentials for %s from the Docker configuration: %w", repo.RegistryStr(), err)
	}
	base := secure{next: s.cfg.Client.Transport(), plain: s.isPlain, content: "/v2/" + repo.RepositoryStr() + "/", patience: s.cfg.Client.Stall()}
	return &writer{repo: repo, secure: base, options: []remote.Option{
		remote.WithContext(ctx), remote.WithAuth(auth), remote.WithTransport(base), remote.WithJobs(1),
	}}, nil
}

func (w *writer) blob(layer v1.Layer) error {
	return w.explain(remote.WriteLayer(w.repo, layer, w.options...))
}

// encode refuses a manifest that registries do not take, before anything is written.
func encode(m *v1.Manifest) (*document, error) {
	body, err := json.Marshal(m, json.Deterministic(true), jsontext.Multiline(false))
	if err != nil {
		return nil, err
	}
	if len(body) > maxManifest {
		return nil, fmt.Errorf("%w: a manifest of %d files has %d bytes, registries take %d: pack the files into archives first",
			registry.ErrLimit, len(m.Layers), len(body), maxManifest)
	}
	digest, err := digestOf("sha256", body)
	return &document{digest: digest, kind: string(m.MediaType), body: body}, err
}

func (w *writer) put(ref name.Reference, doc *document) error {
	if err := w.explain(remote.Put(ref, rawManifest{doc}, w.options...)); err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// explain keeps an answer of a token service out of the error.
func (w *writer) explain(err error) error {
	var own *fileError
	switch {
	case err == nil || errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &own):
		return own.error
	}
	p := pull{repo: w.repo}
	return p.explain("such repository, or it is not yours to write", presentable(p.url("manifests", ""), err))
}

// rawManifest is a manifest as it is written.
type rawManifest struct{ doc *document }

func (m rawManifest) RawManifest() ([]byte, error)        { return m.doc.body, nil }
func (m rawManifest) MediaType() (types.MediaType, error) { return types.MediaType(m.doc.kind), nil }

// fileError is about the file that is written, and not from the registry, whose
// words are not shown.
type fileError struct{ error }

func (e *fileError) Unwrap() error { return e.error }

// fileLayer is a file on its way into a registry. It implements v1.Layer.
type fileLayer struct {
	ctx   context.Context
	file  registry.File
	about v1.Descriptor
}

func (l *fileLayer) Digest() (v1.Hash, error)             { return l.about.Digest, nil }
func (l *fileLayer) DiffID() (v1.Hash, error)             { return l.about.Digest, nil }
func (l *fileLayer) Size() (int64, error)                 { return l.about.Size, nil }
func (l *fileLayer) MediaType() (types.MediaType, error)  { return l.about.MediaType, nil }
func (l *fileLayer) Uncompressed() (io.ReadCloser, error) { return l.Compressed() }

// Compressed reads the file as it is.
func (l *fileLayer) Compressed() (io.ReadCloser, error) {
	content, err := l.file.Open(l.ctx)
	if err != nil {
		return nil, &fileError{err}
	}
	if content.Size() != l.about.Size {
		return nil, &fileError{errors.Join(fmt.Errorf("%w: %s", registry.ErrChanged, l.file.Name), content.Close())}
	}
	return &comparing{
		Reader: io.NewSectionReader(content, 0, l.about.Size), Closer: content, name: l.file.Name, want: l.about.Digest.Hex, sum: newSum(l.about.Digest.Algorithm),
	}, nil
}

// newSum is the hash of a digest of a registry, which are of two kinds.
func newSum(algorithm string) hash.Hash {
	if algorithm == "sha512" {
		return sha512.New()
	}
	return sha256.New()
}

// comparing fails at the end of bytes that are not those of the digest.
type comparing struct {
	io.Reader
	io.Closer
	name, want string
	sum        hash.Hash
}

func (c *comparing) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.sum.Write(b[:n])
	if errors.Is(err, io.EOF) {
		if got := hex.EncodeToString(c.sum.Sum(nil)); got != c.want {
			return n, &fileError{fmt.Errorf("%w: %s is %s now, and was %s when it was judged", registry.ErrDigest, c.name, got, c.want)}
		}
		return n, err
	}
	if err != nil {
		err = &fileError{err}
	}
	return n, err
}
