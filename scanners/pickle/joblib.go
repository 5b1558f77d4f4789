package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"assay/scanners"
)

var errArray = errors.New("the place of an array in the file cannot be told from its description")

// dtype is a numpy data type as far as sizes go.
type dtype struct {
	size   int64 // bytes per element, -1 when not known
	object bool  // elements are references: their bytes are a pickle
	open   bool  // the size is set by the state (S, U, V)
}

// noteDtype keeps the data type made by numpy.dtype("f8", False, True).
func (m *machine) noteDtype(items []value) {
	d := dtype{size: -1}
	if len(items) > 0 {
		switch text, all, ok := m.string(items[0], 64); {
		case ok && all && items[0].isText():
			d = parseDtype(text)
		case items[0].tag() == tagGlobal:
			d.open = true // a record type: its state has the size
		}
	}
	if m.dtypes == nil {
		m.dtypes = make(map[int64]dtype)
	}
	if len(m.dtypes) < maxNames {
		m.dtypes[m.opOff] = d
	}
}

// parseDtype reads a type string such as "f8", "<U10" or "O8": numpy,
// "Array interface", typestr.
func parseDtype(s string) dtype {
	s = strings.TrimLeft(s, "<>|=")
	if s == "" {
		return dtype{size: -1}
	}
	n, err := strconv.ParseInt(s[1:], 10, 32)
	if err != nil {
		if s == "?" {
			return dtype{size: 1}
		}
		return dtype{size: -1}
	}
	switch s[0] {
	case 'O':
		return dtype{size: n, object: true}
	case 'U':
		return dtype{size: 4 * n, open: true}
	case 'S', 'a', 'V':
		return dtype{size: n, open: true}
	case 'b', 'i', 'u', 'f', 'c', 'M', 'm', 'B':
		return dtype{size: n}
	}
	return dtype{size: -1}
}

// noteDtypeState applies the state of a data type: (version, byte order, subtype,
// names, fields, size, alignment, flags[, metadata]).
func (m *machine) noteDtypeState(target, state value) {
	d, ok := m.dtypes[target.low()]
	if !ok || target.tag() != tagObject {
		return
	}
	items, n, all := m.nodes.items(state)
	if !all || n < 8 {
		d.size = -1
	} else {
		size, _ := items[5].asInt()
		if d.open && size > 0 {
			d.size = size
		}
		if flags, ok := items[7].asInt(); ok && flags&1 != 0 { // NPY_ITEM_HASOBJECT
			d.object = true
		}
	}
	m.dtypes[target.low()] = d
}

// isArrayWrapper reports an object after whose BUILD joblib reads an array from
// the file.
func (m *machine) isArrayWrapper(v value) bool {
	if v.tag() != tagObject {
		return false
	}
	g := m.judge.names.list[v.middle()]
	return (g.module == "joblib.numpy_pickle" || g.module == "sklearn.externals.joblib.numpy_pickle") &&
		(g.name == "NumpyArrayWrapper" || g.name == "NDArrayWrapper" || g.name == "ZNDArrayWrapper")
}

// wrapper is the state of a NumpyArrayWrapper.
type wrapper struct {
	dtype   dtype
	count   int64 // elements
	aligned bool
}

// inlineArray follows the loader past the array behind a wrapper
// (joblib/numpy_pickle.py, NumpyUnpickler.load_build): its bytes are in the file
// where the current frame ends. The memo keeps the wrapper; on the stack the
// array takes its place.
func (m *machine) inlineArray(state value) error {
	w, err := m.wrapperState(state)
	if err != nil {
		m.judge.find(ruleInlineArray, m.opOff, err.Error())
		return errArray
	}
	start := m.offset()
	if m.framed {
		start = m.resume
		if m.offset() < m.frameEnd {
			m.differs("opcodes after an array in the frame before it: they run once the array was read")
		}
	}
	next, err := m.arrayEnd(w, start)
	if err != nil {
		return err
	}
	if m.judge.listen != nil {
		m.judge.emit(event{kind: eventArray, off: m.opOff, ok: true,
			text: fmt.Sprintf("x%d = <array of %d elements, bytes %d to %d of the file>", m.opOff, w.count, start, next)})
	}
	if m.framed && m.offset() < m.frameEnd {
		m.resume = next
	} else {
		m.account(m.offset())
		m.framed = false
		m.seek(next)
		m.from = next
	}
	id, _, err := m.judge.names.intern(maxProtocol, []byte("numpy"), []byte("ndarray"))
	if err != nil {
		return err
	}
	m.stack[len(m.stack)-1] = pair(tagObject, id, m.opOff)
	return nil
}

// wrapperState reads the dictionary of a wrapper.
func (m *machine) wrapperState(state value) (wrapper, error) {
	items, _, all := m.nodes.items(state)
	if state.tag() != tagDict || !all {
		return wrapper{}, errArray
	}
	w := wrapper{count: -1, dtype: dtype{size: -1}}
	for i := 0; i+1 < len(items); i += 2 {
		name, _, _ := m.string(items[i], 64)
		if !items[i].isText() {
			return w, errArray // bytes of the same spelling are another key
		}
		v := items[i+1]
		switch name {
		case "filename":
			return w, fmt.Errorf("an array in another file, %s, which is loaded as a pickle too", m.repr(v, 0))
		case "dtype":
			w.dtype = dtype{size: -1}
			if d, ok := m.dtypes[v.low()]; ok && v.tag() == tagObject {
				w.dtype = d
			}
		case "shape":
			w.count = m.count(v)
		case "numpy_array_alignment_bytes":
			w.aligned = v.tag() != tagNone
		}
	}
	if w.count < 0 || w.dtype.size < 0 && !w.dtype.object {
		return w, errArray
	}
	return w, nil
}

// count multiplies a shape; -1 when it is not a tuple of constants.
func (m *machine) count(shape value) int64 {
	sizes, ok := m.integersOf(shape)
	if !ok || shape.tag() != tagTuple && shape.tag() != tagList {
		return -1
	}
	count := int64(1)
	for _, n := range sizes {
		if count, ok = multiply(count, n); !ok || n < 0 {
			return -1
		}
	}
	return count
}

// arrayEnd accounts for the bytes of an array at start and returns where they
// end.
func (m *machine) arrayEnd(w wrapper, start int64) (int64, error) {
	if w.dtype.object {
		return m.nestedStream(start)
	}
	if w.aligned {
		pad := m.view(start, 1)
		if pad == nil {
			return 0, errTruncated
		}
		n := int(pad[0])
		content := m.view(start+1, n)
		if content == nil && n > 0 {
			return 0, errTruncated
		}
		if len(bytes.Trim(content, "\xff")) > 0 {
			m.judge.find(rulePadding, start, fmt.Sprintf("%d bytes before an array are no padding", n))
		}
		if !m.quiet {
			m.cover.parsed.Add(start, int64(n)+1)
		}
		start += int64(n) + 1
	}
	size, ok := multiply(w.count, w.dtype.size)
	if !ok || size > m.end-start {
		severity := ruleTable[ruleInlineArray].Severity
		if ok && size <= scanners.LargestFile { // it has not arrived
			severity, m.missing = scanners.Low, start+size
		}
		m.judge.report(ruleInlineArray, severity, m.opOff, "beyond", func() string {
			return fmt.Sprintf("an array of %d elements of %d bytes in a file with %d left", w.count, w.dtype.size, max(m.end-start, 0))
		})
		return 0, errTruncated
	}
	if !m.quiet {
		m.cover.opaque.Add(start, size)
	}
	return start + size, nil
}

// nestedStream runs the pickle that holds the elements of an object array, to its
// STOP.
func (m *machine) nestedStream(start int64) (int64, error) {
	if m.depth <= 0 {
		m.judge.limit(m.opOff, "object arrays nested deeper than the scanner follows")
		return 0, errArray
	}
	if m.elements == nil {
		m.elements = &machine{ctx: m.ctx, depth: m.depth - 1, allowance: m.allowance}
	}
	inner := m.elements
	inner.judge, inner.cover, inner.quiet = m.judge, m.cover, m.quiet
	inner.plain = true // joblib reads the elements with pickle.load
	inner.open(m.src, start, m.end)
	if err := inner.run(start); err != nil {
		return 0, fmt.Errorf("in the object array at byte %d: %w", inner.opOff, inner.fail(err))
	}
	if inner.crossed >= 0 {
		m.judge.find(ruleFrameCrossing, inner.crossed, "an opcode crosses the end of its frame in the elements of an array")
	}
	if inner.framed && inner.offset() < inner.frameEnd {
		inner.differs("bytes after the STOP inside its frame: readers find the end of the array in different places")
	}
	return inner.offset(), nil
}
