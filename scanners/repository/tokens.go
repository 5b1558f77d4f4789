package repository

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
)

// tokens compares the tokenizer files of a folder with each other and with the
// model beside them.
func (c *check) tokens(members []int) {
	var vocabularies []int
	for _, i := range members {
		if c.has(i, "tokenizer") && len(c.outline(i).Vocabulary) > 0 {
			vocabularies = append(vocabularies, i)
		}
	}
	for k := 1; k < len(vocabularies); k++ {
		c.sameVocabulary(vocabularies[0], vocabularies[k])
	}
	c.sameTokens(members)
	c.sameIDs(members)
	c.sameRoles(members)
	c.vocabularySize(members, vocabularies)
}

// An edited vocabulary differs from the original in a few places; two that differ
// in more than one of a hundred are those of two models.
const editedAtMost = 100

// sameVocabulary compares two vocabularies by their ids. The longer one may have
// tokens that were added.
func (c *check) sameVocabulary(a, b int) {
	x, y := c.outline(a).Vocabulary, c.outline(b).Vocabulary
	shared, differ, first := 0, 0, -1
	for id := range min(len(x), len(y)) {
		if x[id] == 0 || y[id] == 0 {
			continue
		}
		if shared++; x[id] != y[id] {
			if differ++; first < 0 {
				first = id
			}
		}
	}
	if differ == 0 {
		return
	}
	severity := scanners.High
	if differ > editedAtMost && differ > shared/100 {
		severity = scanners.Medium
	}
	c.addAs(severity, b, "token-mismatch", "%d of %d tokens are not those of %s, the first of them with the id %d",
		differ, shared, quote(path.Base(c.files[a].Name)), first)
}

// sameTokens compares the special and added tokens that the files of a folder
// give ids to.
func (c *check) sameTokens(members []int) {
	type place struct {
		file int
		text string
	}
	seen := make(map[string]place)
	for _, i := range members {
		if !c.has(i, "tokenizer") {
			continue
		}
		for _, m := range c.outline(i).Marks {
			id, text, _ := strings.Cut(m.Value, " ")
			if m.Key != scanners.MarkToken {
				continue
			}
			before, ok := seen[id]
			if !ok {
				seen[id] = place{i, text}
			} else if before.file != i && before.text != text {
				// Files of added tokens outlive a change of the tokenizer, and few
				// loaders still read them.
				severity := scanners.High
				if c.base(i) == "added_tokens.json" || c.base(before.file) == "added_tokens.json" {
					severity = scanners.Medium
				}
				c.addAs(severity, i, "token-mismatch", "the token with the id %s is %s, and %s in %s", id, quote(text), quote(before.text), quote(path.Base(c.files[before.file].Name)))
			}
		}
	}
}

// embeddings are the endings of the names of the input embeddings, by the
// families of models that transformers has.
var embeddings = []string{"embed_tokens.weight", "word_embeddings.weight", "wte.weight", "tok_embeddings.weight", "embed_in.weight", "shared.weight", "token_embd.weight"}

// vocabularySize compares the number of tokens with the rows of the embeddings.
// Added tokens beyond them are a common slip, and an error when they are used; a
// vocabulary beyond them is another model's.
func (c *check) vocabularySize(members, vocabularies []int) {
	rows, at := int64(0), -1
	for _, i := range members {
		for _, t := range c.outline(i).Tensors {
			if len(t.Shape) == 2 && t.Shape[0] > rows && slices.ContainsFunc(embeddings, func(e string) bool { return strings.HasSuffix(t.Name, e) }) && t.Dtype != "U8" {
				rows, at = t.Shape[0], i
			}
		}
	}
	if at < 0 {
		return
	}
	for _, i := range vocabularies {
		if n := int64(len(c.outline(i).Vocabulary)); n > rows {
			severity := scanners.Medium
			if vocabulary, err := strconv.ParseInt(c.fact(i, "tokenizer/vocabulary"), 10, 64); err == nil && vocabulary > rows {
				severity = scanners.High
			}
			c.addAs(severity, i, "vocabulary-size", "ids up to %d, and embeddings for %d tokens in %s", n-1, rows, quote(path.Base(c.files[at].Name)))
		}
	}
	for _, i := range members {
		if c.base(i) != "config.json" {
			continue
		}
		if n, err := strconv.ParseInt(c.fact(i, "text/config/vocab_size"), 10, 64); err == nil && n != rows && !c.has(at, "gguf") {
			c.add(i, "vocabulary-size", "vocab_size is %d, and the embeddings in %s have %d rows", n, quote(path.Base(c.files[at].Name)), rows)
		}
	}
}
