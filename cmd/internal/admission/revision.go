package admission

import (
	"slices"
	"strings"
)

// revisionOf is what a command or an environment says about a revision.
type revisionOf struct {
	text    string
	problem string
}

// revisionFlag finds the revision that a command gives. vLLM takes code and
// tokenizer from revisions of their own, when they are given: they must be the
// one that was judged.
func revisionFlag(words []word, names []string) revisionOf {
	r, _ := givenRevision(words, names)
	if len(names) == 0 || names[0] != revision[0] {
		return r
	}
	others := []string{"--code-revision"}
	if !slices.ContainsFunc(words, func(w word) bool { name, _, _ := splitFlag(w.text); return name == "--tokenizer" }) {
		others = append(others, "--tokenizer-revision")
	}
	for _, other := range others {
		if o, given := givenRevision(words, []string{other}); given && (o.problem != "" || o.text != r.text) {
			r.problem = other + " is not the revision of the model; leave it out"
		}
	}
	return r
}

// givenRevision finds the value of a flag with several spellings. argparse
// accepts a shortened flag and believes the last one, so a second, different or
// shortened one makes the answer unsure.
func givenRevision(words []word, names []string) (r revisionOf, given bool) {
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
	return r, given
}

// isShortened reports a flag that argparse may take for one of names.
func isShortened(flag string, names []string) bool {
	return len(flag) > 2 && slices.ContainsFunc(names, func(name string) bool {
		return strings.HasPrefix(name, flag) && (strings.HasPrefix(revision[0], flag) || strings.Contains(flag, "-rev"))
	})
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
