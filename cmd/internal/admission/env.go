package admission

import (
	"fmt"
	"slices"
	"strings"
)

// maxExpanded bounds what variables expand to in one container, in bytes: they
// may name each other, and double at every step. maxValues bounds the values
// that a script may give to one variable.
const (
	maxExpanded = 1 << 20
	maxValues   = 32
)

// word is a piece of text at a place of the object.
type word struct {
	text  string
	path  string
	known bool // false: it holds what only the running container knows
}

// environment is the environment of a container, as far as the object tells.
type environment struct {
	// vars holds every value that a variable may have: a script may change it.
	vars  map[string][]word
	names []string // in the order of the object
	open  bool     // envFrom adds variables that the object does not name
	spent int      // bytes of expansions
}

// spend asks for n bytes of expansion.
func (e *environment) spend(n int) bool {
	e.spent += n
	return e.spent <= maxExpanded
}

func newEnvironment(at string, c container) *environment {
	e := &environment{vars: make(map[string][]word), open: len(c.EnvFrom) > 0}
	for i, v := range c.Env {
		if w := (word{path: fmt.Sprintf("%s.env[%d]", at, i)}); len(v.ValueFrom) > 0 && v.ValueFrom.Kind() != 'n' {
			e.set(v.Name, w)
		} else {
			w.text, w.known = e.expand(v.Value)
			e.set(v.Name, w)
		}
	}
	return e
}

// set adds a value; the last one is current.
func (e *environment) set(name string, w word) {
	if _, ok := e.vars[name]; !ok {
		e.names = append(e.names, name)
	}
	switch values := e.vars[name]; {
	case slices.Contains(values, w):
	case len(values) == maxValues:
		values[maxValues-1].known = false
	default:
		e.vars[name] = append(values, w)
	}
}

// get returns the current value of a variable, and false when the object does
// not tell it.
func (e *environment) get(name string) (string, bool) {
	values := e.vars[name]
	if len(values) == 0 {
		return "", !e.open
	}
	last := values[len(values)-1]
	return last.text, last.known
}

// isOn reports whether a variable is, or may be, set to anything but off.
func (e *environment) isOn(name string) bool {
	return slices.ContainsFunc(e.vars[name], func(w word) bool {
		switch strings.ToLower(w.text) {
		case "", "0", "false", "no", "off":
			return !w.known
		}
		return true
	})
}

// words expands the elements of command or args.
func (e *environment) words(at string, list []string) []word {
	words := make([]word, len(list))
	for i, s := range list {
		text, known := e.expand(s)
		words[i] = word{text, fmt.Sprintf("%s[%d]", at, i), known}
	}
	return words
}

// expand replaces $(NAME) the way the kubelet does
// (k8s.io/kubernetes/third_party/forked/golang/expansion): $$ is a dollar, and
// the name of no variable stays as it is written.
func (e *environment) expand(s string) (text string, known bool) {
	if !strings.Contains(s, "$") {
		return s, true
	}
	var b strings.Builder
	known = true
	for i := 0; i < len(s); i++ {
		rest := s[i:]
		switch {
		case strings.HasPrefix(rest, "$$"):
			b.WriteByte('$')
			i++
		case strings.HasPrefix(rest, "$(") && strings.Contains(rest, ")"):
			name := rest[2:strings.IndexByte(rest, ')')]
			value, told := e.get(name)
			if len(e.vars[name]) == 0 {
				value = "$(" + name + ")"
			}
			if !e.spend(len(value)) {
				return b.String(), false
			}
			b.WriteString(value)
			known = known && told
			i += len(name) + 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), known
}
