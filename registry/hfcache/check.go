package hfcache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"assay/registry"
)

// check compares a snapshot with the rest of the cache.
type check struct {
	root     *os.Root
	commit   string
	artifact *registry.Artifact
}

func (c check) omit(name, why string) {
	c.artifact.Omitted = append(c.artifact.Omitted, registry.Omission{Name: registry.PrintableName(name), Reason: why})
}

// filesAmongLinks: the Hub's client makes either links or, where there are none,
// files. A file among links was put there by somebody else, and is looked at too.
func (c check) filesAmongLinks() {
	for _, f := range c.artifact.Files {
		if len(f.Declared) == 0 {
			c.omit(f.Name, "a file among links: it did not come from the Hub, and nothing promises its content")
		}
	}
}

// declaredAbsent: .no_exist/<commit> marks what the commit does not have.
func (c check) declaredAbsent() {
	for _, f := range c.artifact.Files {
		if _, err := c.root.Lstat(".no_exist/" + c.commit + "/" + f.Name); err == nil {
			c.omit(f.Name, "the cache says that the commit has no such file")
		}
	}
}

// tree is trees/<commit>.json, the list of the commit that newer clients keep.
type tree struct {
	FormatVersion int                 `json:"format_version"`
	Files         map[string]treeFile `json:"files"`
}

type treeFile struct {
	Size      int64  `json:"size"`
	BlobID    string `json:"blob_id"`
	LFSSHA256 string `json:"lfs_sha256"`
}

// maxTree bounds the list of a commit, in bytes.
const maxTree = 64 << 20

// tree compares the snapshot with the list of the commit, if the cache has it. A
// file that is listed and was never fetched is no part of the snapshot: nothing
// can load it. It is told as ignored.
func (c check) tree() error {
	t, ok, err := c.readTree()
	if err != nil || !ok {
		return err
	}
	have := make(map[string]bool, len(c.artifact.Files))
	for _, f := range c.artifact.Files {
		have[f.Name] = true
		listed, ok := t.Files[f.Name]
		want := listed.LFSSHA256
		if want == "" {
			want = listed.BlobID
		}
		switch {
		case !ok:
			c.omit(f.Name, "not in the list of the commit")
		case len(f.Declared) > 0 && f.Declared[0].Digest.Hex != want:
			c.omit(f.Name, fmt.Sprintf("the list of the commit has %s, the snapshot %s", registry.PrintableName(want), f.Declared[0].Digest.Hex))
		}
	}
	for name := range t.Files {
		if !have[name] {
			c.artifact.Ignored = append(c.artifact.Ignored, registry.PrintableName(name)+" (in the commit, not in this cache)")
		}
	}
	slices.Sort(c.artifact.Ignored)
	slices.SortStableFunc(c.artifact.Omitted, func(x, y registry.Omission) int { return strings.Compare(x.Name, y.Name) })
	return nil
}

func (c check) readTree() (t tree, ok bool, err error) {
	f, err := c.root.Open("trees/" + c.commit + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return t, false, nil
	}
	if err != nil {
		return t, false, fmt.Errorf("list of commit %s: %w", c.commit, err)
	}
	defer f.Close()
	if err := json.UnmarshalRead(io.LimitReader(f, maxTree), &t); err != nil || t.FormatVersion != 1 {
		c.omit("trees/"+c.commit+".json", "the list of the commit cannot be read: whether the snapshot is complete is not known")
		return t, false, nil
	}
	return t, true, nil
}
