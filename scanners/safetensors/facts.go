package safetensors

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

var errTooMany = errors.New("more than two million tensors")

const maxFactValue = 1 << 10 // bytes; the bound of scanners.Fact

// facts are what the bill of materials says about the file.
type facts struct {
	tensors  uint64
	elements map[string]product // per dtype; sums, not products
	metadata []scanners.Fact
}

// maxDtypes bounds the names a header can invent.
const maxDtypes = 64

func (f *facts) addTensor(dtype string, elements product) {
	f.tensors++
	if f.elements == nil {
		f.elements = make(map[string]product)
	}
	sum, known := f.elements[dtype]
	if !known && len(f.elements) >= maxDtypes {
		return
	}
	n := sum.n + elements.n
	f.elements[dtype] = product{n, sum.overflow || elements.overflow || n < sum.n}
}

func (f *facts) addMetadata(key string, value []byte) {
	if len(f.metadata) < maxFactKeys {
		f.metadata = append(f.metadata, scanners.Fact{Key: "safetensors/metadata/" + strings.ToValidUTF8(key, "\ufffd"), Value: factValue(value)})
	}
}

func factValue(value []byte) string {
	text := clip.Bytes(value, maxFactValue)
	if !utf8.ValidString(text) {
		text = clip.Bytes(strings.ToValidUTF8(text, "\ufffd"), maxFactValue)
	}
	return text
}

// list returns the facts. Counts that overflow are left out: they are claims of
// a broken header.
func (f *facts) list() []scanners.Fact {
	if f.tensors == 0 {
		return f.metadata
	}
	all := product{}
	var parts []string
	for dtype, sum := range f.elements {
		n := all.n + sum.n
		all = product{n, all.overflow || sum.overflow || n < all.n}
		if !sum.overflow {
			parts = append(parts, fmt.Sprintf("%s=%d", strings.Trim(clip.Quote(dtype, 32), `"`), sum.n))
		}
	}
	slices.Sort(parts)
	out := []scanners.Fact{
		{Key: "safetensors/tensors", Value: fmt.Sprint(f.tensors)},
		{Key: "safetensors/dtypes", Value: clip.Bytes(strings.Join(parts, ","), maxFactValue)},
	}
	if !all.overflow {
		out = append(out, scanners.Fact{Key: "safetensors/parameters", Value: fmt.Sprint(all.n)})
	}
	return append(out, f.metadata...)
}

// containsWord looks for text in lower case. A text that begins with a letter
// must begin a word: "retrieval(" is not "eval(".
func containsWord(lower []byte, text string) bool {
	for {
		i := bytes.Index(lower, []byte(text))
		if i < 0 {
			return false
		}
		if i == 0 || !isLetter(text[0]) || !isLetter(lower[i-1]) && lower[i-1] != '.' {
			return true
		}
		lower = lower[i+1:]
	}
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || c == '_' || '0' <= c && c <= '9' }
