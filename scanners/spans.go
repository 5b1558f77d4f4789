package scanners

import "slices"

// Span is a range of bytes.
type Span struct{ Off, Len int64 }

// End is the offset after the last byte.
func (s Span) End() int64 { return s.Off + s.Len }

// within reports whether the range lies in a file of the size.
func (s Span) within(size int64) bool {
	return s.Off >= 0 && s.Len >= 0 && s.Off <= size && s.Len <= size-s.Off
}

// Spans is a set of byte ranges. Adding in ascending order is the fast path and
// merges neighbours, so a parser that walks forward keeps one span.
type Spans struct{ list []Span }

// Add adds n bytes at off. Ranges that are empty or negative are ignored: they
// account for nothing.
func (s *Spans) Add(off, n int64) {
	if n <= 0 || off < 0 || off+n < off {
		return
	}
	if k := len(s.list) - 1; k >= 0 && s.list[k].Off <= off && off <= s.list[k].End() {
		s.list[k].Len = max(s.list[k].Len, off+n-s.list[k].Off)
		return
	}
	s.list = append(s.list, Span{off, n})
}

// AddAll adds every span of other, moved by shift.
func (s *Spans) AddAll(other Spans, shift int64) {
	for _, o := range other.list {
		s.Add(o.Off+shift, o.Len)
	}
}

// addWithin adds what other accounts for inside a member that lies at the span:
// nothing that is said about a member may account for its neighbours.
func (s *Spans) addWithin(other Spans, member Span) {
	for _, o := range other.Normal(member.Len) {
		s.Add(o.Off+member.Off, o.Len)
	}
}

// Normal returns the sorted, disjoint ranges inside [0, size).
func (s Spans) Normal(size int64) []Span {
	list := slices.Clone(s.list)
	slices.SortFunc(list, func(a, b Span) int {
		if a.Off < b.Off {
			return -1
		}
		if a.Off > b.Off {
			return 1
		}
		return 0
	})
	var out []Span
	for _, x := range list {
		x.Len = min(x.End(), size) - x.Off
		if x.Len <= 0 {
			continue
		}
		if k := len(out) - 1; k >= 0 && x.Off <= out[k].End() {
			out[k].Len = max(out[k].End(), x.End()) - out[k].Off
			continue
		}
		out = append(out, x)
	}
	return out
}

// Total is the number of distinct bytes inside [0, size).
func (s Spans) Total(size int64) int64 {
	var n int64
	for _, x := range s.Normal(size) {
		n += x.Len
	}
	return n
}

// FirstHole returns the first range of [0, size) that is not in the set, and
// false when there is none.
func (s Spans) FirstHole(size int64) (Span, bool) {
	var at int64
	for _, x := range s.Normal(size) {
		if x.Off > at {
			return Span{at, x.Off - at}, true
		}
		at = x.End()
	}
	if at < size {
		return Span{at, size - at}, true
	}
	return Span{}, false
}
