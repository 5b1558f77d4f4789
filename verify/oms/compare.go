package oms

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"assay/verify"
	"assay/verify/hashing"
)

// gitPaths are what signers before 1.1.0 left out without saying so in the
// bundle, and what the specification leaves out by default (6.2).
var gitPaths = []string{".git", ".gitattributes", ".github", ".gitignore"}

// GitPaths are the paths that a signer leaves out by default.
func GitPaths() []string { return slices.Clone(gitPaths) }

// Ignores reports whether a name is one of the paths or lies below one.
func Ignores(paths []string, name string) bool {
	set := pathSet{}
	set.add(paths)
	return set.has(name)
}

// maxDigest is the length of the longest digest, BLAKE2b-512, in bytes.
const maxDigest = 64

// comparison holds a manifest against the files of an artifact.
type comparison struct {
	manifest *Manifest
	files    verify.Digests
	omitted  map[string]string // name -> reason
	self     self
	ignore   pathSet // what need not be signed
	lenient  bool    // no file needs to be signed
	beside   map[string]bool

	covers   []string
	own      []string // the bundle
	problems []verify.Problem
	ignored  []string
	unsigned []string
	unread   []string
}

// self recognises the bundle among the files: by base name and content, so that
// nothing else is left out under its name.
type self struct {
	base   string
	sha256 string // hex
}

func (s self) is(name string, files verify.Digests) bool {
	if name[strings.LastIndexByte(name, '/')+1:] != s.base {
		return false
	}
	got, ok := files.Hex(name, hashing.Need{Algorithm: hashing.SHA256}, 0)
	return ok && got == s.sha256
}

// run looks at every file, every entry that is no file, and every listed name.
func (c *comparison) run() {
	names := c.others()
	listed := c.resolve(names)
	for _, name := range names {
		switch want, ok := listed[name]; {
		case ok:
			c.compare(name, want)
		case c.ignore.has(name), c.beside[name]:
			c.ignored = append(c.ignored, name)
		case c.lenient:
			c.unsigned = append(c.unsigned, name)
		default:
			c.problem(CodeFileUnsigned, name, "is not signed: remove it, or ignore it by name if it does not matter")
		}
	}
	c.checkOmitted(listed)
	if len(c.covers) < len(listed) {
		c.checkMissing(names, listed)
	}
	slices.SortFunc(c.problems, func(a, b verify.Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(a.Code, b.Code))
	})
}

// others are the files but for the bundle itself.
func (c *comparison) others() []string {
	names := make([]string, 0, len(c.files.Names()))
	for _, name := range c.files.Names() {
		if c.self.is(name, c.files) {
			c.own = append(c.own, name)
		} else {
			names = append(names, name)
		}
	}
	return names
}

// resolve maps "." to the file of a model that is one file.
func (c *comparison) resolve(names []string) map[string]covered {
	want, ok := c.manifest.files[itself]
	if !ok {
		return c.manifest.files
	}
	candidates := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return c.ignore.has(name) })
	if len(candidates) != 1 {
		return c.manifest.files
	}
	return map[string]covered{candidates[0]: want}
}

func (c *comparison) problem(code, file, what string) {
	c.problems = append(c.problems, verify.Problem{Code: code, File: file, What: what})
}

func (c *comparison) compare(name string, want covered) {
	if size := c.files.Size(name); want.size >= 0 && want.size != size {
		c.problem(CodeSizeMismatch, name, fmt.Sprintf("has %d bytes, signed are %d", size, want.size))
		return
	}
	var text [2 * maxDigest]byte
	for i, digest := range want.digests {
		got, ok := c.files.Hex(name, c.manifest.need(), i)
		if !ok {
			c.unread = append(c.unread, name)
			return
		}
		if got != string(text[:hex.Encode(text[:], digest)]) {
			c.problem(CodeDigestMismatch, name, c.mismatch(i))
			return
		}
	}
	c.covers = append(c.covers, name)
}

func (c *comparison) mismatch(shard int) string {
	if c.manifest.ShardSize == 0 {
		return "content is not what was signed"
	}
	return fmt.Sprintf("content is not what was signed, in the %d bytes from %d", c.manifest.ShardSize, int64(shard)*c.manifest.ShardSize)
}

// checkOmitted fails on links and other entries that are no regular files, also
// when allow_symlinks was signed: what a link leads to is not in the artifact.
func (c *comparison) checkOmitted(listed map[string]covered) {
	for name, reason := range c.omitted {
		_, isListed := listed[name]
		switch {
		case !isListed && c.ignore.has(name):
			c.ignored = append(c.ignored, name)
		case strings.HasPrefix(reason, "symbolic link"):
			c.problem(CodeSymlink, name, "is a symbolic link: replace it with the file it points to")
		default:
			c.problem(CodeNotRegular, name, "could not be taken as a file: "+reason)
		}
	}
	slices.Sort(c.ignored)
}

func (c *comparison) checkMissing(names []string, listed map[string]covered) {
	for name := range listed {
		_, found := slices.BinarySearch(names, name)
		_, omitted := c.omitted[name]
		if !found && !omitted {
			c.problem(CodeFileMissing, name, "is signed and not there")
		}
	}
}

// pathSet holds files and folders; a folder stands for everything below it.
type pathSet map[string]bool

func (s pathSet) add(paths []string) {
	for _, p := range paths {
		s[p] = true
	}
}

// has looks up the name and each folder above it.
func (s pathSet) has(name string) bool {
	for !s[name] {
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			return false
		}
		name = name[:i]
	}
	return true
}

// exempt are the files that nothing was said about, and that need not be signed.
func (c *comparison) exempt() []string {
	names := slices.Concat(c.own, c.ignored, c.unsigned)
	slices.Sort(names)
	return names
}

// notes tell what the signature does not cover.
func (c *comparison) notes() []string {
	var notes []string
	add := func(what string, names []string) {
		if len(names) > 0 {
			notes = append(notes, what+": "+abbreviate(names))
		}
	}
	add("present, ignored and not covered", c.ignored)
	add("present, unsigned and not covered", c.unsigned)
	add("signed, but not read to the end", c.unread)
	return notes
}

// abbreviate lists the first names and counts the others.
func abbreviate(names []string) string {
	const shown = 10
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}
