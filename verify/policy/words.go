package policy

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrKind says that the file is one of ours, and of another kind than is wanted.
var ErrKind = errors.New("wrong kind of file")

// kinds are those of the files that this package reads.
var kinds = []string{"Policy", "PolicyTest", "Waivers"}

// checkKind names a mix-up of files before any of their keys is called unknown.
func checkKind(tree *yaml.Node, want string) error {
	if len(tree.Content) == 0 || tree.Content[0].Kind != yaml.MappingNode {
		return nil
	}
	pairs := tree.Content[0].Content
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i].Value != "kind" || pairs[i+1].Value == want {
			continue
		}
		for _, kind := range kinds {
			if kind == pairs[i+1].Value {
				return fmt.Errorf("%w: it is a %s, and a %s is wanted", ErrKind, kind, want)
			}
		}
	}
	return nil
}

var (
	unknownKey = regexp.MustCompile(`^(line \d+): field (.*) not found in type \S+$`)
	wrongType  = regexp.MustCompile("(?s)^(line \\d+): cannot unmarshal !!(\\w+)(?: `(.*)`)? into (\\S+)$")
)

// inWords says what is wrong in the terms of the file. The decoder speaks of the
// types of this program.
func inWords(err error) error {
	wrong, ok := errors.AsType[*yaml.TypeError](err)
	if !ok {
		return err
	}
	texts := make([]string, len(wrong.Errors))
	for i, text := range wrong.Errors {
		texts[i] = inTerms(text)
	}
	return errors.New(strings.Join(texts, "; "))
}

func inTerms(text string) string {
	if m := unknownKey.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("%s: unknown key %q", m[1], m[2])
	}
	if m := wrongType.FindStringSubmatch(text); m != nil {
		value := ""
		if m[3] != "" {
			value = fmt.Sprintf(" %q", m[3])
		}
		return fmt.Sprintf("%s: %s%s where %s is wanted", m[1], isA(m[2]), value, wantedType(m[4]))
	}
	return text
}

// isA is what a YAML tag means.
func isA(tag string) string {
	switch tag {
	case "seq":
		return "a list"
	case "map":
		return "a mapping"
	case "int", "float":
		return "the number"
	case "bool":
		return "the truth value"
	}
	return "the text"
}

// wantedType is what a Go type is in a file.
func wantedType(goType string) string {
	goType = strings.TrimPrefix(goType, "*")
	switch {
	case strings.HasPrefix(goType, "[]"):
		return "a list"
	case goType == "bool":
		return "true or false"
	case goType == "string":
		return "a text"
	case strings.HasPrefix(goType, "int"), strings.HasPrefix(goType, "uint"), strings.HasPrefix(goType, "float"):
		return "a number"
	}
	return "a mapping"
}
