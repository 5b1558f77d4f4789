package admission

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// process is what runs in one container.
type process struct {
	*extraction
	env    *environment
	judged []string // paths whose content is judged as an image volume
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
				p.first(words[i], rest, prog)
				break
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
		n, ok := flagNaming(name)
		if !ok {
			given := word{value, w.path, w.known}
			if !inline && i+1 < len(words) {
				given = words[i+1]
			}
			if full := shortened(name); full != "" && mayBeModel(given) {
				p.add(Reference{Path: w.path, Raw: w.text, Problem: "it may be short for " + full + "; write the flag in full"})
			}
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

// flagNaming looks a flag up, also one with a key of its JSON value behind a dot
// (vLLM: --speculative-config.model org/name).
func flagNaming(name string) (naming, bool) {
	if n, ok := flags[name]; ok {
		return n, true
	}
	flag, key, dotted := strings.Cut(name, ".")
	if n := flags[flag]; dotted && n.form == formJSON && key == "model" {
		return naming{form: formName, source: n.source}, true
	}
	return naming{}, false
}

// shortest is the least that is taken for a shortened flag, with its dashes.
const shortest = 5

// shortened returns the flag that name may be short for: parsers that follow
// Python's argparse take any beginning that is unambiguous. It is "" for a flag
// that is one of its own.
func shortened(name string) string {
	if len(name) < shortest || !strings.HasPrefix(name, "--") || ownFlags[name] {
		return ""
	}
	var full []string
	for flag := range flags {
		if strings.HasPrefix(flag, name) {
			full = append(full, flag)
		}
	}
	if len(full) == 0 {
		return ""
	}
	return slices.Min(full)
}

// mayBeModel reports a value that a flag for models could mean. Ordinary flags
// begin like such a flag too, and most have values like "fast".
func mayBeModel(w word) bool {
	_, named, _ := strings.Cut(w.text, "=")
	return !w.known || strings.HasPrefix(w.text, "{") || schemeForm.MatchString(w.text) ||
		hubTwoPart.MatchString(w.text) || hubTwoPart.MatchString(named)
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
// other word is left and it looks like a model. A program that is told of no
// model here takes one from a file or a default, which nobody has judged.
func (p *process) first(at word, words []word, prog program) {
	if !p.positional(words, prog) && !slices.ContainsFunc(words, namesModel) {
		p.add(Reference{Path: at.path, Raw: at.text, Problem: "it takes a model that the command does not name; name it as an argument"})
	}
}

// namesModel reports a flag that names the main model.
func namesModel(w word) bool {
	name, _, _ := splitFlag(w.text)
	return name == "--model" || name == "--model-path" || name == "--model-id" || name == "--help" || name == "--version"
}

func (p *process) positional(words []word, prog program) (found bool) {
	rev := revisionFlag(words, prog.revisions)
	var unsure []word
	for i, w := range words {
		if isFlag(w.text) {
			continue
		}
		if i == 0 || !isFlag(words[i-1].text) || strings.Contains(words[i-1].text, "=") {
			p.argument(w, words, prog, rev)
			return true
		}
		if name, _, _ := splitFlag(words[i-1].text); flags[name].source == "" && !slices.Contains(prog.revisions, name) {
			unsure = append(unsure, w)
		}
	}
	for _, w := range unsure {
		if !w.known || hubTwoPart.MatchString(w.text) || schemeForm.MatchString(w.text) {
			p.argument(w, words, prog, rev)
			found = true
		}
	}
	return found
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
