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

	"github.com/go-json-experiment/json"
)

// Other programs keep models as blobs under their digests, with manifests beside them
// that say which belong together. Such a folder is no model: each of its manifests is.

// store lists the models of a store of Ollama or Docker Model Runner, or an OCI
// layout. It reports false for any other folder.
func (w walker) store(dir string, entries []fs.DirEntry) (items []item, ok bool) {
	switch {
	case !hasFolder(entries, "blobs"):
		return nil, false
	case hasFile(entries, "oci-layout") && hasFile(entries, "index.json"):
		return []item{{name: dir, scheme: "oci-layout"}}, true
	case hasFolder(entries, "manifests") && hasFile(entries, "models.json"):
		return w.dockerModels(dir), true
	case hasFolder(entries, "manifests") && len(entries) == 2:
		return w.ollamaModels(dir), true
	}
	return nil, false
}

func hasFile(entries []fs.DirEntry, name string) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Type().IsRegular() && e.Name() == name })
}

// ollamaModels are manifests/<host>/<namespace>/<model>/<tag>.
func (w walker) ollamaModels(dir string) (items []item) {
	level := []string{""}
	for range 4 {
		var next []string
		for _, below := range level {
			entries, err := list(w.root, path.Join(dir, "manifests", below))
			if err != nil {
				items = append(items, item{name: path.Join(dir, "manifests", below), problem: "the folder cannot be listed: " + err.Error()})
			}
			for _, e := range entries {
				next = append(next, path.Join(below, e.Name()))
			}
		}
		level = next
	}
	for _, m := range level {
		name, tag := path.Split(m)
		items = append(items, item{name: path.Join(dir, "manifests", m), scheme: "ollama-store", of: dir, model: strings.TrimSuffix(name, "/") + ":" + tag})
	}
	return items
}

// maxIndex bounds models.json, in bytes.
const maxIndex = 16 << 20

// dockerModels are what models.json names, those without a tag by their digest.
func (w walker) dockerModels(dir string) (items []item) {
	index := path.Join(dir, "models.json")
	var known struct {
		Models []struct {
			ID   string   `json:"id"`
			Tags []string `json:"tags"`
		} `json:"models"`
	}
	f, err := w.root.OpenFile(index, os.O_RDONLY|nonBlocking, 0)
	if err == nil {
		err = errors.Join(json.UnmarshalRead(io.LimitReader(f, maxIndex), &known), f.Close())
	}
	if err != nil {
		return []item{{name: index, problem: fmt.Sprintf("the list of models cannot be read: %v", err)}}
	}
	for _, m := range known.Models {
		name := "x@" + m.ID
		if len(m.Tags) > 0 {
			name = m.Tags[0]
		}
		items = append(items, item{name: path.Join(dir, strings.TrimPrefix(name, "x@")), scheme: "docker-models", of: dir, model: name})
	}
	return items
}

// reference is how the judge is asked for an item below root.
func (i item) reference(root string) string {
	folder := filepath.Join(root, filepath.FromSlash(i.folder()))
	switch {
	case i.scheme == "":
		return reference(folder)
	case i.model == "":
		return i.scheme + ":" + folder
	}
	return i.scheme + ":" + folder + "//" + i.model
}

// folder is what an item's bytes lie in, below the root.
func (i item) folder() string {
	if i.of != "" {
		return i.of
	}
	return i.name
}
