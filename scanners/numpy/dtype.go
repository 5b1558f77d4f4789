package numpy

import (
	"errors"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

var (
	errDtype    = errors.New("not an element type that numpy writes")
	errOverflow = errors.New("a size does not fit 64 bits")
)

// dtype is what matters of an element type.
type dtype struct {
	size   uint64 // bytes of one element
	object bool   // holds Python objects: the elements are a pickle
}

// widths are the sizes of the fixed types by kind letter. Source: numpy array
// interface, "typestr"; 10, 12, 24 are long doubles of some machines.
var widths = map[byte][]uint64{
	'b': {1}, 'i': {1, 2, 4, 8}, 'u': {1, 2, 4, 8}, 'f': {2, 4, 8, 10, 12, 16}, 'c': {8, 16, 20, 24, 32}, 'M': {8}, 'm': {8}, 'O': {4, 8},
}

// parseDtype reads the value of 'descr': a type string, a list of fields, or a
// pair of type and shape.
func parseDtype(v literal) (dtype, error) {
	switch v.kind {
	case text:
		return parseTypestr(v.text)
	case list:
		return parseFields(v.items)
	case tuple:
		if len(v.items) == 2 {
			return parseSubarray(v.items[0], v.items[1])
		}
	}
	return dtype{}, errDtype
}

func parseTypestr(s string) (dtype, error) {
	// Whatever a strange spelling means, the letter is how objects are spelled.
	d := dtype{object: strings.Contains(s, "O") || strings.Contains(s, "object")}
	s = strings.TrimLeft(s[:min(len(s), 1)], "<>|=") + s[min(len(s), 1):]
	if s == "O" {
		return d, nil
	}
	if len(s) < 2 {
		return d, errDtype
	}
	letter, digits := s[0], s[1:]
	if letter == 'M' || letter == 'm' {
		digits, _, _ = strings.Cut(digits, "[")
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	if err != nil {
		return d, errDtype
	}
	switch letter {
	case 'S', 'a', 'V':
		d.size = n
		return d, nil
	case 'U':
		if n > 1<<60 {
			return d, errOverflow
		}
		d.size = 4 * n
		return d, nil
	}
	if !slices.Contains(widths[letter], n) {
		return d, errDtype
	}
	d.size = n
	return d, nil
}

// parseFields reads a structured type: (name, type) or (name, type, shape) each.
func parseFields(fields []literal) (dtype, error) {
	var sum dtype
	for _, f := range fields {
		if f.kind != tuple || len(f.items) < 2 || len(f.items) > 3 {
			return sum, errDtype
		}
		shape := literal{kind: tuple}
		if len(f.items) == 3 {
			shape = f.items[2]
		}
		d, err := parseSubarray(f.items[1], shape)
		sum.object = sum.object || d.object
		if err != nil {
			return dtype{object: sum.object || mentionsObject(fields)}, err
		}
		var carry uint64
		if sum.size, carry = bits.Add64(sum.size, d.size, 0); carry != 0 {
			return sum, errOverflow
		}
	}
	return sum, nil
}

// mentionsObject looks for objects in fields that were not understood.
func mentionsObject(items []literal) bool {
	return slices.ContainsFunc(items, func(v literal) bool {
		return v.kind == text && strings.Contains(v.text, "O") || mentionsObject(v.items)
	})
}

func parseSubarray(base, shape literal) (dtype, error) {
	d, err := parseDtype(base)
	if err != nil {
		return d, err
	}
	if shape.kind == integer {
		shape = literal{kind: tuple, items: []literal{shape}}
	}
	n, err := elements(shape)
	if err != nil {
		return d, err
	}
	d.size, err = multiply(d.size, n)
	return d, err
}

// elements multiplies a shape.
func elements(shape literal) (uint64, error) {
	if shape.kind != tuple {
		return 0, errors.New("the shape is not a tuple of sizes")
	}
	n := uint64(1)
	for _, dim := range shape.items {
		if dim.kind != integer {
			return 0, errors.New("the shape is not a tuple of sizes")
		}
		x, err := strconv.ParseUint(dim.text, 10, 64)
		if err != nil {
			return 0, errOverflow
		}
		if n, err = multiply(n, x); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func multiply(a, b uint64) (uint64, error) {
	hi, lo := bits.Mul64(a, b)
	if hi != 0 {
		return 0, errOverflow
	}
	return lo, nil
}
