package sbom

import (
	"cmp"
	"math/bits"
	"slices"
	"strconv"
	"strings"
)

// maxFacts bounds the facts kept for one file and for the artifact.
const maxFacts = 256

// merge says how the facts of several files become one of the artifact.
type merge int

const (
	mergeSum   merge = iota // decimal numbers are added
	mergeUnion              // comma-separated words are united
)

// structural are the last parts of fact keys whose values a scanner works out
// from the structure of the file. They hold whatever the publisher says. Every
// other fact is text that somebody wrote into the file, and stays Declared.
var structural = map[string]merge{
	"parameters": mergeSum,
	"tensors":    mergeSum,
	"rows":       mergeSum,
	"dtypes":     mergeUnion,
	"protocol":   mergeUnion,
	"version":    mergeUnion,
}

func standingOf(key string) Standing {
	if _, ok := structural[lastPart(key)]; ok {
		return Verified
	}
	return Declared
}

func lastPart(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }

// mergeFacts unites the structural facts of all files. A sum that does not fit
// is left out: the facts of the single files remain.
func mergeFacts(files []File) []Fact {
	byKey := make(map[string][]string)
	for _, f := range files {
		for _, fact := range f.Facts {
			if fact.Value.Standing == Verified && (len(byKey) < maxFacts || byKey[fact.Key] != nil) {
				byKey[fact.Key] = append(byKey[fact.Key], fact.Value.Text)
			}
		}
	}
	var out []Fact
	for key, values := range byKey {
		if text, ok := mergeValues(structural[lastPart(key)], values); ok {
			out = append(out, Fact{Key: key, Value: Value{Text: text, Standing: Verified, Source: "scan"}})
		}
	}
	slices.SortFunc(out, func(a, b Fact) int { return cmp.Compare(a.Key, b.Key) })
	return out
}

func mergeValues(how merge, values []string) (string, bool) {
	if how == mergeSum {
		return sum(values)
	}
	var words []string
	for _, v := range values {
		for word := range strings.SplitSeq(v, ",") {
			words = append(words, strings.TrimSpace(word))
		}
	}
	slices.Sort(words)
	return clean(strings.Join(slices.Compact(words), ","), maxText), true
}

func sum(values []string) (string, bool) {
	var total uint64
	for _, v := range values {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			return "", false
		}
		var carry uint64
		if total, carry = bits.Add64(total, n, 0); carry != 0 {
			return "", false
		}
	}
	return strconv.FormatUint(total, 10), true
}
