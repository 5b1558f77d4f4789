package attest

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"assay/verify"
	"assay/verify/hashing"
)

// ContentAlgorithm names verify.ContentID in the digests of a subject. It is not
// called sha256: a file whose bytes are the list of another artifact's files
// would have the same digest.
const ContentAlgorithm = "assayContentV1"

// tree is the artifact as subjects see it.
type tree struct {
	names  []string
	sums   map[string]string // name -> SHA-256, without files that were not read
	byBase map[string]string // last part of a name -> the only name with it, "/" for several
	ids    []string          // ContentID in hex: of all files, and of all but the attestations
	pinned string            // hex SHA-256 that the reference was pinned to, or ""
}

func newTree(files verify.Digests, documents map[string]bool, pinned string) *tree {
	names := files.Names()
	t := &tree{names: names, sums: make(map[string]string, len(names)), byBase: make(map[string]string, len(names)), pinned: pinned}
	all := make([]verify.FileEvidence, 0, len(names))
	for _, name := range t.names {
		sum, _ := files.Hex(name, hashing.Need{Algorithm: hashing.SHA256}, 0)
		if sum != "" {
			t.sums[name] = sum
		}
		if base := path.Base(name); t.byBase[base] != "" {
			t.byBase[base] = "/" // no name
		} else {
			t.byBase[base] = name
		}
		e := verify.FileEvidence{Name: name, Size: files.Size(name), SHA256: sum}
		all = append(all, e)
	}
	t.addID(all)
	if len(documents) > 0 {
		t.addID(slices.DeleteFunc(all, func(e verify.FileEvidence) bool { return documents[e.Name] }))
	}
	return t
}

func (t *tree) addID(files []verify.FileEvidence) {
	if id, ok := strings.CutPrefix(verify.ContentID(files), "sha256:"); ok && len(files) > 0 {
		t.ids = append(t.ids, id)
	}
}

// binding is what the subjects of one statement say about a tree.
type binding struct {
	whole    bool
	files    []string // by digest and name
	renamed  []string // by digest, under another name
	problems []verify.Problem
}

// bind looks every subject up. One that names a file of the tree and has another
// digest is a problem; one that is about nothing in the tree is not, because a
// build makes more than one thing.
func (t *tree) bind(list subjects) binding {
	var b binding
	bound, sums := make(map[string]bool, len(list)), make(map[string]bool, len(list))
	for _, s := range list {
		b.whole = b.whole || t.isWhole(s)
		sum := s.Digest.get("sha256")
		if sum == "" {
			continue
		}
		sums[sum] = true
		if name, ok := t.fileOf(s.Name, sum); ok {
			bound[name] = true
		}
		if own, ok := t.sums[s.Name]; ok && own != sum {
			b.problems = append(b.problems, verify.Problem{Code: CodeMismatch, File: s.Name, What: "content is not what was attested"})
		}
	}
	for _, name := range t.names {
		switch {
		case bound[name] || b.whole:
			b.files = append(b.files, name)
		case sums[t.sums[name]]:
			b.renamed = append(b.renamed, name)
		}
	}
	if len(b.files) == 0 && len(b.problems) == 0 {
		b.problems = []verify.Problem{{Code: CodeOtherSubject, What: t.otherSubject(list, b.renamed)}}
	}
	return b
}

// isWhole accepts what binds the names too.
func (t *tree) isWhole(s subject) bool {
	if id := s.Digest.get(ContentAlgorithm); id != "" && slices.Contains(t.ids, id) {
		return true
	}
	return t.pinned != "" && s.Digest.get("sha256") == t.pinned
}

// fileOf finds the file that a subject is: of its name, or of the end of its name,
// because builds name their output by the path they wrote it to; or the only file
// of that name in any folder, because some name it without its folder. The name of
// a model that is one file is the caller's own choice.
func (t *tree) fileOf(subject, sum string) (string, bool) {
	for name, ok := subject, true; ok; _, name, ok = strings.Cut(name, "/") {
		if t.sums[name] == sum {
			return name, true
		}
	}
	if len(t.names) == 1 {
		return t.names[0], t.sums[t.names[0]] == sum
	}
	name := t.byBase[subject]
	return name, name != "" && t.sums[name] == sum
}

func (t *tree) otherSubject(list subjects, renamed []string) string {
	if len(renamed) > 0 {
		return fmt.Sprintf("%s is attested under another name: a digest without the name does not say what a file is for", renamed[0])
	}
	return fmt.Sprintf("none of its %d subjects is a file of this artifact or the artifact as a whole", len(list))
}
