package python

import (
	"slices"
	"strings"
	"unicode/utf8"

	"assay/scanners/internal/pysource"
)

// binaryValue computes what two operands give: texts that are added, formatted or
// repeated, small numbers.
func (f *flow) binaryValue(op string, a, b value) value {
	out := value{taint: a.taint | b.taint}
	if f.charge(a, b); f.exhausted() {
		return out
	}
	if a.isNum && b.isNum && len(a.texts) == 0 {
		out.num, out.isNum = arithmetic(op, a.num, b.num)
		return out
	}
	switch {
	case op == "+" && a.list && b.list && len(a.items)+len(b.items) <= maxItems:
		out.items, out.list = append(slices.Clone(a.items), b.items...), true
	case op == "+":
		out.concat(a, b)
	case op == "%" && len(a.texts) > 0:
		args := []value{b}
		if b.list {
			args = b.items
		}
		for _, t := range a.texts {
			out.texts = append(out.texts, percent(t, args, &out.taint))
		}
		out.taint |= computed
	case op == "*" && len(a.texts) == 1 && b.isNum && b.num >= 0 && b.num*int64(len(a.texts[0])) <= 1<<16:
		out.texts = []string{strings.Repeat(a.texts[0], int(b.num))}
	case op == "/" && (len(a.refs) > 0 || len(a.texts) > 0): // pathlib
		out.concat(a, join(constant("/"), value{}))
		out.concat(out, b)
		out.refs = a.refs
	}
	return out
}

func (v *value) concat(a, b value) {
	if len(a.texts) == 0 && len(b.texts) == 0 {
		return
	}
	one := func(x value) []string {
		if len(x.texts) == 0 {
			v.taint |= incomplete
			return []string{"{}"}
		}
		return x.texts
	}
	v.texts = nil
	for _, x := range one(a) {
		for _, y := range one(b) {
			if len(x)+len(y) > maxText || len(v.texts) >= maxAlternatives {
				v.taint |= incomplete
				continue
			}
			v.texts = append(v.texts, x+y)
		}
	}
	v.taint |= computed
}

func arithmetic(op string, a, b int64) (int64, bool) {
	const big = 1 << 31
	if a > big || b > big || a < -big || b < -big {
		return 0, false
	}
	switch op {
	case "+":
		return a + b, true
	case "-":
		return a - b, true
	case "*":
		return a * b, true
	case "^":
		return a ^ b, true
	case "|":
		return a | b, true
	case "&":
		return a & b, true
	case "//":
		if b > 0 && a >= 0 { // Go rounds to zero, Python down
			return a / b, true
		}
	case "%":
		if b > 0 && a >= 0 {
			return a % b, true
		}
	case "<<":
		if b >= 0 && b < 24 && a < 1<<24 {
			return a << b, true
		}
	case ">>":
		if b >= 0 && b < 63 {
			return a >> b, true
		}
	}
	return 0, false
}

// percent fills %s and its like; what is not known is shown as {}.
func percent(format string, args []value, t *taint) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		if i++; format[i] == '%' {
			b.WriteByte('%')
			continue
		}
		plain := true
		for i < len(format)-1 && strings.IndexByte("0123456789.-+ #(", format[i]) >= 0 {
			if format[i] == '(' {
				i += max(0, strings.IndexByte(format[i:], ')'))
			}
			i++
			plain = false
		}
		switch {
		case len(args) > 0 && len(args[0].texts) > 0:
			if len(args[0].texts) > 1 || !plain || format[i] != 's' && format[i] != 'd' && format[i] != 'b' {
				*t |= incomplete
			}
			b.WriteString(args[0].texts[0])
		case len(args) > 0 && args[0].isNum && format[i] == 'c' && args[0].num > 0 && args[0].num < 0x110000:
			b.WriteRune(rune(args[0].num))
		default:
			*t |= incomplete
			b.WriteString("{}")
		}
		if len(args) > 0 {
			args = args[1:]
		}
		if b.Len() > maxText {
			return ""
		}
	}
	return b.String()
}

// format is an f-string.
func (f *flow) format(e *pysource.Expr, s *scope) value {
	out := value{}
	var b strings.Builder
	for _, a := range e.Args {
		v := f.eval(a, s)
		out.taint |= v.taint
		switch {
		case len(v.texts) > 0 && b.Len()+len(v.texts[0]) <= maxText:
			b.WriteString(v.texts[0])
			if len(v.texts) > 1 {
				out.taint |= incomplete
			}
			if a.Kind != pysource.Text {
				out.taint |= computed
			}
		default:
			b.WriteString("{}")
			out.taint |= incomplete
		}
	}
	out.texts = []string{b.String()}
	return out
}

func (f *flow) slice(base value, e *pysource.Expr, s *scope) value {
	var part [3]value
	for i, a := range e.Args {
		part[i] = f.eval(a, s)
		if a != nil && !part[i].isNum {
			return value{taint: base.taint, items: base.items}
		}
	}
	out := value{taint: base.taint}
	if f.charge(base); f.exhausted() {
		return out
	}
	for _, t := range base.texts {
		if cut, ok := slicedText(t, e.Args, part); ok {
			out.texts = append(out.texts, cut)
			out.taint |= computed
		}
	}
	out.items = base.items
	if base.list && e.Args[0] == nil && e.Args[1] == nil && part[2].num == -1 {
		out.items, out.list = slices.Clone(base.items), true
		slices.Reverse(out.items)
	}
	return out
}

// slicedText is t[from:to:step].
func slicedText(t string, given []*pysource.Expr, part [3]value) (string, bool) {
	chars := []rune(t)
	n := int64(len(chars))
	step := int64(1)
	if given[2] != nil {
		step = part[2].num
	}
	if step == 0 || !isASCII(t) { // of bytes or of text
		return "", false
	}
	bound := func(i int, fallback int64) int64 {
		if given[i] == nil {
			return fallback
		}
		v := part[i].num
		if v < 0 {
			v += n
		}
		return max(-1, min(v, n))
	}
	from, to := bound(0, 0), bound(1, n)
	if step < 0 {
		from, to = min(bound(0, n-1), n-1), bound(1, -1)
	}
	var out []rune
	for i := max(from, 0); i < n && i >= 0 && (step > 0 && i < to || step < 0 && i > to); i += step {
		out = append(out, chars[i])
	}
	return string(out), true
}

// charge counts the work on texts and lists, eight bytes for a step.
func (f *flow) charge(v value, more ...value) {
	for _, x := range append([]value{v}, more...) {
		for _, t := range x.texts {
			f.ops += len(t) / 8
		}
		f.ops += len(x.items)
	}
}

// method is a method of a constant text.
func (f *flow) method(base value, name string, args []value) value {
	out := value{taint: base.taint}
	for _, a := range args {
		out.taint |= a.taint
	}
	if f.charge(base, args...); f.exhausted() {
		return out
	}
	if len(args) > 0 && args[0].taint&incomplete != 0 || name == "join" && f.mutates {
		out.taint |= incomplete
	}
	for _, t := range base.texts {
		done, ok := textMethod(t, name, args, &out.taint)
		if !ok || len(done) > maxText {
			out.taint |= incomplete
			continue
		}
		out.texts = append(out.texts, done)
	}
	if name == "split" && len(base.texts) == 1 && len(args) == 1 && len(args[0].texts) == 1 && args[0].texts[0] != "" {
		for _, part := range strings.SplitN(base.texts[0], args[0].texts[0], 4096) {
			out.items = append(out.items, constant(part))
		}
		out.list = true
	}
	return out
}

func textMethod(t, name string, args []value, ta *taint) (string, bool) {
	text := func(i int) (string, bool) {
		if i < len(args) && len(args[i].texts) == 1 {
			return args[i].texts[0], true
		}
		return "", false
	}
	switch name {
	case "decode", "encode":
		if len(args) == 0 {
			return t, utf8.ValidString(t)
		}
		if codec, ok := text(0); ok && (strings.Contains(codec, "rot") || strings.Contains(codec, "hex") || strings.Contains(codec, "base64")) {
			*ta |= fromCode | computed
			return undo("codecs."+strings.ToLower(codec), t)
		} else if ok && keepsText(codec, t) {
			return t, true
		}
		*ta |= fromCode // into what nobody can read here
		return "", false
	case "strip", "lstrip", "rstrip":
		return strings.TrimSpace(t), len(args) == 0
	case "lower":
		*ta |= computed
		return strings.ToLower(t), isASCII(t)
	case "upper":
		*ta |= computed
		return strings.ToUpper(t), isASCII(t)
	case "swapcase", "title", "capitalize", "translate":
		*ta |= incomplete | computed
		return t, true
	case "replace":
		from, ok1 := text(0)
		to, ok2 := text(1)
		if ok1 && ok2 && len(args) == 2 && from != "" && len(t)/len(from)*len(to) <= maxText {
			*ta |= computed
			return strings.ReplaceAll(t, from, to), true
		}
	case "format":
		return braces(t, args, ta), true
	case "join":
		if len(args) == 1 && args[0].list {
			return joined(t, args[0].items, ta)
		}
	}
	return "", false
}

// keepsText reports a codec under which the text is the same in bytes.
func keepsText(codec, t string) bool {
	switch strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(codec)) {
	case "utf8", "u8", "utf":
		return utf8.ValidString(t)
	case "ascii", "usascii", "latin1", "latin", "l1", "iso88591", "cp1252", "utf8sig":
		return isASCII(t)
	}
	return false
}

func isASCII(t string) bool {
	for i := range len(t) {
		if t[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func joined(sep string, items []value, ta *taint) (string, bool) {
	var b strings.Builder
	for i, item := range items {
		if i > 0 {
			b.WriteString(sep)
		}
		if len(item.texts) == 0 {
			*ta |= incomplete
			b.WriteString("{}")
			continue
		}
		if len(item.texts) > 1 {
			*ta |= incomplete
		}
		b.WriteString(item.texts[0])
		if b.Len() > maxText {
			return "", false
		}
	}
	*ta |= computed
	return b.String(), true
}

// braces fills the fields of str.format in order.
func braces(t string, args []value, ta *taint) string {
	var b strings.Builder
	if strings.Contains(t, "}}") || strings.Contains(t, "{{") {
		*ta |= incomplete
	}
	for b.Len() < maxText {
		before, rest, ok := strings.Cut(t, "{")
		b.WriteString(before)
		field, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return b.String()
		}
		i := 0
		if len(field) == 1 && field[0] >= '0' && field[0] <= '9' {
			i = int(field[0] - '0')
		}
		if i < len(args) && len(args[i].texts) > 0 && (field == "" || len(field) == 1) {
			b.WriteString(args[i].texts[0])
			if len(args[i].texts) > 1 {
				*ta |= incomplete
			}
			if field == "" {
				args = args[1:]
			}
			*ta |= computed
		} else {
			b.WriteString("{}")
			*ta |= incomplete
		}
		t = after
	}
	return ""
}
