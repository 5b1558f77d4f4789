package python

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/scanners/internal/clip"
)

// credentialPath matches files that hold keys and sessions.
var credentialPath = regexp.MustCompile(`(?i)(?:^|[/\\~])\.ssh(?:[/\\]|$)|\bid_(?:rsa|ed25519|ecdsa|dsa)\b|\.aws[/\\](?:credentials|config)|(?:^|[/\\])\.netrc$|\.git-credentials|\.kube[/\\]config|\.docker[/\\]config\.json|\.config[/\\]gcloud|\.azure[/\\]|/etc/shadow|\.pypirc|\.npmrc|[/\\]Login Data|[/\\]Cookies$|wallet\.dat|\.electrum|\.gnupg|Local State$|huggingface[/\\](?:token|stored_tokens)|(?:^|[/\\])\.(?:bash|zsh|python|psql|mysql)_history$|[/\\]key[34]\.db$|logins\.json$|leveldb$|\.metamask|discord[/\\]Local Storage`)

// persistPath matches files that are started, or obeyed, by themselves.
var persistPath = regexp.MustCompile(`(?i)\.ssh[/\\]authorized_keys|(?:^|[/\\~])\.(?:bashrc|bash_profile|profile|zshrc|zprofile|zshenv)$|/etc/(?:cron|rc\.local|systemd|profile|ld\.so\.preload)|/var/spool/cron|LaunchAgents|LaunchDaemons|Start Menu[/\\]Programs[/\\]Startup|\.config[/\\](?:autostart|systemd)|site-packages(?:[/\\].{0,80}\.(?:pth|py|pyc|so|pyd))?[/\\]?$|(?:site|user)customize\.py$|\.git[/\\]hooks[/\\]|\.vscode[/\\]tasks\.json|\.claude[/\\]settings`)

// readers and writers of files, by the end of their names.
var (
	readers = regexp.MustCompile(`^builtins\.open$|\.(?:open|read_text|read_bytes|copy|copy2|copyfile|glob|iglob|rglob|listdir|walk|connect|ZipFile)$`)
	writers = regexp.MustCompile(`^builtins\.open$|\.(?:open|write_text|write_bytes|copy|copy2|copyfile|copytree|get_handle|memmap|save|savetxt|tofile|move|symlink|rename|replace|symlink_to|link)$`)
)

// credentials follows paths to keys and to what starts by itself.
func (f *flow) credentials(out value, args []value, off int, s *scope, r string) value {
	for i, v := range args {
		for _, t := range v.texts {
			if len(t) > 512 {
				continue
			}
			if credentialPath.MatchString(t) {
				out.taint |= fromSecret
				if readers.MatchString(r) {
					f.note(keys, off, "reads "+clip.Quote(t, 80), usual, s)
				}
			}
			writes := r == "os.open" && len(args) > 1 && !slices.Equal(args[1].refs, []string{"os.O_RDONLY"}) || !strings.HasSuffix(r, "open") || len(args) > 1 && len(args[1].texts) > 0 && strings.ContainsAny(args[1].texts[0], "wax+")
			if i < 2 && persistPath.MatchString(t) && writers.MatchString(r) && writes {
				f.note(persist, off, "writes "+clip.Quote(t, 80), usual, s)
			}
		}
	}
	if r == "builtins.open" && len(args) > 0 {
		out.paths = args[0].texts
	}
	if r == "builtins.open" && out.taint&fromSecret == 0 {
		out.taint |= fromFile
	}
	return out
}

// ofPath looks at methods of a path: pathlib writes without any function of os.
func (f *flow) ofPath(base value, name string, args []value, off int, s *scope) {
	switch name {
	case "write_text", "write_bytes", "touch", "symlink_to", "hardlink_to", "rename", "replace":
	case "open":
		if len(args) == 0 || len(args[0].texts) > 0 && !strings.ContainsAny(args[0].texts[0], "wax+") {
			return
		}
	default:
		return
	}
	if len(base.refs) == 0 && (name == "replace" || name == "open") {
		return // of a text
	}
	for _, t := range base.texts {
		if len(t) <= 512 && persistPath.MatchString(t) {
			f.note(persist, off, "writes "+clip.Quote(t, 80), usual, s)
		}
	}
}

// pathOf computes the methods of a pathlib path that give a path.
func pathOf(base value, name string, args []value) (value, bool) {
	switch {
	case len(base.refs) == 0:
		return value{}, false
	case name == "expanduser" || name == "resolve" || name == "absolute":
		return base, len(base.texts) > 0
	case name != "joinpath":
		return value{}, false
	}
	out := value{refs: base.refs, taint: base.taint}
	t, ok := joined("/", append([]value{base}, args...), &out.taint)
	out.texts = []string{t}
	return out, ok
}

// importsWritten reports the import of a module that the file itself writes or
// fetches.
func (f *flow) importsWritten(file string, off int, s *scope) {
	stem, isModule := strings.CutSuffix(path.Base(strings.ReplaceAll(file, `\`, "/")), ".py")
	if isModule && f.imports[stem] {
		f.note(chain, off, "imports the file "+clip.Quote(file, 80)+" that it writes", usual, s)
	}
}

// wholeFolder matches folders with everything that somebody has.
var wholeFolder = regexp.MustCompile(`^(?:~|/|/home|/root|/etc|/usr|/var|[A-Za-z]:[/\\]?|[A-Za-z]:[/\\]Users)[/\\]?\*?$`)

// removes reports that a home or the system is deleted.
func (f *flow) removes(r string, args []value, off int, s *scope) {
	for _, v := range args[:min(len(args), 1)] {
		if slices.ContainsFunc(v.texts, wholeFolder.MatchString) || slices.Contains(v.refs, "pathlib.Path.home()") && len(v.texts) == 0 {
			f.note(command, off, r+" of a home or a folder of the system", usual, s)
		}
	}
}

// leavesTemplate matches what a template needs to get at Python.
var leavesTemplate = regexp.MustCompile(`__\w+__|\battr\s*\(|\bpopen\b|\bimport_module\b`)

// template judges the text of a Jinja template outside of the sandbox.
func (f *flow) template(r string, arg value, off int, s *scope) {
	switch {
	case slices.ContainsFunc(arg.texts, leavesTemplate.MatchString):
		f.note(anything, off, r+" of a text that leaves the template: "+clip.Quote(arg.texts[0], 120), usual, s)
	case len(arg.texts) == 0 || arg.taint&incomplete != 0:
		f.note(execute, off, r+" of a text that is not known, outside of the sandbox", harmless, s)
	}
}
