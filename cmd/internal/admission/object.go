package admission

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/verify/report"
)

// maxReferences bounds the references of one object, maxWarnings what is said
// beside the decision.
const (
	maxReferences = 256
	maxWarnings   = 16
)

// node is a part of an object.
type node struct {
	path  string // "spec.containers[0]"
	value jsontext.Value
}

// find returns the parts of an object that a pointer leads to. What is missing
// or null is no part. A value of another type than the pointer needs is an
// error, except where "*" offered it.
func find(object jsontext.Value, pointer string) ([]node, error) {
	nodes, offered := []node{{"", object}}, false
	for token := range strings.SplitSeq(pointer, "/") {
		if token == "" {
			continue // before the first slash
		}
		var next []node
		for _, n := range nodes {
			children, err := n.children(token, offered)
			if err != nil {
				return nil, err
			}
			next = append(next, children...)
		}
		nodes, offered = next, token == "*"
	}
	return nodes, nil
}

func (n node) children(token string, offered bool) ([]node, error) {
	switch kind := n.value.Kind(); {
	case kind == '{':
		return n.members(token)
	case kind == '[' && token == "*":
		var list []jsontext.Value
		if err := json.Unmarshal(n.value, &list); err != nil {
			return nil, err
		}
		var nodes []node
		for i, v := range list {
			nodes = append(nodes, node{fmt.Sprintf("%s[%d]", n.path, i), v})
		}
		return nodes, nil
	case kind == 'n' || offered:
		return nil, nil
	}
	return nil, fmt.Errorf("%s: not an object", n.path)
}

func (n node) members(token string) ([]node, error) {
	var members map[string]jsontext.Value
	if err := json.Unmarshal(n.value, &members); err != nil {
		return nil, err
	}
	names := []string{strings.NewReplacer("~1", "/", "~0", "~").Replace(token)}
	if token == "*" {
		names = slices.Sorted(maps.Keys(members))
	}
	var nodes []node
	for _, name := range names {
		if v, ok := members[name]; ok && v.Kind() != 'n' {
			nodes = append(nodes, node{strings.TrimPrefix(n.path+"."+name, "."), v})
		}
	}
	return nodes, nil
}

// extraction is what an object says about models.
type extraction struct {
	hub        string // endpoint of the Hub that names without host belong to
	references []Reference
	seen       map[[2]string]bool // path and raw form of every reference
	warnings   []string
}

// extract finds every reference in an object of a kind. An error is an object
// that cannot be understood.
func extract(k kind, object jsontext.Value, hub string) (*extraction, error) {
	x := &extraction{hub: hub, seen: make(map[[2]string]bool)}
	for _, pointer := range k.uris {
		if err := each(object, pointer, x.uriField); err != nil {
			return nil, err
		}
	}
	pods := 0
	for _, pointer := range k.pods {
		err := each(object, pointer, func(n node) error {
			pods++
			return x.podSpec(n)
		})
		if err != nil {
			return nil, err
		}
	}
	if k.mustPod && pods == 0 {
		return nil, fmt.Errorf("no PodSpec at %s", strings.Join(k.pods, " or "))
	}
	for _, pointer := range k.boxes {
		if err := each(object, pointer, x.box); err != nil {
			return nil, err
		}
	}
	if len(x.references) > maxReferences {
		return nil, fmt.Errorf("more than %d references to models", maxReferences)
	}
	return x, nil
}

func each(object jsontext.Value, pointer string, visit func(node) error) error {
	nodes, err := find(object, pointer)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if err := visit(n); err != nil {
			return err
		}
	}
	return nil
}

func (x *extraction) uriField(n node) error {
	var uri string
	if err := json.Unmarshal(n.value, &uri); err != nil {
		return fmt.Errorf("%s: %w", n.path, err)
	}
	if uri != "" {
		x.value(n.path, uri, formURI, revisionOf{})
	}
	return nil
}

// box is a container in a custom resource, where other members may be anything
// and env may be an object (KubeAI).
func (x *extraction) box(n node) error {
	if n.value.Kind() != '{' {
		return nil
	}
	var b struct {
		Image   jsontext.Value `json:"image"`
		Command []string       `json:"command"`
		Args    []string       `json:"args"`
		Env     jsontext.Value `json:"env"`
		EnvFrom []struct{}     `json:"envFrom"`
	}
	if err := json.Unmarshal(n.value, &b); err != nil {
		return fmt.Errorf("%s: %w", n.path, err)
	}
	c := container{Image: b.Image, Command: b.Command, Args: b.Args, EnvFrom: b.EnvFrom}
	var err error
	switch b.Env.Kind() {
	case '[':
		err = json.Unmarshal(b.Env, &c.Env)
	case '{':
		var vars map[string]string
		err = json.Unmarshal(b.Env, &vars)
		for _, name := range slices.Sorted(maps.Keys(vars)) {
			c.Env = append(c.Env, envVar{Name: name, Value: vars[name]})
		}
	}
	if err != nil {
		return fmt.Errorf("%s.env: %w", n.path, err)
	}
	x.container(n.path, c, nil)
	return nil
}

// add keeps the first reference of a place and a raw form: the one that was
// found by the most specific rule.
func (x *extraction) add(r Reference) {
	key := [2]string{r.Path, r.Raw}
	if x.seen[key] || len(x.references) > maxReferences {
		return
	}
	x.seen[key] = true
	r.Raw = clip(shown(r.Raw))
	x.references = append(x.references, r)
}

func (x *extraction) warn(format string, args ...any) {
	if len(x.warnings) < maxWarnings {
		x.warnings = append(x.warnings, fmt.Sprintf(format, args...))
	}
}

// clip cuts what is repeated from an object, to 200 bytes.
func clip(s string) string { return report.Clip(s, 200) }
