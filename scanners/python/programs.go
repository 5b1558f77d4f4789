package python

import (
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/commands"
)

// statusPrograms say something about the machine, or build and version the code
// that calls them: what setup scripts and environment reports start.
var statusPrograms = []string{
	"git", "nvidia-smi", "nvcc", "rocm-smi", "rocminfo", "uname", "lscpu", "which", "where", "hostname", "sysctl", "ldconfig", "sw_vers", "locale",
	"stty", "tput", "clear", "cls", "cmake", "make", "ninja", "gcc", "g++", "cc", "c++", "clang", "clang++", "cl", "pkg-config", "ffmpeg", "ffprobe", "df", "free", "lsb_release", "hipconfig", "sphinx-build", "dpkg", "arch", "lspci", "xcrun", "xcodebuild",
}

// started judges the command line of a program that is started.
func (f *flow) started(r string, given []value, off int, s *scope) grade {
	g := usual
	for i, v := range given {
		if v.taint&fromNet != 0 {
			f.note(chain, off, "starts what it downloads", usual, s)
		}
		if v.taint&fromCode != 0 && i == 0 {
			f.note(chain, off, "starts what it decodes", usual, s)
		}
		text := commandText(v)
		for _, sign := range commands.Judge(text) {
			if sign.Severity.AtLeast(scanners.High) {
				f.note(command, off, sign.What, usual, s)
			}
		}
		program, _, _ := strings.Cut(strings.TrimSpace(text), " ")
		program = program[strings.LastIndexAny(program, `/\`)+1:]
		if i == 0 && slices.Contains(statusPrograms, program) && installed(text) && !(program == "git" && gitRuns.MatchString(text)) && !strings.ContainsAny(text, "|;&`$<>") {
			g = harmless
		}
		if i == 0 {
			f.startsFile(text, v, off, s)
		}
	}
	return g
}

// gitRuns matches options and settings by which git starts other programs
// (git-config: alias, core.sshCommand, core.pager, core.fsmonitor, filter, diff).
var gitRuns = regexp.MustCompile(`\s(?:-c|--config(?:-env)?|--exec(?:-path)?|--upload-pack|--receive-pack|-u|--ext-diff|--textconv|--open-files-in-pager|-O)\b|ext::|\sconfig\s.*(?:alias|core|filter|diff|merge|pager|credential|gpg|ssh|hook)|\s(?:filter-branch|bisect\s+run|submodule\s+foreach|rebase\s.*-x)\b|!`)

// installed reports a program of the machine: one that is named by a path inside
// the repository is a file of the repository.
func installed(text string) bool {
	program, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	program = strings.ReplaceAll(program, "\\", "/")
	return !strings.Contains(program, "/") || systemFolder.MatchString(program) && !strings.Contains(program, "..")
}

// systemFolder matches where programs are installed; the beginning may be a setting
// such as CUDA_HOME.
var systemFolder = regexp.MustCompile(`^(?:/usr|/opt|/bin|/sbin|/System|/Library|[A-Za-z]:/)|^\{\}/bin/[^/]*$`)
