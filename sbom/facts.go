package sbom

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"assay/sbom/internal/license"
)

// maxFacts bounds the facts kept for one file, and the names in a merged count.
const maxFacts = 256

// structural are the facts that a scanner reads off the structure of the file,
// with the way in which those of several files become one of the artifact; nil
// where they describe one file only. They hold whatever the publisher says. The
// list is of whole keys: a file can invent "safetensors/metadata/parameters", and
// every fact that is not listed here is text that somebody wrote, and stays
// Declared.
var structural = map[string]func(values []string) (string, bool){
	"safetensors/parameters": sum,       // elements of all tensors
	"safetensors/tensors":    sum,       // number of tensors
	"safetensors/dtypes":     sumByName, // "BF16=4600,F32=12": elements by type

	"pickle/global":       nil, // a name that loading imports
	"pickle/layout":       nil,
	"pickle/protocol":     nil,
	"pickle/weights-only": nil, // whether torch.load(weights_only=True) accepts it
	"numpy/dtype":         nil,
	"numpy/elements":      nil,
	"numpy/shape":         nil,
}

// markFacts gives each fact its standing. A count from a file that has gaps is a
// claim of that file: its structure could not be followed to the end.
func markFacts(f *File) {
	for i, fact := range f.Facts {
		f.Facts[i].Value.Standing = Declared
		if _, ok := structural[fact.Key]; ok && f.Complete() {
			f.Facts[i].Value.Standing = Verified
		}
	}
}

// Keys of facts that a bill says more with than their text.
const (
	cardPrefix   = "text/card/"   // front matter of the card
	configPrefix = "text/config/" // settings of the model

	keyLicense     = cardPrefix + "license"
	keyLicenseName = cardPrefix + "license_name"
	keyCardBase    = cardPrefix + "base_model"
	keyAdapterBase = configPrefix + "base_model_name_or_path"
)

// describing are the files whose facts describe the whole artifact, when they lie
// at its top, with the prefix of those facts. The facts of another file, or of a
// member of an archive, describe a part of it at most.
var describing = map[string]string{
	"readme.md": cardPrefix, "config.json": configPrefix,
	"adapter_config.json": configPrefix, "model_index.json": configPrefix,
}

// artifactFacts are the counts of all files and what the describing files say.
func artifactFacts(files []File) []Fact {
	out := mergeFacts(files)
	for _, f := range files {
		prefix, ok := describing[strings.ToLower(f.Name)]
		for _, fact := range f.Facts {
			if ok && strings.HasPrefix(fact.Key, prefix) && len(out) < maxFacts {
				out = append(out, fact)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Value.Source, b.Value.Source), cmp.Compare(a.Value.Text, b.Value.Text))
	})
	return slices.Compact(out)
}

// find returns the first value of a key.
func find(facts []Fact, key string) Value {
	for _, f := range facts {
		if f.Key == key {
			return f.Value
		}
	}
	return Value{}
}

func declaredLicense(facts []Fact) License {
	id, name := find(facts, keyLicense), find(facts, keyLicenseName)
	if !id.Known() {
		return License{}
	}
	l := license.FromCard(id.Text, name.Text)
	out := License{Note: l.Note}
	if l.Expression != license.NoAssertion {
		out.Expression = Value{Text: l.Expression, Standing: Declared, Source: id.Source}
	}
	if l.Custom() {
		out.Text = license.Text(id.Text, name.Text)
	}
	return out
}

// bases are the models that card and adapter configuration name, one for each
// name.
func bases(facts []Fact) []Base {
	byName := make(map[string]Base)
	for _, f := range facts {
		if f.Key != keyCardBase && f.Key != keyAdapterBase {
			continue
		}
		b, ok := byName[f.Value.Text]
		if !ok {
			b.Name = f.Value
		}
		b.Needed = b.Needed || f.Key == keyAdapterBase
		byName[f.Value.Text] = b
	}
	var out []Base
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out
}

// mergeFacts unites the structural facts of all files. A key that one file only
// claims, or whose values cannot be added, is left out: half a sum would be taken
// for the whole. The facts of the single files remain.
func mergeFacts(files []File) []Fact {
	values := make(map[string][]string)
	doubtful := make(map[string]bool)
	for _, f := range files {
		for _, fact := range f.Facts {
			if structural[fact.Key] == nil {
				continue
			}
			values[fact.Key] = append(values[fact.Key], fact.Value.Text)
			doubtful[fact.Key] = doubtful[fact.Key] || fact.Value.Standing != Verified
		}
	}
	var out []Fact
	for key, list := range values {
		if text, ok := structural[key](list); ok && !doubtful[key] {
			out = append(out, Fact{Key: key, Value: Value{
				Text: clean(text, maxText), Standing: Verified, Source: "scan"}})
		}
	}
	return out
}

// sum adds decimal numbers. It reports false for what is no number, or too large.
func sum(values []string) (string, bool) {
	var total uint64
	for _, v := range values {
		if !addTo(&total, v) {
			return "", false
		}
	}
	return strconv.FormatUint(total, 10), true
}

func addTo(total *uint64, value string) bool {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		return false
	}
	sum, carry := bits.Add64(*total, n, 0)
	*total = sum
	return carry == 0
}

// sumByName adds numbers written "name=number,name=number" by their names.
func sumByName(values []string) (string, bool) {
	totals := make(map[string]uint64)
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			i := strings.LastIndexByte(item, '=')
			if i <= 0 {
				return "", false
			}
			total := totals[item[:i]]
			if !addTo(&total, item[i+1:]) {
				return "", false
			}
			totals[item[:i]] = total
		}
	}
	if len(totals) > maxFacts {
		return "", false
	}
	parts := make([]string, 0, len(totals))
	for name, n := range totals {
		parts = append(parts, fmt.Sprintf("%s=%d", name, n))
	}
	slices.Sort(parts)
	return strings.Join(parts, ","), true
}
