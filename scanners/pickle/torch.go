package pickle

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

const (
	maxStorages = 1 << 18 // of one file
	maxKey      = 256     // bytes of a storage's key
)

// storage is one torch storage, as its persistent id declares it:
// ('storage', class, key, location, numel[, view]).
type storage struct {
	key      string
	class    string // "FloatStorage"
	itemsize int64  // bytes per element; 0 when the class is not listed
	numel    int64
	off      int64 // of the id
	view     bool  // part of another storage: it has no bytes of its own
}

// storages are all that one file names.
type storages struct {
	list  []storage
	byKey map[string]int
}

// storage recognises the id of a torch storage and returns its value.
func (m *machine) storage(id value) (value, bool) {
	items, n, all := m.nodes.items(id)
	if !all || n < 5 || n > 6 || !m.isString(items[0], "storage") || items[1].tag() != tagGlobal || !items[3].isText() {
		return 0, false
	}
	key, ok := m.storageKey(items[2])
	numel, isInt := m.integerOf(items[4])
	if !ok || !isInt || numel < 0 {
		return 0, false
	}
	s := storage{key: key, class: m.judge.names.list[items[1].middle()].name, numel: numel, off: m.opOff}
	if e := m.judge.names.list[items[1].middle()].entry; e != nil {
		s.itemsize = e.ItemSize
	}
	i := m.judge.addStorage(s)
	if n == 6 && items[5].tag() != tagNone {
		return m.storageView(s, items[5])
	}
	return pair(tagStorage, 0, int64(i)), true
}

// storageKey is a text, or a number in an archive of torch.package.
func (m *machine) storageKey(v value) (string, bool) {
	if v.isText() {
		key, whole, ok := m.string(v, maxKey)
		return strings.Clone(key), ok && whole
	}
	if n, ok := m.integerOf(v); ok && n >= 0 && m.judge.inPackage() {
		return strconv.FormatInt(n, 10), true
	}
	return "", false
}

// storageView is (key, offset, size): a part of a storage (legacy format).
func (m *machine) storageView(whole storage, view value) (value, bool) {
	items, n, all := m.nodes.items(view)
	if !all || n != 3 {
		return 0, false
	}
	offset, ok1 := m.integerOf(items[1])
	size, ok2 := m.integerOf(items[2])
	if !ok1 || !ok2 || offset < 0 || size < 0 || offset > whole.numel-size {
		m.judge.find(ruleTensorBounds, m.opOff, fmt.Sprintf("a view of %s elements lies outside storage %q of %d", m.repr(items[2], 0), whole.key, whole.numel))
	}
	part := storage{key: whole.key, itemsize: whole.itemsize, numel: max(size, 0), off: m.opOff, view: true}
	return pair(tagStorage, 0, int64(m.judge.addStorage(part))), true
}

// addStorage keeps a storage. The same key names the same bytes.
func (j *judge) addStorage(s storage) int {
	t := &j.storages
	if i, ok := t.byKey[s.key]; ok && !s.view {
		old := t.list[i]
		if old.numel*old.itemsize != s.numel*s.itemsize {
			j.find(ruleStorageSize, s.off, fmt.Sprintf("storage %q is declared with %d and with %d bytes",
				s.key, old.numel*old.itemsize, s.numel*s.itemsize))
		} else if old.itemsize == s.itemsize {
			return i
		}
	}
	if len(t.list) >= maxStorages {
		j.limit(s.off, "more torch storages than the scanner keeps")
		return 0
	}
	if t.byKey == nil {
		t.byKey = make(map[string]int)
	}
	if _, ok := t.byKey[s.key]; !ok {
		t.byKey[s.key] = len(t.list)
	}
	t.list = append(t.list, s)
	return len(t.list) - 1
}

// fitsTensor checks (storage, offset, size, stride, ...) against the storage: a
// view that reaches outside reads or writes memory of the process.
func (m *machine) fitsTensor(g *global, items []value) bool {
	if items[0].tag() != tagStorage {
		return items[0].tag() == tagObject || items[0].tag() == tagPersistent
	}
	s := m.judge.storages.list[items[0].low()]
	numel := s.numel
	if g.name == "_rebuild_tensor_v3" {
		width := int64(0)
		if len(items) > 6 && items[6].tag() == tagGlobal {
			width = dtypeWidth[m.judge.names.list[items[6].middle()].name]
		}
		if width == 0 {
			return true // the element type is not one whose width is known here
		}
		numel = s.numel * s.itemsize / width
	}
	offset, ok := m.integerOf(items[1])
	size, ok1 := m.integersOf(items[2])
	stride, ok2 := m.integersOf(items[3])
	if !ok || !ok1 || !ok2 {
		return items[2].tag() == tagObject || items[3].tag() == tagObject || m.forgotten(items[2]) || m.forgotten(items[3])
	}
	if !inside(offset, size, stride, numel) {
		m.judge.find(ruleTensorBounds, m.opOff, fmt.Sprintf(
			"a tensor of size %v, stride %v at offset %d lies outside storage %q of %d elements",
			size, stride, offset, s.key, numel))
	}
	return true
}

// forgotten reports a container whose contents are no longer kept.
func (m *machine) forgotten(v value) bool {
	_, _, all := m.nodes.items(v)
	return v.isContainer() && !all
}

// inside reports whether every element of a strided view lies in a storage.
func inside(offset int64, size, stride []int64, numel int64) bool {
	if offset < 0 || len(size) != len(stride) {
		return false
	}
	last := offset
	for i, n := range size {
		if n == 0 {
			return offset <= numel
		}
		step, ok := multiply(n-1, stride[i])
		if n < 0 || !ok || last > maxInt-step || step > maxInt {
			return false
		}
		last += step
	}
	return last < numel
}

// dtypeWidth is the size of an element type in bytes, for storages without one.
var dtypeWidth = map[string]int64{
	"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1,
	"uint8": 1, "bool": 1, "complex64": 8, "complex128": 16, "complex32": 4, "uint16": 2, "uint32": 4, "uint64": 8,
	"float8_e5m2": 1, "float8_e4m3fn": 1, "float8_e5m2fnuz": 1, "float8_e4m3fnuz": 1, "float8_e8m0fnu": 1,
}

// uses states which members of the container hold the storages, and checks that
// they do. Only the layouts that torch writes count: any other pickle could declare
// any file beside it to be plain numbers.
func (j *judge) uses() []scanners.Use {
	var list []scanners.Use
	done := make(map[string]bool)
	for _, s := range j.storages.list {
		size, ok := multiply(s.numel, s.itemsize)
		if s.view || s.itemsize == 0 || !ok || done[s.key] {
			continue
		}
		done[s.key] = true
		name, version, ok := j.storageMember(s.key)
		if !ok || j.sibling == nil {
			continue
		}
		switch have, ok := j.sibling(name); {
		case j.partial: // the archive broke off: nothing of it is whole
		case !ok:
			j.find(ruleStorageMissing, s.off, fmt.Sprintf("storage %q has no member %q in the archive", s.key, name))
		case have != size && have >= 0:
			j.find(ruleStorageSize, s.off, fmt.Sprintf("storage %q is declared with %d bytes, its member %q has %d", s.key, size, name, have))
		}
		if _, ok := j.sibling(version); ok || j.partial {
			list = append(list, scanners.Use{Name: name, Size: size})
		}
	}
	return list
}

// unused reports members where torch.save keeps storages that no tensor names. An
// archive of torch.jit.save has storages of several pickles in one folder.
func (j *judge) unused() {
	dir, file := path.Split(j.file)
	if j.siblings == nil || j.partial || file != "data.pkl" {
		return
	}
	for _, other := range [...]string{"constants.pkl", "attributes.pkl"} {
		if _, ok := j.sibling(dir + other); ok {
			return
		}
	}
	if _, ok := j.sibling(j.versionIn(dir)); !ok {
		return
	}
	named := make(map[string]bool, len(j.storages.list))
	for _, s := range j.storages.list {
		named[dir+"data/"+s.key] = true
	}
	for name := range j.siblings {
		if strings.HasPrefix(name, dir+"data/") && !strings.HasSuffix(name, "/") && !named[name] {
			j.report(ruleStorageUnused, ruleTable[ruleStorageUnused].Severity, 0, "", func() string {
				return "no tensor names the member " + clip.Quote(name, maxKey)
			})
		}
	}
}

// storageMember is the member that holds a storage, and the one that marks an
// archive of torch: <root>/data/<key> or <root>/constants/<key> beside the pickle
// of that name (torch.save, torch.jit.save), <root>/.data/<key>.storage in a
// torch.package. Keys are decimal numbers: torch/serialization.py persistent_id.
func (j *judge) storageMember(key string) (name, version string, ok bool) {
	if key == "" || strings.Trim(key, "0123456789") != "" {
		return "", "", false
	}
	dir, file := path.Split(j.file)
	if stem, _ := strings.CutSuffix(file, ".pkl"); file == "data.pkl" || file == "constants.pkl" {
		first := dir + stem + "/" + key
		if j.sibling == nil {
			return first, j.versionIn(dir), true
		}
		// An archive of torch.jit.save keeps the storages of both in one folder.
		other := dir + "data/" + key
		if _, ok := j.sibling(first); !ok {
			if _, ok := j.sibling(other); ok {
				return other, j.versionIn(dir), true
			}
		}
		return first, j.versionIn(dir), true
	}
	root, _, _ := strings.Cut(j.file, "/")
	return root + "/.data/" + key + ".storage", root + "/.data/version", j.inPackage()
}

// versionIn is the member that torch marks its archive with. torch.jit.save moved it
// with version 7 of its operators, which only some of them need (GELU, linspace):
// caffe2/serialize/inline_container.cc, PyTorchStreamWriter::writeEndOfFile.
func (j *judge) versionIn(dir string) string {
	if j.sibling != nil {
		if _, ok := j.sibling(dir + "version"); !ok {
			if _, ok := j.sibling(dir + ".data/version"); ok {
				return dir + ".data/version"
			}
		}
	}
	return dir + "version"
}

// inPackage reports a file of an archive of torch.package.
func (j *judge) inPackage() bool {
	root, _, nested := strings.Cut(j.file, "/")
	return nested && j.sibling != nil && j.packaged(root)
}

// packaged reports an archive of torch.package: torch/package/package_exporter.py.
func (j *judge) packaged(root string) bool {
	_, ok := j.sibling(root + "/.data/version")
	return ok
}

// The two constants that open a stream of torch.save before 1.6 (and since, with
// _use_new_zipfile_serialization=False): torch/serialization.py.
const (
	legacyMagic    = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
	legacyProtocol = 1001
	legacyPickles  = 5 // magic, protocol, system, object, keys of the storages
)

// isLegacyMagic reports whether v is the number that opens a legacy stream. The
// loader compares the number, however it was made.
func (m *machine) isLegacyMagic(v value) bool {
	if v.tag() != tagLong {
		return false
	}
	off, n := m.extent(v)
	return n == int64(len(legacyMagic)) && string(m.view(off, int(n))) == legacyMagic
}

// storageKeys returns the list of keys that is the fifth pickle.
func (m *machine) storageKeys(v value) ([]string, error) {
	items, n, all := m.nodes.items(v)
	if v.tag() != tagList || !all {
		return nil, fmt.Errorf("the list of storage keys is not a plain list of %d texts", n)
	}
	keys := make([]string, 0, len(items))
	for _, item := range items {
		key, whole, ok := m.string(item, maxKey)
		if !ok || !whole || !item.isText() {
			return nil, fmt.Errorf("a storage key is no short text")
		}
		keys = append(keys, strings.Clone(key))
	}
	return keys, nil
}
