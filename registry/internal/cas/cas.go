// Package cas keeps downloaded files under the SHA-256 of their content.
//
//	<dir>/blobs/sha256/<hex>          the bytes, mode 0444
//	<dir>/alias/<algorithm>/<hex>     "<sha256 hex>\n", for stores that promise another digest
//	<dir>/alias/key/<hex>             the same, for stores that promise none
//	<dir>/tmp/<algorithm>-<hex>.part  what is being written, with its .journal and .log
//	<dir>/quarantine/<hex>            bytes that were found wrong under that name
//
// # Security
//
// A name under blobs is given only to bytes that were hashed while they were
// written, matched every digest that was promised for them, and are on disk.
// The directory may be shared and may have been changed by others: a blob that
// this process did not write is hashed again before it is handed out, and a wrong
// one is set aside (quarantine) and downloaded anew. A download that was killed is
// continued by the next process. The bytes of an unfinished part are believed to
// be what its journal says only when both are this user's alone (owner, mode 0600,
// one name); hash states only within one boot of the machine. Whoever may write
// them may as well replace this program. An alias is a hint: every promised digest
// is compared with the bytes, whichever way they were found. Where a store promises
// no digest, the alias is all there is, and is believed only when it is this user's
// alone, as a journal is. All paths are built
// from parsed digests (lower-case hex of the exact length) and opened through
// os.Root, so that neither a digest nor a link planted in the cache leads out.
package cas

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"assay/registry"
	"assay/registry/internal/disk"
)

// Blob is content that a store promised.
type Blob struct {
	Name string // for errors
	Size int64  // exact, in bytes
	Want []registry.Digest

	// Key stands for Want when the store promises no digest: it names these very
	// bytes (address, version, entity tag). Nothing proves that they are right; what
	// was fetched under a key is the same from then on.
	Key string
}

// id names the blob among all others, in letters that a file name may have.
func (b Blob) id() string {
	if len(b.Want) > 0 {
		return b.Want[0].Algorithm + "-" + b.Want[0].Hex
	}
	return "key-" + keySum(b.Key)
}

func keySum(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// Fill writes the content of a blob into the sink.
type Fill func(ctx context.Context, sink *Sink) error

// Store is a cache directory. It is created when it is first needed. The zero
// value is not usable; a Store is safe for concurrent use, also by several
// processes.
type Store struct {
	// Notice, if not nil, is told what was wrong and has been mended. It is set
	// before the first call.
	Notice func(text string)

	// Progress, if not nil, is told how much of a blob that is being fetched is
	// there, each time more is. It is set before the first call and must be safe for
	// concurrent use.
	Progress func(name string, have, size int64)

	dir    string
	open   func() (*os.Root, error)
	mu     sync.Mutex
	landed map[string]fs.FileInfo   // sha256 hex -> the blob as this process verified it
	busy   map[string]chan struct{} // blob key -> closed when its download ends
}

// New returns the Store in dir; "" means Dir(os.Getenv).
func New(dir string) *Store {
	s := &Store{dir: dir, landed: make(map[string]fs.FileInfo), busy: make(map[string]chan struct{})}
	s.open = sync.OnceValues(s.create)
	return s
}

// Dir is the default directory: $ASSAY_CACHE, else "assay" in the user's cache.
func Dir(getenv func(string) string) (string, error) {
	if dir := getenv("ASSAY_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache directory, set ASSAY_CACHE: %w", err)
	}
	return filepath.Join(dir, "assay"), nil
}

func (s *Store) create() (*os.Root, error) {
	dir := s.dir
	if dir == "" {
		var err error
		if dir, err = Dir(os.Getenv); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create cache directory: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open cache directory: %w", err)
	}
	for _, sub := range []string{"blobs/sha256", "alias", "tmp", "quarantine"} {
		if err := root.MkdirAll(sub, 0o700); err != nil {
			return nil, errors.Join(fmt.Errorf("create cache directory: %w", err), root.Close())
		}
	}
	sweep(root)
	return root, nil
}

// stale is the age after which nobody is still writing a temporary file, and
// staleParts the one after which nobody goes on with an unfinished download.
const (
	stale      = 48 * time.Hour
	staleParts = 14 * 24 * time.Hour
)

// sweep removes what killed processes left behind. It is best effort.
func sweep(root *os.Root) {
	entries, _ := fs.ReadDir(root.FS(), "tmp")
	for _, e := range entries {
		name := "tmp/" + e.Name()
		limit := stale
		if strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".journal") || strings.HasSuffix(name, ".log") {
			limit = staleParts
		}
		if info, err := root.Lstat(name); err == nil && time.Since(info.ModTime()) > limit {
			_ = root.Remove(name)
		}
	}
}

// Get returns the blob from the cache, or has it filled in. The returned content
// matches every digest of b.Want and has b.Size bytes; the error wraps
// registry.ErrDigest when the store's bytes do not. Several callers that want
// the same blob wait for one download.
func (s *Store) Get(ctx context.Context, b Blob, fill Fill) (registry.Content, error) {
	c, err := s.get(ctx, b, fill)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (s *Store) get(ctx context.Context, b Blob, fill Fill) (*disk.Content, error) {
	if len(b.Want) == 0 && b.Key == "" {
		return nil, fmt.Errorf("%w: no digest was promised for %s, its bytes cannot be checked", registry.ErrDigest, b.Name)
	}
	root, err := s.open()
	if err != nil {
		return nil, err
	}
	unlock, err := s.lock(ctx, b.id())
	if err != nil {
		return nil, err
	}
	defer unlock()
	if c := s.cached(ctx, root, b); c != nil {
		return c, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.land(ctx, root, b, fill)
}

// lock waits until nobody else in this process works on the key.
func (s *Store) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		s.mu.Lock()
		other, taken := s.busy[key]
		if !taken {
			mine := make(chan struct{})
			s.busy[key] = mine
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				delete(s.busy, key)
				s.mu.Unlock()
				close(mine)
			}, nil
		}
		s.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// cached returns the blob if the cache has it and it is right. A wrong one is
// removed: the cache heals instead of failing again and again.
func (s *Store) cached(ctx context.Context, root *os.Root, b Blob) *disk.Content {
	sum, ok := lookup(root, b)
	if !ok {
		return nil
	}
	if len(b.Want) == 0 {
		b.Want = []registry.Digest{{Algorithm: "sha256", Hex: sum}}
	}
	c, err := disk.Blob(root, blobPath(sum)).Content(nil)
	if err != nil {
		return nil
	}
	if s.trusted(sum, c, b) {
		return c
	}
	err = Verify(ctx, c, b)
	if errors.Is(err, registry.ErrDigest) && isNamed(b.Want, sum) {
		s.quarantine(root, sum, err)
	}
	if err != nil {
		_ = c.Close()
		return nil
	}
	s.remember(sum, c.Info())
	return c
}

// quarantine takes a wrong blob out of the way, and keeps it to be looked at.
func (s *Store) quarantine(root *os.Root, sum string, why error) {
	place := "quarantine/" + sum
	if err := root.Rename(blobPath(sum), place); err != nil {
		_ = root.Remove(blobPath(sum))
		place = "nowhere"
	}
	s.tell("the cache was wrong: %v; the wrong bytes are in %s", why, filepath.Join(root.Name(), filepath.FromSlash(place)))
}

func (s *Store) tell(format string, args ...any) {
	if s.Notice != nil {
		s.Notice(fmt.Sprintf(format, args...))
	}
}

// trusted reports whether this very file was verified by this process and has
// not been touched since. Digests other than the name's own are compared anew.
func (s *Store) trusted(sum string, c *disk.Content, b Blob) bool {
	s.mu.Lock()
	info, ok := s.landed[sum]
	s.mu.Unlock()
	return ok && disk.Unchanged(info, c.Info()) && c.Size() == b.Size &&
		len(b.Want) == 1 && isNamed(b.Want, sum)
}

func (s *Store) remember(sum string, info fs.FileInfo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.landed[sum] = info
}

func isNamed(want []registry.Digest, sum string) bool {
	for _, d := range want {
		if d.Algorithm == "sha256" && d.Hex == sum {
			return true
		}
	}
	return false
}

func blobPath(sum string) string { return "blobs/sha256/" + sum }
