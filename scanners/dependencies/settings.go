package dependencies

import (
	"regexp"
	"slices"
	"strings"
)

var (
	section = regexp.MustCompile(`^\[([^\]]+)\]$`)
	setting = regexp.MustCompile(`^([\w.-]+)\s*[=:]\s*(.*)$`)
)

// requireKeys list packages in the section options of setup.cfg (setuptools,
// "Configuring setuptools using setup.cfg files").
var requireKeys = []string{"install_requires", "setup_requires", "tests_require", "install-requires", "setup-requires", "tests-require", "requires"}

// required reports a place in setup.cfg where packages are listed.
func (s *scan) required() bool {
	return s.table == "options" && slices.Contains(requireKeys, s.key) || s.table == "options.extras_require"
}

// settingsLine reads a line of setup.cfg as configparser does: what is indented goes
// on with the key above. It returns the value.
func (s *scan) settingsLine(line string, indented bool, at int) string {
	if m := section.FindStringSubmatch(line); m != nil && !indented {
		s.table, s.key = strings.ToLower(strings.TrimSpace(m[1])), ""
		return line
	}
	value := line
	if m := setting.FindStringSubmatch(line); m != nil && !indented {
		s.key, value = strings.ToLower(m[1]), m[2]
	}
	if !s.required() {
		return line
	}
	if files, ok := strings.CutPrefix(value, "file:"); ok { // a directive of setuptools
		for name := range strings.SplitSeq(files, ",") {
			s.path(strings.TrimSpace(name), line, at)
		}
		return ""
	}
	if value != "" {
		s.requirement(value, at)
	}
	return value
}
