// Package folder lists the files of a folder.
//
// # Security
//
// Everything is read relative to one open handle (os.Root). What is not a regular
// file, cannot be read, or has a name that other systems would read differently
// becomes an Omission, never an error for the whole folder and never nothing.
// Symbolic links are not followed, with one exception: in a Hugging Face cache a
// snapshot is made of links to blobs. Such a link is a file when it points, by its
// own text, to a regular file directly in the "blobs" folder of its repository,
// the name of which is a digest; the file is then promised under that digest.
// The number of entries is bounded by registry.MaxFiles, the depth by the length
// of a name.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"assay/registry"
	"assay/registry/internal/disk"
)

// batch is how many entries of a folder are read at once.
const batch = 1024

// Listing is what a folder holds.
type Listing struct {
	Files   []registry.File // sorted by name
	Omitted []registry.Omission
	Ignored []string // the ".git" of a clone
	Links   int      // files that are links into the blobs of a Hugging Face cache
}

// List lists the folder base below root; base is "." for root itself. The names
// are relative to base. The ".git" of a clone is an Omission, because a model could
// name weights inside it, unless the caller says that it is no part: then it is
// Ignored. The root must stay open as long as a File may be opened.
func List(ctx context.Context, root *os.Root, base string, leaveOutGit bool) (Listing, error) {
	w := walk{ctx: ctx, root: root, base: base, leaveOutGit: leaveOutGit, linked: make(map[string]bool)}
	if err := w.run(); err != nil {
		return Listing{}, err
	}
	return w.finish(), nil
}

// walk collects the entries below base.
type walk struct {
	ctx         context.Context
	root        *os.Root
	base        string
	leaveOutGit bool
	files       []registry.File
	omitted     []registry.Omission
	ignored     []string
	pending     []string // folders still to list: a loop, so that no depth of folders holds a handle each
	entries     int
	links       int
	linked      map[string]bool // blobs that are listed under the name of a link
}

func (w *walk) run() error {
	w.pending = []string{"."}
	for len(w.pending) > 0 {
		last := len(w.pending) - 1
		name := w.pending[last]
		w.pending = w.pending[:last]
		if err := w.folder(name); err != nil {
			return err
		}
	}
	return nil
}

// at is a name below base as root knows it.
func (w *walk) at(name string) string { return path.Join(w.base, name) }

// folder lists one folder, whose name is "." or satisfies CheckName. Only the
// root itself must be readable; any other folder that is not becomes an omission.
func (w *walk) folder(name string) error {
	dir, err := disk.OpenFolder(w.root, w.at(name))
	if err != nil {
		if name == "." {
			return err
		}
		w.omit(name, "unreadable folder: "+reason(err))
		return nil
	}
	defer dir.Close()
	for {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		entries, err := dir.ReadDir(batch)
		for _, e := range entries {
			if err := w.entry(path.Join(name, e.Name())); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			w.omit(name, "folder could not be read to its end: "+reason(err))
			return nil
		}
	}
}

func (w *walk) entry(name string) error {
	if w.entries++; w.entries > registry.MaxFiles {
		return fmt.Errorf("%w: more than %d entries", registry.ErrLimit, registry.MaxFiles)
	}
	// Not the DirEntry's own Info, which some systems answer by full path.
	info, err := w.root.Lstat(w.at(name))
	switch {
	case err != nil:
		w.omit(name, "unreadable: "+reason(err))
	case name == ".git" && info.IsDir() && w.isRepository(name):
		if w.leaveOutGit {
			w.ignored = append(w.ignored, name)
			return nil
		}
		w.omit(name, "the folder of a Git clone was not looked at, and a model can name weights inside it; remove it, or say --leave-out-git")
	case info.IsDir():
		if err := registry.CheckName(name); err != nil {
			w.omit(name, err.Error())
			return nil
		}
		w.pending = append(w.pending, name)
	case info.Mode().IsRegular():
		w.files = append(w.files, registry.File{
			Name: name, Size: info.Size(), Open: disk.InRoot(w.root, w.at(name)).File(info), Stamp: disk.Stamp(info),
		})
	case w.addBlob(name, info):
	default:
		w.omit(name, w.notAFile(name, info.Mode()))
	}
	return nil
}

// isRepository reports the folder of a real clone (gitrepository-layout(5)).
// Only that is no part of the model: a folder that is merely called .git would be
// a place to hide weights in.
func (w *walk) isRepository(name string) bool {
	head, err := w.root.Lstat(w.at(path.Join(name, "HEAD")))
	if err != nil || !head.Mode().IsRegular() {
		return false
	}
	objects, err := w.root.Lstat(w.at(path.Join(name, "objects")))
	return err == nil && objects.IsDir()
}

func (w *walk) omit(name, why string) {
	w.omitted = append(w.omitted, registry.Omission{Name: registry.PrintableName(name), Reason: why})
}

func (w *walk) notAFile(name string, mode fs.FileMode) string {
	if mode.Type() != fs.ModeSymlink {
		return KindOf(mode) + ", not a file"
	}
	target, err := w.root.Readlink(w.at(name))
	if err != nil {
		return "symbolic link, not followed"
	}
	return fmt.Sprintf("symbolic link to %q, not followed", target)
}

// finish sorts, so that the listing does not depend on the order of the disk.
func (w *walk) finish() Listing {
	slices.SortFunc(w.files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) })
	w.files = slices.DeleteFunc(w.files, func(f registry.File) bool { return w.linked[w.at(f.Name)] })
	l := Listing{Ignored: w.ignored, Links: w.links}
	var refused []registry.Omission
	l.Files, refused = registry.SplitSet(w.files)
	l.Omitted = slices.Concat(w.omitted, refused)
	slices.SortFunc(l.Omitted, func(x, y registry.Omission) int { return strings.Compare(x.Name, y.Name) })
	return l
}

// reason drops the operation and the path, which the omission names already.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// KindOf names what an entry is that is no regular file.
func KindOf(mode fs.FileMode) string {
	switch mode.Type() {
	case fs.ModeSymlink:
		return "symbolic link"
	case fs.ModeNamedPipe:
		return "named pipe"
	case fs.ModeSocket:
		return "socket"
	case fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice:
		return "device"
	}
	return "special file"
}
