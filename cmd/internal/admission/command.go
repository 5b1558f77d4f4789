package admission

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// process is what runs in one container.
type process struct {
	*extraction
	env    *environment
	judged []string // paths whose content is judged as an image volume
}

// revisionOf is what a command or an environment says about a revision.
type revisionOf struct {
	text    string
	problem string
}

// maxWords bounds one command line: what looks for pairs of flags is quadratic.
const maxWords = 4096

// command finds the references of one command line, and of the scripts in it.
func (p *process) command(words []word, depth int) {
	if len(words) > maxWords {
		p.add(Reference{Path: words[0].path, Problem: fmt.Sprintf("the command has more than %d words; simplify it", maxWords)})
		return
	}
	p.flags(words)
	for i := range words {
		for _, prog := range programs {
			if rest, ok := prog.match(words[i:]); ok {
				p.first(rest, prog)
			}
		}
	}
	for i, w := range words {
		// An element with blanks is a script too: when the entry point of the
		// image is a shell, the object does not tell.
		if isScript(words[:i]) || strings.ContainsAny(w.text, " \t\n") {
			p.script(w, depth)
		} else {
			p.anywhere(w.path, w.text)
		}
	}
}

// isScript reports whether the word after these is a script: sh -c.
func isScript(before []word) bool {
	n := len(before)
	return n >= 2 && isScriptFlag(before[n-1]) && slices.ContainsFunc(before[:n-1], isShell)
}

func (p *process) script(w word, depth int) {
	if depth == maxScripts {
		p.add(Reference{Path: w.path, Problem: "scripts within scripts are not followed this deep; simplify the command"})
		return
	}
	for _, line := range script(w, p.env) {
		p.command(line, depth+1)
	}
}

// flags finds the values of the flags that name models.
func (p *process) flags(words []word) {
	for i, w := range words {
		name, value, inline := splitFlag(w.text)
		n, ok := flags[name]
		if !ok {
			continue
		}
		rev := revisionFlag(words, n.revisions)
		switch {
		case inline:
			p.wordValue(word{value, w.path, w.known}, n.form, rev)
		case i+1 == len(words) || isFlag(words[i+1].text):
			if strings.HasPrefix(name, "--") {
				p.add(Reference{Path: w.path, Raw: w.text, Problem: "the flag has no value"})
			}
		case n.form == formAdapters:
			for _, v := range words[i+1:] {
				if isFlag(v.text) {
					break
				}
				p.wordValue(v, n.form, rev)
			}
		default:
			p.wordValue(words[i+1], n.form, rev)
		}
	}
}

func isFlag(s string) bool { return len(s) > 1 && s[0] == '-' }

// splitFlag splits --name=value and spells the name with dashes, as the parsers
// of vLLM and KServe do.
func splitFlag(s string) (name, value string, inline bool) {
	if !isFlag(s) {
		return "", "", false
	}
	name, value, inline = strings.Cut(s, "=")
	return strings.ReplaceAll(name, "_", "-"), value, inline
}

// revisionFlag finds the revision that a command gives. argparse accepts a
// shortened flag and believes the last one, so a second, different or shortened
// one makes the answer unsure.
func revisionFlag(words []word, names []string) (r revisionOf) {
	given := false
	for i, w := range words {
		name, value, inline := splitFlag(w.text)
		full := slices.Contains(names, name)
		if !full && !isShortened(name, names) {
			continue
		}
		known := w.known
		if !inline && i+1 < len(words) {
			value, known = words[i+1].text, words[i+1].known
		}
		switch {
		case !full:
			r.problem = "its revision flag is shortened to " + name + "; write it out"
		case !known:
			r.problem = "its revision cannot be told from the object; write the commit where the model is named"
		case given && value != r.text:
			r.problem = "it is given two revisions"
		}
		r.text, given = value, true
	}
	return r
}

// isShortened reports a flag that argparse may take for one of names.
func isShortened(flag string, names []string) bool {
	return len(flag) > 2 && slices.ContainsFunc(names, func(name string) bool {
		return strings.HasPrefix(name, flag) && (strings.HasPrefix(revision[0], flag) || strings.Contains(flag, "-rev"))
	})
}

// match returns what follows the words of a program.
func (prog program) match(words []word) ([]word, bool) {
	if len(words) < len(prog.words) {
		return nil, false
	}
	for i, want := range prog.words {
		if got := words[i].text; got != want && (i > 0 || path.Base(got) != want) {
			return nil, false
		}
	}
	return words[len(prog.words):], true
}

// first takes the first argument that is no flag. Which flags have a value is
// not known here, so the word after a flag is taken for its value, unless no
// other word is left and it looks like a model.
func (p *process) first(words []word, prog program) {
	rev := revisionFlag(words, prog.revisions)
	var unsure []word
	for i, w := range words {
		if isFlag(w.text) {
			continue
		}
		if i == 0 || !isFlag(words[i-1].text) || strings.Contains(words[i-1].text, "=") {
			p.argument(w, words, prog, rev)
			return
		}
		if name, _, _ := splitFlag(words[i-1].text); flags[name].source == "" && !slices.Contains(prog.revisions, name) {
			unsure = append(unsure, w)
		}
	}
	for _, w := range unsure {
		if !w.known || hubTwoPart.MatchString(w.text) || schemeForm.MatchString(w.text) {
			p.argument(w, words, prog, rev)
		}
	}
}

func (p *process) argument(w word, words []word, prog program, rev revisionOf) {
	if prog.scheme != "" && !strings.Contains(w.text, "://") {
		w.text = prog.scheme + "://" + w.text
	}
	if isDataset(words) && hubName.MatchString(w.text) {
		w.text = "hf://datasets/" + w.text
	}
	p.wordValue(w, prog.form, rev)
}

// isDataset reports --repo-type dataset of the Hub's command line.
func isDataset(words []word) bool {
	for i, w := range words {
		name, value, inline := splitFlag(w.text)
		if name == "--repo-type" && (inline && value == "dataset" || i+1 < len(words) && words[i+1].text == "dataset") {
			return true
		}
	}
	return false
}

// variables finds the references in the environment.
func (p *process) variables() {
	for _, name := range p.env.names {
		n, ok := variables[name]
		if !ok {
			continue
		}
		rev := p.revisionVariable(n.revisions)
		for _, v := range p.env.vars[name] {
			switch {
			case v.known && v.text == "":
			case !v.known && n.form == formLoose:
				p.warn("%s: %s is not told by the object; a model that it names is not judged", v.path, name)
			default:
				p.wordValue(v, n.form, rev)
			}
		}
	}
}

func (p *process) revisionVariable(names []string) (r revisionOf) {
	given := false
	for _, name := range names {
		for _, v := range p.env.vars[name] {
			switch {
			case !v.known:
				r.problem = "its revision (" + name + ") cannot be told from the object; write the commit as its value"
			case given && v.text != r.text:
				r.problem = "it is given two revisions"
			}
			r.text, given = v.text, true
		}
	}
	return r
}

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
