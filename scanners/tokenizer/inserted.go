package tokenizer

import (
	"regexp"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/jsontok"
)

// inserted is an id that a post-processor of tokenizer.json puts into a text. The
// id is what the model reads; the text beside it is only shown.
type inserted struct {
	name   string // in special_tokens of a template; "" when it is always used
	id     int64
	text   string
	offset int64
}

// postProcessor is what the post-processors of a file insert. In a template only
// the tokens count that a piece of it names: NLLB lists many more.
type postProcessor struct {
	ids   []inserted
	used  map[string]bool
	text  string   // of sep or cls, being read
	texts []string // of the entry of special_tokens, being read
	begun int      // where the ids of this entry begin
}

// maxInserted bounds what is kept of post-processors; the largest have some
// hundreds of languages.
const maxInserted = 4096

// keys are the keys that lead to the current value. Lists leave no trace.
func (w *walk) keys() []string {
	var list []string
	for _, l := range w.stack {
		if !l.list {
			list = append(list, l.key)
		}
	}
	return list
}

// inPostProcessor takes a value below post_processor.
func (w *walk) inPostProcessor(t jsontok.Token) {
	keys, p := w.keys(), &w.post
	n := len(keys)
	id, err := strconv.ParseInt(string(t.Text), 10, 64)
	number := t.Kind == jsontok.Number && err == nil
	text := clip.Bytes(t.Text, 4<<10)
	switch last := keys[n-1]; {
	case n >= 3 && keys[n-2] == "SpecialToken" && last == "id" && t.Kind == jsontok.String:
		p.use(text)
	case n >= 4 && keys[n-3] == "special_tokens" && last == "ids" && number:
		w.insert(inserted{name: "+" + keys[n-2], id: id, offset: t.Offset})
	case n >= 4 && keys[n-3] == "special_tokens" && last == "tokens" && t.Kind == jsontok.String && len(p.texts) < maxInserted:
		p.texts = append(p.texts, text)
	case (last == "sep" || last == "cls") && t.Kind == jsontok.String:
		p.text = text
	case (last == "sep" || last == "cls") && number:
		w.insert(inserted{id: id, text: p.text, offset: t.Offset})
		p.begun = len(p.ids)
	}
}

func (p *postProcessor) use(name string) {
	if p.used == nil {
		p.used = make(map[string]bool)
	}
	if len(p.used) < maxInserted {
		p.used["+"+name] = true
	}
}

func (w *walk) insert(one inserted) {
	if len(w.post.ids) < maxInserted {
		w.post.ids = append(w.post.ids, one)
		return
	}
	w.found.Add("tokenizer/inserted-tokens", one.offset, "the post-processors have more than %d tokens, and the others were not looked at", maxInserted)
}

// endInserted gives the ids of an entry of special_tokens that is complete the
// texts that stand beside them.
func (w *walk) endInserted() {
	keys, p := w.keys(), &w.post
	if n := len(keys); n < 3 || keys[0] != "post_processor" || keys[n-2] != "special_tokens" {
		return
	}
	for i, text := range p.texts {
		if p.begun+i < len(p.ids) {
			p.ids[p.begun+i].text = text
		}
	}
	p.texts, p.begun = nil, len(p.ids)
}

// checkInserted reports ids that are ordinary tokens of the vocabulary. Marks such
// as [CLS] and <s> are special ones, or look like it.
func (s *scan) checkInserted() {
	special, plain := make(map[int64]bool), make(map[int64]string)
	for _, a := range s.added {
		special[a.id] = special[a.id] || a.special
		plain[a.id] = a.token.text
	}
	for _, one := range s.post.ids {
		if one.name != "" && !s.post.used[one.name] || special[one.id] {
			continue
		}
		text, known := plain[one.id]
		if !known {
			text, known = one.text, s.isToken(one.id, one.text)
		}
		if known && looksSpecial.MatchString(text) || !known && !s.hasToken(one.id) {
			continue
		}
		s.found.Add("tokenizer/inserted-tokens", one.offset, "the post-processor inserts the id %d, shown as %s, which is an ordinary token", one.id, clip.Quote(one.text, shown))
	}
}

// looksSpecial is how trainers write special tokens, codes of languages among
// them ("eng_Latn", "__en__"), and text without a letter.
var looksSpecial = regexp.MustCompile(`^(?:<[^\s<>]+>|\[[^\s\[\]]+\]|__\w+__|[a-z]{2,3}_[A-Z][A-Za-z]{1,3}|[^\pL\pN]*)$`)

func (s *scan) hasToken(id int64) bool {
	return id >= 0 && id < int64(len(s.outline.Vocabulary)) && s.outline.Vocabulary[id] != 0
}

// isToken reports whether the vocabulary has the text under the id.
func (s *scan) isToken(id int64, text string) bool {
	return s.hasToken(id) && s.outline.Vocabulary[id] == scanners.TokenDigest([]byte(text))
}

// role takes the name that tokenizer_config.json or special_tokens_map.json gives
// to the token at the beginning or the end.
func (w *walk) role(t jsontok.Token) {
	keys := w.keys()
	if len(keys) == 0 || t.Kind != jsontok.String || len(t.Text) == 0 || t.Cut() || len(t.Text) > 256 {
		return
	}
	if (keys[0] == "bos_token" || keys[0] == "eos_token") && (len(keys) == 1 || len(keys) == 2 && keys[1] == "content") {
		w.roles = append(w.roles, scanners.Fact{Key: "tokenizer/" + keys[0], Value: string(t.Text)})
	}
}
