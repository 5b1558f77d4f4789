// Package mlflow is the Source of models in an MLflow registry, whose artifacts
// the tracking server hands out itself (mlflow-artifacts:), or another source.
//
//	mlflow+https://host[:port][/path]/models:/name/version
//	mlflow+https://host[:port][/path]/models:/name@alias
//
// An alias is resolved to its version once. MLflow promises no digests and keeps
// no earlier content of a version: what its files were is what the evidence and the
// lock file say, and nothing else.
//
// # Security
//
// The address of a version's artifacts is the server's word, and may name any
// store or this machine's files (CVE-2024-1483): only the server's own artifacts
// and the stores in Config.Others are followed, and only below the server's own
// path. Names are checked, listings are bounded. Credentials go to the host of the
// reference and nowhere else, and never over plain http to another machine.
package mlflow

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/fetch"
	"assay/registry/internal/remote"
)

// Config configures a Source.
type Config struct {
	Scheme          string // "mlflow+https" or "mlflow+http"
	Authorization   string // value of the header; "" is anonymous
	Offline         bool
	Client          *fetch.Client
	Store           *cas.Store
	UnsafePlainHTTP []string // hosts that may be spoken to without encryption, and without credentials

	// Others are the sources that artifacts may lie in besides the server: s3 and gs.
	Others []registry.Source
}

// FromEnv fills in the credentials as the client of MLflow has them:
// MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
func FromEnv(cfg Config, getenv func(string) string) Config {
	if token := getenv("MLFLOW_TRACKING_TOKEN"); token != "" {
		cfg.Authorization = "Bearer " + token
	} else if user := getenv("MLFLOW_TRACKING_USERNAME"); user != "" {
		cfg.Authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+getenv("MLFLOW_TRACKING_PASSWORD")))
	}
	return cfg
}

// Source resolves references to any MLflow server.
type Source struct{ cfg Config }

var _ registry.Source = (*Source)(nil)

// New returns a Source.
func New(cfg Config) *Source { return &Source{cfg} }

// Scheme is "mlflow+https" or "mlflow+http".
func (s *Source) Scheme() string { return s.cfg.Scheme }

// Resolve turns the alias into a version and lists its artifacts.
func (s *Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	m, err := s.parse(ref)
	if err != nil {
		return nil, err
	}
	if s.cfg.Offline {
		return nil, fmt.Errorf("%w: %s", registry.ErrOffline, ref)
	}
	version, err := m.find(ctx)
	if err != nil {
		return nil, err
	}
	where, err := m.artifacts(ctx, version)
	if err != nil {
		return nil, err
	}
	a := &registry.Artifact{
		Ref: ref, Kind: registry.KindModel,
		Pinned: s.cfg.Scheme + "://" + strings.TrimPrefix(m.server.String(), m.server.Scheme+"://") + "/models:/" + url.PathEscape(m.name) + "/" + version.Version,
		// Who made a version says nothing about the model, which has no id.
		Identity: registry.Identity{Name: m.name, Revision: version.Version},
	}
	if err := m.list(ctx, a, where); err != nil {
		return nil, err
	}
	return a, nil
}

// model is a model of a server, at a version or an alias.
type model struct {
	source               *Source
	server               *url.URL // its path has no slash at the end
	name, version, alias string
	origin               http.RoundTripper
	once                 string // of this Resolve: what is under a version may change, so that no later one takes its files from the cache
	store                remote.Store
}

var (
	versionNumber = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)
	aliasName     = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,255}$`)
)

func (s *Source) parse(ref registry.Reference) (*model, error) {
	bad := func(why string) (*model, error) {
		return nil, fmt.Errorf("%w: %s (want %s://host/models:/name/version or .../models:/name@alias)", registry.ErrReference, why, s.cfg.Scheme)
	}
	server, rest, ok := strings.Cut(ref.Rest, "/models:/")
	if !ok {
		return bad("names no model")
	}
	u, err := url.Parse(strings.TrimPrefix(s.cfg.Scheme, "mlflow+") + "://" + server)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.Path != "" && registry.CheckName(strings.TrimPrefix(u.Path, "/")) != nil:
		return bad("no address of a server without credentials")
	case u.Scheme == "http" && !remote.Plain(s.cfg.UnsafePlainHTTP).Allows(u.Host):
		return bad(fmt.Sprintf("plain http to %s (ASSAY_UNSAFE_PLAIN_HTTP=%s allows it)", u.Host, u.Host))
	}
	m := &model{source: s, server: u}
	var escaped string
	if name, alias, ok := strings.Cut(rest, "@"); ok {
		escaped, m.alias = name, alias
	} else {
		escaped, m.version = path.Split(rest)
		escaped = strings.TrimSuffix(escaped, "/")
	}
	m.name, err = url.PathUnescape(escaped)
	if err != nil || m.name == "" || strings.ContainsAny(m.name, "/:?#") || registry.CheckName(m.name) != nil ||
		!versionNumber.MatchString(m.version) && !aliasName.MatchString(m.alias) {
		return bad("no name of a model with a version or an alias")
	}
	m.once = rand.Text()
	m.origin = s.cfg.Client.Transport()
	if u.Scheme == "https" || remote.IsLoopback(u.Hostname()) {
		m.origin = remote.SignIn{Next: m.origin, Authorization: s.cfg.Authorization}
	}
	m.store = remote.Store{Client: s.cfg.Client, Cache: s.cfg.Store, Offline: s.cfg.Offline, Explain: m.explain}
	return m, nil
}

// Bounds on the answers, in bytes, and on the folders of one model.
const (
	maxAnswer  = 1 << 20
	maxListing = 16 << 20
	maxFolders = 10_000
)

// version is a version of a registered model.
type version struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Status  string `json:"status"`
}

func (m *model) find(ctx context.Context) (version, error) {
	call, q := "model-versions/get", url.Values{"name": {m.name}, "version": {m.version}}
	if m.alias != "" {
		call, q = "registered-models/alias", url.Values{"name": {m.name}, "alias": {m.alias}}
	}
	got, err := get[struct {
		Version version `json:"model_version"`
	}](ctx, m, "mlflow/"+call, q, maxAnswer)
	if err != nil {
		return version{}, err
	}
	v := got.Version
	if v.Name != m.name || !versionNumber.MatchString(v.Version) || m.version != "" && v.Version != m.version {
		return version{}, fmt.Errorf("%w: %s is no MLflow, or answers about another model", fetch.ErrProtocol, fetch.Redact(m.server))
	}
	if v.Status != "" && v.Status != "READY" {
		return version{}, fmt.Errorf("%w: version %s of %s is %s, not ready", registry.ErrNotFound, v.Version, m.name, registry.PrintableName(v.Status))
	}
	return v, nil
}

// artifacts says where the files of a version are.
func (m *model) artifacts(ctx context.Context, v version) (string, error) {
	got, err := get[struct {
		URI string `json:"artifact_uri"`
	}](ctx, m, "mlflow/model-versions/get-download-uri", url.Values{"name": {m.name}, "version": {v.Version}}, maxAnswer)
	if err == nil && got.URI == "" {
		err = fmt.Errorf("%w: version %s of %s has no artifacts", registry.ErrNotFound, v.Version, m.name)
	}
	return got.URI, err
}

func get[T any](ctx context.Context, m *model, call string, q url.Values, limit int64) (T, error) {
	u := m.server.JoinPath("api", "2.0", call)
	u.RawQuery = strings.ReplaceAll(q.Encode(), "+", "%20")
	out, _, err := fetch.JSON[T](ctx, m.source.cfg.Client, fetch.Request{URL: u, Origin: m.origin}, limit)
	return out, m.explain(err)
}

// list lists what lies at the address that the server named.
func (m *model) list(ctx context.Context, a *registry.Artifact, where string) error {
	scheme, rest, _ := strings.Cut(where, ":")
	if scheme != "mlflow-artifacts" {
		return m.elsewhere(ctx, a, where)
	}
	// mlflow-artifacts:/path, or mlflow-artifacts://host:port/path, of this host.
	if host, inner, ok := strings.Cut(strings.TrimPrefix(rest, "//"), "/"); ok && strings.HasPrefix(rest, "//") {
		if host != "" && host != m.server.Host {
			return fmt.Errorf("%w: the artifacts are at another server, %s", registry.ErrReference, registry.PrintableName(host))
		}
		rest = inner
	}
	base := strings.Trim(rest, "/")
	if err := registry.CheckName(base); err != nil {
		return fmt.Errorf("the artifacts' own address: %w", err)
	}
	if err := m.walk(ctx, a, base); err != nil {
		return err
	}
	slices.SortFunc(a.Files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) })
	return registry.CheckSet(a.Files)
}

// elsewhere lists artifacts that another source has. The files of this machine, and
// of stores that nobody configured, are not what the reference asked for.
func (m *model) elsewhere(ctx context.Context, a *registry.Artifact, where string) error {
	ref, err := registry.ParseReference(where)
	if err != nil {
		return err
	}
	for _, s := range m.source.cfg.Others {
		if s.Scheme() != ref.Scheme {
			continue
		}
		there, err := s.Resolve(ctx, ref)
		if err != nil {
			return fmt.Errorf("the artifacts of %s: %w", m.name, err)
		}
		a.Files, a.Omitted = there.Files, there.Omitted
		a.Identity.Revision += " " + there.Identity.Revision
		return nil
	}
	return fmt.Errorf("%w: the artifacts of %s are at %q, where the server alone can read them", registry.ErrReference, m.name, registry.PrintableName(where))
}

// entry is one of /api/2.0/mlflow-artifacts/artifacts.
type entry struct {
	Path  string `json:"path"`
	IsDir bool   `json:"is_dir"`
	Size  int64  `json:"file_size"`
}

// walk lists folder after folder: MLflow has no recursive listing.
func (m *model) walk(ctx context.Context, a *registry.Artifact, base string) error {
	folders := []string{""}
	for n := 0; len(folders) > 0; n++ {
		if n == maxFolders {
			return fmt.Errorf("%w: %s has more than %d folders", registry.ErrLimit, m.name, maxFolders)
		}
		folder := folders[len(folders)-1]
		folders = folders[:len(folders)-1]
		got, err := get[struct {
			Files *fetch.List[entry] `json:"files"`
		}](ctx, m, "mlflow-artifacts/artifacts", url.Values{"path": {path.Join(base, folder)}}, maxListing)
		if err != nil {
			return err
		}
		if got.Files == nil {
			return fmt.Errorf("%w: no listing of the artifacts of %s", fetch.ErrProtocol, m.name)
		}
		for _, e := range *got.Files {
			// The server tells the last part; older ones the whole path.
			name := strings.TrimPrefix(e.Path, path.Join(base, folder)+"/")
			if folder != "" && !strings.HasPrefix(name, folder+"/") {
				name = folder + "/" + name
			}
			if err := registry.CheckName(name); err != nil {
				return err
			}
			if len(a.Files)+len(folders) >= registry.MaxFiles {
				return fmt.Errorf("%w: %s has more than %d files", registry.ErrLimit, m.name, registry.MaxFiles)
			}
			if e.IsDir {
				folders = append(folders, name)
				continue
			}
			if e.Size < 0 {
				return fmt.Errorf("%w: a negative size", fetch.ErrProtocol)
			}
			a.Files = append(a.Files, m.file(base, name, e.Size, a.Pinned))
		}
	}
	return nil
}

func (m *model) file(base, name string, size int64, pinned string) registry.File {
	u := m.server.JoinPath("api", "2.0", "mlflow-artifacts", "artifacts")
	u.Path += "/" + base + "/" + name
	return m.store.File(remote.Entry{
		Name: name, Size: size, Key: fmt.Sprintf("%s %s %d %s", pinned, path.Join(base, name), size, m.once),
		Request: fetch.Request{URL: u, Origin: m.origin},
	})
}

func (m *model) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, registry.ErrAccess):
		return fmt.Errorf("%s: set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD: %w", m.name, err)
	}
	return fmt.Errorf("%s: %w", cmp.Or(m.name, "mlflow"), err)
}
