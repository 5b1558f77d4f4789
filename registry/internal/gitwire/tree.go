package gitwire

import (
	"bytes"
	"encoding/hex"
	"fmt"

	"assay/registry"
)

// Entry is an entry of a tree (gitformat-pack, git-mktree).
type Entry struct {
	Mode string // "100644", "100755", "120000" a link, "160000" a commit elsewhere, "40000" a tree
	Name string // as it is in the tree: not checked
	ID   string
}

// RootOf is the tree of a commit.
func (o *Objects) RootOf(commit string) (tree string, err error) {
	text, ok := o.Get(Commit, commit)
	if !ok {
		return "", fmt.Errorf("%w: commit %s did not come", registry.ErrNotFound, commit)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	id, found := bytes.CutPrefix(line, []byte("tree "))
	if _, err := registry.NewDigest("sha1-git", string(id)); err != nil || !found {
		return "", fmt.Errorf("%w: commit %s names no tree", registry.ErrDigest, commit)
	}
	return string(id), nil
}

// Entries reads a tree.
func (o *Objects) Entries(tree string) ([]Entry, error) {
	text, ok := o.Get(Tree, tree)
	if !ok {
		return nil, fmt.Errorf("%w: tree %s did not come", registry.ErrNotFound, tree)
	}
	return ParseTree(text)
}

// ParseTree reads the text of a tree.
func ParseTree(text []byte) (out []Entry, err error) {
	for len(text) > 0 {
		head, rest, ok := bytes.Cut(text, []byte{0})
		mode, name, found := bytes.Cut(head, []byte(" "))
		if !ok || !found || len(rest) < 20 {
			return nil, fmt.Errorf("%w: a damaged tree", registry.ErrDigest)
		}
		out = append(out, Entry{string(mode), string(name), hex.EncodeToString(rest[:20])})
		text = rest[20:]
	}
	return out, nil
}

// Walk visits every entry below a tree that is no tree itself, with its whole name.
// It stops when visit fails.
func (o *Objects) Walk(tree string, visit func(name string, e Entry) error) error {
	w := walk{o, visit, 0}
	return w.tree(tree, "")
}

// Bounds on a walk: names bound the depth of trees, and few trees in a pack can
// stand for many, as one may be in another twice.
const (
	maxName  = 4096
	maxTrees = registry.MaxFiles
)

type walk struct {
	objects *Objects
	visit   func(string, Entry) error
	trees   int
}

func (w *walk) tree(id, prefix string) error {
	if w.trees++; w.trees > maxTrees {
		return fmt.Errorf("%w: more than %d folders", registry.ErrLimit, maxTrees)
	}
	entries, err := w.objects.Entries(id)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := prefix + e.Name
		if len(name) > maxName {
			return fmt.Errorf("%w: longer than %d bytes: %.64q", registry.ErrUnsafeName, maxName, name)
		}
		if e.Mode == "40000" {
			err = w.tree(e.ID, name+"/")
		} else {
			err = w.visit(name, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
