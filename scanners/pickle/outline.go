package pickle

import (
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

const (
	maxViews      = 1 << 17 // tensors kept of one file
	maxTensorName = 512     // bytes
)

// view is a torch tensor as the pickle builds it: a part of a storage.
type view struct {
	storage    int
	offset     int64 // in elements
	shape      []int64
	contiguous bool
}

// namedView is a tensor under its name in a dictionary.
type namedView struct {
	name string
	view
}

// noteView remembers the tensor that a call makes. A parameter is the tensor that
// it wraps.
func (m *machine) noteView(g *global, items []value, object value) {
	if g.module != "torch._utils" || m.quiet || len(items) == 0 || len(m.views) >= maxViews {
		return
	}
	var v view
	switch g.name {
	case "_rebuild_parameter", "_rebuild_parameter_with_state":
		inner, ok := m.views[items[0].low()]
		if items[0].tag() != tagObject || !ok {
			return
		}
		v = inner
	case "_rebuild_tensor", "_rebuild_tensor_v2":
		if len(items) < 4 || items[0].tag() != tagStorage {
			return
		}
		offset, ok := m.integerOf(items[1])
		shape, ok1 := m.integersOf(items[2])
		stride, ok2 := m.integersOf(items[3])
		if !ok || !ok1 || !ok2 || len(shape) != len(stride) {
			return
		}
		v = view{int(items[0].low()), offset, slices.Clone(shape), contiguous(shape, stride)}
	default:
		return
	}
	if m.views == nil {
		m.views = make(map[int64]view)
	}
	m.views[object.low()] = v
}

// contiguous reports elements that lie one after another, rows first.
func contiguous(shape, stride []int64) bool {
	step := int64(1)
	for i, n := range slices.Backward(shape) {
		if n != 1 && stride[i] != step {
			return false
		}
		next, ok := multiply(step, max(n, 1))
		if !ok {
			return false
		}
		step = next
	}
	return true
}

// noteNames remembers tensors that become values of a dictionary.
func (m *machine) noteNames(items []value) {
	if len(m.views) == 0 || m.quiet {
		return
	}
	for i := 0; i+1 < len(items); i += 2 {
		v, ok := m.views[items[i+1].low()]
		if items[i+1].tag() != tagObject || !ok || !items[i].isText() || len(m.named) >= maxViews {
			continue
		}
		if name, whole, ok := m.string(items[i], maxTensorName); ok && whole {
			m.named = append(m.named, namedView{strings.Clone(name), v})
		}
	}
}

// storageTypes are the element types of storages, as safetensors spells them.
var storageTypes = map[string]string{
	"DoubleStorage": "F64", "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16", "LongStorage": "I64", "IntStorage": "I32",
	"ShortStorage": "I16", "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
}

// outline is the state dictionary of the file: tensors by their names. A name that
// stands for two tensors, as in the state of an optimiser, stands for none.
func (a *analysis) outline() (o scanners.Outline) {
	count := make(map[string]int, len(a.named))
	for _, n := range a.named {
		count[n.name]++
	}
	for _, n := range a.named {
		if count[n.name] > 1 || n.storage >= len(a.judge.storages.list) {
			continue
		}
		o.AddTensor(a.tensor(n))
	}
	a.imports(&o)
	return o
}

// maxImports bounds the modules that are compared with the other files.
const maxImports = 4096

// imports names the modules that loading the file imports, each with one of its names.
func (a *analysis) imports(o *scanners.Outline) {
	seen := make(map[string]bool)
	for _, g := range a.judge.names.list {
		if seen[g.module] || len(seen) >= maxImports {
			continue
		}
		seen[g.module] = true
		o.AddRef(scanners.Ref{Kind: scanners.RefImport, Name: g.module, Key: clip.Bytes(clean(g.label()), 200)})
	}
}

// tensor says where the elements are, when they lie in one piece.
func (a *analysis) tensor(n namedView) scanners.Tensor {
	s := a.judge.storages.list[n.storage]
	t := scanners.Tensor{Name: n.name, Dtype: storageTypes[s.class], Shape: n.shape}
	numel := int64(1)
	for _, k := range n.shape {
		product, ok := multiply(numel, k)
		if !ok || k < 0 {
			return t
		}
		numel = product
	}
	from, ok1 := multiply(n.offset, s.itemsize)
	size, ok2 := multiply(numel, s.itemsize)
	if !n.contiguous || s.itemsize == 0 || s.view || !ok1 || !ok2 || t.Dtype == "" {
		return t
	}
	if at, ok := a.inline[s.key]; ok {
		t.Data = scanners.Span{Off: at + from, Len: size}
	} else if member, _, ok := a.judge.storageMember(s.key); ok && !a.legacy {
		t.Data, t.Member = scanners.Span{Off: from, Len: size}, member
	}
	return t
}
