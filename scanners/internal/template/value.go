package template

import (
	"strconv"
	"strings"
)

// ValueKind is the kind of a constant.
type ValueKind uint8

// The kinds of constants.
const (
	NoneValue ValueKind = iota
	StringValue
	IntValue
	FloatValue
	BoolValue
	ListValue // also a dictionary, which is its keys where it is gone through
)

// Value is a constant.
type Value struct {
	Kind ValueKind
	S    string
	I    int64
	F    float64
	L    []Value

	weight int // of a list: characters and items in it, at all depths
}

// list makes a constant of a list.
func list(items []Value) Value {
	v := Value{Kind: ListValue, L: items}
	for _, x := range items {
		v.weight += x.size()
	}
	return v
}

// size is what the value costs to go through. A list may hold the same list many
// times over, so that its length says little.
func (v Value) size() int { return 1 + len(v.S) + v.weight }

// String makes a constant of a text.
func String(s string) Value { return Value{Kind: StringValue, S: s} }

// Int makes a constant of an integer.
func Int(n int64) Value { return Value{Kind: IntValue, I: n} }

// Bool makes a constant of a truth value.
func Bool(b bool) Value {
	v := Value{Kind: BoolValue}
	if b {
		v.I = 1
	}
	return v
}

// print is what the value looks like when it is printed.
func (v Value) print() string {
	switch v.Kind {
	case StringValue:
		return v.S
	case IntValue:
		return strconv.FormatInt(v.I, 10)
	case FloatValue:
		return strconv.FormatFloat(v.F, 'g', -1, 64)
	case BoolValue:
		if v.I != 0 {
			return "True"
		}
		return "False"
	case ListValue:
		parts := make([]string, len(v.L))
		for i, x := range v.L {
			if parts[i] = x.print(); x.Kind == StringValue {
				parts[i] = "'" + x.S + "'"
			}
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return "None"
}

// items are what a loop over the value sees.
func (v Value) items() []Value {
	if v.Kind != StringValue {
		return v.L
	}
	var out []Value
	for _, r := range v.S {
		out = append(out, String(string(r)))
	}
	return out
}

// Strings are the texts in the value.
func (v Value) Strings() []string {
	if v.Kind == StringValue {
		return []string{v.S}
	}
	var out []string
	for _, x := range v.L {
		out = append(out, x.Strings()...)
	}
	return out
}

func (v Value) isNumber() bool { return v.Kind == IntValue || v.Kind == BoolValue }
