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
	sums   map[string]string // name -> SHA-256, "" of a file that was not read
	ids    []string          // ContentID in hex: of all files, and of all but the attestations
	pinned string            // hex SHA-256 that the reference was pinned to, or ""
}

func newTree(files verify.Digests, documents map[string]bool, pinned string) *tree {
	names := files.Names()
	t := &tree{names: names, sums: make(map[string]string, len(names)), pinned: pinned}
	all := make([]verify.FileEvidence, 0, len(names))
	for _, name := range t.names {
		sum, _ := files.Hex(name, hashing.Need{Algorithm: hashing.SHA256}, 0)
		t.sums[name] = sum
		all = append(all, verify.FileEvidence{Name: name, Size: files.Size(name), SHA256: sum})
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

// maxMissing bounds the files that are named as missing: the first ones tell.
const maxMissing = 10

// bind looks every subject up. One that names a file of the tree and has another
// digest is a problem; one that is about nothing in the tree is none, because a
// build makes more than one thing. A verdict is on all its subjects together: of
// a tree without one of them it says nothing.
func (t *tree) bind(list subjects, verdict bool) binding {
	var b binding
	var missing subjects
	root := t.rootOf(list)
	if deep := t.deepRootOf(list); deep != "" && !verdict {
		root = deep
	}
	bound, sums := make(map[string]bool, len(list)), make(map[string]bool, len(list))
	for _, s := range list {
		b.whole = b.whole || t.isWhole(s)
		sum := s.Digest.get("sha256")
		name, ok := t.fileOf(s.Name, root)
		switch own := t.sums[name]; {
		case !ok && s.isFile() && len(missing) < maxMissing:
			missing = append(missing, s)
		case !ok || sum == "" || own == "":
		case own == sum:
			bound[name] = true
		default:
			b.problems = append(b.problems, verify.Problem{Code: CodeMismatch, File: name, What: "content is not what was attested"})
		}
		if sum != "" {
			sums[sum] = true
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
	switch {
	case verdict && !b.whole && len(b.files) > 0:
		for _, s := range missing {
			b.problems = append(b.problems, verify.Problem{Code: CodeFileMissing, What: t.notHere(s, b.renamed)})
		}
	case len(b.files) == 0 && len(b.problems) == 0:
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

// isFile tells a subject that is a file from one that only has the digest of a
// whole: of a list of files, or of a commit.
func (s subject) isFile() bool {
	return s.Digest.get("sha256") != "" || s.Digest.get(ContentAlgorithm) == "" && s.Digest.get("gitCommit") == ""
}

// rootOf returns the folder, with its slash, that the model lay in when it was
// attested: the first one of all names, and none of them is a name here. It is one
// folder for the whole statement, because a file says by its folder what it is for:
// examples/unsafe/config.json is not config.json. A single name does not show a
// root, except of a model that is one file.
func (t *tree) rootOf(list subjects) string {
	root, first, shown := "", "", len(t.names) == 1
	for _, s := range list {
		if !s.isFile() || t.isWhole(s) {
			continue
		}
		folder, _, ok := strings.Cut(s.Name, "/")
		if _, here := t.sums[s.Name]; here || !ok || folder == "" {
			return ""
		}
		if root == "" {
			root, first = folder+"/", s.Name
		}
		if !strings.HasPrefix(s.Name, root) {
			return ""
		}
		shown = shown || s.Name != first
	}
	if !shown {
		return ""
	}
	return root
}

// deepRootOf returns a root of several folders, as a builder has it who names files
// from where it ran. Only provenance may have one, which says where bytes are from
// and not that they are good for anything; and only one below which every file of
// the tree is named with its digest, and more than one.
func (t *tree) deepRootOf(list subjects) string {
	named := make(map[string]string, len(list)) // name -> digest
	for _, s := range list {
		named[s.Name] = s.Digest.get("sha256")
	}
	if len(t.names) < 2 || slices.ContainsFunc(t.names, func(own string) bool { _, here := named[own]; return here }) {
		return ""
	}
	for name := range named {
		root, ok := strings.CutSuffix(name, t.names[0])
		if !ok || root == "" || !strings.HasSuffix(root, "/") || strings.Trim(root, "/") == "" {
			continue
		}
		if !slices.ContainsFunc(t.names, func(own string) bool { return t.sums[own] == "" || named[root+own] != t.sums[own] }) {
			return root
		}
	}
	return ""
}

// fileOf finds the file of exactly the subject's name below the root. A model that
// is one file may be named without its folder.
func (t *tree) fileOf(subject, root string) (string, bool) {
	name := strings.TrimPrefix(subject, root)
	if _, ok := t.sums[name]; ok {
		return name, true
	}
	if root == "" && len(t.names) == 1 && path.Base(t.names[0]) == subject {
		return t.names[0], true
	}
	return "", false
}

func (t *tree) notHere(s subject, renamed []string) string {
	what := fmt.Sprintf("the verdict is on all its files together, and subject %.200q is not in the artifact", s.Name)
	for _, name := range renamed {
		if t.sums[name] == s.Digest.get("sha256") {
			return what + ": its content is there as " + name
		}
	}
	return what
}

func (t *tree) otherSubject(list subjects, renamed []string) string {
	if len(renamed) > 0 {
		return fmt.Sprintf("%s is attested under another name: a digest without the name does not say what a file is for", renamed[0])
	}
	return fmt.Sprintf("none of its %d subjects is a file of this artifact or the artifact as a whole", len(list))
}
