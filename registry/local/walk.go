package local

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

// walk collects the entries below root.
type walk struct {
	ctx     context.Context
	root    *os.Root // lives as long as a File of the artifact can be opened
	files   []registry.File
	omitted []registry.Omission
	ignored []string
	pending []string // folders still to list: a loop, so that no depth of folders holds a handle each
	entries int
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

// folder lists one folder, whose name is "." or satisfies CheckName. Only the
// root itself must be readable; any other folder that is not becomes an omission.
func (w *walk) folder(name string) error {
	dir, err := disk.OpenFolder(w.root, name)
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
	info, err := w.root.Lstat(name)
	switch {
	case err != nil:
		w.omit(name, "unreadable: "+reason(err))
	case name == ".git" && info.IsDir():
		w.ignored = append(w.ignored, name)
	case info.IsDir():
		if err := registry.CheckName(name); err != nil {
			w.omit(name, err.Error())
			return nil
		}
		w.pending = append(w.pending, name)
	case info.Mode().IsRegular():
		w.files = append(w.files, registry.File{
			Name: name, Size: info.Size(), Open: opener(disk.InRoot(w.root, name), info),
		})
	default:
		w.omit(name, w.notAFile(name, info.Mode()))
	}
	return nil
}

func (w *walk) omit(name, why string) {
	w.omitted = append(w.omitted, registry.Omission{Name: registry.PrintableName(name), Reason: why})
}

func (w *walk) notAFile(name string, mode fs.FileMode) string {
	if mode.Type() != fs.ModeSymlink {
		return kindOf(mode) + ", not a file"
	}
	target, err := w.root.Readlink(name)
	if err != nil {
		return "symbolic link, not followed"
	}
	return fmt.Sprintf("symbolic link to %q, not followed", target)
}

// finish sorts, so that the listing does not depend on the order of the disk.
func (w *walk) finish(a *registry.Artifact) {
	slices.SortFunc(w.files, func(x, y registry.File) int { return strings.Compare(x.Name, y.Name) })
	kept, refused := registry.SplitSet(w.files)
	a.Files, a.Ignored = kept, w.ignored
	a.Omitted = append(w.omitted, refused...)
	slices.SortFunc(a.Omitted, func(x, y registry.Omission) int { return strings.Compare(x.Name, y.Name) })
}

// reason drops the operation and the path, which the omission names already.
func reason(err error) string {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err.Error()
	}
	return err.Error()
}

func kindOf(mode fs.FileMode) string {
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
