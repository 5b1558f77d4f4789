package oms

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"assay/registry"
	"assay/verify/hashing"
)

// Manifest is what a model signature covers.
type Manifest struct {
	Name          string // of the model, informative only
	HashType      string // "sha256", "blake2b" or "blake3"
	ShardSize     int64  // bytes; 0 when files are hashed whole
	AllowSymlinks bool
	IgnorePaths   []string // nil when the bundle does not say, as before 1.1.0
	Root          []byte   // SHA-256 over the digests of Resources in order; nil in 0.2.0
	Resources     []Resource

	files map[string]covered // what Resources mean, by path
	paths []string           // of files, in the order listed
}

// Resource is a file, or the shard "path:start:end" of one.
type Resource struct {
	Name   string
	Digest []byte
}

// covered is what a manifest says about one file.
type covered struct {
	digests [][]byte // of the whole file, or of its shards in order
	size    int64    // that the shards cover; -1 for a whole file
}

// itself is how bundles before 1.1.0 name the file when a model is one file.
const itself = "."

// RootDigest is SHA-256 over the digests in listed order (specification, 6.5.1).
// It does not bind names: two manifests with swapped names share it.
func (m *Manifest) RootDigest() []byte {
	h := sha256.New()
	for _, r := range m.Resources {
		h.Write(r.Digest)
	}
	return h.Sum(nil)
}

// inSpecOrder reports whether the resources are in code point order, as the
// specification wants them. The reference implementation sorts by components.
func (m *Manifest) inSpecOrder() bool {
	return slices.IsSortedFunc(m.Resources, func(a, b Resource) int { return strings.Compare(a.Name, b.Name) })
}

// check makes sure that the manifest means one thing only.
func (m *Manifest) check() error {
	if err := m.checkDigests(); err != nil {
		return err
	}
	if m.Root != nil && !bytes.Equal(m.Root, m.RootDigest()) {
		return fault{Code: CodeRootDigest, What: "the root digest is not that of the listed digests"}
	}
	for _, p := range m.IgnorePaths {
		if err := CheckIgnorePath(p); err != nil {
			return err
		}
	}
	if err := m.group(); err != nil {
		return err
	}
	return m.checkNames()
}

func (m *Manifest) checkDigests() error {
	if m.HashType != hashing.SHA256 && m.HashType != hashing.BLAKE2b && m.HashType != hashing.BLAKE3 {
		return fmt.Errorf("hash type %.40q, want sha256, blake2b or blake3", m.HashType)
	}
	if len(m.Resources) == 0 {
		return errors.New("no files are listed")
	}
	size := hashing.New(m.HashType).Size()
	for _, r := range m.Resources {
		if len(r.Digest) != size {
			return fmt.Errorf("digest of %.80q has %d bytes, want %d", r.Name, len(r.Digest), size)
		}
	}
	return nil
}

// group fills files and paths.
func (m *Manifest) group() error {
	if m.ShardSize > 0 {
		return m.groupShards()
	}
	m.files = make(map[string]covered, len(m.Resources))
	m.paths = make([]string, len(m.Resources))
	for i, r := range m.Resources {
		if _, twice := m.files[r.Name]; twice {
			return duplicate(r.Name)
		}
		m.files[r.Name] = covered{digests: [][]byte{r.Digest}, size: -1}
		m.paths[i] = r.Name
	}
	return nil
}

func duplicate(name string) error {
	return fault{Code: CodeDuplicateName, File: registry.PrintableName(name), What: "is listed twice"}
}

// shard is a parsed resource name.
type shard struct {
	path       string
	start, end int64
	digest     []byte
}

// groupShards wants each file's shards to tile it from 0 without gap or overlap,
// all of the declared size but the last. They may be listed in any order: the
// specification sorts them as text, the reference implementation as numbers.
func (m *Manifest) groupShards() error {
	shards := make([]shard, len(m.Resources))
	for i, r := range m.Resources {
		s, err := parseShard(r)
		if err != nil {
			return err
		}
		shards[i] = s
	}
	slices.SortFunc(shards, func(a, b shard) int {
		return cmp.Or(strings.Compare(a.path, b.path), cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	m.files, m.paths = make(map[string]covered), nil
	for i, s := range shards {
		if i > 0 && shards[i-1].path == s.path && shards[i-1].start == s.start {
			return duplicate(fmt.Sprintf("%s:%d:%d", s.path, s.start, s.end))
		}
		c, seen := m.files[s.path]
		if s.start != c.size || c.size%m.ShardSize != 0 || s.end <= s.start || s.end-s.start > m.ShardSize {
			return fmt.Errorf("shards of %.80q do not follow each other at byte %d", s.path, s.start)
		}
		m.files[s.path] = covered{digests: append(c.digests, s.digest), size: s.end}
		if !seen {
			m.paths = append(m.paths, s.path)
		}
	}
	return nil
}

// parseShard splits at the last two colons, because the path may have others.
func parseShard(r Resource) (shard, error) {
	s := shard{digest: r.Digest}
	rest, last, ok := cutLast(r.Name)
	path, first, ok2 := cutLast(rest)
	start, err := parseOffset(first)
	end, err2 := parseOffset(last)
	if !ok || !ok2 || err != nil || err2 != nil {
		return s, fmt.Errorf("resource %.80q is not named path:start:end", r.Name)
	}
	s.path, s.start, s.end = path, start, end
	return s, nil
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}

// parseOffset takes digits only, without leading zeros: one offset, one name.
func parseOffset(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && strconv.FormatInt(n, 10) != s {
		err = strconv.ErrSyntax
	}
	return n, err
}

// checkNames refuses names that an artifact cannot have, and names that would be
// one file on a case-insensitive or normalising file system.
func (m *Manifest) checkNames() error {
	if _, ok := m.files[itself]; ok && len(m.files) == 1 {
		return nil
	}
	files := make([]registry.File, len(m.paths))
	for i, name := range m.paths {
		files[i].Name = name
	}
	if err := registry.CheckSet(files); err != nil {
		return fault{Code: CodeUnsafeName, What: err.Error()}
	}
	return nil
}

// CheckIgnorePath takes a relative path of a file or folder (specification,
// 6.2). "." would ignore everything and is refused like a glob.
func CheckIgnorePath(p string) error {
	if strings.ContainsAny(p, "*?[") {
		return fmt.Errorf("ignore path %.80q: patterns are not supported, name each path", p)
	}
	if err := registry.CheckName(p); err != nil {
		return fmt.Errorf("ignore path: %w", err)
	}
	return nil
}

// need is the digest to compute of every file.
func (m *Manifest) need() hashing.Need {
	return hashing.Need{Algorithm: m.HashType, ShardSize: m.ShardSize}
}
