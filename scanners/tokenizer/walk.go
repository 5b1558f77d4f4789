package tokenizer

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"assay/scanners/internal/clip"
	"assay/scanners/internal/jsontok"
	"assay/scanners/internal/prose"
)

// walk knows where in the JSON it is.
type walk struct {
	*scan
	stack []level
	one   addedToken // being read
}

// level is one open container.
type level struct {
	key   string // of what was read last; of a list, that of what holds it
	list  bool
	count int // items begun
}

func (w *walk) token(t jsontok.Token) {
	switch t.Kind {
	case jsontok.ObjectStart, jsontok.ArrayStart:
		w.item()
		w.begin(t)
		w.stack = append(w.stack, level{key: w.key(), list: t.Kind == jsontok.ArrayStart})
	case jsontok.ObjectEnd, jsontok.ArrayEnd:
		w.stack = w.stack[:len(w.stack)-1]
		w.end()
		if w.layout == whole && t.Kind == jsontok.ObjectEnd {
			w.endInserted()
		}
	case jsontok.Key:
		w.stack[len(w.stack)-1].key = clip.Bytes(t.Text, 4<<10)
	default:
		w.item()
		w.value(t)
	}
}

func (w *walk) key() string {
	if len(w.stack) == 0 {
		return ""
	}
	return w.stack[len(w.stack)-1].key
}

func (w *walk) item() {
	if len(w.stack) > 0 {
		w.stack[len(w.stack)-1].count++
	}
}

// path is the keys that lead to the current value. Lists leave no trace.
func (w *walk) path() string {
	var b strings.Builder
	for i, l := range w.stack {
		if l.list {
			continue
		}
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(l.key)
	}
	return b.String()
}

// at reports whether the containers around the value have these keys.
func (w *walk) at(keys ...string) bool {
	n := 0
	for _, l := range w.stack {
		if l.list {
			continue
		}
		if n >= len(keys) || keys[n] != "*" && l.key != keys[n] {
			return false
		}
		n++
	}
	return n == len(keys)
}

// begin prepares for the object of an added token.
func (w *walk) begin(t jsontok.Token) {
	if t.Kind != jsontok.ObjectStart {
		return
	}
	w.one = addedToken{token: token{offset: t.Offset}}
	if w.layout == decoder && w.at("added_tokens_decoder", "*") {
		id, err := strconv.ParseInt(w.key(), 10, 64)
		w.one.id, w.one.hasID = id, err == nil
	}
}

// end takes an added token that is complete.
func (w *walk) end() {
	inside := w.layout == whole && w.at("added_tokens") || w.layout == decoder && w.at("added_tokens_decoder", "*")
	if inside && w.one.hasID && w.one.hasTxt && len(w.added) < maxAdded {
		w.added = append(w.added, w.one)
	}
	w.one = addedToken{}
}

func (w *walk) value(t jsontok.Token) {
	switch w.layout {
	case vocabulary, added:
		w.tokenAndID(t, len(w.stack) == 1)
	case decoder:
		w.role(t)
		if w.at("added_tokens_decoder", "*", "content") && t.Kind == jsontok.String {
			w.one.token.text, w.one.hasTxt = string(t.Text), !t.Cut()
		}
	case roles:
		w.role(t)
	case whole:
		w.inWhole(t)
	}
}

// tokenAndID takes the value of a token in an object of tokens.
func (w *walk) tokenAndID(t jsontok.Token, here bool) {
	id, err := strconv.ParseInt(string(t.Text), 10, 64)
	if !here || t.Kind != jsontok.Number || err != nil {
		return
	}
	if w.layout == added {
		if len(w.added) < maxAdded {
			w.added = append(w.added, addedToken{id: id, token: token{w.key(), t.Offset}})
		}
		return
	}
	w.add(id, []byte(w.key()), t.Offset)
}

// inWhole takes a value of tokenizer.json.
func (w *walk) inWhole(t jsontok.Token) {
	switch {
	case w.at("model", "vocab", "*"):
		w.tokenAndID(t, true)
	case w.at("model", "vocab"):
		w.piecePart(t)
	case w.at("model", "type"):
		w.kind = clip.Bytes(t.Text, 40)
	case w.at("added_tokens", "id"):
		id, err := strconv.ParseInt(string(t.Text), 10, 64)
		w.one.id, w.one.hasID = id, err == nil && t.Kind == jsontok.Number
	case w.at("added_tokens", "content"):
		w.one.token.text, w.one.hasTxt = string(t.Text), t.Kind == jsontok.String && !t.Cut()
	case w.at("added_tokens", "special"):
		w.one.special = string(t.Text) == "true"
	case len(w.stack) > 0 && w.stack[0].key == "post_processor":
		w.inPostProcessor(t)
		if t.Kind == jsontok.String {
			w.around(t)
		}
	case t.Kind == jsontok.String:
		w.around(t)
	}
}

// piecePart takes a part of [token, score]; its place in the list is the id.
func (w *walk) piecePart(t jsontok.Token) {
	if n := len(w.stack); n >= 2 && w.stack[n-1].list && w.stack[n-1].count == 1 && t.Kind == jsontok.String {
		w.add(int64(w.stack[n-2].count-1), t.Text, t.Offset)
	}
}

// around takes a text of what surrounds the model.
func (w *walk) around(t jsontok.Token) {
	path := w.path()
	part, _, _ := strings.Cut(path, "/")
	field := w.key()
	switch {
	case (part == "normalizer" || part == "decoder") && (field == "content" || field == "prepend") && writesWords(string(t.Text)):
		w.found.Add("tokenizer/rewrite", t.Offset, "the %s writes %s", part, clip.Quote(t.Text, shown))
	case part == "post_processor" && strings.HasSuffix(path, "SpecialToken/id"), part == "post_processor" && strings.Contains(path, "special_tokens/") && field == "tokens":
		if isProse(string(t.Text)) {
			w.found.Add("tokenizer/inserted-tokens", t.Offset, "the post-processor inserts %s", clip.Quote(t.Text, shown))
		}
	case field == "Regex" && nests(string(t.Text)):
		w.found.Add("tokenizer/regex", t.Offset, "the expression %s", clip.Quote(t.Text, 100))
	}
}

var (
	word = regexp.MustCompile(`\pL{3}`)
	// words is what marks are not: two words with a blank between.
	words = regexp.MustCompile(`\pL{2}[,.!?]?\s\pL{2}`)
)

func writesWords(text string) bool { return word.MatchString(text) }

// isProse reports text that a person would read. Marks such as "<|system|>" and
// codes of languages such as "eng_Latn" are none.
func isProse(text string) bool {
	return words.MatchString(text) || len(prose.Signs(text)) > 0
}

// checkOdd looks at the text of an added token.
func (s *scan) checkOdd(t token) {
	for _, sign := range prose.Signs(t.text) {
		if sign.Kind != prose.Hidden || strings.ContainsFunc(t.text, unicode.IsLetter) {
			s.found.Add("tokenizer/odd-token", t.offset, "an added token holds %s", sign.What)
			return
		}
	}
}

var (
	class  = regexp.MustCompile(`\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]`)
	nested = regexp.MustCompile(`\([^()]*[+*][^()]*\)(?:[*+]|\{\d+,\})`)
	// separated begins each round with something that comes once, so that there is
	// one way to divide a text into rounds.
	separated = regexp.MustCompile(`^\((?:\?:)?[^?+*|][^?+*{|][^|]*\)`)
)

// nests reports a repetition inside of a repetition, in an expression without its
// character classes and escapes. Possessive and atomic ones do not go back.
func nests(expression string) bool {
	plain := class.ReplaceAllString(expression, "x")
	plain = strings.NewReplacer("++", "", "*+", "", "?+", "").Replace(plain)
	for _, m := range nested.FindAllString(plain, 8) {
		if !strings.HasPrefix(m, "(?>") && !separated.MatchString(m) {
			return true
		}
	}
	return false
}
