// Package all lists every kind of store: one line each.
//
// # Security
//
// One transport carries all requests; offline it refuses to dial, and the
// sources that need it say registry.ErrOffline before they try.
package all

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"assay/registry"
	"assay/registry/git"
	"assay/registry/hf"
	"assay/registry/hfcache"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
	"assay/registry/local"
	"assay/registry/mlflow"
	"assay/registry/modelscope"
	"assay/registry/oci"
	"assay/registry/s3"
	"assay/registry/web"
)

// Config configures the sources. The zero value is usable.
type Config struct {
	Offline     bool
	ProveTree   bool                // compare the lists of the Hub with the Git objects of the commit
	LeaveOutGit bool                // of a local folder: the ".git" of a clone is no part of the artifact
	CacheDir    string              // "" is $ASSAY_CACHE, else "assay" in the user's cache directory
	UserAgent   string              // "assay" when empty
	Getenv      func(string) string // os.Getenv when nil
	Transport   http.RoundTripper   // nil is a transport of our own; ignored when Offline
	// Progress is told how much of a file that is being fetched is there; may be nil.
	// It must be safe for concurrent use.
	Progress func(name string, have, size int64)
	Notice   func(text string) // told what was wrong in the cache or on the way and has been mended; may be nil
}

// Sources returns all sources. It fails when the environment configures one of
// them wrongly; the error shows no secret.
func Sources(cfg Config) ([]registry.Source, error) {
	if cfg.Getenv == nil {
		cfg.Getenv = os.Getenv
	}
	if cfg.Transport == nil || cfg.Offline {
		cfg.Transport = fetch.NewTransport(cfg.Offline)
	}
	if cfg.CacheDir == "" {
		// A missing home is an error only for a source that needs the cache.
		cfg.CacheDir, _ = cas.Dir(cfg.Getenv)
	}
	client := fetch.New(fetch.Config{Transport: cfg.Transport, UserAgent: cfg.UserAgent})
	store := cas.New(cfg.CacheDir)
	store.Notice, store.Progress = cfg.Notice, cfg.Progress

	hub, err := hf.FromEnv(hf.Config{Offline: cfg.Offline, ProveTree: cfg.ProveTree, Client: client, Store: store}, cfg.Getenv)
	if err != nil {
		return nil, err
	}
	hubSource, err := hf.New(hub)
	if err != nil {
		return nil, err
	}
	plain := strings.FieldsFunc(cfg.Getenv("ASSAY_UNSAFE_PLAIN_HTTP"), func(r rune) bool { return r == ',' || r == ' ' })
	list := []registry.Source{
		local.Source{LeaveOutGit: cfg.LeaveOutGit},
		hfcache.New(hfcache.Dir(cfg.Getenv)),
		hubSource,
		oci.New(oci.Config{Offline: cfg.Offline, Client: client, Store: store, UnsafePlainHTTP: plain}),
		oci.NewLayout(),
		oci.NewOllama(oci.OllamaConfig{Offline: cfg.Offline, Client: client, Store: store, UnsafePlainHTTP: plain}),
		oci.NewOllamaStore(oci.OllamaDir(cfg.Getenv)),
		oci.NewDockerModels(oci.DockerModelsDir(cfg.Getenv)),
	}
	scope, err := modelscope.New(modelscope.FromEnv(modelscope.Config{Offline: cfg.Offline, Client: client, Store: store}, cfg.Getenv))
	if err != nil {
		return nil, err
	}
	var buckets []registry.Source
	for _, scheme := range []string{"s3", "gs"} {
		b, err := s3.New(s3.FromEnv(s3.Config{Scheme: scheme, Offline: cfg.Offline, Client: client, Store: store, UnsafePlainHTTP: plain}, cfg.Getenv))
		if err != nil {
			return nil, err
		}
		buckets = append(buckets, b)
	}
	list = append(append(list, scope), buckets...)
	for _, scheme := range []string{"https", "http"} {
		list = append(list,
			web.New(web.Config{Scheme: scheme, Offline: cfg.Offline, Client: client, Store: store, UnsafePlainHTTP: plain}),
			mlflow.New(mlflow.FromEnv(mlflow.Config{
				Scheme: "mlflow+" + scheme, Offline: cfg.Offline, Client: client, Store: store, UnsafePlainHTTP: plain, Others: buckets,
			}, cfg.Getenv)))
	}
	netrc := git.Netrc(cmp.Or(cfg.Getenv("NETRC"), filepath.Join(cfg.Getenv("HOME"), ".netrc")))
	for _, scheme := range []string{"git+https", "git+http", "git+file"} {
		list = append(list, git.New(git.Config{
			Scheme: scheme, Offline: cfg.Offline, Client: client, Store: store, UnsafePlainHTTP: plain, Authorization: netrc,
		}))
	}
	return list, nil
}

// planned are the stores that people ask for by scheme and that no source
// answers to yet.
var planned = map[string]string{
	"az": "Azure Blob Storage", "kaggle": "Kaggle", "wandb": "Weights & Biases", "civitai": "CivitAI", "pvc": "Kubernetes volumes",
}

// Resolve parses ref and asks the source of its scheme.
func Resolve(ctx context.Context, sources []registry.Source, ref string) (*registry.Artifact, error) {
	parsed, err := registry.ParseReference(ref)
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if s.Scheme() == parsed.Scheme {
			a, err := s.Resolve(ctx, parsed)
			return a, hint(parsed, err)
		}
	}
	return nil, unknown(parsed, sources)
}

// pusher is a Source that takes artifacts.
type pusher interface {
	Push(ctx context.Context, a *registry.Artifact, digests map[string]string, ref registry.Reference) (pinned string, err error)
}

// Push writes an artifact where ref names, and returns its pinned name there. The
// digests are the SHA-256 of its files in hex, as they were judged: what has others
// by now is not written.
func Push(ctx context.Context, sources []registry.Source, a *registry.Artifact, digests map[string]string, ref string) (string, error) {
	p, parsed, err := pusherOf(sources, ref)
	if err != nil {
		return "", err
	}
	return p.Push(ctx, a, digests, parsed)
}

// CanPush returns the error that Push would have for a store that takes nothing,
// before any work is done for it.
func CanPush(sources []registry.Source, ref string) error {
	_, _, err := pusherOf(sources, ref)
	return err
}

func pusherOf(sources []registry.Source, ref string) (pusher, registry.Reference, error) {
	parsed, err := registry.ParseReference(ref)
	if err != nil {
		return nil, parsed, err
	}
	for _, s := range sources {
		if p, ok := s.(pusher); ok && s.Scheme() == parsed.Scheme {
			return p, parsed, nil
		}
	}
	return nil, parsed, fmt.Errorf("%w: nothing can be written to %s; write to oci://host/repository:tag, or into a folder", registry.ErrReference, parsed)
}

// hint helps with a model's name given as if it were a path.
func hint(ref registry.Reference, err error) error {
	if errors.Is(err, registry.ErrNotFound) && ref.Scheme == "file" && mayBeOfHub(ref.Rest) {
		return fmt.Errorf("%w; a model of the Hub is written hf://%s", err, ref.Rest)
	}
	if try := rewrite(ref); err != nil && try != "" {
		return fmt.Errorf("%w; %s", err, try)
	}
	return err
}

// mayBeOfHub: "org/name", or "name" as the oldest models of the Hub are called,
// but nothing that is there, and no name that ends like one of a file.
func mayBeOfHub(path string) bool {
	if _, err := os.Lstat(path); err == nil {
		return false
	}
	m := hubName.FindStringSubmatch(path)
	return m != nil && (m[1] != "" || !fileName.MatchString(m[2]))
}

var (
	hubName  = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*/)?([A-Za-z0-9][A-Za-z0-9._-]*)(?:@[A-Za-z0-9._/-]+)?$`)
	fileName = regexp.MustCompile(`\.[A-Za-z][A-Za-z0-9]*$`)
)

func unknown(ref registry.Reference, sources []registry.Source) error {
	known := make([]string, 0, len(sources))
	for _, s := range sources {
		if s.Scheme() != "file" {
			known = append(known, registry.Reference{Scheme: s.Scheme()}.String())
		}
	}
	slices.Sort(known)
	list := "known are a path and " + strings.Join(known, ", ")
	if store, ok := planned[ref.Scheme]; ok {
		return fmt.Errorf("%w: %s:// (%s) is not supported; %s", registry.ErrReference, ref.Scheme, store, list)
	}
	return fmt.Errorf("%w: nothing answers to %s://; %s", registry.ErrReference, ref.Scheme, list)
}

// rewrite guesses what a page address of the Hub was meant to name.
func rewrite(ref registry.Reference) string {
	path, ok := strings.CutPrefix(ref.Rest, "huggingface.co/")
	if !ok || ref.Scheme != "https" && ref.Scheme != "http" {
		return ""
	}
	n := 2
	if strings.HasPrefix(path, "datasets/") {
		n = 3
	}
	parts := strings.Split(path, "/")
	if len(parts) < n {
		return ""
	}
	return "try hf://" + strings.Join(parts[:n], "/")
}
