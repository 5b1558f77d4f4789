package scanners

import (
	"math"
	"slices"
)

// Outline is what the checks across files need to know of one file: the parts of
// it that other files must agree with. It lives as long as one artifact is
// gathered, and is no part of a report: a vocabulary or the names of all tensors
// would make reports larger than many models.
type Outline struct {
	Tensors []Tensor
	Refs    []Ref
	Marks   []Mark

	// Vocabulary is a digest (64 bits of FNV-1a) of each token by its id; 0 where
	// the file has no token.
	Vocabulary []uint64

	// Cut says that there was more than is kept: nothing follows from what is not
	// in the outline.
	Cut bool
}

// Tensor is what the header of a file says of one tensor.
type Tensor struct {
	Name  string
	Dtype string  // as safetensors spells it ("F32", "BF16"); other types as the format does
	Shape []int64 // rows first

	// Data is where its elements lie, one after another, and nothing when they do
	// not, or when it is not known. It counts from the beginning of the member
	// Member of the same container; of the file itself when Member is "".
	Data   Span
	Member string
}

// Ref is another file that this one names.
type Ref struct {
	Kind string // one of the Ref constants
	Name string // as written: relative to the folder of this file, not trusted
	Key  string // what is said to be in it: the name of a tensor, a class
	Span Span   // the part that is read, for RefData; Len 0: not said
}

// The kinds of references.
const (
	RefShard  = "shard"  // an index says that the tensor Key is in the file
	RefData   = "data"   // bytes of a tensor are outside of the file (ONNX, OpenVINO, CoreML)
	RefModule = "module" // Python code that a loader imports for the class Key
	RefImport = "import" // the Python module Name, as dotted name, which loading the file imports for Key
)

// Mark is a value that other files repeat.
type Mark struct {
	Path  []string // members from the file inwards; set by the core
	Key   string   // one of the Mark constants
	Value string
}

// The kinds of marks.
const (
	MarkTemplate = "template" // digest of a chat template
	MarkToken    = "token"    // "ID TEXT" of a token that is special or was added
)

// Bounds of the outline of one file. The largest models have some 150,000 tensors,
// all of them in one index; a vocabulary has up to a million tokens.
const (
	maxTensors    = 1 << 17
	maxRefs       = 1 << 18
	maxMarks      = 1 << 14
	maxVocabulary = 1 << 21
	maxRank       = 8
	maxNameKept   = 512 // bytes
)

// AddTensor keeps a tensor. One whose name or shape is like that of no tensor is
// left out, and the outline counts as cut.
func (o *Outline) AddTensor(t Tensor) {
	if len(o.Tensors) >= maxTensors || t.Name == "" || len(t.Name) > maxNameKept || len(t.Shape) > maxRank {
		o.Cut = true
		return
	}
	o.Tensors = append(o.Tensors, t)
}

// AddRef keeps a reference.
func (o *Outline) AddRef(r Ref) {
	if len(o.Refs) >= maxRefs || len(r.Name) > maxNameKept || len(r.Key) > maxNameKept {
		o.Cut = true
		return
	}
	o.Refs = append(o.Refs, r)
}

// AddMark keeps a mark.
func (o *Outline) AddMark(key, value string) {
	if len(o.Marks) >= maxMarks || len(value) > maxNameKept {
		o.Cut = true
		return
	}
	o.Marks = append(o.Marks, Mark{Key: key, Value: value})
}

// AddToken keeps the digest of a token. An id beyond any vocabulary, or far beyond
// the other ids, cuts the outline.
func (o *Outline) AddToken(id int64, token []byte) {
	if id < 0 || id >= maxVocabulary {
		o.Cut = true
		return
	}
	if n := int(id) + 1 - len(o.Vocabulary); n > 0 {
		o.Vocabulary = append(o.Vocabulary, make([]uint64, n)...)
	}
	o.Vocabulary[id] = TokenDigest(token)
}

// TokenDigest is how Outline.Vocabulary keeps a token. It is never 0.
func TokenDigest(token []byte) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	sum := uint64(offset)
	for _, c := range token {
		sum = (sum ^ uint64(c)) * prime
	}
	return max(sum, 1)
}

// take adds what a scanner said of the file itself or, with a path, of a member.
// Tensors of a member keep their place when the member is stored as it is.
func (o *Outline) take(other Outline, path []string) {
	o.Cut = o.Cut || other.Cut
	if len(o.Tensors) == 0 {
		o.Tensors = other.Tensors
	} else {
		for _, t := range other.Tensors {
			o.AddTensor(t)
		}
	}
	for _, m := range other.Marks {
		if len(o.Marks) >= maxMarks {
			o.Cut = true
			break
		}
		m.Path = path
		o.Marks = append(o.Marks, m)
	}
	if len(path) > 0 {
		return // what a member names is looked for beside it, not beside the file
	}
	if len(o.Refs) == 0 {
		o.Refs = other.Refs
	} else {
		for _, r := range other.Refs {
			o.AddRef(r)
		}
	}
	if len(other.Vocabulary) > len(o.Vocabulary) {
		o.Vocabulary = other.Vocabulary
	}
}

// locate turns the places of tensors within members into places within the
// container. Tensors from index from on belong to members of it.
func (o *Outline) locate(from int, members map[string]Span) {
	for i := from; i < len(o.Tensors); i++ {
		t := &o.Tensors[i]
		if t.Data.Len == 0 {
			continue
		}
		at, stored := members[t.Member]
		if t.Member == "" || !stored || !t.Data.within(at.Len) || at.Off > math.MaxInt64-t.Data.Off {
			t.Data, t.Member = Span{}, ""
			continue
		}
		t.Data.Off += at.Off
		t.Member = ""
	}
}

// sortStable puts marks in an order that does not depend on the scanners.
func (o *Outline) sortStable() {
	slices.SortStableFunc(o.Marks, func(a, b Mark) int { return slices.Compare(a.Path, b.Path) })
}
