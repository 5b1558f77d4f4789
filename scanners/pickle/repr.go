package pickle

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"assay/scanners/internal/clip"
)

const (
	maxRepr     = 400 // bytes of one printed value or call
	maxReprText = 120 // bytes of one printed string
	maxReprDeep = 4   // containers in containers
)

// repr writes a value much as Python does, on one line and bounded.
func (m *machine) repr(v value, depth int) string {
	return clip.Bytes(m.reprFull(v, depth), maxRepr)
}

func (m *machine) reprFull(v value, depth int) string {
	switch v.tag() {
	case tagNone:
		return "None"
	case tagTrue:
		return "True"
	case tagFalse:
		return "False"
	case tagInt:
		return strconv.FormatInt(v.int(), 10)
	case tagLong, tagFloat:
		return m.reprNumber(v)
	case tagText, tagRawText, tagQuoted, tagBinString:
		return m.reprText(v, "")
	case tagBytes:
		return m.reprText(v, "b")
	case tagLatinText, tagLatinRaw:
		return m.reprText(pair(tagText+v.tag()-tagLatinText, v.middle(), v.low()), "b")
	case tagByteArray:
		return "bytearray(" + m.reprText(v, "b") + ")"
	case tagGlobal:
		return m.judge.names.list[v.middle()].String()
	case tagObject, tagPersistent, tagExtension, tagUnknown:
		return m.reprObject(v)
	case tagStorage:
		s := m.judge.storages.list[v.low()]
		return fmt.Sprintf("<storage %s of %d elements>", clip.Quote(s.key, maxReprText), s.numel)
	case tagTuple, tagList, tagDict, tagSet, tagFrozenSet:
		return m.reprContainer(v, depth)
	case tagBuffer:
		return "<buffer>"
	}
	return "<unknown>"
}

// reprObject names what was made while loading: by its offset for who reads along,
// by where it is from for a finding.
func (m *machine) reprObject(v value) string {
	if m.judge.listen != nil && v.low() != 0 {
		return "x" + strconv.FormatInt(v.low(), 10)
	}
	switch v.tag() {
	case tagObject:
		return "<result of " + m.judge.names.list[v.middle()].String() + ">"
	case tagPersistent:
		return "<persistent object>"
	case tagExtension:
		return "<extension>"
	}
	return "<unknown>"
}

func (m *machine) reprNumber(v value) string {
	if v.tag() == tagFloat {
		if raw := m.view(v.low(), 8); v.middle() == 8 && raw != nil {
			return formatFloat(raw)
		}
		return "<float>"
	}
	off, n := m.extent(v)
	if n > 8 {
		return fmt.Sprintf("<integer of %d bytes>", n)
	}
	i, _ := littleInt(m.view(off, int(n)))
	return strconv.FormatInt(i, 10)
}

func (m *machine) reprText(v value, prefix string) string {
	text, all, ok := m.string(v, maxReprText)
	if !ok {
		return prefix + `"..."`
	}
	s := prefix + clip.Quote(text, maxReprText)
	if !all && !strings.HasSuffix(s, "...") {
		s += "..."
	}
	return s
}

var brackets = map[tag][2]string{
	tagTuple: {"(", ")"}, tagList: {"[", "]"}, tagDict: {"{", "}"}, tagSet: {"{", "}"}, tagFrozenSet: {"frozenset({", "})"},
}

func (m *machine) reprContainer(v value, depth int) string {
	b := brackets[v.tag()]
	if depth >= maxReprDeep {
		return b[0] + "..." + b[1]
	}
	items, n, all := m.nodes.items(v)
	text := m.reprItems(items, v.tag() == tagDict, depth+1)
	if !all {
		text += fmt.Sprintf("... (%d items)", n)
	} else if v.tag() == tagTuple && n == 1 {
		text += ","
	}
	return b[0] + text + b[1]
}

func (m *machine) reprItems(items []value, dict bool, depth int) string {
	var b strings.Builder
	for i, item := range items {
		switch {
		case i == 0:
		case dict && i%2 == 1:
			b.WriteString(": ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(m.repr(item, depth))
		if b.Len() > maxRepr {
			b.WriteString("...")
			break
		}
	}
	return b.String()
}

// callText writes a call as Python would: os.system("id").
func (m *machine) callText(g *global, kind callKind, args, named value) string {
	name, text := g.String(), argumentsText(m, args)
	if m.judge.listen != nil {
		name = g.module + "." + g.name // its import tells how the file spells it
	}
	if kind == callNew {
		name += ".__new__"
	}
	if named != 0 {
		text += ", **" + m.repr(named, 1)
	}
	return name + "(" + clip.Bytes(text, 2*maxRepr) + ")"
}

// methodText writes a method call; items that are set are those of a dictionary.
func (m *machine) methodText(target value, method string, items []value) string {
	dict := method == "__setitem__"
	text := m.reprItems(items, dict, 1)
	switch {
	case dict && len(items) == 2:
		return m.repr(target, 0) + "[" + m.repr(items[0], 1) + "] = " + m.repr(items[1], 1)
	case dict:
		return m.repr(target, 0) + ".update({" + text + "})"
	}
	return m.repr(target, 0) + "." + method + "(" + text + ")"
}

// argumentsText is what stands between the parentheses of a call.
func argumentsText(m *machine, args value) string {
	if !args.isContainer() {
		return "*" + m.repr(args, 0)
	}
	items, _, all := m.nodes.items(args)
	text := m.reprItems(items, false, 1)
	if !all {
		text += "..."
	}
	return text
}

// itemsOf are the kept items of a container, or the value alone.
func itemsOf(m *machine, v value) []value {
	if !v.isContainer() {
		return []value{v}
	}
	items, _, _ := m.nodes.items(v)
	return items
}

// clean makes a line fit for a report: no control character, valid UTF-8, and
// bounded. What was quoted already stays as it is.
func clean(s string) string {
	s = clip.Bytes(s, 2<<10)
	bad := func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }
	if utf8.ValidString(s) && !strings.ContainsFunc(s, bad) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if bad(r) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
