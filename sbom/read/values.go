package read

import (
	"strings"

	"github.com/go-json-experiment/json"
)

// text is a string where a bill has one, and empty where it has anything else:
// a field of a wrong type says nothing, and is no reason to refuse the rest.
type text string

// UnmarshalJSON takes strings, and numbers as they are written.
func (t *text) UnmarshalJSON(data []byte) error {
	*t = ""
	if len(data) == 0 {
		return nil
	}
	switch c := data[0]; {
	case c == '"':
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*t = text(s)
	case c == '-' || c >= '0' && c <= '9':
		*t = text(data)
	}
	return nil
}

// ref is the id of an element: a string, or an element written in place.
type ref string

// UnmarshalJSON takes both.
func (r *ref) UnmarshalJSON(data []byte) error {
	*r = ""
	if len(data) > 0 && data[0] == '"' {
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		*r = ref(s)
		return nil
	}
	var inner struct {
		ID    text `json:"spdxId"`
		Blank text `json:"@id"`
	}
	if len(data) > 0 && data[0] == '{' {
		if err := json.Unmarshal(data, &inner); err != nil {
			return err
		}
	}
	*r = ref(inner.ID + inner.Blank)
	return nil
}

// list is a list where a bill has one; a single value counts as a list of it,
// as JSON-LD allows.
type list[T any] []T

// UnmarshalJSON leaves out the items that are not understood.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	*l = nil
	if len(data) == 0 {
		return nil
	}
	if data[0] != '[' {
		var one T
		if json.Unmarshal(data, &one) == nil {
			*l = list[T]{one}
		}
		return nil
	}
	var many []T
	if json.Unmarshal(data, &many) == nil {
		*l = many
	}
	return nil
}

func join(parts []text) text {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, string(p))
		}
	}
	return text(strings.Join(out, ", "))
}
