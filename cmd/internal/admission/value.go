package admission

import (
	"path"
	"strings"

	"github.com/go-json-experiment/json"
)

// wordValue reads a value that may not be known.
func (p *process) wordValue(w word, f form, rev revisionOf) {
	if !w.known {
		p.add(Reference{Path: w.path, Raw: w.text,
			Problem: "it cannot be told from the object which model this names; write the name itself instead of a variable"})
		return
	}
	if isPath(w.text) {
		p.localPath(w)
		return
	}
	p.value(w.path, w.text, f, rev)
}

// localPath admits a path. What lies there was judged only when it is an image
// volume.
func (p *process) localPath(w word) {
	clean := path.Clean(w.text)
	for _, m := range p.judged {
		if clean == m || strings.HasPrefix(clean, m+"/") {
			return
		}
	}
	p.warn("%s: %s is a path inside the container; what lies there is not judged", w.path, clip(w.text))
}

// value adds the references that a value of a form holds.
func (x *extraction) value(at, raw string, f form, rev revisionOf) {
	r := Reference{Path: at, Raw: raw}
	switch {
	case raw == "" || isPath(raw):
		return
	case f == formAdapters:
		x.adapter(at, raw)
		return
	case f == formList:
		for item := range strings.SplitSeq(raw, ",") {
			x.namedValue(at, item)
		}
		return
	case f == formJSON:
		x.jsonValue(at, raw)
		return
	case f == formOverrides:
		if strings.Contains(raw, "auto_map") {
			r.Problem = "it replaces auto_map, which names code to import; have the model's own configuration say it"
			x.add(r)
		}
		return
	case schemeForm.MatchString(raw):
		pinURI(&r, raw, rev.text)
	case f == formURI || f == formLoose && !hubTwoPart.MatchString(raw):
		return
	case f == formImage:
		pinImage(&r, raw)
	case f == formGGUF:
		repo, _, _ := strings.Cut(raw, ":")
		if !hubTwoPart.MatchString(repo) {
			return
		}
		pinHub(&r, "", repo, "")
		r.Problem = "the server always takes the main branch, which can change after it was verified; download a commit and give its path"
	default:
		pinHub(&r, "", raw, rev.text)
	}
	if rev.problem != "" && strings.HasPrefix(r.Ask, "hf://") {
		r.Pinned, r.Problem = "", rev.problem
	}
	x.add(r)
}

// namedValue reads VALUE or NAME=VALUE.
func (x *extraction) namedValue(at, raw string) {
	if _, v, ok := strings.Cut(raw, "="); ok {
		raw = v
	}
	x.value(at, strings.TrimSpace(raw), formName, revisionOf{})
}

// adapter reads NAME=VALUE or vLLM's JSON form.
func (x *extraction) adapter(at, raw string) {
	if !strings.HasPrefix(strings.TrimSpace(raw), "{") {
		x.namedValue(at, raw)
		return
	}
	var doc struct {
		Path string `json:"path"`
	}
	if json.Unmarshal([]byte(raw), &doc) != nil {
		x.add(Reference{Path: at, Raw: raw, Problem: "it is no JSON that can be read"})
		return
	}
	x.value(at, doc.Path, formName, revisionOf{})
}

// jsonValue reads a document with a model and its revision.
func (x *extraction) jsonValue(at, raw string) {
	var doc struct {
		Model    string `json:"model"`
		Revision string `json:"revision"`
	}
	if json.Unmarshal([]byte(raw), &doc) != nil {
		x.add(Reference{Path: at, Raw: raw, Problem: "it is no JSON that can be read"})
		return
	}
	x.value(at, doc.Model, formName, revisionOf{text: doc.Revision})
}
