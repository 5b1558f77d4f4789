package pickle

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"assay/scanners/internal/clip"
	"assay/scanners/internal/pyglobals"
)

const (
	// maxName bounds a module or a qualified name, in bytes.
	maxName = 1 << 10
	// maxNames bounds the different names in one file, and maxNameBytes what they
	// take together.
	maxNames     = 1 << 16
	maxNameBytes = 4 << 20
)

var (
	errNameLimit = errors.New("more different names than the scanner keeps")
	errNotUTF8   = errors.New("a name that is not UTF-8")
)

// global is one name that the file imports, with everything known about it.
type global struct {
	module, name string // as Python 3 resolves it
	spelled      string // as the file has it, when that differs
	off          int64  // where it was first imported
	op           byte   //

	entry     *pyglobals.Entry // on an allow list, or nil
	danger    pyglobals.Danger
	dangerous bool
	passable  bool // may be an argument or an attribute; other entries may only be called

	result result // what calling it gives

	cut  bool // the file ends in it
	used bool // called, or passed on: a finding of its own covers the import
}

// String is the dotted name for a report.
func (g *global) String() string {
	s := g.module + "." + g.name
	if g.spelled != "" {
		s += " (" + g.spelled + " in Python 2)"
	}
	return clip.Bytes(s, 200)
}

// label is the name as the file has it.
func (g *global) label() string {
	if g.spelled != "" {
		return g.spelled
	}
	return g.module + "." + g.name
}

// names are all the names of one file. Their order is that of their first import.
type names struct {
	list []*global
	ids  map[string]uint32 // by rule of resolution, module and name
	key  []byte
	size int // bytes of all names
}

// Before protocol 3 the names of Python 2 are mapped; from protocol 4 on a dotted
// name is walked. The two rules make three ways to resolve one spelling.
const (
	resolveMapped = iota
	resolvePlain
	resolveDotted
)

func resolution(proto uint8) byte {
	switch {
	case proto < 3:
		return resolveMapped
	case proto < 4:
		return resolvePlain
	}
	return resolveDotted
}

// intern returns the number of a name.
func (n *names) intern(proto uint8, module, name []byte) (id uint32, fresh bool, err error) {
	n.key = append(append(append(append(n.key[:0], resolution(proto)), module...), '\n'), name...)
	if id, ok := n.ids[string(n.key)]; ok {
		return id, false, nil
	}
	if n.size += len(n.key); len(n.list) >= maxNames || n.size > maxNameBytes {
		return 0, false, errNameLimit
	}
	if n.ids == nil {
		n.ids = make(map[string]uint32)
	}
	id = uint32(len(n.list))
	n.ids[string(n.key)] = id
	n.list = append(n.list, newGlobal(proto, string(module), string(name)))
	return id, true, nil
}

func newGlobal(proto uint8, module, name string) *global {
	g := &global{module: module, name: name}
	if proto < 3 {
		g.module, g.name = pyglobals.Python3(module, name)
		if g.module != module || g.name != name {
			g.spelled = module + "." + name
		}
	}
	g.entry = pyglobals.Lookup(g.module, g.name)
	g.result = resultOf(g)
	g.passable = g.entry.Allows(pyglobals.Value | pyglobals.New)
	if g.entry == nil {
		g.danger, g.dangerous = pyglobals.Classify(g.module, g.name)
	}
	return g
}

// importing executes the opcodes that resolve a name.
func (m *machine) importing(op byte) error {
	switch op {
	case opGlobal:
		v, cut, err := m.global(false)
		if err == nil && cut {
			err = errTruncated
		}
		if err == nil {
			m.push(v)
		}
		return err
	case opStackGlobal:
		return m.stackGlobal()
	}
	return m.extension(op)
}

// global reads two lines and resolves them. Lines are not stripped: blanks and
// carriage returns belong to the name.
func (m *machine) global(ascii bool) (v value, cut bool, err error) {
	module, cut, err := m.nameLine(0, ascii)
	if err != nil {
		return 0, false, err
	}
	var name []byte
	if !cut {
		if name, cut, err = m.nameLine(1, ascii); err != nil {
			return 0, false, err
		}
	}
	before := len(m.judge.names.list)
	v, err = m.resolve(module, name)
	for _, g := range m.judge.names.list[before:] {
		g.cut = cut
	}
	return v, cut, err
}

// nameLine reads one line of a name. cut says that the file ends in it: the C
// unpickler stops there, the Python one takes what there is without its last
// character, imports that, and stops then.
func (m *machine) nameLine(slot int, ascii bool) (text []byte, cut bool, err error) {
	at := m.offset()
	off, n, err := m.line()
	if errors.Is(err, errTruncated) && !m.framed {
		cut, off, n = true, at, max(m.end-at-1, 0)
	} else if err != nil {
		return nil, false, err
	}
	text = m.name(slot, off, n)
	if ascii && bytes.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) || !utf8.Valid(text) {
		return nil, false, errNotUTF8
	}
	return text, cut, nil
}

// name reads a name into one of the two scratch buffers.
func (m *machine) name(slot int, off, n int64) []byte {
	if n > maxName {
		m.judge.limit(m.opOff, "a name of more than 1 KiB; it is read no further")
		n = maxName
	}
	m.scratch[slot] = append(m.scratch[slot][:0], m.view(off, int(n))...)
	if n == maxName {
		for !utf8.Valid(m.scratch[slot]) && len(m.scratch[slot]) > maxName-utf8.UTFMax {
			m.scratch[slot] = m.scratch[slot][:len(m.scratch[slot])-1]
		}
	}
	return m.scratch[slot]
}

// stackGlobal resolves two strings from the stack, wherever they came from.
func (m *machine) stackGlobal() error {
	name, err := m.pop()
	if err != nil {
		return err
	}
	module, err := m.pop()
	if err != nil {
		return err
	}
	for _, v := range [...]value{module, name} {
		if v.isText() {
			continue
		}
		if v.isData() || v.isContainer() || v.tag() == tagGlobal {
			return errType // every loader demands an exact str
		}
		m.judge.dynamicImport(m, module, name)
		m.push(plain(tagUnknown))
		return nil
	}
	v, err := m.resolve(m.operand(0, module), m.operand(1, name))
	if err == nil {
		m.push(v)
	}
	return err
}

// operand decodes a string for STACK_GLOBAL.
func (m *machine) operand(slot int, v value) []byte {
	off, n := m.extent(v)
	if v.tag() == tagText || v.tag() == tagBinString {
		return m.name(slot, off, n)
	}
	if n > 6*maxName {
		m.judge.limit(m.opOff, "a name of more than 1 KiB; it is read no further")
	}
	text, _, _ := m.string(v, 6*maxName) // six bytes of escape make one character
	m.scratch[slot] = append(m.scratch[slot][:0], clip.Bytes(text, maxName)...)
	return m.scratch[slot]
}

// resolve is find_class: it imports a module and takes an attribute of it.
func (m *machine) resolve(module, name []byte) (value, error) {
	id, fresh, err := m.judge.names.intern(m.proto, module, name)
	if err != nil {
		return 0, err
	}
	g := m.judge.names.list[id]
	if fresh {
		g.off, g.op = m.opOff, m.op
		if id == 0 {
			m.firstName = m.ops
		}
		m.judge.imported(g)
	}
	if !g.passable {
		m.tainted = true
	}
	if m.judge.listen != nil {
		m.judge.emit(event{kind: eventImport, off: m.opOff, global: g, text: "import " + g.String(), why: whyCall(g, g.entry != nil), ok: g.entry != nil})
	}
	return pair(tagGlobal, id, m.opOff), nil
}

// attribute is the value of getattr(class, name): the dotted name.
func (m *machine) attribute(class *global, attr string) (value, error) {
	id, fresh, err := m.judge.names.intern(maxProtocol, []byte(class.module), []byte(class.name+"."+attr))
	if err != nil {
		return 0, err
	}
	if fresh {
		m.judge.names.list[id].off, m.judge.names.list[id].op = m.opOff, m.op
	}
	m.judge.names.list[id].used = true
	if !m.judge.names.list[id].passable {
		m.tainted = true
	}
	return pair(tagGlobal, id, m.opOff), nil
}

// extension resolves a code of the copyreg registry: one that the stream itself
// registered, or one that only the loading process knows.
func (m *machine) extension(op byte) error {
	var code int64
	for i, b := range m.take(int(opcodes[op].fixed)) {
		code |= int64(b) << (8 * i)
	}
	if op == opExt4 {
		code = int64(int32(code))
	}
	if code <= 0 {
		return errArgument
	}
	if pair, ok := m.exts[code]; ok {
		v, err := m.resolve(m.operand(0, pair[0]), m.operand(1, pair[1]))
		if err == nil {
			m.push(v)
		}
		return err
	}
	m.judge.unknownExtension(m.opOff, code)
	m.push(pair(tagExtension, 0, m.opOff))
	return nil
}

// registerExtension notes copyreg.add_extension(module, name, code).
func (m *machine) registerExtension(args value) {
	items, _, all := m.nodes.items(args)
	if !all || len(items) != 3 || !items[0].isText() || !items[1].isText() {
		return
	}
	code, ok := items[2].asInt()
	if !ok || len(m.exts) >= maxNames {
		return
	}
	if m.exts == nil {
		m.exts = make(map[int64][2]value)
	}
	m.exts[code] = [2]value{items[0], items[1]}
}

// isIdentifier reports whether a dotted name could be one of Python's.
func isIdentifier(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		for i, r := range part {
			digit := r >= '0' && r <= '9'
			if !(r == '_' || r|0x20 >= 'a' && r|0x20 <= 'z' || r >= utf8.RuneSelf || digit && i > 0) {
				return false
			}
		}
		if part == "" {
			return false
		}
	}
	return s != ""
}
