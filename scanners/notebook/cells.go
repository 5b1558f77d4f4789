package notebook

import (
	"path"
	"slices"
	"strings"

	"assay/scanners/internal/markup"
)

// kernels are names of kernels with the language that they run, for notebooks that
// state no language (kernelspec.name: jupyter-client, "Kernel specs"; the names are
// those that the kernels install themselves under).
var kernels = map[string]string{
	"ir": "r", "xr": "r", "bash": "bash", "calysto_bash": "bash", "zsh": "zsh", "deno": "typescript", "tslab": "typescript", "jslab": "javascript",
	"javascript": "javascript", "almond": "scala", "scala": "scala", "ruby": "ruby", "iruby": "ruby", "rust": "rust", "gophernotes": "go",
	"octave": "octave", "matlab": "matlab", "xcpp11": "c++", "xcpp14": "c++", "xcpp17": "c++", "xcpp20": "c++", "sos": "sos", "java": "java", "kotlin": "kotlin",
	"haskell": "haskell", "perl": "perl", "iperl": "perl", "sas": "sas", "stata": "stata", ".net-csharp": "c#", ".net-fsharp": "f#", ".net-powershell": "powershell",
	"powershell": "powershell", "spark": "scala", "sparkkernel": "scala", "sparkrkernel": "r",
}

// shells are languages that are read as commands.
var shells = []string{"bash", "sh", "zsh", "shell"}

// claim takes what the metadata say about the language: language_info is what the
// last kernel said, kernelspec is what the next one is chosen by.
func (s *scan) claim(where, value string) {
	if where == "kernelspec" && s.key == "name" {
		stem, _, _ := strings.Cut(value, "-") // julia-1.10
		if language, ok := kernels[value]; ok {
			value = language
		} else if value = stem; stem != "julia" {
			return
		}
	} else if s.key == "name" && where != "language_info" {
		return
	}
	if value != "" && !slices.Contains(s.claims, value) && len(s.claims) < 16 {
		s.claims = append(s.claims, value)
	}
}

// judge looks at the cells, in their order. A notebook whose metadata disagree is
// judged as each language that they name.
func (s *scan) judge() {
	for _, c := range s.codes {
		s.python.begin(c.number)
		s.commands.begin(c.number)
		claims := s.claims
		if c.language != "" { // nbformat 3
			claims = []string{strings.ToLower(c.language)}
		}
		s.code(c, claims)
	}
}

// code sorts a cell by its magic: IPython, "Built-in magic commands". Comments
// before the magic are left out, as some front ends do.
func (s *scan) code(c cell, claims []string) {
	if magic, body, ok := cellMagic(c.text); ok {
		name, arguments, _ := strings.Cut(magic, " ")
		s.magic(c, name, strings.TrimSpace(arguments), body)
		return
	}
	if len(claims) == 0 {
		claims = []string{"python"}
	}
	for _, language := range claims {
		switch {
		case strings.Contains(language, "python"):
			s.cellLines(c, c.text)
		case slices.Contains(shells, language):
			s.commands.add(c.text + "\n")
		default:
			s.other(language)
		}
	}
}

// cellMagic cuts a cell at its first line when that is %%name.
func cellMagic(text string) (magic, body string, ok bool) {
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		line = strings.TrimSpace(line)
		if after, found := strings.CutPrefix(line, "%%"); found {
			return strings.TrimSpace(after), rest, true
		}
		if line != "" && line[0] != '#' {
			return "", "", false
		}
		text = rest
	}
	return "", "", false
}

func (s *scan) other(language string) {
	if !slices.Contains(s.others, language) && len(s.others) < 16 {
		s.others = append(s.others, language)
	}
}

// dataMagics show or keep their text; they run nothing.
var dataMagics = []string{"html", "svg", "latex", "markdown", "sql", "css"}

// otherMagics run another language.
var otherMagics = []string{"R", "julia", "perl", "ruby", "javascript", "js", "cython", "octave", "bigquery", "java", "node", "cuda", "cu", "cpp"}

func (s *scan) magic(c cell, name, arguments, body string) {
	switch {
	case slices.Contains([]string{"bash", "sh", "shell", "system", "sx", "!", "cmd", "powershell", "script"}, name):
		s.commands.add(body + "\n")
	case name == "writefile" || name == "file":
		if path.Ext(arguments) == ".py" {
			s.cellLines(c, body)
		} else {
			s.commands.add(body + "\n")
		}
	case name == "html":
		s.markup(body, c.offset)
	case slices.Contains(dataMagics, name):
	case slices.Contains(otherMagics, name):
		s.other(name)
	default: // time, capture and others that run Python
		s.cellLines(c, body)
	}
}

// markup looks at a page in an output, a text cell or a cell of HTML.
func (s *scan) markup(text string, offset int64) {
	signs, _ := markup.Find(strings.NewReader(text)) // what is too long was looked at by its beginning
	for _, sign := range signs {
		if sign.Kind == markup.Launch {
			s.found.Add("notebook/launch", offset, "%s", sign.What)
		} else {
			s.found.Add("notebook/active-output", offset, "%s", sign.What)
		}
	}
}
