package template

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// call folds a method of a constant, and dict(), whose names become texts.
func (f *Folder) call(e *Call) (Value, bool) {
	if name, ok := e.Func.(*Name); ok && name.Name == "dict" {
		var names []Value
		for _, a := range e.Args {
			if a.Name != "" && a.Name[0] != '*' {
				names = append(names, String(a.Name))
			}
		}
		return list(names), len(names) > 0
	}
	method, ok := e.Func.(*Attr)
	if !ok {
		return Value{}, false
	}
	x, ok := f.Fold(method.X)
	if !ok {
		return Value{}, false
	}
	switch method.Name {
	case "join": // the other way round than the filter
		if items, ok := f.argument(e.Args, 0); ok && x.Kind == StringValue {
			return String(join(items.items(), x.S)), true
		}
		return Value{}, false
	case "format":
		if args, ok := f.positional(e.Args); ok && x.Kind == StringValue {
			return formatBraces(x.S, args), true
		}
		return Value{}, false
	case "removeprefix", "removesuffix", "keys", "split", "lower", "upper", "title", "capitalize", "swapcase", "strip", "replace", "center", "ljust", "rjust":
		return f.apply(method.Name, x, e.Args)
	}
	return Value{}, false
}

func (f *Folder) argument(args []Arg, i int) (Value, bool) {
	if i >= len(args) {
		return Value{}, false
	}
	return f.Fold(args[i].Value)
}

func (f *Folder) positional(args []Arg) ([]Value, bool) {
	var out []Value
	for _, a := range args {
		v, ok := f.Fold(a.Value)
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

// apply applies a filter, or a method of the same name.
func (f *Folder) apply(name string, x Value, args []Arg) (Value, bool) {
	values, ok := f.positional(args)
	if !ok {
		return Value{}, false
	}
	arg := func(i int) string {
		if i < len(values) {
			return values[i].print()
		}
		return ""
	}
	f.steps += x.size()
	switch name {
	case "join":
		return String(join(x.items(), arg(0))), true
	case "list", "keys":
		return list(x.items()), true
	case "reverse":
		return reverse(x), true
	case "first", "last":
		return edge(name, x.items())
	case "default", "d", "safe", "forceescape", "escape", "e":
		return x, true
	case "int":
		n, err := strconv.ParseInt(strings.TrimSpace(x.print()), 10, 64)
		return Int(n), err == nil
	case "length", "count":
		return Int(int64(len(x.items()))), true
	case "sort", "unique":
		return x, x.Kind == ListValue
	case "sum":
		return String(join(x.L, "")), x.Kind == ListValue
	case "map":
		return f.mapped(x, args)
	case "center", "ljust", "rjust":
		return pad(x.print(), name, arg)
	case "striptags":
		return String(tag.ReplaceAllString(x.print(), "")), true
	case "format":
		return formatPercent(x.S, list(values))
	case "replace":
		return f.replace(x, values)
	case "split":
		if x.Kind != StringValue || len(x.S) > maxItems {
			return Value{}, false
		}
		return split(x.S, arg(0)), true
	case "removeprefix":
		return String(strings.TrimPrefix(x.print(), arg(0))), true
	case "removesuffix":
		return String(strings.TrimSuffix(x.print(), arg(0))), true
	}
	if x.Kind != StringValue && name != "string" && name != "trim" {
		return Value{}, false
	}
	return changeCase(name, x.print(), arg(0))
}

// mapped applies a filter to every item.
func (f *Folder) mapped(x Value, args []Arg) (Value, bool) {
	if len(args) == 0 || args[0].Name != "" {
		return Value{}, false
	}
	name, ok := f.Fold(args[0].Value)
	if !ok || name.Kind != StringValue || name.S == "map" {
		return Value{}, false
	}
	var out []Value
	for _, item := range x.items() {
		v, ok := f.apply(name.S, item, args[1:])
		if !ok {
			return Value{}, false
		}
		out = append(out, v)
	}
	return list(out), true
}

// tag is what striptags removes.
var tag = regexp.MustCompile(`<[^>]*>`)

// maxWidth is the largest width to which texts are filled up here.
const maxWidth = 100

// pad fills a text up, as the methods of the names do.
func pad(s, align string, arg func(int) string) (Value, bool) {
	width, err := strconv.Atoi(arg(0))
	if err != nil || width > maxWidth {
		return Value{}, false
	}
	return String(fill(s, align, arg(1), width)), true
}

func fill(s, align, with string, width int) string {
	if with == "" {
		with = " "
	}
	missing := max(0, width-utf8.RuneCountInString(s))
	left := missing
	switch align {
	case "center", "^":
		left = missing / 2
	case "ljust", "<":
		left = 0
	}
	return strings.Repeat(with, left) + s + strings.Repeat(with, missing-left)
}

func changeCase(name, s, cut string) (Value, bool) {
	switch name {
	case "string":
	case "lower":
		s = strings.ToLower(s)
	case "upper":
		s = strings.ToUpper(s)
	case "title", "capitalize":
		if s != "" {
			s = strings.ToUpper(s[:1]) + strings.ToLower(s[1:])
		}
	case "swapcase":
		s = strings.Map(func(r rune) rune {
			if lower := []rune(strings.ToLower(string(r))); len(lower) == 1 && lower[0] != r {
				return lower[0]
			}
			return []rune(strings.ToUpper(string(r)))[0]
		}, s)
	case "trim", "strip":
		if cut == "" {
			cut = " \t\r\n\f\v"
		}
		s = strings.Trim(s, cut)
	default:
		return Value{}, false
	}
	return String(s), true
}

// replace works like that of Python. The result is bounded before it is built.
func (f *Folder) replace(x Value, args []Value) (Value, bool) {
	if len(args) < 2 {
		return Value{}, false
	}
	s, old, with := x.print(), args[0].print(), args[1].print()
	if n := strings.Count(s, old); len(s)+n*len(with) > maxText {
		return Value{}, false
	}
	return String(strings.ReplaceAll(s, old, with)), true
}

func reverse(x Value) Value {
	items := slices.Clone(x.items())
	slices.Reverse(items)
	if x.Kind == StringValue {
		return String(join(items, ""))
	}
	return list(items)
}

func edge(name string, items []Value) (Value, bool) {
	if len(items) == 0 {
		return Value{}, false
	}
	if name == "first" {
		return items[0], true
	}
	return items[len(items)-1], true
}

func split(s, separator string) Value {
	parts := strings.Fields(s)
	if separator != "" {
		parts = strings.Split(s, separator)
	}
	out := make([]Value, len(parts))
	for i, p := range parts {
		out[i] = String(p)
	}
	return list(out)
}

// formatPercent formats as "%" of Python does, as far as texts and characters
// go. What it does not know makes the value unknown.
func formatPercent(layout string, args Value) (Value, bool) {
	rest := args.L
	if args.Kind != ListValue {
		rest = []Value{args}
	}
	var b strings.Builder
	for i := 0; i < len(layout); i++ {
		if layout[i] != '%' {
			b.WriteByte(layout[i])
			continue
		}
		if i++; i >= len(layout) {
			return Value{}, false
		}
		if layout[i] == '%' {
			b.WriteByte('%')
			continue
		}
		digits := layout[i:]
		digits = digits[:len(digits)-len(strings.TrimLeft(digits, "-0123456789"))]
		width, _ := strconv.Atoi(strings.TrimLeft(digits, "-0"))
		if i += len(digits); i >= len(layout) || len(rest) == 0 || b.Len() > maxText || width > maxWidth {
			return Value{}, false
		}
		text, ok := formatOne(layout[i], rest[0])
		if !ok {
			return Value{}, false
		}
		b.WriteString(fill(text, "rjust", " ", width))
		rest = rest[1:]
	}
	return String(b.String()), true
}

func formatOne(verb byte, v Value) (string, bool) {
	switch verb {
	case 's', 'd', 'i', 'r', 'a':
		return v.print(), true
	case 'x':
		return strconv.FormatInt(v.I, 16), v.isNumber()
	case 'c':
		if v.isNumber() {
			return string(rune(v.I)), v.I >= 0 && v.I <= 0x10ffff
		}
		return v.print(), true
	}
	return "", false
}

// formatBraces formats as str.format does for plain fields; other fields are
// left as they are written.
func formatBraces(layout string, args []Value) Value {
	var b strings.Builder
	next := 0
	for len(layout) > 0 && b.Len() <= maxText {
		before, after, _ := strings.Cut(layout, "{")
		b.WriteString(before)
		field, rest, ok := strings.Cut(after, "}")
		if !ok {
			b.WriteString(after)
			break
		}
		name, spec, _ := strings.Cut(field, ":")
		i, err := strconv.Atoi(name)
		if name == "" {
			i, err = next, nil
			next++
		}
		switch {
		case err != nil || i < 0 || i >= len(args):
			b.WriteString("{" + field + "}")
		case spec == "c" && args[i].isNumber():
			b.WriteRune(rune(args[i].I))
		default:
			b.WriteString(spread(args[i].print(), spec))
		}
		layout = rest
	}
	return String(b.String())
}

// alignment is a field's fill, alignment and width.
var alignment = regexp.MustCompile(`^(?:(.)?([<>^]))?(\d{1,3})s?$`)

// spread fills a field up.
func spread(s, spec string) string {
	m := alignment.FindStringSubmatch(spec)
	if m == nil {
		return s
	}
	width, _ := strconv.Atoi(m[3])
	if m[2] == "" {
		m[2] = "<"
	}
	return fill(s, m[2], m[1], min(width, maxWidth))
}
