package sigstoretest

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// TUF is an update repository with one target, over HTTP.
type TUF struct {
	URL  string
	Root []byte // root.json to begin with

	t     testing.TB
	keys  map[string]ed25519.PrivateKey
	mu    sync.Mutex
	files map[string][]byte
}

// StartTUF starts a repository that is empty until Publish.
func StartTUF(t testing.TB) *TUF {
	t.Helper()
	r := &TUF{t: t, keys: make(map[string]ed25519.PrivateKey), files: make(map[string][]byte)}
	root := metadata.Root(time.Now().AddDate(0, 0, 1).UTC())
	for _, role := range metadata.TOP_LEVEL_ROLE_NAMES {
		public, private, err := ed25519.GenerateKey(nil)
		r.check(err)
		key, err := metadata.KeyFromPublicKey(public)
		r.check(err)
		r.check(root.Signed.AddKey(key, role))
		r.keys[role] = private
	}
	_, err := root.Sign(r.signer(metadata.ROOT))
	r.check(err)
	r.Root, err = root.ToBytes(false)
	r.check(err)
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.URL = server.URL
	return r
}

func (r *TUF) check(err error) {
	if err != nil {
		r.t.Helper()
		r.t.Fatal(err)
	}
}

func (r *TUF) signer(role string) signature.Signer {
	s, err := signature.LoadSigner(r.keys[role], crypto.Hash(0))
	r.check(err)
	return s
}

// Publish replaces the target by a version of the repository that is valid until
// expires.
func (r *TUF) Publish(version int64, name string, content []byte, expires time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	info, err := metadata.TargetFile().FromBytes(name, content, "sha256")
	r.check(err)
	targets := metadata.Targets(expires.UTC())
	targets.Signed.Version, targets.Signed.Targets[name] = version, info
	_, err = targets.Sign(r.signer(metadata.TARGETS))
	r.check(err)
	snapshot := metadata.Snapshot(expires.UTC())
	snapshot.Signed.Version, snapshot.Signed.Meta["targets.json"] = version, metadata.MetaFile(version)
	_, err = snapshot.Sign(r.signer(metadata.SNAPSHOT))
	r.check(err)
	timestamp := metadata.Timestamp(expires.UTC())
	timestamp.Signed.Version, timestamp.Signed.Meta["snapshot.json"] = version, metadata.MetaFile(version)
	_, err = timestamp.Sign(r.signer(metadata.TIMESTAMP))
	r.check(err)
	r.files = map[string][]byte{"/targets/" + sum + "." + name: content}
	for path, document := range map[string]interface {
		ToBytes(pretty bool) ([]byte, error)
	}{
		"/timestamp.json": timestamp, fmt.Sprintf("/%d.snapshot.json", version): snapshot, fmt.Sprintf("/%d.targets.json", version): targets,
	} {
		r.files[path], err = document.ToBytes(false)
		r.check(err)
	}
}

// Change replaces the file whose path matches.
func (r *TUF) Change(path string, change func([]byte) []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, data := range r.files {
		if regexp.MustCompile(path).MatchString(name) {
			r.files[name] = change(append([]byte(nil), data...))
		}
	}
}

// ServeHTTP implements http.Handler.
func (r *TUF) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	data, ok := r.files[request.URL.Path]
	r.mu.Unlock()
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write(data)
}
