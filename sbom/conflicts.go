package sbom

import (
	"slices"
	"strings"

	"assay/verify/license"
)

// Conflict is two sources that contradict each other about the same field.
type Conflict struct {
	Field  string  `json:"field"`
	Values []Value `json:"values"` // what each of them says
	Why    string  `json:"why"`
}

// conflicts compares what different sources say. A source that is silent
// contradicts nothing.
func conflicts(d Document) []Conflict {
	var out []Conflict
	out = append(out, licenseConflicts(d.License)...)
	out = append(out, sourceConflicts(d.License, d.Facts)...)
	out = append(out, baseConflict(d.Facts)...)
	out = append(out, dtypeConflict(d.Facts)...)
	out = append(out, croissantConflicts(d)...)
	return out
}

// licenseConflicts compares the declared license with the texts that were found.
func licenseConflicts(l License) []Conflict {
	var out []Conflict
	for _, found := range l.Found {
		if l.Expression.Known() && !slices.Contains(strings.Fields(l.Expression.Text), found.Text) {
			out = append(out, Conflict{"license", []Value{l.Expression, found}, "the card declares another license than the text that is with it"})
		}
	}
	return out
}

// sourceConflicts compares the license with what every other file declares. A file
// that declares several contradicts when none of them is among it: a Kitfile has
// one for the package and one for the model.
func sourceConflicts(l License, facts []Fact) []Conflict {
	if !l.Expression.Known() {
		return nil
	}
	var out []Conflict
	for _, source := range licenseSources {
		agrees, first := make(map[string]bool), []Value(nil)
		name := find(facts, source.name).Text
		for _, v := range source.values(facts) {
			said := license.FromCard(license.FromURL(v.Text), name).Expression
			if !slices.ContainsFunc(first, func(x Value) bool { return x.Source == v.Source }) {
				first = append(first, v)
			}
			agrees[v.Source] = agrees[v.Source] || said == license.NoAssertion || slices.Contains(strings.Fields(l.Expression.Text), said)
		}
		for _, v := range first {
			if !agrees[v.Source] && v.Source != l.Expression.Source {
				out = append(out, Conflict{"license", []Value{l.Expression, v}, source.why})
			}
		}
	}
	return out
}

// baseConflict compares card and adapter configuration.
func baseConflict(facts []Fact) []Conflict {
	adapter := find(facts, keyAdapterBase)
	card := all(facts, keyCardBase)
	if !adapter.Known() || len(card) == 0 {
		return nil
	}
	if slices.ContainsFunc(card, func(v Value) bool { return v.Text == adapter.Text }) {
		return nil
	}
	return []Conflict{{"base model", append(card[:1:1], adapter), "the card names another base than the one that the loader fetches"}}
}

// dtypes are the names that configurations and headers have for the same type.
var dtypes = map[string]string{"bfloat16": "BF16", "float16": "F16", "float32": "F32", "float64": "F64"}

// dtypeConflict reports a type that the configuration promises and no tensor has.
// A quantised model keeps the type it computes in.
func dtypeConflict(facts []Fact) []Conflict {
	said, found := find(facts, configPrefix+"torch_dtype"), find(facts, "safetensors/dtypes")
	if !said.Known() {
		said = find(facts, configPrefix+"dtype")
	}
	name, ok := dtypes[said.Text]
	if !ok || !found.Known() || find(facts, configPrefix+"quantization_config/quant_method").Known() {
		return nil
	}
	for item := range strings.SplitSeq(found.Text, ",") {
		if strings.HasPrefix(item, name+"=") {
			return nil
		}
	}
	return []Conflict{{"dtype", []Value{said, found}, "no tensor has the type that the configuration names"}}
}

// croissantConflicts compares the digests that Croissant lists with the files.
func croissantConflicts(d Document) []Conflict {
	var out []Conflict
	for _, v := range all(d.Facts, "text/croissant/file") {
		digest, name, _ := strings.Cut(v.Text, " ")
		name = strings.TrimPrefix(name, "./")
		i := slices.IndexFunc(d.Files, func(f File) bool { return f.Name == name })
		if i < 0 || !d.Files[i].Hashed() {
			continue
		}
		if got := "sha256:" + d.Files[i].Digests[0].Hex; !strings.EqualFold(got, digest) {
			out = append(out, Conflict{"digest of " + name, []Value{v, {Text: got, Standing: Verified, Source: name}},
				"Croissant lists another digest than the file has"})
		}
	}
	return out
}

// all returns every value of a key.
func all(facts []Fact, key string) []Value {
	var out []Value
	for _, f := range facts {
		if f.Key == key {
			out = append(out, f.Value)
		}
	}
	return out
}
