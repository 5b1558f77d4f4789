package oci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"assay/registry"
)

// OllamaStore is the Source of models in Ollama's store on this machine.
//
//	ollama-store:[STORE//][host/][namespace/]model[:tag]
//
// STORE is the folder that holds "manifests" and "blobs"; without it, the one of
// the environment (OLLAMA_MODELS, else ~/.ollama/models). Ollama takes a
// file that is there for the right one; here it is compared.
type OllamaStore struct{ dir string }

var _ registry.Source = (*OllamaStore)(nil)

// NewOllamaStore returns the Source with dir as the folder of references that name none;
// "" means that they are refused.
func NewOllamaStore(dir string) *OllamaStore { return &OllamaStore{dir} }

// OllamaDir is where Ollama keeps models in this environment, or "".
func OllamaDir(getenv func(string) string) string {
	if dir := getenv("OLLAMA_MODELS"); dir != "" {
		return dir
	}
	if home := getenv("HOME"); home != "" {
		return filepath.Join(home, ".ollama", "models")
	}
	return ""
}

// Scheme is "ollama-store".
func (*OllamaStore) Scheme() string { return "ollama-store" }

// Resolve reads the manifest of the tag and lists its layers. A blob that is named
// and not there fails when it is opened.
func (s *OllamaStore) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	dir, rest := s.dir, ref.Rest
	if i := strings.LastIndex(rest, "//"); i >= 0 {
		dir, rest = rest[:i], rest[i+2:]
	}
	m, err := parseOllama(ref, rest)
	if err == nil && !m.digest.IsZero() {
		err = fmt.Errorf("%w: %s: the store has no manifests by digest", registry.ErrReference, ref)
	}
	if err == nil && dir == "" {
		err = fmt.Errorf("%w: no store is known, set OLLAMA_MODELS", registry.ErrReference)
	}
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir) // lives as long as a File can be opened
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no folder %s", registry.ErrNotFound, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	text, err := readDocument(root, "manifests/"+fileName(m.host)+"/"+m.namespace+"/"+m.name+"/"+m.tag)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", ref, err), root.Close())
	}
	// Nothing is pinned: the next pull of Ollama replaces what the tag means.
	a := &registry.Artifact{
		Ref: ref, Kind: registry.KindModel,
		Identity: registry.Identity{Name: m.repository(), Owner: m.namespace, Revision: manifestDigest(text).String()},
	}
	blob := func(d registry.Digest) string { return "blobs/" + d.Algorithm + "-" + d.Hex }
	if err := list(ctx, a, blobFolder{root: root, blob: blob, document: blob}, text, ollamaManifest, ollamaLayer); err != nil {
		return nil, errors.Join(fmt.Errorf("list %s: %w", ref, err), root.Close())
	}
	return a, nil
}

// fileName is a host as Ollama writes it in a path: Windows has no colons.
func fileName(host string) string {
	if os.PathSeparator == '\\' {
		return strings.ReplaceAll(host, ":", "%")
	}
	return host
}
