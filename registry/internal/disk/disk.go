// Package disk reads regular files and notices when they change meanwhile.
//
// # Security
//
// What is concluded from a file holds only for the bytes that were read. A file
// is therefore compared, by the open handle and by its name, when it is opened
// and again when it is closed: identity, size, modification time, and the inode
// change time where the system has one, which an unprivileged writer cannot set
// back. A writer who can forge all of them, or maps the file and writes within
// one tick of the file system's clock, is not noticed: the caller's own hash of
// the bytes it read is what its conclusion is about.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"assay/registry"
)

// Opener opens and stats one file by its name, within the same root.
type Opener struct {
	Name string // for errors
	Open func() (*os.File, error)
	Stat func() (fs.FileInfo, error) // must not follow a symbolic link; nil: the name does not matter
}

// InRoot is a file below root. Symbolic links on the way that leave root are
// refused by os.Root.
func InRoot(root *os.Root, name string) Opener {
	return Opener{
		Name: name,
		Open: func() (*os.File, error) { return root.OpenFile(name, os.O_RDONLY|nonBlocking, 0) },
		Stat: func() (fs.FileInfo, error) { return root.Lstat(name) },
	}
}

// Blob is a file below root whose name stands for its content, so that another
// process may at any time put an equal file in its place. Only the size and the
// modification time of the open handle are then compared: the inode change time
// also changes when a name is taken away.
func Blob(root *os.Root, name string) Opener {
	o := InRoot(root, name)
	o.Stat = nil
	return o
}

// AtPath is the file that path names; path is used as it is.
func AtPath(path string) Opener {
	return Opener{
		Name: path,
		Open: func() (*os.File, error) { return os.OpenFile(path, os.O_RDONLY|nonBlocking, 0) },
		Stat: func() (fs.FileInfo, error) { return os.Lstat(path) },
	}
}

// OpenFolder opens a folder to list it, without waiting should it be a pipe by now.
func OpenFolder(root *os.Root, name string) (*os.File, error) {
	return root.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
}

// File is a registry.File's Open for the file that a listing saw.
func (o Opener) File(listed fs.FileInfo) func(context.Context) (registry.Content, error) {
	return func(ctx context.Context) (registry.Content, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := o.Content(listed)
		if err != nil {
			return nil, err
		}
		return c, nil
	}
}

// Content is an open file. It implements registry.Content.
type Content struct {
	*os.File
	opener Opener
	before fs.FileInfo
}

var _ registry.Content = (*Content)(nil)

// Content opens a regular file that must still be the one that want describes
// (what a listing saw); nil accepts any. It fails with registry.ErrChanged when
// it is another one by now.
func (o Opener) Content(want fs.FileInfo) (*Content, error) {
	f, err := o.Open()
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	now, err := f.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("stat: %w", err), f.Close())
	}
	if want != nil && !same(want, now) || !now.Mode().IsRegular() {
		return nil, errors.Join(fmt.Errorf("%w: %s is not the file that was listed", registry.ErrChanged, o.Name), f.Close())
	}
	return &Content{File: f, opener: o, before: now}, nil
}

// Size is the size in bytes at the time of Open.
func (c *Content) Size() int64 { return c.before.Size() }

// Disk is the content itself, for those who hold it inside of something else.
func (c *Content) Disk() *Content { return c }

// IsBlob reports that the name stands for the content, so that a second name of the
// file is no change of it.
func (c *Content) IsBlob() bool { return c.opener.Stat == nil }

// Handle is the open file, to be read only.
func (c *Content) Handle() *os.File { return c.File }

// Info is what the file was at the time of Open.
func (c *Content) Info() fs.FileInfo { return c.before }

// Close closes the file and returns registry.ErrChanged when it, or the name it
// was opened by, is no longer what it was.
func (c *Content) Close() error {
	handle, err := c.File.Stat()
	closeErr := c.File.Close()
	if err != nil {
		return errors.Join(err, closeErr)
	}
	if !c.kept(handle) {
		return errors.Join(fmt.Errorf("%w: %s", registry.ErrChanged, c.opener.Name), closeErr)
	}
	return closeErr
}

func (c *Content) kept(handle fs.FileInfo) bool {
	if c.opener.Stat == nil {
		return handle.Size() == c.before.Size() && handle.ModTime().Equal(c.before.ModTime())
	}
	named, err := c.opener.Stat()
	return err == nil && same(c.before, handle) && same(c.before, named)
}

// Stamp is what a listing says of a file. The ID is empty on systems that have no
// inode change time: a modification time alone can be set by everybody.
func Stamp(info fs.FileInfo) registry.Stamp {
	node, changed := inode(info), changeTime(info)
	if node == "" || changed.IsZero() {
		return registry.Stamp{}
	}
	if written := info.ModTime(); written.After(changed) {
		changed = written
	}
	return registry.Stamp{
		ID:      fmt.Sprintf("%s:%d:%d:%d", node, info.Size(), info.ModTime().UnixNano(), changeTime(info).UnixNano()),
		Changed: changed,
	}
}

// Unchanged reports whether a file is still what before says.
func Unchanged(before, now fs.FileInfo) bool { return same(before, now) }

func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Mode().Type() == b.Mode().Type() && a.Size() == b.Size() &&
		a.ModTime().Equal(b.ModTime()) && changeTime(a).Equal(changeTime(b))
}
