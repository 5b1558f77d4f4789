// Package local is the Source of files and folders on this machine.
//
// A reference is a path. A symbolic link that the user names is followed once;
// inside a folder none is, but for those of a Hugging Face cache into its own
// blobs (internal/folder). The ".git" folder at the top of a clone holds history
// and is no part of the model: it is named in Artifact.Ignored.
//
// # Security
//
// The folder is opened once and everything is read relative to that handle
// (os.Root), so that a path swapped meanwhile cannot lead out of it. What is not
// a regular file, cannot be read, or has a name that other systems would read
// differently becomes an Omission, never an error for the whole folder and never
// nothing. The number of entries is bounded by registry.MaxFiles, the depth by
// the length of a name. Files are compared when they are opened and closed
// (registry.ErrChanged).
package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"assay/registry"
	"assay/registry/internal/disk"
	"assay/registry/internal/folder"
)

// Source resolves paths.
type Source struct {
	// LeaveOutGit takes the ".git" of a clone for no part of the artifact, as
	// signers of models do. Otherwise it is something that was not looked at.
	LeaveOutGit bool
}

var _ registry.Source = Source{}

// New returns the Source.
func New() Source { return Source{} }

// Scheme is "file".
func (Source) Scheme() string { return "file" }

// Resolve lists a folder, or makes an artifact of one file. A folder has no
// revision, so Pinned stays empty; Kind stays unknown.
func (s Source) Resolve(ctx context.Context, ref registry.Reference) (*registry.Artifact, error) {
	path, err := filepath.EvalSymlinks(ref.Rest)
	if err != nil {
		return nil, pathError(ref, err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		return nil, pathError(ref, err)
	}
	a := &registry.Artifact{Ref: ref}
	switch {
	case info.Mode().IsRegular():
		resolveFile(a, path, info)
		return a, nil
	case info.IsDir():
		if err := s.resolveFolder(ctx, a, path); err != nil {
			return nil, err
		}
		return a, nil
	}
	return nil, fmt.Errorf("%w: %s is %s, neither a file nor a folder", registry.ErrReference, ref, folder.KindOf(info.Mode()))
}

func pathError(ref registry.Reference, err error) error {
	if target, linkErr := os.Readlink(ref.Rest); linkErr == nil && errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %s is a symbolic link to %q, which is not there", registry.ErrNotFound, ref, target)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: there is no file or folder %s", registry.ErrNotFound, ref)
	}
	return fmt.Errorf("look at %s: %w", ref, err)
}

// resolveFile names the file as the user did, not as a link's target is called.
func resolveFile(a *registry.Artifact, path string, info fs.FileInfo) {
	a.Files, a.Omitted = registry.SplitSet([]registry.File{{
		Name: filepath.Base(a.Ref.Rest),
		Size: info.Size(),
		Open: disk.AtPath(path).File(info), Stamp: disk.Stamp(info),
	}})
}

// resolveFolder lists a folder. A snapshot of a Hugging Face cache is opened by
// its repository, since its files are links to blobs that lie beside it.
func (s Source) resolveFolder(ctx context.Context, a *registry.Artifact, path string) error {
	dir, base := folder.SplitSnapshot(path)
	root, err := os.OpenRoot(dir) // lives as long as a File of the artifact can be opened
	if err != nil {
		return fmt.Errorf("open folder %s: %w", a.Ref, err)
	}
	l, err := folder.List(ctx, root, base, s.LeaveOutGit)
	if err != nil {
		return errors.Join(fmt.Errorf("list %s: %w", a.Ref, err), root.Close())
	}
	a.Files, a.Omitted, a.Ignored = l.Files, l.Omitted, l.Ignored
	return nil
}
