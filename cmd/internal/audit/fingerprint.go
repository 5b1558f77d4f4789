package audit

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path"

	"assay/registry"
)

// stamp is the digest of what a model looks like from outside: its name, and
// the names, types, sizes, times and inodes of everything below it.
type stamp [sha256.Size]byte

// stamp is the fingerprint of an item. The models of one store share its blobs, and
// differ in their names.
func (i item) stamp(root *os.Root) (stamp, error) {
	s, err := fingerprint(root, i.folder())
	if err != nil || i.of == "" {
		return s, err
	}
	return stamp(sha256.Sum256(append(s[:], i.name...))), nil
}

// fingerprint stats everything of a model and reads no content. A part that
// cannot be read counts with its error. It fails on more than registry.MaxFiles
// entries: such a model is judged every time.
func fingerprint(root *os.Root, name string) (stamp, error) {
	p := printer{root: root, hash: sha256.New()}
	if err := p.add(name, 0); err != nil {
		return stamp{}, err
	}
	return stamp(p.hash.Sum(nil)), nil
}

type printer struct {
	root    *os.Root
	hash    hash.Hash
	entries int
}

func (p *printer) add(name string, depth int) error {
	if p.entries++; p.entries > registry.MaxFiles || depth > maxDepth {
		return fmt.Errorf("%w: model %s is too large to be recognised again", registry.ErrLimit, name)
	}
	info, err := p.root.Lstat(name)
	if err != nil {
		p.write(name, "error", cause(err))
		return nil
	}
	inode, changed := identity(info)
	p.write(name, info.Mode(), info.Size(), info.ModTime().UnixNano(), inode, changed)
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		p.link(name)
	case info.IsDir():
		return p.folder(name, depth)
	}
	return nil
}

// link adds the target too: a judge that follows links reads it.
func (p *printer) link(name string) {
	target, err := p.root.Readlink(name)
	p.write("link", target, err != nil)
	if info, err := p.root.Stat(name); err == nil {
		inode, changed := identity(info)
		p.write("target", info.Mode(), info.Size(), info.ModTime().UnixNano(), inode, changed)
	}
}

func (p *printer) folder(name string, depth int) error {
	entries, err := list(p.root, name)
	p.write("folder", len(entries), err)
	for _, e := range entries {
		if err := p.add(path.Join(name, e.Name()), depth+1); err != nil {
			return err
		}
	}
	return nil
}

// write adds length-prefixed fields, so that no two lists have the same bytes.
func (p *printer) write(fields ...any) {
	for _, f := range fields {
		s := fmt.Sprint(f)
		fmt.Fprintf(p.hash, "%d:%s,", len(s), s)
	}
}
