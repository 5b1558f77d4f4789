package export

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json"

	"assay/registry"
	"assay/registry/internal/disk"
)

// HubCache writes an artifact of the Hugging Face Hub into a cache as the Hub's own
// clients keep it (hub-docs, local-cache.md), so that they find it there and fetch
// nothing: blobs under the digest that the Hub promised, a snapshot of links, the
// list of the commit, and last of all the reference that was asked for. Files that
// are there already are hashed, and replaced when they are wrong.
func (w Writer) HubCache(ctx context.Context, a *registry.Artifact, dir string) (*Lock, error) {
	if err := registry.CheckSet(a.Parts()); err != nil {
		return nil, err
	}
	folder, err := hubFolder(a)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
		return nil, err
	}
	tag := filepath.Join(dir, "CACHEDIR.TAG")
	if _, err := os.Lstat(tag); errors.Is(err, fs.ErrNotExist) {
		if err := disk.Replace(tag, []byte("Signature: 8a477f597d28d172789f06886806bc55\n# This file marks a cache directory (bford.info/cachedir).\n")); err != nil {
			return nil, err
		}
	}
	root, err := os.OpenRoot(filepath.Join(dir, folder))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	c := hubCache{writer: w, root: root, commit: a.Identity.Revision}
	lock := newLock(a)
	for _, f := range a.Parts() {
		sum, err := c.file(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", f.Name, err)
		}
		lock.add(f, sum)
	}
	return lock, c.finish(a)
}

// hubFolder is the folder of a repository in a cache.
func hubFolder(a *registry.Artifact) (string, error) {
	name := a.Identity.Name
	kind, known := map[registry.Kind]string{registry.KindModel: "models", registry.KindDataset: "datasets"}[a.Kind]
	if !strings.HasPrefix(a.Pinned, "hf://") || !known || registry.CheckName(name) != nil || strings.Contains(name, "--") {
		return "", fmt.Errorf("%w: only models and datasets of the Hub (hf://) belong into its cache", registry.ErrReference)
	}
	return kind + "--" + strings.ReplaceAll(name, "/", "--"), nil
}

// hubCache is one repository of a cache.
type hubCache struct {
	writer Writer
	root   *os.Root
	commit string
}

// file writes a blob and its link.
func (c hubCache) file(ctx context.Context, f registry.File) (sum string, err error) {
	if len(f.Declared) == 0 {
		return "", errors.New("the Hub promised no digest")
	}
	blob := f
	blob.Name = "blobs/" + f.Declared[0].Digest.Hex
	if err := c.root.MkdirAll("blobs", 0o755); err != nil {
		return "", err
	}
	if sum, err = c.have(ctx, blob); err != nil {
		blob.Name += "." + rand.Text()[:8] + ".incomplete"
		if sum, err = c.writer.writeFile(ctx, c.root, blob); err == nil {
			err = c.root.Rename(blob.Name, "blobs/"+f.Declared[0].Digest.Hex)
		}
		if err != nil {
			_ = c.root.Remove(blob.Name)
			return "", err
		}
	}
	name := path.Join("snapshots", c.commit, f.Name)
	if err := c.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return "", err
	}
	target := strings.Repeat("../", strings.Count(name, "/")) + "blobs/" + f.Declared[0].Digest.Hex
	if have, err := c.root.Readlink(name); err == nil && have == target {
		return sum, nil
	}
	temp := path.Join("snapshots", "."+rand.Text())
	if err := c.root.Symlink(target, temp); err != nil {
		return "", err
	}
	return sum, c.root.Rename(temp, name)
}

// have compares a blob that is there with what the Hub promised.
func (c hubCache) have(ctx context.Context, blob registry.File) (sum string, err error) {
	in, err := disk.InRoot(c.root, blob.Name).Content(nil)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if blob.Declared[0].Digest.Algorithm != "sha256" {
		return "", errors.New("small, and written again")
	}
	return hashed(ctx, io.Discard, blob, in)
}

// treeFile is an entry of trees/<commit>.json.
type treeFile struct {
	Size      int64  `json:"size"`
	BlobID    string `json:"blob_id"`
	LFSSHA256 string `json:"lfs_sha256,omitzero"`
	LFSSize   int64  `json:"lfs_size,omitzero"`
}

// finish writes the list of the commit and the reference that leads to it.
func (c hubCache) finish(a *registry.Artifact) error {
	tree := struct {
		FormatVersion int                 `json:"format_version"`
		Files         map[string]treeFile `json:"files"`
	}{1, make(map[string]treeFile, len(a.Parts()))}
	for _, f := range a.Parts() {
		d := f.Declared[0].Digest
		entry := treeFile{Size: f.Size, BlobID: d.Hex}
		if d.Algorithm == "sha256" {
			entry.LFSSHA256, entry.LFSSize = d.Hex, f.Size
		}
		tree.Files[f.Name] = entry
	}
	text, err := json.Marshal(tree, json.Deterministic(true))
	if err != nil {
		return err
	}
	if err := c.replace("trees/"+c.commit+".json", text); err != nil {
		return err
	}
	for _, folder := range []string{"blobs", "snapshots/" + c.commit} {
		if err := disk.SyncDir(filepath.Join(c.root.Name(), filepath.FromSlash(folder))); err != nil {
			return err
		}
	}
	_, revision, named := strings.Cut(a.Ref.Rest, "@")
	if !named {
		revision = "main"
	}
	if named := registry.CheckName(revision) == nil && revision != c.commit; !named {
		return nil
	}
	return c.replace("refs/"+revision, []byte(c.commit))
}

func (c hubCache) replace(name string, text []byte) error {
	if err := c.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	temp := path.Dir(name) + "/." + rand.Text()
	if err := c.root.WriteFile(temp, text, 0o644); err != nil {
		return err
	}
	return c.root.Rename(temp, name)
}
