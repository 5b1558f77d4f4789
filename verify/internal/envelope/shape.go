package envelope

import (
	"bytes"
	"errors"
	"fmt"
)

// Bounds on a JSON document's structure. Real bundles nest 9 deep with the
// statement 6 deep, and their largest object, a log entry, has 8 members.
const (
	maxDepth = 32
	narrow   = 64   // members of an object
	wide     = 4096 // the same, in predicates: a bill of materials has maps
)

// checkShape bounds nesting and the members of each object before a decoder sees
// the document, because a decoder that refuses duplicates has to remember every
// name. It does not check the grammar: the decoder does.
func checkShape(data []byte, maxMembers int) error {
	var members [maxDepth]int // of the open objects; -1 for arrays
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			end := stringEnd(data[i+1:])
			if end < 0 {
				return errors.New("not JSON: a string does not end")
			}
			i += end
		case '{', '[':
			if depth == maxDepth {
				return fmt.Errorf("nested deeper than %d at byte %d", maxDepth, i)
			}
			members[depth] = 1
			if data[i] == '[' {
				members[depth] = -1
			}
			depth++
		case '}', ']':
			depth = max(depth-1, 0)
		case ',':
			if depth == 0 || members[depth-1] < 0 {
				continue
			}
			if members[depth-1]++; members[depth-1] > maxMembers {
				return fmt.Errorf("an object with more than %d members at byte %d", maxMembers, i)
			}
		}
	}
	return nil
}

// stringEnd returns the length of a string with its closing quote, or -1.
func stringEnd(data []byte) int {
	for i := 0; ; i++ {
		next := bytes.IndexByte(data[i:], '"')
		if next < 0 {
			return -1
		}
		i += next
		escapes := 0
		for i-escapes > 0 && data[i-escapes-1] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
}
