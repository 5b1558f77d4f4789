package numpy

import (
	"errors"
	"fmt"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// array is what a header describes.
type array struct {
	dtype    dtype
	elements uint64
	descr    literal
	shape    literal
}

// parseHeader parses the literal and checks what numpy checks: exactly three
// keys, of the right types. When it fails, the array still says whether objects
// were mentioned.
func parseHeader(header []byte) (a array, pos int, err error) {
	v, pos, err := parseLiteral(string(header))
	if err != nil {
		return a, pos, err
	}
	if v.kind != dict {
		return a, 0, errors.New("the header is not a dict")
	}
	fields := make(map[string]literal, 3)
	for i := 0; i+1 < len(v.items); i += 2 {
		key := v.items[i].text
		if v.items[i].kind != text || key != "descr" && key != "fortran_order" && key != "shape" {
			return a, 0, errors.New("the header has a key that numpy does not know")
		}
		if _, again := fields[key]; again {
			return a, 0, fmt.Errorf("the header has %q twice", key)
		}
		fields[key] = v.items[i+1]
	}
	if len(fields) != 3 || fields["fortran_order"].kind != boolean {
		return a, 0, errors.New("the header lacks a key, or fortran_order is not a truth value")
	}
	a.descr, a.shape = fields["descr"], fields["shape"]
	a.dtype, err = parseDtype(a.descr)
	if err == nil || a.dtype.object {
		var shapeErr error
		if a.elements, shapeErr = elements(a.shape); shapeErr != nil {
			a.dtype.object = false
			return a, 0, shapeErr
		}
	}
	return a, 0, err
}

// facts are what the bill of materials says about the first array.
func facts(header []byte, a array) []scanners.Fact {
	var dims []string
	for _, d := range a.shape.items {
		dims = append(dims, d.text)
	}
	descr := a.descr.text
	if a.descr.kind != text {
		descr = strings.TrimSpace(clip.Quote(header, maxFactValue/2))
	}
	return []scanners.Fact{
		{Key: "numpy/dtype", Value: clip.Bytes(strings.ToValidUTF8(descr, "?"), maxFactValue)},
		{Key: "numpy/shape", Value: clip.Bytes("("+strings.Join(dims, ",")+")", maxFactValue)},
		{Key: "numpy/elements", Value: fmt.Sprint(a.elements)},
	}
}
