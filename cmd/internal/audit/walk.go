package audit

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"assay/registry"
)

// maxDepth bounds shelves within shelves.
const maxDepth = 64

// item is something on a shelf: a model, or what kept the walk from looking.
type item struct {
	name    string // slash-separated, relative to the root
	problem string // "" for a model

	// Of a model in the store of another program:
	scheme string // of its reference; "": the name is a path, or a snapshot of a cache
	model  string // what the store calls it; "": the folder is all there is
	of     string // the folder of the store, when it is not the name
}

// walk visits every item below root, sorted by the parts of its name, or root
// itself, as ".", when it is a model. It fails when the root itself cannot be
// listed or when visit does.
func walk(root *os.Root, visit func(item) error) error {
	entries, err := list(root, ".")
	if err != nil {
		return err
	}
	w := walker{root, visit}
	if items, ok := w.store(".", entries); ok {
		return w.visitAll(items)
	}
	if !isShelf(filepath.ToSlash(root.Name()), entries) {
		return visit(item{name: "."})
	}
	return w.shelf(".", entries, 1)
}

type walker struct {
	root  *os.Root
	visit func(item) error
}

func (w walker) visitAll(items []item) error {
	for _, i := range items {
		if err := w.visit(i); err != nil {
			return err
		}
	}
	return nil
}

func (w walker) shelf(dir string, entries []fs.DirEntry, depth int) error {
	entries = hubEntries(dir, entries)
	for _, e := range entries {
		if err := w.entry(path.Join(dir, e.Name()), e.Type(), depth); err != nil {
			return err
		}
	}
	return nil
}

func (w walker) entry(name string, mode fs.FileMode, depth int) error {
	switch {
	case mode.IsRegular():
		return w.visit(item{name: name})
	case mode&fs.ModeSymlink != 0:
		return w.visit(item{name: name, problem: "a symbolic link, not followed: audit what it leads to on its own"})
	case !mode.IsDir():
		return w.visit(item{name: name, problem: "neither a file nor a directory"})
	case depth > maxDepth:
		return w.visit(item{name: name, problem: fmt.Sprintf("more than %d directories deep: audit it on its own", maxDepth)})
	}
	entries, err := list(w.root, name)
	items, isStore := w.store(name, entries)
	switch {
	case isStore:
		return w.visitAll(items)
	case err != nil:
		return w.visit(item{name: name, problem: "the directory cannot be listed: " + err.Error()})
	case isShelf(name, entries):
		return w.shelf(name, entries, depth+1)
	}
	return w.visit(item{name: name})
}

// isShelf reports whether a directory holds models and is none.
func isShelf(name string, entries []fs.DirEntry) bool {
	if isSnapshot(name) {
		return false
	}
	return !slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.Type().IsRegular() && !isCompanion(e.Name())
	})
}

// isCompanion reports files that accompany models on a shelf and make no model
// of it. They are audited like every other file.
func isCompanion(name string) bool {
	upper := strings.ToUpper(name)
	return strings.HasPrefix(name, ".") || name == "CACHEDIR.TAG" || strings.HasPrefix(upper, "README") ||
		strings.HasPrefix(upper, "LICENSE") || strings.HasPrefix(upper, "LICENCE")
}

// isSnapshot recognises "models--org--name/snapshots/<commit>" of the Hugging
// Face cache (hub-docs, local-cache), whose files are links into ../../blobs.
func isSnapshot(name string) bool {
	parent, commit := path.Split(name)
	grandparent, snapshots := path.Split(strings.TrimSuffix(parent, "/"))
	if snapshots != "snapshots" || len(commit) != 40 || strings.Trim(commit, "0123456789abcdef") != "" {
		return false
	}
	return isHubFolder(path.Base(strings.TrimSuffix(grandparent, "/")))
}

// hubEntries leaves out what a Hugging Face cache keeps besides snapshots: blobs are
// judged under the names by which they can be loaded, and locks, references and lists
// of commits hold nothing of a model.
func hubEntries(dir string, entries []fs.DirEntry) []fs.DirEntry {
	aside := []string{"CACHEDIR.TAG", ".locks"}
	if isHubFolder(path.Base(dir)) && hasFolder(entries, "snapshots") && hasFolder(entries, "blobs") {
		aside = []string{"blobs", "refs", "trees", ".no_exist"}
	} else if !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.IsDir() && isHubFolder(e.Name()) }) {
		return entries
	}
	return slices.DeleteFunc(slices.Clone(entries), func(e fs.DirEntry) bool { return slices.Contains(aside, e.Name()) })
}

func hasFolder(entries []fs.DirEntry, name string) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.IsDir() && e.Name() == name })
}

func isHubFolder(name string) bool {
	kind, rest, ok := strings.Cut(name, "--")
	return ok && rest != "" && (kind == "models" || kind == "datasets" || kind == "spaces")
}

// reference is how a model is asked for: a snapshot of a cache as that, so that it is
// compared with the rest of the cache, anything else by its path.
func reference(name string) string {
	slashed := filepath.ToSlash(name)
	if !isSnapshot(slashed) {
		return name
	}
	repository := path.Dir(path.Dir(slashed))
	kind, rest, _ := strings.Cut(path.Base(repository), "--")
	prefix, known := map[string]string{"models": "", "datasets": "datasets/"}[kind]
	id := strings.Replace(rest, "--", "/", 1)
	if !known || strings.Contains(id, "--") {
		return name
	}
	return "hfcache:" + path.Dir(repository) + "//" + prefix + id + "@" + path.Base(slashed)
}

// list reads a directory, sorted by name, at most registry.MaxFiles entries.
func list(root *os.Root, name string) ([]fs.DirEntry, error) {
	dir, err := root.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, cause(err)
	}
	defer dir.Close()
	var all []fs.DirEntry
	for {
		batch, err := dir.ReadDir(1024)
		all = append(all, batch...)
		switch {
		case errors.Is(err, io.EOF):
			slices.SortFunc(all, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
			return all, nil
		case err != nil:
			return nil, cause(err)
		case len(all) > registry.MaxFiles:
			return nil, fmt.Errorf("%w: more than %d entries", registry.ErrLimit, registry.MaxFiles)
		}
	}
}

// cause drops operation and path from an error: the line names the item.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
