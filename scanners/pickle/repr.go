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
	case tagObject:
		return "<result of " + m.judge.names.list[v.middle()].String() + ">"
	case tagTuple, tagList, tagDict, tagSet, tagFrozenSet:
		return m.reprContainer(v, depth)
	case tagStorage:
		return "<storage>"
	case tagPersistent:
		return "<persistent object>"
	case tagExtension:
		return "<extension>"
	case tagBuffer:
		return "<buffer>"
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
	name := g.String()
	items, _, all := m.nodes.items(args)
	var text string
	switch {
	case !args.isContainer():
		text = "*" + m.repr(args, 0)
	default:
		text = m.reprItems(items, false, 1)
		if !all {
			text += "..."
		}
	}
	if kind == callNew {
		name += ".__new__"
	}
	if named != 0 {
		text += ", **" + m.repr(named, 1)
	}
	return name + "(" + clip.Bytes(text, 2*maxRepr) + ")"
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
