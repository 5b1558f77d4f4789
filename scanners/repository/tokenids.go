package repository

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"assay/scanners"
)

// idsOf are the ids of the special and added tokens of a file, by their texts.
func (c *check) idsOf(file int) map[string][]int64 {
	ids := make(map[string][]int64)
	for _, m := range c.outline(file).Marks {
		text, id, ok := mark(m)
		if ok {
			ids[text] = append(ids[text], id)
		}
	}
	return ids
}

func mark(m scanners.Mark) (text string, id int64, ok bool) {
	number, text, _ := strings.Cut(m.Value, " ")
	id, err := strconv.ParseInt(number, 10, 64)
	return text, id, err == nil && m.Key == scanners.MarkToken
}

// sameIDs compares the tokens of tokenizer_config.json and added_tokens.json with
// tokenizer.json by their texts: the fast tokenizer takes the id of tokenizer.json,
// the slow one that of the other files. A token that tokenizer.json does not have
// is added by both.
func (c *check) sameIDs(members []int) {
	whole := slices.IndexFunc(members, func(i int) bool { return c.base(i) == "tokenizer.json" && c.has(i, "tokenizer") })
	if whole < 0 {
		return
	}
	for _, i := range members {
		if name := c.base(i); c.has(i, "tokenizer") && (name == "tokenizer_config.json" || name == "added_tokens.json") {
			c.sameIDsAs(members[whole], i)
		}
	}
}

func (c *check) sameIDsAs(whole, other int) {
	severity := scanners.High
	if c.base(other) == "added_tokens.json" {
		severity = scanners.Medium // outlives a change of the tokenizer, see sameTokens
	}
	theirs := c.idsOf(other)
	ours := c.idsOf(whole)
	c.vocabularyIDs(whole, theirs, ours)
	for _, text := range slices.Sorted(maps.Keys(theirs)) {
		for _, id := range theirs[text] {
			if list := ours[text]; len(list) > 0 && !slices.Contains(list, id) {
				c.addAs(severity, other, "token-mismatch", "the token %s has the id %d, and %d in %s", quote(text), id, list[0], quote(path.Base(c.files[whole].Name)))
			}
		}
	}
	c.overwritten(severity, whole, other)
}

// vocabularyIDs adds the ids that the vocabulary has for tokens of another file.
func (c *check) vocabularyIDs(whole int, wanted, ids map[string][]int64) {
	byDigest := make(map[uint64]string)
	for text := range wanted {
		byDigest[scanners.TokenDigest([]byte(text))] = text
	}
	for id, digest := range c.outline(whole).Vocabulary {
		if text, ok := byDigest[digest]; ok && digest != 0 && !slices.Contains(ids[text], int64(id)) {
			ids[text] = append(ids[text], int64(id))
		}
	}
}

// overwritten reports a token with the id of another one of the vocabulary, which
// is no added token of tokenizer.json: those are compared by sameTokens. Only
// printable ASCII is written the same way in every vocabulary.
func (c *check) overwritten(severity scanners.Severity, whole, other int) {
	vocabulary := c.outline(whole).Vocabulary
	added := make(map[int64]bool)
	for _, m := range c.outline(whole).Marks {
		_, id, _ := mark(m)
		added[id] = true
	}
	for _, m := range c.outline(other).Marks {
		text, id, ok := mark(m)
		if !ok || added[id] || id < 0 || id >= int64(len(vocabulary)) || vocabulary[id] == 0 || strings.ContainsFunc(text, notPlain) {
			continue
		}
		if vocabulary[id] != scanners.TokenDigest([]byte(text)) {
			c.addAs(severity, other, "token-mismatch", "the token %s has the id %d, which is another token in the vocabulary of %s", quote(text), id, quote(path.Base(c.files[whole].Name)))
		}
	}
}

func notPlain(r rune) bool { return r <= ' ' || r > '~' }

// sameRoles compares the tokens at the beginning and the end of a text. Programs
// that read the older special_tokens_map.json stop at another token, or never.
func (c *check) sameRoles(members []int) {
	for _, key := range []string{"bos_token", "eos_token"} {
		first := -1
		for _, i := range members {
			name := c.fact(i, "tokenizer/"+key)
			if name == "" {
				continue
			}
			if first < 0 {
				first = i
			} else if before := c.fact(first, "tokenizer/"+key); before != name {
				c.addAs(scanners.Medium, i, "token-mismatch", "%s is %s, and %s in %s", key, quote(name), quote(before), quote(path.Base(c.files[first].Name)))
			}
		}
	}
}
