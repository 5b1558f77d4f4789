package sbom

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"assay/verify/license"
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

	// Of one file each: a repository holds the same model in many quantisations.
	"gguf/parameters":     nil,
	"gguf/tensors":        nil,
	"gguf/dtypes":         nil,
	"gguf/version":        nil,
	"gguf/file-type":      nil,
	"gguf/context-length": nil,
	"gguf/vocabulary":     nil,
	"jinja/sha256":        nil, // of a chat template, with its white space normalised
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
	ggufPrefix   = "gguf/"        // header of a GGUF file

	packagingPrefix = "text/oci-config/" // configuration of an OCI artifact

	keyLicense     = cardPrefix + "license"
	keyLicenseName = cardPrefix + "license_name"
	keyCardBase    = cardPrefix + "base_model"

	keyCroissantLicense = "text/croissant/license"
	keyGGUFLicense      = "gguf/license"
	keyFoundLicense     = "text/license"
	keyAdapterBase      = configPrefix + "base_model_name_or_path"
)

// describing are the files whose facts describe the whole artifact, when they lie
// at its top, by how their names end, with the prefixes of those facts. The facts
// of another file, or of a member of an archive, describe a part of it at most.
var describing = []struct {
	name     func(lower string) bool
	prefixes []string
}{
	{named("readme.md"), []string{cardPrefix}},
	{named("config.json", "adapter_config.json"), []string{configPrefix}},
	{named("model_index.json"), []string{configPrefix, "text/component"}},
	{named("generation_config.json"), []string{"text/generation/"}},
	{named("tokenizer_config.json"), []string{"text/tokenizer/"}},
	{named("quantize_config.json"), []string{"text/quantize/"}},
	{named("mergekit_config.yml", "mergekit_config.yaml"), []string{"text/merge/"}},
	{named("kitfile"), []string{"text/kitfile/"}},
	{named("mlmodel"), []string{"text/mlmodel/"}},
	{named("oci-config.json"), []string{packagingPrefix}},
	{func(n string) bool { return strings.HasSuffix(n, ".index.json") }, []string{"text/index/"}},
	{func(n string) bool { return strings.HasSuffix(n, ".json") }, []string{"text/croissant/"}},
	{func(n string) bool { return !strings.HasSuffix(n, ".json") }, []string{keyFoundLicense}},
}

func named(names ...string) func(string) bool {
	return func(lower string) bool { return slices.Contains(names, lower) }
}

// describes reports whether a fact of a file is one of the whole artifact.
func describes(f File, fact Fact) bool {
	if slices.Equal(f.Formats, []string{"gguf"}) { // the header has what a card has
		return strings.HasPrefix(fact.Key, ggufPrefix) && !strings.Contains(f.Name, "/")
	}
	other := func(format string) bool { return format != "text" } // an archive: the fact may be of a member
	if strings.Contains(f.Name, "/") || slices.ContainsFunc(f.Formats, other) {
		return false
	}
	lower := strings.ToLower(f.Name)
	for _, d := range describing {
		if d.name(lower) && slices.ContainsFunc(d.prefixes, func(p string) bool { return strings.HasPrefix(fact.Key, p) }) {
			return true
		}
	}
	return false
}

// maxArtifactFacts bounds the facts of the whole artifact.
const maxArtifactFacts = 1024

// artifactFacts are the counts of all files and what the describing files say.
func artifactFacts(files []File) []Fact {
	out := mergeFacts(files)
	for _, f := range files {
		for _, fact := range f.Facts {
			if len(out) < maxArtifactFacts && describes(f, fact) {
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

// licenseSource is who declares a license.
type licenseSource struct {
	keys []string
	name string // key of the name of a license that is no id
	why  string // what it means that it contradicts the one before it
}

// licenseSources are in the order in which they are believed: what is written for
// readers comes before what a packaging repeats.
var licenseSources = []licenseSource{
	{[]string{keyLicense}, keyLicenseName, ""},
	{[]string{keyCroissantLicense}, "", "Croissant declares another license than the card"},
	{[]string{packagingPrefix + "descriptor/licenses"}, "", "the packaging declares another license than the model"},
	{[]string{packagingPrefix + "model/license", packagingPrefix + "package/license"}, "", "the packaging declares another license than the model"},
	{[]string{"text/kitfile/model-license", "text/kitfile/license"}, "", "the Kitfile declares another license than the model"},
	{[]string{keyGGUFLicense}, "gguf/license-name", "the header of the weights declares another license than the card"},
}

func (s licenseSource) values(facts []Fact) []Value {
	var out []Value
	for _, key := range s.keys {
		out = append(out, all(facts, key)...)
	}
	return out
}

// declaredLicense is the license of the first source that has one, beside the texts
// that were found. Where it lists several, all of them are taken to hold: whether
// one may be chosen is not said.
func declaredLicense(facts []Fact) License {
	out := License{Found: all(facts, keyFoundLicense)}
	for i := range out.Found {
		out.Found[i].Standing = Inferred // from sentences that only this license has
	}
	var ids []Value
	var name Value
	for _, source := range licenseSources {
		if ids = source.values(facts); len(ids) > 0 {
			name = find(facts, source.name)
			break
		}
	}
	var expressions []string
	for _, id := range ids {
		l := license.FromCard(license.FromURL(id.Text), name.Text)
		out.Note = cmp.Or(out.Note, l.Note)
		if l.Expression == license.NoAssertion || slices.Contains(expressions, l.Expression) {
			continue
		}
		if expressions = append(expressions, l.Expression); len(expressions) > maxLicenses {
			break
		}
		if l.Custom() {
			out.Texts = append(out.Texts, LicenseText{l.Expression, license.Text(id.Text, name.Text)})
		}
	}
	if len(expressions) > 0 {
		out.Expression = Value{Text: strings.Join(expressions, " AND "), Standing: Declared, Source: ids[0].Source}
	}
	if len(expressions) > 1 {
		out.Note = "several licenses are declared; whether one may be chosen is not said, and all are taken to hold"
	}
	for _, c := range license.Classes(out.Expression.Text) {
		out.Classes = append(out.Classes, string(c))
	}
	return out
}

// LicenseOf is the license that somebody else's bill declares. An expression that
// has parts nobody explains is kept only where it is written as SPDX demands.
func LicenseOf(v Value) License {
	l := license.FromExpression(v.Text)
	out := License{Note: l.Note}
	if l.Expression == license.NoAssertion {
		return out
	}
	out.Expression = Value{Text: l.Expression, Standing: v.Standing, Source: v.Source}
	for _, id := range l.References() {
		out.Texts = append(out.Texts, LicenseText{id, license.Text(id, "")})
	}
	for _, c := range license.Classes(l.Expression) {
		out.Classes = append(out.Classes, string(c))
	}
	return out
}

// AllClasses are the classes of the declared license and of the texts that were
// found, each once.
func (l License) AllClasses() []string {
	out := slices.Clone(l.Classes)
	for _, found := range l.Found {
		for _, c := range license.Classes(found.Text) {
			if !slices.Contains(out, string(c)) {
				out = append(out, string(c))
			}
		}
	}
	return out
}

// maxLicenses bounds the licenses of one artifact.
const maxLicenses = 8

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
