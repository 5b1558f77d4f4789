package safetensors

import (
	"math"
	"math/bits"
	"slices"
	"strings"
	"unicode"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/jsontok"
)

// tensor is one entry of the header while it is read. A shape may be as long as
// the header: its product is needed, and its beginning is kept.
type tensor struct {
	name  string // the beginning of a name that is too long for one
	at    int64  // offset of its name
	valid bool   // every field that was seen is well formed
	seen  struct{ dtype, shape, offsets bool }

	dtype    string
	shape    []int64 // at most keptRank of it
	elements product
	begin    uint64
	end      uint64
	tooBig   bool // a number that does not fit 64 bits
}

// product multiplies in the order of the factors, as the reference does: an
// overflow counts even when a zero follows.
type product struct {
	n        uint64
	overflow bool
}

func (p *product) mul(x uint64) {
	hi, lo := bits.Mul64(p.n, x)
	p.n, p.overflow = lo, p.overflow || hi != 0
}

const (
	keptRank = 9   // one more than any tensor has, so that it shows
	keptName = 600 // bytes; more than any name has, so that it shows
)

// readTensor reads the value of the tensor with the name key.
func (h *header) readTensor(key jsontok.Token) error {
	at := key.Offset
	name := clip.Bytes(key.Text, keptName)
	if h.tensors++; h.tensors > maxTensors {
		return &scanners.FormatError{Offset: at, Code: scanners.GapLimit, Err: errTooMany}
	}
	t, err := h.next()
	if err != nil {
		return err
	}
	if t.Kind != jsontok.ObjectStart {
		h.badEntry(at, t.Offset, "the tensor is not an object")
		return h.skip(t)
	}
	x := tensor{name: name, at: at, valid: true}
	for {
		key, err := h.next()
		if err != nil {
			return err
		}
		if key.Kind == jsontok.ObjectEnd {
			break
		}
		h.checkDuplicate(key)
		if err := h.readField(&x, key); err != nil {
			return err
		}
	}
	h.place(x)
	return nil
}

func (h *header) readField(x *tensor, key jsontok.Token) error {
	field := clip.Bytes(key.Text, 64)
	value, err := h.next()
	if err != nil {
		return err
	}
	switch field {
	case "dtype":
		if value.Kind == jsontok.String {
			x.dtype, x.seen.dtype = clip.Bytes(value.Text, 32), true
			return nil
		}
	case "shape":
		if value.Kind == jsontok.ArrayStart {
			x.seen.shape, x.elements = true, product{n: 1}
			_, err := h.readNumbers(x, func(_ int, n uint64) {
				x.elements.mul(n)
				if len(x.shape) < keptRank {
					x.shape = append(x.shape, int64(min(n, math.MaxInt64)))
				}
			})
			return err
		}
	case "data_offsets":
		if value.Kind == jsontok.ArrayStart {
			return h.readOffsets(x, value)
		}
	default:
		h.found.Add("safetensors/tensor-entry", key.Offset, "unknown field %s", clip.Quote(field, nameShown))
		return h.skip(value)
	}
	x.valid = false
	h.badEntry(x.at, value.Offset, field+" has the wrong type")
	return h.skip(value)
}

func (h *header) readOffsets(x *tensor, list jsontok.Token) error {
	x.seen.offsets = true
	count, err := h.readNumbers(x, func(i int, n uint64) {
		switch i {
		case 0:
			x.begin = n
		case 1:
			x.end = n
		}
	})
	if err == nil && count != 2 {
		x.valid = false
		h.badEntry(x.at, list.Offset, "data_offsets needs two numbers")
	}
	return err
}

// readNumbers reads an array of plain integers after its bracket and returns how
// many elements it has.
func (h *header) readNumbers(x *tensor, each func(i int, n uint64)) (count int, err error) {
	for ; ; count++ {
		t, err := h.next()
		if err != nil || t.Kind == jsontok.ArrayEnd {
			return count, err
		}
		n, ok, big := parseUint(t)
		switch {
		case ok:
			each(count, n)
		case big:
			x.tooBig = true
			h.found.Add("safetensors/overflow", t.Offset, "the number %s does not fit 64 bits", clip.Quote(t.Text, nameShown))
		default:
			if x.valid {
				h.badEntry(x.at, t.Offset, "a size is not a plain non-negative integer")
			}
			x.valid = false
		}
		if err := h.skip(t); err != nil {
			return count, err
		}
	}
}

// badEntry reports an entry that the reference reader refuses.
func (h *header) badEntry(at, offset int64, why string) {
	h.found.Add("safetensors/tensor-entry", offset, "%s", why)
	h.fail(at, "a tensor is not described as the format demands: %s", why)
}

// place checks a whole entry and adds it to the layout.
func (h *header) place(x tensor) {
	for _, f := range []struct {
		name string
		seen bool
	}{{"dtype", x.seen.dtype}, {"shape", x.seen.shape}, {"data_offsets", x.seen.offsets}} {
		if !f.seen && x.valid {
			h.badEntry(x.at, x.at, "a tensor without "+f.name)
			x.valid = false
		}
	}
	if !x.valid || x.tooBig {
		h.fail(x.at, "the place of a tensor is not known")
		return
	}
	h.opening = true
	sound := h.checkSize(x)
	h.layout.add(extent{begin: x.begin, end: max(x.begin, x.end), at: uint32(x.at), sound: sound})
	h.facts.addTensor(x.dtype, x.elements)
	h.outline(x, sound)
}

// outline keeps what other files must agree with.
func (h *header) outline(x tensor, sound bool) {
	t := scanners.Tensor{Name: x.name, Dtype: x.dtype, Shape: x.shape}
	if size := uint64(h.file.Size - h.end); sound && x.end <= size {
		t.Data = scanners.Span{Off: h.end + int64(x.begin), Len: int64(x.end - x.begin)}
	}
	h.result.Outline.AddTensor(t)
}

// checkSize compares the byte range with type and shape.
func (h *header) checkSize(x tensor) (sound bool) {
	if x.elements.overflow {
		h.found.Add("safetensors/overflow", x.at, "the number of elements does not fit 64 bits (ValidationOverflow)")
		h.fail(x.at, "a size overflows")
		return false
	}
	if x.end < x.begin {
		h.found.Add("safetensors/size-mismatch", x.at, "the tensor ends at %d before it begins at %d (InvalidOffset)", x.end, x.begin)
		h.fail(x.at, "a tensor ends before it begins")
		return false
	}
	width, known := dtypeBits[x.dtype]
	if !known {
		h.found.Add("safetensors/unknown-dtype", x.at, "element type %s", clip.Quote(x.dtype, 32))
		return true
	}
	size := x.elements
	size.mul(width)
	switch {
	case size.overflow:
		h.found.Add("safetensors/overflow", x.at, "%d elements of %d bits do not fit 64 bits (ValidationOverflow)", x.elements.n, width)
	case size.n%8 != 0:
		h.found.Add("safetensors/size-mismatch", x.at, "%d elements of %d bits do not fill whole bytes (MisalignedSlice)", x.elements.n, width)
	case size.n/8 != x.end-x.begin:
		h.found.Add("safetensors/size-mismatch", x.at, "%d bytes for %d elements of type %s, which need %d (TensorInvalidInfo)",
			x.end-x.begin, x.elements.n, x.dtype, size.n/8)
	default:
		return true
	}
	h.fail(x.at, "the size of a tensor is not what its shape demands")
	return false
}

// checkName looks for characters that deceive a reader or leave a folder.
func (h *header) checkName(key jsontok.Token) {
	if isPlainName(key.Text) && !key.Cut() {
		return
	}
	var why string
	switch name := string(key.Text[:min(len(key.Text), maxNameReviewed)]); {
	case key.Size > maxNameReviewed:
		why = "is very long"
	case strings.ContainsFunc(name, isDeceptive):
		why = "contains control or text-direction characters"
	case strings.ContainsAny(name, `\`), strings.HasPrefix(name, "/"), slices.Contains(strings.Split(name, "/"), ".."):
		why = "is a path that leaves its folder"
	default:
		return
	}
	h.found.Add("safetensors/tensor-name", key.Offset, "the tensor name %s %s", clip.Quote(key.Text, nameShown), why)
}

// isPlainName accepts the names of nearly every tensor without a closer look.
func isPlainName(name []byte) bool {
	for _, c := range name {
		if c < ' ' || c >= 0x7f || c == '/' || c == '\\' {
			return false
		}
	}
	return len(name) <= maxNameReviewed && string(name) != ".."
}

func isDeceptive(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
