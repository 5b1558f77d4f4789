// Package prose looks at text that a template or a system prompt puts before a
// language model: what in it a person does not see, where it leads, and whether
// it gives orders against the person who asks.
//
// It judges wording, so that what it finds is a reason to read the text and no
// proof. Sources: Pillar Security on poisoned GGUF templates (2025) and arXiv
// 2602.04653, whose payloads are of these kinds.
//
// # Security
//
// The text is hostile. It is gone through once per kind of sign, with regular
// expressions in linear time; of each kind the first sign is reported.
package prose

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"assay/scanners/internal/clip"
)

// Kind is what a sign is a sign of. The zero value is no kind.
type Kind uint8

// The kinds of signs.
const (
	_           Kind = iota
	Hidden           // characters that are not seen, comments, encoded text
	Address          // a URL
	Instruction      // an order against the user
)

// Sign is one thing found in a text.
type Sign struct {
	Kind   Kind
	Offset int    // in the text, in bytes
	What   string // a clause, with what comes from the text quoted
}

// Signs returns the first sign of each sort in the text.
func Signs(text string) []Sign {
	var out []Sign
	for _, look := range []func(string) (Sign, bool){invisible, comment, encoded, address, instruction} {
		if s, ok := look(text); ok {
			out = append(out, s)
		}
	}
	return out
}

const shown = 100 // bytes of text in a sign

// invisibles are characters without a glyph, by Unicode 16.
var invisibles = []struct {
	first, last rune
	name        string
}{
	{0x00ad, 0x00ad, "soft hyphens"}, {0x034f, 0x034f, "grapheme joiners"}, {0x115f, 0x1160, "Hangul fillers"},
	{0x180e, 0x180e, "zero-width characters"}, {0x200b, 0x200f, "zero-width characters"}, {0x202a, 0x202e, "characters that reorder text"},
	{0x2060, 0x2064, "zero-width characters"}, {0x2066, 0x206f, "characters that reorder text"}, {0x3164, 0x3164, "Hangul fillers"},
	{0xfeff, 0xfeff, "zero-width characters"}, {0xffa0, 0xffa0, "Hangul fillers"}, {0xfff9, 0xfffb, "interlinear annotations"},
	{0xe0000, 0xe007f, "tag characters"}, {0xe0100, 0xe01ef, "variation selectors beyond any font"},
}

// invisible finds characters that are not seen. Joiners between letters of other
// scripts and in emoji are orthography, and so are the tags of a flag.
func invisible(text string) (Sign, bool) {
	before, flag := rune(0), false
	for i, r := range text {
		for _, x := range invisibles {
			if r < x.first || r > x.last {
				continue
			}
			joins := (r == 0x200c || r == 0x200d) && before > 0x2ff && !unicode.In(before, unicode.Cf)
			if joins || x.first == 0xe0000 && flag || r == 0xfeff && i == 0 {
				continue
			}
			return Sign{Hidden, i, x.name + " that nobody sees: " + clip.Quote(text[i:], 40)}, true
		}
		flag = r == 0x1f3f4 || flag && r >= 0xe0000 && r <= 0xe007f
		before = r
	}
	return Sign{}, false
}

// comment finds HTML comments: a page hides them, a model reads them.
func comment(text string) (Sign, bool) {
	i := strings.Index(text, "<!--")
	if i < 0 {
		return Sign{}, false
	}
	return Sign{Hidden, i, "a comment of HTML, which a page does not show: " + clip.Quote(text[i:], shown)}, true
}

var base64Run = regexp.MustCompile(`[A-Za-z0-9+/_-]{40,}={0,2}`)

// encoded finds base64 that holds text.
func encoded(text string) (Sign, bool) {
	for _, m := range base64Run.FindAllStringIndex(text, 8) {
		run := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text[m[0]:m[1]], "="))
		plain, err := base64.RawStdEncoding.DecodeString(run[:len(run)/4*4])
		if err == nil && isText(plain) {
			return Sign{Hidden, m[0], "base64 that holds the text " + clip.Quote(plain, shown)}, true
		}
	}
	return Sign{}, false
}

// isText reports text with blanks in it. A long word decodes to noise.
func isText(p []byte) bool {
	return utf8.Valid(p) && slices.Contains(p, ' ') && !slices.ContainsFunc(p, func(c byte) bool { return c < 0x20 && c != '\n' && c != '\t' })
}

var url = regexp.MustCompile(`(?i)\b(?:(?:https?|ftp|wss?)://[^\s"'<>)\]}|\\]+|www\.[a-z0-9-]+\.[a-z]{2}[^\s"'<>)\]}|\\]*)|\bjavascript:|\bdata:[a-z]+/[a-z0-9.+-]+;base64,`)

// names are hosts that serve as names of a vocabulary or as examples, and lead
// nowhere: JSON Schema and XML namespaces, RFC 2606.
var names = regexp.MustCompile(`(?i)^https?://(json-schema\.org/|www\.w3\.org/|schema\.org/|(www\.)?example\.(com|org|net)\b)`)

func address(text string) (Sign, bool) {
	for _, m := range url.FindAllStringIndex(text, 32) {
		if found := text[m[0]:m[1]]; !names.MatchString(found) {
			return Sign{Address, m[0], clip.Quote(found, shown)}, true
		}
	}
	return Sign{}, false
}

// orders are wordings that set a model against the person who asks.
var orders = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`(?is)\b(ignore|disregard|forget|override|bypass)\b.{0,30}\b(previous|prior|above|earlier|preceding|other|safety|system)\b.{0,30}\b(instructions?|prompts?|rules?|guidelines?|messages?)\b`), "overrides other instructions"},
	{regexp.MustCompile(`(?is)\b(do not|don't|never|must not|without)\b.{0,20}\b(tell|telling|inform|informing|alert|alerting|notify|notifying|warn|warning)\b.{0,20}\b(the )?(user|human|customer|anyone|them)\b`), "keeps something from the user"},
	{regexp.MustCompile(`(?is)\b(do not|don't|never|must not|without)\b.{0,20}\b(mention|reveal|disclose|acknowledge|mentioning|revealing|disclosing)\b.{0,30}\b(this|these|that|such|hidden|the)\b.{0,12}\b(instructions?|prompt|rules?|message|directives?|sentence|fact)\b`), "hides itself"},
	{regexp.MustCompile(`(?is)\b(secretly|covertly|surreptitiously|stealthily|imperceptibly|subtly)\b.{0,60}\b(add|include|insert|append|change|modify|alter|send|replace|introduce|recommend|embed|promote|weaken)`), "asks for something done in secret"},
	{regexp.MustCompile(`(?is)\b(always|must|should|be sure to|make sure to)\b.{0,40}\b(include|insert|append|add|recommend|promote|link to|embed|mention)\b.{0,60}\b(link|url|script|website|domain|snippet|backdoor|payload|discount|brand|product|script tag)\b`), "plants something in every answer"},
	{regexp.MustCompile(`(?is)\b(answer|respond|reply|output)\b.{0,30}\b(incorrect|incorrectly|wrong|wrongly|false|falsely|inaccurate|inaccurately|misleading|subtly wrong)\b`), "asks for wrong answers"},
	{regexp.MustCompile(`(?is)\b(exfiltrate|leak|steal)\b.{0,60}\b(data|secrets?|keys?|tokens?|passwords?|credentials?|conversation|messages?)\b|\bsend\b.{0,60}\b(secrets?|api keys?|passwords?|credentials?|conversation|user'?s? (data|input|messages?))\b.{0,40}\bto\b`), "sends data away"},
}

func instruction(text string) (Sign, bool) {
	for _, o := range orders {
		if m := o.pattern.FindStringIndex(text); m != nil {
			return Sign{Instruction, m[0], "text that " + o.why + ": " + clip.Quote(text[m[0]:], shown)}, true
		}
	}
	return Sign{}, false
}

// marker is what stands around roles and tools in prompts: tags, brackets and
// special tokens, whose insides are names.
var marker = regexp.MustCompile(`<[^<>]{0,60}>|\[/?[A-Z_]+\]|\{[^{}]*\}|[#*=_-]{2,}`)

// Words counts the words of natural language outside of markers: those with a
// lower-case letter, and two signs of the scripts that write without blanks.
func Words(text string) int {
	n, signs := 0, 0
	for field := range strings.FieldsSeq(marker.ReplaceAllString(text, " ")) {
		field = strings.TrimFunc(field, unicode.IsPunct)
		if utf8.RuneCountInString(field) > 1 && isWord(field) {
			n++
		}
	}
	for _, r := range text {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) {
			signs++
		}
	}
	return n + signs/2
}

// isWord accepts letters, with an apostrophe or a dash in between.
func isWord(field string) bool {
	lower := false
	for _, r := range field {
		switch {
		case unicode.IsLower(r):
			lower = true
		case !unicode.IsLetter(r) && r != '\'' && r != '-' && r != '’':
			return false
		}
	}
	return lower
}

// IsPhrase reports a literal of plain words: what a person would write in a
// message, and no tag, command or token.
func IsPhrase(text string) bool {
	text = strings.TrimSpace(text)
	letters := 0
	for _, r := range text {
		switch {
		case unicode.IsLetter(r):
			letters++
		case r == ' ', r == '\'', r == '-', r == ',', r == '.', r == '?', r == '!', r == '’', unicode.IsDigit(r):
		default:
			return false
		}
	}
	return letters > 1
}
