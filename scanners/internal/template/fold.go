package template

import (
	"slices"
	"strings"
)

// Bounds of constants: no name that leads anywhere is longer.
const (
	maxText  = 16 << 10 // bytes of a text, or of all texts in a list
	maxItems = 1 << 10
	maxSteps = 2_000_000 // characters handled by one Folder
)

// Folder computes constants. Names are those known to be constant; a key with a
// dot is an attribute of a namespace. The zero value knows none.
type Folder struct {
	Names map[string]Value
	steps int
	depth int
}

// Fold returns the value of an expression that does not depend on the input.
func (f *Folder) Fold(e Expr) (Value, bool) {
	if f.depth++; f.depth > 8*maxDepth || f.steps > maxSteps {
		f.depth--
		return Value{}, false
	}
	v, ok := f.fold(e)
	f.depth--
	f.steps += v.size()
	if !ok || v.size() > maxText || len(v.L) > maxItems {
		return Value{}, false
	}
	return v, true
}

// Spent reports that constants were left unknown because there were too many.
func (f *Folder) Spent() bool { return f.steps > maxSteps }

func (f *Folder) fold(e Expr) (Value, bool) {
	switch e := e.(type) {
	case *Const:
		return e.Value, true
	case *Name:
		v, ok := f.Names[e.Name]
		return v, ok
	case *Attr:
		if base, ok := e.X.(*Name); ok {
			v, ok := f.Names[base.Name+"."+e.Name]
			return v, ok
		}
	case *List:
		return f.foldAll(e.Items)
	case *Dict:
		return f.foldAll(e.Keys)
	case *Unary:
		return f.unary(e)
	case *Binary:
		return f.binary(e)
	case *Index:
		return f.index(e)
	case *Filter:
		if e.X != nil {
			if x, ok := f.Fold(e.X); ok {
				return f.apply(e.Name, x, e.Args)
			}
		}
	case *Call:
		return f.call(e)
	case *Cond:
		// Either arm may be taken; a constant test is a disguise, and its first
		// arm is what the disguise is for.
		return f.Fold(e.Then)
	}
	return Value{}, false
}

func (f *Folder) foldAll(items []Expr) (Value, bool) {
	if len(items) > maxItems {
		return Value{}, false
	}
	out := make([]Value, len(items))
	for i, e := range items {
		v, ok := f.Fold(e)
		if !ok {
			return Value{}, false
		}
		out[i] = v
	}
	return list(out), true
}

func (f *Folder) unary(e *Unary) (Value, bool) {
	v, ok := f.Fold(e.X)
	if !ok || e.Op == "not" || !v.isNumber() {
		return Value{}, false
	}
	if e.Op == "-" {
		v.I = -v.I
	}
	return Int(v.I), true
}

func (f *Folder) binary(e *Binary) (Value, bool) {
	x, ok := f.Fold(e.X)
	if !ok {
		return Value{}, false
	}
	y, ok := f.Fold(e.Y)
	if !ok {
		return Value{}, false
	}
	switch e.Op {
	case "~":
		return String(x.print() + y.print()), true
	case "+":
		switch {
		case x.Kind == StringValue && y.Kind == StringValue:
			return String(x.S + y.S), true
		case x.Kind == ListValue && y.Kind == ListValue:
			return list(slices.Concat(x.L, y.L)), true
		}
	case "%":
		if x.Kind == StringValue {
			return formatPercent(x.S, y)
		}
	case "*":
		if y.Kind == StringValue {
			x, y = y, x
		}
		if x.Kind == StringValue && y.isNumber() {
			return repeat(x.S, y.I)
		}
	case "and":
		return y, true
	case "or":
		return x, true
	}
	if x.isNumber() && y.isNumber() {
		return arithmetic(e.Op, x.I, y.I)
	}
	return Value{}, false
}

func repeat(s string, n int64) (Value, bool) {
	if n <= 0 || s == "" {
		return String(""), true
	}
	if n > maxText || n*int64(len(s)) > maxText {
		return Value{}, false
	}
	return String(strings.Repeat(s, int(n))), true
}

// largest is the largest number that is computed with.
const largest = 1 << 53

func arithmetic(op string, x, y int64) (Value, bool) {
	if x > largest || x < -largest || y > largest || y < -largest {
		return Value{}, false
	}
	switch {
	case op == "+":
		return Int(x + y), true
	case op == "-":
		return Int(x - y), true
	case op == "//" && y > 0:
		return Int(x / y), true
	case op == "%" && y > 0:
		return Int(x % y), true
	case op == "*" || op == "**":
		return product(op, x, y)
	}
	return Value{}, false
}

// product multiplies, or raises. What would be larger than largest is largest:
// nothing that is done with such a number is modest.
func product(op string, x, y int64) (Value, bool) {
	if op == "*" {
		if x != 0 && (x > largest/max(1, abs(y)) || -x > largest/max(1, abs(y))) {
			return Int(largest), true
		}
		return Int(x * y), true
	}
	if y < 0 {
		return Value{}, false
	}
	out := int64(1)
	for range min(y, 64) {
		if abs(x) > 1 && abs(out) > largest/abs(x) {
			return Int(largest), true
		}
		out *= x
	}
	return Int(out), true
}

func abs(x int64) int64 { return max(x, -x) }

// index looks up a constant in a constant.
func (f *Folder) index(e *Index) (Value, bool) {
	x, ok := f.Fold(e.X)
	if !ok || x.Kind != StringValue && x.Kind != ListValue {
		return Value{}, false
	}
	items := x.items()
	f.steps += len(items)
	if s, ok := e.Key.(*Slice); ok {
		return f.slice(s, x, items)
	}
	key, ok := f.Fold(e.Key)
	if !ok || !key.isNumber() {
		return Value{}, false
	}
	i := key.I
	if i < 0 {
		i += int64(len(items))
	}
	if i < 0 || i >= int64(len(items)) {
		return Value{}, false
	}
	return items[i], true
}

// slice takes part of a text or list, as Python does.
func (f *Folder) slice(s *Slice, x Value, items []Value) (Value, bool) {
	n := int64(len(items))
	step, ok := f.bound(s.Step, 1)
	if !ok || step == 0 {
		return Value{}, false
	}
	from, to := int64(0), n
	if step < 0 {
		from, to = n-1, -n-1
	}
	if from, ok = f.bound(s.Low, from); !ok {
		return Value{}, false
	}
	if to, ok = f.bound(s.High, to); !ok {
		return Value{}, false
	}
	at := func(i int64) int64 {
		if i < 0 {
			i += n
		}
		return min(max(i, -1), n)
	}
	var out []Value
	from, to, step = at(from), at(to), min(max(step, -n-1), n+1)
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		if i >= 0 && i < n {
			out = append(out, items[i])
		}
	}
	if x.Kind == StringValue {
		return String(join(out, "")), true
	}
	return list(out), true
}

func (f *Folder) bound(e Expr, standard int64) (int64, bool) {
	if e == nil {
		return standard, true
	}
	v, ok := f.Fold(e)
	return v.I, ok && v.isNumber()
}

func join(items []Value, separator string) string {
	parts := make([]string, len(items))
	for i, x := range items {
		parts[i] = x.print()
	}
	return strings.Join(parts, separator)
}
