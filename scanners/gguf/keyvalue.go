package gguf

import (
	"bytes"
	"hash/fnv"
	"io"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/prose"
)

// keyValue reads one key and its value.
func (s *scan) keyValue() error {
	at := s.at
	key, err := s.key(at)
	if err != nil {
		return err
	}
	kind, err := s.u32()
	if err != nil {
		return err
	}
	if kind >= typeCount {
		s.found.Add("gguf/limits", s.at-4, "the key %s has the type %d", quote(key), kind)
		return s.reader.broken("a value of the unknown type %d", kind)
	}
	s.checkType(key, kind, at)
	switch kind {
	case typeString:
		return s.text(key)
	case typeArray:
		return s.array(key)
	}
	p, err := s.bytes(valueSizes[kind])
	if err != nil {
		return err
	}
	if kind == typeBool && p[0] > 1 {
		s.found.Add("gguf/metadata", s.at-1, "the truth value of %s is %d", quote(key), p[0])
	}
	if n, ok := s.integer(kind, p); ok && isKept(key) && len(s.values) < maxKept {
		s.values[key] = n
	}
	return nil
}

// key reads the name of a key.
func (s *scan) key(at int64) (string, error) {
	n, err := s.length()
	if err != nil {
		return "", err
	}
	if n == 0 || n > maxKeyName {
		s.found.Add("gguf/limits", at, "a key of %d bytes", n)
		return "", s.reader.broken("a key of %d bytes", n)
	}
	p, err := s.bytes(n)
	if err != nil {
		return "", err
	}
	key := string(p)
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		s.found.Add("gguf/metadata", at, "the key %s is not printable ASCII", quote(key))
	}
	if !s.first("key", key) {
		s.found.Add("gguf/duplicate-name", at, "the key %s appears again", quote(key))
		s.fail("", at, "two readers see two different headers")
	}
	return key, nil
}

// first reports whether a name was not seen before. Names are remembered by a
// hash: two that differ collide with a probability below one in a million.
func (s *scan) first(space, name string) bool {
	h := fnv.New64a()
	_, _ = io.WriteString(h, space)
	_, _ = io.WriteString(h, name)
	seen := s.keys[h.Sum64()]
	s.keys[h.Sum64()] = true
	return !seen
}

// isKept tells which values are checked against others, or are facts.
func isKept(key string) bool {
	for _, prefix := range []string{"general.", "tokenizer.", "split.", "adapter.", "imatrix."} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return strings.HasSuffix(key, ".context_length") || strings.HasSuffix(key, ".vocab_size")
}

// keyTypes are the types that loaders demand of keys: a prefix, and the type.
var keyTypes = []struct {
	prefix string
	kind   uint32
}{
	{"general.architecture", typeString}, {"general.alignment", typeUint32}, {"general.type", typeString}, {"general.name", typeString},
	{"tokenizer.ggml.model", typeString}, {"tokenizer.ggml.tokens", typeArray}, {"tokenizer.ggml.scores", typeArray},
	{"tokenizer.ggml.token_type", typeArray}, {"tokenizer.ggml.merges", typeArray}, {"tokenizer.chat_templates", typeArray},
}

func (s *scan) checkType(key string, kind uint32, at int64) {
	wrong := isTemplate(key) && kind != typeString
	for _, k := range keyTypes {
		wrong = wrong || key == k.prefix && kind != k.kind
	}
	if wrong {
		s.found.Add("gguf/metadata", at, "the key %s has a value of type %d", quote(key), kind)
	}
}

const templateKey = "tokenizer.chat_template"

func isTemplate(key string) bool {
	return key == templateKey || strings.HasPrefix(key, templateKey+".")
}

// text reads a string. Templates, and a tokenizer in the format of Hugging Face,
// are files of their own.
func (s *scan) text(key string) error {
	n, err := s.length()
	if err != nil {
		return err
	}
	at := s.at
	switch {
	case isTemplate(key):
		s.member(key+".jinja", n)
		return nil
	case key == "tokenizer.huggingface.json":
		s.member(key, n)
		return nil
	}
	s.checkSize(key, n, at)
	p, err := s.bytes(min(n, maxReview))
	if err != nil {
		return err
	}
	s.review(key, p, at)
	rest := n - int64(len(p))
	s.result.Opaque.Add(s.at, rest)
	s.skip(rest)
	return nil
}

// skip goes past bytes that somebody else accounts for.
func (s *scan) skip(n int64) {
	s.result.Parsed.Add(s.mark, s.at-s.mark)
	s.at += n
	s.mark = s.at
}

// member hands a string on.
func (s *scan) member(name string, n int64) {
	s.result.Members = append(s.result.Members, scanners.Member{Name: name, Size: n, Span: scanners.Span{Off: s.at, Len: n}})
	s.skip(n)
}

func (s *scan) checkSize(key string, n, at int64) {
	if n > largeValue {
		s.found.Add("gguf/large-value", at, "the value of %s has %d bytes", quote(key), n)
	}
}

// review looks at a text that is shown to people, and keeps it for the facts.
func (s *scan) review(key string, p []byte, at int64) {
	if isKept(key) && len(s.texts) < maxKept {
		s.texts[key] = clip.Bytes(p, 1<<10)
	}
	if key == "general.sampling.sequence" {
		s.found.Add("gguf/sampler", at, "%s is %s", key, quote(p))
	}
	if s.reviewed += len(p); s.reviewed > maxReviewed {
		s.fail(scanners.GapLimit, at, "more than %d bytes of text in the metadata", maxReviewed)
		return
	}
	for _, sign := range prose.Signs(string(p)) {
		if sign.Kind != prose.Address {
			s.found.Add("gguf/text", at+int64(sign.Offset), "%s: %s", quote(key), sign.What)
		}
	}
}

// array reads the head of an array and goes past its elements.
func (s *scan) array(key string) error {
	at := s.at
	kind, err := s.u32()
	if err != nil {
		return err
	}
	u, err := s.u64()
	if err != nil {
		return err
	}
	if kind >= typeCount || kind == typeArray {
		s.found.Add("gguf/limits", at, "the key %s is an array of type %d", quote(key), kind)
		return s.reader.broken("an array of type %d", kind)
	}
	least := max(valueSizes[kind], 1)
	if kind == typeString {
		least = 8
	}
	if left := s.left() / least; u > uint64(left) && u <= uint64(plausible/least) {
		return scanners.CutOff(s.size, s.at+int64(u)*least)
	} else if u > maxArray || int64(u) > left {
		s.found.Add("gguf/limits", at, "the key %s is an array of %d elements, and %d bytes are left", quote(key), u, s.left())
		return s.reader.broken("an array of %d elements does not fit into the file", u)
	}
	n := int64(u)
	if isKept(key) && len(s.arrays) < maxKept {
		s.arrays[key] = array{kind, n, at}
	}
	start := s.at
	if kind == typeString {
		if err := s.textArray(key, n); err != nil {
			return err
		}
	} else {
		s.result.Opaque.Add(start, n*least)
		s.skip(n * least)
	}
	s.checkSize(key, s.at-start, start)
	return nil
}

// textArray verifies the length of every string of an array.
func (s *scan) textArray(key string, n int64) error {
	if s.strings += n; s.strings > maxStrings {
		s.found.Add("gguf/limits", s.at, "more than %d strings in arrays", int64(maxStrings))
		return s.limit("more than %d strings in arrays", int64(maxStrings))
	}
	listed := slices.Contains([]string{"general.tags", "general.languages", "general.datasets"}, key)
	var kept []string
	for range n {
		size, err := s.length()
		if err != nil {
			return err
		}
		if listed && len(kept) < 16 && size <= 256 {
			p, err := s.peek(size)
			if err != nil {
				return err
			}
			kept = append(kept, string(bytes.ToValidUTF8(p, []byte("\ufffd"))))
		}
		s.at += size
	}
	if listed {
		s.texts[key] = clip.Bytes(strings.Join(kept, ","), 1<<10)
	}
	return nil
}

func quote[T string | []byte](text T) string { return clip.Quote(text, 80) }
