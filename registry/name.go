package registry

import (
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
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

// PrintableName returns a name as it is when it can be shown and stored (UTF-8,
// printable), and quoted with Go escapes otherwise, so that neither a terminal
// nor a report is misled by it.
func PrintableName(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, isUnprintable) {
		return name
	}
	return strconv.Quote(name)
}

func isUnprintable(r rune) bool { return !unicode.IsPrint(r) }
