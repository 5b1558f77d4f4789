package folder

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"assay/registry"
	"assay/registry/internal/cas"
	"assay/registry/internal/disk"
)

// By is who promises the digest that is the name of a blob in a Hugging Face cache.
const By = "hf-cache"

// SplitSnapshot splits the path of a snapshot in a Hugging Face cache, or of a
// folder in one, into the folder of the repository and the rest
// (".../models--org--name", "snapshots/<commit>"). Any other path is its own root.
// The layout is the one of hub-docs, local-cache.md.
func SplitSnapshot(dir string) (root, base string) {
	for at, rest := dir, ""; ; {
		parent, name := filepath.Dir(at), filepath.Base(at)
		if parent == at {
			return dir, "."
		}
		rest = path.Join(name, rest)
		grand := filepath.Dir(parent)
		if filepath.Base(parent) == "snapshots" && isRepoFolder(filepath.Base(grand)) {
			if info, err := os.Stat(filepath.Join(grand, "blobs")); err == nil && info.IsDir() {
				return grand, path.Join("snapshots", rest)
			}
		}
		at = parent
	}
}

func isRepoFolder(name string) bool {
	kind, rest, ok := strings.Cut(name, "--")
	return ok && rest != "" && (kind == "models" || kind == "datasets" || kind == "spaces")
}

// addBlob adds a link of a snapshot, and reports false when it is none or leads
// elsewhere than to a blob of its own repository.
func (w *walk) addBlob(name string, info fs.FileInfo) bool {
	if info.Mode().Type() != fs.ModeSymlink {
		return false
	}
	blob, digest, ok := w.blobOf(name)
	if !ok {
		return false
	}
	target, err := w.root.Lstat(blob)
	if err != nil || !target.Mode().IsRegular() {
		return false
	}
	f := registry.File{
		Name: name, Size: target.Size(), Open: disk.InRoot(w.root, blob).File(target), Stamp: disk.Stamp(target),
		Declared: []registry.Declared{{Digest: digest, By: By}},
	}
	if digest.Algorithm != "sha256" { // which the reader computes anyway
		f.Open = compared(f)
	}
	w.files = append(w.files, f)
	w.links++
	w.linked[blob] = true
	return true
}

// blobOf follows the text of a link, without the file system: from
// <repository>/snapshots/<commit>/... to <repository>/blobs/<digest>.
func (w *walk) blobOf(name string) (blob string, digest registry.Digest, ok bool) {
	repository, inSnapshot := repositoryOf(w.at(name))
	link, err := w.root.Readlink(w.at(name))
	if !inSnapshot || err != nil || filepath.IsAbs(link) {
		return "", digest, false
	}
	blob = path.Join(path.Dir(w.at(name)), filepath.ToSlash(link))
	if path.Dir(blob) != path.Join(repository, "blobs") {
		return "", digest, false
	}
	digest, err = BlobDigest(path.Base(blob))
	return blob, digest, err == nil
}

// repositoryOf is the folder above the innermost "snapshots/<commit>" of a name.
func repositoryOf(name string) (dir string, ok bool) {
	parts := strings.Split(name, "/")
	for i := len(parts) - 3; i >= 0; i-- {
		if parts[i] == "snapshots" && IsCommit(parts[i+1]) {
			return path.Join(append([]string{"."}, parts[:i]...)...), true
		}
	}
	return "", false
}

// IsCommit reports a full commit id.
func IsCommit(s string) bool {
	_, err := registry.NewDigest("sha1-git", s)
	return err == nil
}

// BlobDigest reads the name of a blob: the SHA-256 of a large file, the Git blob
// id of a small one.
func BlobDigest(name string) (registry.Digest, error) {
	if len(name) == 64 {
		return registry.NewDigest("sha256", name)
	}
	return registry.NewDigest("sha1-git", name)
}

// compared compares the bytes with the promised digests before it hands them out.
func compared(f registry.File) func(context.Context) (registry.Content, error) {
	open, b := f.Open, cas.Blob{Name: f.Name, Size: f.Size}
	for _, d := range f.Declared {
		b.Want = append(b.Want, d.Digest)
	}
	return func(ctx context.Context) (registry.Content, error) {
		c, err := open(ctx)
		if err != nil {
			return nil, err
		}
		if err := cas.Verify(ctx, c, b); err != nil {
			return nil, errors.Join(err, c.Close())
		}
		return c, nil
	}
}
