// Package checksums finds the digests that files of an artifact list for other
// files of it, and has them compared: SHA256SUMS and its like, FILE.sha256, the
// files of DVC, and the distribution of a Croissant description.
//
// # Security
//
// Nobody signed these lists: whoever replaces a file replaces the list with it. A
// digest that agrees therefore proves nothing against an attacker, and is told
// with that strength ("listed"); one that does not agree means that the files are
// not what their publisher put together, and refuses. A digest that cannot serve,
// because it is MD5 or SHA-1, of the wrong length, or a placeholder, is told as
// unusable and compared with nothing. Names lead to files of the artifact alone.
// Bounded: number and size of lists, entries, nesting.
package checksums

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/registry"
	"assay/verify"
	"assay/verify/hashing"
)

// Scheme is the verifier's name.
const Scheme = "checksums"

// Bounds on lists.
const (
	maxLists   = 64
	maxList    = 16 << 20 // bytes
	maxEntries = 1 << 20  // of all lists
)

// Verifier implements verify.Verifier.
type Verifier struct{}

// Scheme implements verify.Verifier.
func (Verifier) Scheme() string { return Scheme }

// entry is one digest as a list has it.
type entry struct {
	name      string // of the file, as the list writes it
	algorithm string // lower case, as the list or its name says
	value     string
}

// reader reads one kind of list.
type reader struct {
	kind string
	is   func(name string) bool
	read func(name string, data []byte) ([]entry, error)
}

var (
	sumsName = regexp.MustCompile(`(?i)^((md5|sha1|sha224|sha256|sha384|sha512|b2|b3)sums?|checksums?)([._-][a-z0-9._-]*)?$`)
	sideName = regexp.MustCompile(`(?i)\.(md5|sha1|sha256|sha384|sha512)(sum)?$`)
)

// readers are tried by name, in this order.
var readers = []reader{
	{"checksum file", func(name string) bool { return sumsName.MatchString(name) && path.Ext(name) != ".json" }, readSums},
	{"checksum file", sideName.MatchString, readSide},
	{"dvc", func(name string) bool { return strings.HasSuffix(name, ".dvc") || name == "dvc.lock" }, readDVC},
	{"croissant", func(name string) bool {
		return name == "croissant.json" || name == "metadata.json" || strings.HasSuffix(name, ".croissant.json")
	}, readCroissant},
}

// Prepare implements verify.Verifier. A list that cannot be read lists nothing.
func (Verifier) Prepare(ctx context.Context, a *registry.Artifact) (verify.Check, error) {
	c := &check{names: make(map[string]bool, len(a.Files))}
	for _, f := range a.Files {
		c.names[f.Name] = true
	}
	lists := 0
	for _, f := range a.Files {
		i := slices.IndexFunc(readers, func(r reader) bool { return r.is(path.Base(f.Name)) })
		if i < 0 || f.Size > maxList || f.Size == 0 {
			continue
		}
		if lists++; lists > maxLists {
			return nil, fmt.Errorf("more than %d lists of checksums in one artifact", maxLists)
		}
		data, err := load(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
		entries, err := readers[i].read(f.Name, data)
		if err != nil {
			continue // another document of that name
		}
		for _, e := range entries {
			c.add(f.Name, readers[i].kind, e)
		}
		if len(c.list) > maxEntries {
			return nil, fmt.Errorf("more than %d checksums in one artifact", maxEntries)
		}
	}
	if len(c.list) == 0 {
		return nil, nil
	}
	return c, nil
}

func load(ctx context.Context, f registry.File) (data []byte, err error) {
	content, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, content.Close()) }()
	return io.ReadAll(io.NewSectionReader(content, 0, min(content.Size(), maxList)))
}

// check implements verify.Check and verify.Declarer.
type check struct {
	names map[string]bool
	list  []verify.Declaration
}

// add takes an entry about a file that is there. Names are relative to the list.
func (c *check) add(list, kind string, e entry) {
	name := path.Join(path.Dir(list), strings.TrimPrefix(e.name, "./"))
	if !c.names[name] || name == list {
		return
	}
	d := verify.DeclaredDigest{Digest: e.algorithm + ":" + clip(e.value), By: kind + " " + list, Match: verify.MatchUnchecked, Strength: verify.StrengthListed}
	if why := unusable(e); why != "" {
		d.Match, d.Strength, d.Note = verify.MatchUnusable, "", why
	}
	c.list = append(c.list, verify.Declaration{File: name, Digest: d})
}

// clip bounds what may be any text.
func clip(s string) string {
	if len(s) > 128 {
		s = s[:128]
	}
	return strings.ToValidUTF8(s, "")
}

// sizes are the digests that are compared, in hex digits.
var sizes = map[string]int{hashing.SHA256: 64, hashing.SHA512: 128}

// unusable says why a digest cannot serve, "" when it can.
func unusable(e entry) string {
	size, ok := sizes[e.algorithm]
	switch {
	case e.algorithm == "md5" || e.algorithm == "sha1":
		return e.algorithm + ": two files with the same digest are easily made"
	case !ok:
		return e.algorithm + " is not compared"
	case strings.Trim(e.value, "0123456789abcdefABCDEF") != "":
		return "a placeholder, and no digest"
	case len(e.value) != size:
		return fmt.Sprintf("%d hex digits, %s has %d", len(e.value), e.algorithm, size)
	case strings.Trim(e.value, e.value[:1]) == "":
		return "a placeholder, and no digest"
	}
	return ""
}

// Needs implements verify.Check.
func (c *check) Needs() []verify.HashNeed {
	for _, d := range c.list {
		if d.Digest.Match == verify.MatchUnchecked && strings.HasPrefix(d.Digest.Digest, hashing.SHA512+":") {
			return []verify.HashNeed{{Algorithm: hashing.SHA512}}
		}
	}
	return nil
}

// Claims implements verify.Check: a list is nobody's claim.
func (c *check) Claims(verify.Digests) []verify.Claim { return nil }

// Declared implements verify.Declarer.
func (c *check) Declared(files verify.Digests) []verify.Declaration {
	out := slices.Clone(c.list)
	for i := range out {
		d := &out[i].Digest
		algorithm, value, _ := strings.Cut(d.Digest, ":")
		if d.Match != verify.MatchUnchecked {
			continue
		}
		got, ok := files.Hex(out[i].File, hashing.Need{Algorithm: algorithm}, 0)
		switch {
		case !ok:
		case strings.EqualFold(got, value):
			d.Match = verify.MatchKept
		default:
			d.Match = verify.MatchBroken
		}
	}
	return out
}
