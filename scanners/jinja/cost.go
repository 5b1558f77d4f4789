package jinja

import (
	"regexp"

	"assay/scanners/internal/template"
)

// Bounds of what a template computes from constants alone.
const (
	maxRounds  = 10_000  // of one loop, and of loops in one another
	maxRepeat  = 100_000 // repetitions of a text, and widths
	maxNesting = 7       // loops in one another
	doublings  = 8       // assignments outside of loops, each doubling a text
)

func (c *checker) costs(e template.Expr, format string, args ...any) {
	c.found.Add("jinja/cost", int64(e.Offset()), format, args...)
}

// rounds is how often the body of a loop runs because of constants.
func (c *checker) rounds(s *template.For, at place) int64 {
	n := int64(1)
	if v, ok := c.rangeLength(s.Iter); ok {
		n = v
	} else if v, ok := c.fold.Fold(s.Iter); ok {
		n = max(1, int64(len(v.L)))
	}
	if n = max(1, n); n > maxRounds {
		n = maxRounds + 1 // reported where the range is
	}
	if product := at.rounds * n; at.rounds <= maxRounds && n <= maxRounds && product > maxRounds {
		c.costs(s.Iter, "loops over constants in one another, of %d rounds", product)
	}
	if at.loops+1 == maxNesting {
		c.costs(s.Iter, "%d loops in one another", maxNesting)
	}
	return at.rounds * n
}

// rangeLength is the length of a range of constants.
func (c *checker) rangeLength(e template.Expr) (int64, bool) {
	for {
		f, ok := e.(*template.Filter)
		if !ok || f.X == nil {
			break
		}
		e = f.X
	}
	call, ok := e.(*template.Call)
	if !ok || key(call.Func) != "range" {
		return 0, false
	}
	var n [3]int64
	for i, a := range call.Args[:min(len(call.Args), 3)] {
		v, ok := c.fold.Fold(a.Value)
		if !ok || v.Kind != template.IntValue {
			return 0, false
		}
		n[i] = v.I
	}
	low, high, step := n[0], n[1], max(n[2], -n[2], 1)
	if len(call.Args) == 1 {
		low, high = 0, n[0]
	}
	return max(high-low, low-high) / step, true
}

// repeats checks calls that make much of little.
func (c *checker) repeats(e *template.Call) {
	if n, ok := c.rangeLength(e); ok && n > maxRounds {
		c.costs(e, "a range of %d numbers", n)
	}
	if method, ok := e.Func.(*template.Attr); ok && widening[method.Name] {
		c.widths(e, e.Args)
	}
}

// widening are filters and methods that fill up to a width.
var widening = words("center ljust rjust zfill indent batch slice expandtabs")

func (c *checker) widths(e template.Expr, args []template.Arg) {
	for _, a := range args {
		if v, ok := c.fold.Fold(a.Value); ok && v.I > maxRepeat {
			c.costs(e, "a text filled up to %d characters", v.I)
		}
	}
}

// operator checks repetitions and powers.
func (c *checker) operator(e *template.Binary) {
	if e.Op != "*" && e.Op != "**" {
		return
	}
	x, okX := c.fold.Fold(e.X)
	y, okY := c.fold.Fold(e.Y)
	isNumber := func(v template.Value, ok bool) bool { return ok && v.Kind == template.IntValue }
	switch {
	case e.Op == "**" && (isNumber(y, okY) && y.I > 64):
		c.costs(e, "a power of %d", y.I)
	case e.Op == "*" && isNumber(x, okX) && x.I > maxRepeat && !isNumber(y, okY):
		c.costs(e, "%d repetitions", x.I)
	case e.Op == "*" && isNumber(y, okY) && y.I > maxRepeat && !isNumber(x, okX):
		c.costs(e, "%d repetitions", y.I)
	}
}

// A width of six digits or more, in a format of either kind.
var (
	widePercent = regexp.MustCompile(`%[-+ #0]*[1-9]\d{5}`)
	wideBraces  = regexp.MustCompile(`\{[^{}]*:[^{}]*[1-9]\d{5}[^{}]*\}`)
)

func (c *checker) width(wide *regexp.Regexp, e template.Expr, text string) {
	if m := wide.FindString(text); m != "" {
		c.costs(e, "the format %s", quote(m))
	}
}

// checkDoubling finds x = x ~ x, which in a loop grows without bounds.
func (c *checker) checkDoubling(name string, value template.Expr, at place) {
	uses := 0
	template.Walk(value, func(e template.Expr) bool {
		if _, isCond := e.(*template.Cond); isCond {
			return false // one arm only
		}
		if b, ok := e.(*template.Binary); ok && (isComparison(b.Op) || b.Op == "and" || b.Op == "or") {
			return false
		}
		if _, ok := e.(*template.Index); ok {
			return false // a part
		}
		if key(e) == name {
			uses++
		}
		return true
	})
	if uses < 2 {
		return
	}
	if c.doubling++; at.loops > 0 || c.doubling >= doublings {
		c.costs(value, "%s is put together from itself %d times", quote(name), uses)
	}
}
