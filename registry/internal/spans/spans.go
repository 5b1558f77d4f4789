// Package spans is a set of bytes of a file: what of a download is there.
//
// # Security
//
// A set that was read from a file is used only when Valid says that it is one. The
// number of spans is bounded by the number of writers, not by the size.
package spans

import "slices"

// Span is the bytes from From up to, and without, To.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Set is a set of bytes: in order, not empty, not touching one another. A
// download adds at a few places at a time, so the list stays short.
type Set []Span

// Add puts in the bytes of s. It reports false, and changes nothing, when one of
// them is there already.
func (l *Set) Add(s Span) bool {
	if s.From >= s.To {
		return s.From == s.To
	}
	i, _ := slices.BinarySearchFunc(*l, s.From, func(e Span, from int64) int {
		if e.To < from {
			return -1
		}
		return 1
	})
	// Now i is the first that ends at or after s.From.
	list := *l
	switch {
	case i < len(list) && list[i].To == s.From:
		if i+1 < len(list) && list[i+1].From < s.To {
			return false
		}
		list[i].To = s.To
	case i < len(list) && list[i].From < s.To:
		return false
	default:
		list = slices.Insert(list, i, s)
	}
	if i+1 < len(list) && list[i].To == list[i+1].From {
		list[i].To = list[i+1].To
		list = slices.Delete(list, i+1, i+2)
	}
	*l = list
	return true
}

// Prefix is how many bytes are there from the start on.
func (l Set) Prefix() int64 {
	if len(l) == 0 || l[0].From != 0 {
		return 0
	}
	return l[0].To
}

// Total is how many bytes are there.
func (l Set) Total() (n int64) {
	for _, s := range l {
		n += s.To - s.From
	}
	return n
}

// Missing is what is not there of size bytes.
func (l Set) Missing(size int64) []Span {
	var out []Span
	at := int64(0)
	for _, s := range l {
		if s.From > at {
			out = append(out, Span{at, s.From})
		}
		at = s.To
	}
	if at < size {
		out = append(out, Span{at, size})
	}
	return out
}

// Valid reports whether a list from outside is a set within size bytes.
func (l Set) Valid(size int64) bool {
	at := int64(-1)
	for _, s := range l {
		if s.From <= at || s.To <= s.From {
			return false
		}
		at = s.To
	}
	return at <= size
}
