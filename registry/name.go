package registry

import (
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Bounds on what a store may list.
const (
	// MaxFiles is the number of files of one artifact.
	MaxFiles = 1_000_000
	// maxName and maxPart are the usual file system limits, in bytes.
	maxName = 4096
	maxPart = 255
)

// CheckName accepts a relative slash-separated name that means the same file on
// every system and in every index: fs.ValidPath, UTF-8, no backslash, colon
// (drive letters, alternate streams), control character, trailing dot or blank,
// no device name of Windows, no part above 255 bytes. The error wraps
// ErrUnsafeName. Lessons of huggingface_hub #3896, #4086 and modctl.
func CheckName(name string) error {
	unsafe := func(why string) error { return fmt.Errorf("%w %q: %s", ErrUnsafeName, name, why) }
	switch {
	case !fs.ValidPath(name) || name == ".":
		return unsafe("not a relative path without dot segments")
	case !utf8.ValidString(name):
		return unsafe("not UTF-8")
	case len(name) > maxName:
		return unsafe("longer than 4096 bytes")
	case strings.ContainsFunc(name, isControl):
		return unsafe("control character")
	case strings.ContainsAny(name, `\:`):
		return unsafe("backslash or colon")
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case len(part) > maxPart:
			return unsafe("a part is longer than 255 bytes")
		case strings.HasSuffix(part, ".") || strings.HasSuffix(part, " "):
			return unsafe("a part ends with a dot or a blank")
		case isDeviceName(part):
			return unsafe("reserved device name")
		}
	}
	return nil
}

// isDeviceName reports the names that Windows opens as devices, with any
// extension.
func isDeviceName(part string) bool {
	base, _, _ := strings.Cut(strings.ToUpper(part), ".")
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	digit, ok := strings.CutPrefix(base, "COM")
	if !ok {
		digit, ok = strings.CutPrefix(base, "LPT")
	}
	return ok && len(digit) == 1 && digit >= "0" && digit <= "9"
}

// CheckSet checks every name and refuses a set in which two names are equal
// after case folding and Unicode normalisation: they would be one file on a Mac
// or on Windows, and which of the two is then read is anybody's guess. It also
// refuses a file that is a folder of another.
func CheckSet(files []File) error {
	if len(files) > MaxFiles {
		return fmt.Errorf("%w: more than %d files", ErrLimit, MaxFiles)
	}
	fold := cases.Fold()
	seen := make(map[string]string, len(files))
	dirs := make(map[string]string)
	for _, f := range files {
		if err := CheckName(f.Name); err != nil {
			return err
		}
		key := norm.NFC.String(fold.String(f.Name))
		if other, ok := seen[key]; ok {
			return fmt.Errorf("%w %q: the same file as %q on some systems", ErrUnsafeName, f.Name, other)
		}
		seen[key] = f.Name
		for i := strings.LastIndexByte(key, '/'); i > 0; i = strings.LastIndexByte(key[:i], '/') {
			if dirs[key[:i]] != "" {
				break
			}
			dirs[key[:i]] = f.Name
		}
	}
	for key, name := range seen {
		if child, ok := dirs[key]; ok {
			return fmt.Errorf("%w %q: it is the folder of %q", ErrUnsafeName, name, child)
		}
	}
	return nil
}
