package registry

import (
	"fmt"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// CheckSet checks every name and refuses a set in which two names are equal
// after case folding and Unicode normalisation: they would be one file on a Mac
// or on Windows, and which of the two is then read is anybody's guess. It also
// refuses a file that is a folder of another, and more than MaxFiles files.
func CheckSet(files []File) error {
	if len(files) > MaxFiles {
		return fmt.Errorf("%w: more than %d files", ErrLimit, MaxFiles)
	}
	set := newNameSet(len(files))
	for _, f := range files {
		if err := set.add(f.Name); err != nil {
			return err
		}
	}
	return nil
}

// SplitSet separates the files that CheckSet accepts, in their order, from the
// ones it refuses. A store that somebody else filled must be refused as a whole;
// a folder of one's own may hold a file that only this system can name, and is
// then looked at incompletely instead of not at all.
func SplitSet(files []File) (kept []File, refused []Omission) {
	set := newNameSet(len(files))
	for _, f := range files {
		if err := set.add(f.Name); err != nil {
			refused = append(refused, Omission{Name: PrintableName(f.Name), Reason: err.Error()})
			continue
		}
		kept = append(kept, f)
	}
	return kept, refused
}

// nameSet holds names under the key by which the least careful file system
// would compare them.
type nameSet struct {
	fold  cases.Caser
	files map[string]string // key -> name
	dirs  map[string]string // key of a folder -> name of a file below it
}

func newNameSet(size int) *nameSet {
	return &nameSet{fold: cases.Fold(), files: make(map[string]string, size), dirs: make(map[string]string)}
}

func (s *nameSet) add(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	key := norm.NFC.String(s.fold.String(norm.NFC.String(name)))
	if other, ok := s.files[key]; ok {
		return fmt.Errorf("%w %q: the same file as %q on some systems", ErrUnsafeName, name, other)
	}
	if child, ok := s.dirs[key]; ok {
		return fmt.Errorf("%w %q: it is the folder of %q", ErrUnsafeName, name, child)
	}
	for dir := range parents(key) {
		if file, ok := s.files[dir]; ok {
			return fmt.Errorf("%w %q: its folder is the file %q", ErrUnsafeName, name, file)
		}
	}
	s.files[key] = name
	for dir := range parents(key) {
		if _, ok := s.dirs[dir]; ok {
			break
		}
		s.dirs[dir] = name
	}
	return nil
}

// parents yields the folders of a name, the innermost first.
func parents(name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := strings.LastIndexByte(name, '/'); i > 0; i = strings.LastIndexByte(name[:i], '/') {
			if !yield(name[:i]) {
				return
			}
		}
	}
}
