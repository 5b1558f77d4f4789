// Package entryname judges the names of entries in archives.
//
// # Security
//
// A name is read the way the least careful system reads it: both slashes
// separate, drives exist, case does not count.
package entryname

import (
	"path"
	"slices"
	"strings"
)

// Escapes reports a name that is absolute or climbs, in the eyes of any system.
// "w:0.npy" is what NumPy calls the array of a TensorFlow variable, and no drive.
func Escapes(name string) bool {
	name = slashes(name)
	drive := len(name) >= 3 && name[1:3] == ":/" && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z')
	return strings.HasPrefix(name, "/") || drive || slices.Contains(strings.Split(name, "/"), "..")
}

// Outside reports the path of a file that is not below the folder of what names it,
// in the eyes of any system: one that escapes, a drive, a home, an address, and one
// with separators that only some systems know.
func Outside(name string) bool {
	drive := len(name) >= 2 && name[1] == ':' && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z')
	return Escapes(name) || drive || strings.HasPrefix(name, "~") || strings.ContainsAny(name, "\\\x00") ||
		strings.Contains(name, "://") || len(name) >= 5 && strings.EqualFold(name[:5], "file:")
}

// LinkEscapes reports that a link called name leads out of the archive. Target is
// relative to the folder of the link.
func LinkEscapes(name, target string) bool {
	target = slashes(target)
	if strings.HasPrefix(target, "/") || len(target) > 1 && target[1] == ':' {
		return true
	}
	return Escapes(path.Join(path.Dir(slashes(name)), target))
}

// Key is equal for names that some loader or file system takes for one.
func Key(name string) string { return strings.ToLower(path.Clean(slashes(name))) }

// HasControl reports a control character.
func HasControl(name string) bool {
	return strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r == 0x7f })
}

// IsASCII reports that the name means the same in every encoding.
func IsASCII(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool { return r > 0x7e })
}

func slashes(name string) string { return strings.ReplaceAll(name, `\`, "/") }
