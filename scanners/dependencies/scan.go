package dependencies

import (
	"context"
	"path"
	"regexp"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/commands"
	"assay/scanners/internal/entryname"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/wholetext"
)

// Scanner knows lists of packages.
type Scanner struct{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "dependencies", Title: "Python dependencies", Version: 1, Rules: slices.Clone(rules)}
}

// form is how a file lists packages.
type form uint8

const (
	none         form = iota
	requirements      // pip
	conda             // YAML with dependencies and channels
	toml              // pyproject.toml, Pipfile
	settings          // pip.conf, setup.cfg
)

var (
	requirementsName = regexp.MustCompile(`(?i)^(?:[\w.-]*requirements?[\w.-]*|[\w.-]*constraints?)\.(?:txt|in|pip)$`)
	condaName        = regexp.MustCompile(`(?i)^(?:[\w.-]*environment[\w.-]*|conda(?:[_-]env)?|python_env|[\w.-]*conda[\w.-]*)\.ya?ml$`)
)

func formOf(name string) form {
	base := strings.ToLower(path.Base(name))
	switch {
	case requirementsName.MatchString(base), path.Base(path.Dir(name)) == "requirements" && path.Ext(base) == ".txt":
		return requirements
	case condaName.MatchString(base):
		return conda
	case base == "pyproject.toml", base == "pipfile", base == "pixi.toml", base == "uv.toml":
		return toml
	case base == "pip.conf", base == "pip.ini", base == "setup.cfg", base == ".pip.conf":
		return settings
	}
	return none
}

// Match accepts the files by name.
func (Scanner) Match(h scanners.Head) bool { return formOf(h.Name) != none }

// maxList is the size up to which a list is read, in bytes.
const maxList = 1 << 20

type scan struct {
	text  wholetext.Text
	found *findings.List
	facts []scanners.Fact
	form  form
	table string // of TOML; the key of YAML
	loose []string
	first int
	key   string // of setup.cfg
}

// Scan reads the list.
func (Scanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	text, long := wholetext.Read(f, maxList)
	if text.String == "" && long != nil {
		return scanners.Result{}, long
	}
	s := &scan{text: text, found: findings.New(rules), form: formOf(f.Name)}
	ended := s.lines(ctx)
	if len(s.loose) > 0 {
		s.found.Add("dependencies/unpinned", text.At(s.first), "%d packages, among them %s", len(s.loose), clip.Quote(strings.Join(s.loose[:min(len(s.loose), 3)], ", "), 120))
	}
	result := scanners.Result{Findings: s.found.All(), Facts: s.facts}
	if ended != nil {
		return result, ended
	}
	if long != nil {
		return result, long
	}
	result.Parsed.Add(0, f.Size)
	return result, nil
}

func (s *scan) lines(ctx context.Context) error {
	at := 0
	before := ""
	for raw := range strings.Lines(s.text.String) {
		if err := ctx.Err(); err != nil {
			return err
		}
		line := strings.TrimRight(raw, "\r\n")
		if rest, ok := strings.CutSuffix(line, "\\"); ok && s.form == requirements && len(before) < 64<<10 {
			before += rest + " "
			at += len(raw)
			continue
		}
		s.line(before+line, at)
		before = ""
		at += len(raw)
	}
	if before != "" {
		s.line(before, at)
	}
	return nil
}

// comment begins after white space, so that #egg= stays.
var comment = regexp.MustCompile(`(?:^|\s)#.*$`)

func (s *scan) line(line string, at int) {
	indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
	line = strings.TrimSpace(comment.ReplaceAllString(line, ""))
	if line == "" {
		return
	}
	if s.form == settings {
		line = s.settingsLine(line, indented, at)
	}
	s.addresses(line, at)
	switch s.form {
	case requirements:
		s.requirement(line, at)
	case conda:
		s.condaLine(line, at)
	case toml:
		s.tomlLine(line, at)
	}
}

var (
	indexOption = regexp.MustCompile(`(?i)(?:--extra-index-url|--index-url|--find-links|(?:^|\s)-i|(?:^|\s)-f|\bindex[-_]url|\bextra[-_]index[-_]url|\bfind[-_]links|\bindex-strategy)[\s="']+(\S+?)["']?$|(?:--extra-index-url|--index-url|--find-links|(?:^|\s)-i|(?:^|\s)-f)[\s=]+(\S+)`)
	trustedHost = regexp.MustCompile(`(?i)(?:--trusted-host[\s=]|^trusted[-_]host\s*=|verify_ssl\s*=\s*false)`)
	sourceURL   = regexp.MustCompile(`(?i)^url\s*=\s*["'](https?://[^"']+)`)
	direct      = regexp.MustCompile(`(?i)(?:git|hg|svn|bzr)\+[a-z+]+://[^\s"',;\]]+|(?:@|^|["'\s-])\s*(?:https?|ftp|file)://[^\s"',;\]]+`)
	insecure    = regexp.MustCompile(`(?i)^(?:git\+)?(?:http|git|ftp)://`)
)

// addresses looks at the addresses of a line, in whatever form the file is.
func (s *scan) addresses(line string, at int) {
	off := s.text.At(at)
	if trustedHost.MatchString(line) {
		s.found.Add("dependencies/unverified-host", off, "%s", clip.Quote(line, 160))
	}
	var urls []string
	for _, m := range indexOption.FindAllStringSubmatch(line, -1) {
		urls = append(urls, strings.Trim(m[1]+m[2], `"',`))
	}
	if m := sourceURL.FindStringSubmatch(line); m != nil && (strings.Contains(s.table, "source") || strings.Contains(s.table, "index")) {
		urls = append(urls, m[1])
	}
	for _, url := range urls {
		switch {
		case strings.HasPrefix(strings.ToLower(url), "http://"):
			s.found.Add("dependencies/unverified-host", off, "the index %s", clip.Quote(url, 160))
		case strings.Contains(url, "://") && !commands.IsPublicIndex(url):
			s.found.Add("dependencies/foreign-index", off, "%s", clip.Quote(url, 160))
		}
	}
	if len(urls) > 0 || s.form == settings && !s.required() || s.form == toml && !s.lists() {
		return
	}
	if m := direct.FindString(line); m != "" {
		m = strings.Trim(m, `@ "'-`)
		if insecure.MatchString(m) {
			s.found.Add("dependencies/unverified-host", off, "%s", clip.Quote(m, 160))
			return
		}
		if !strings.Contains(s.table, "channels") || !isKnownChannel(m) {
			s.found.Add("dependencies/direct-address", off, "%s", clip.Quote(m, 160))
		}
	}
}

// fileOption is an option of pip that names a file or a folder, with its value.
var fileOption = regexp.MustCompile(`^(?:-[rce]|--(?:requirement|constraint|editable)\b)\s*=?\s*["']?([^"']*)`)

// requirement reads one line of pip.
func (s *scan) requirement(line string, at int) {
	if strings.HasPrefix(line, "-") {
		if m := fileOption.FindStringSubmatch(line); m != nil && !strings.Contains(m[1], "://") {
			s.path(strings.TrimSpace(m[1]), line, at)
		}
		return
	}
	if strings.Contains(line, "://") {
		return
	}
	name, _, _ := strings.Cut(line, ";")
	if !s.path(strings.Trim(name, `"' `), line, at) {
		s.pkg(line, at)
	}
}

// path reports a file or folder outside of that of the list.
func (s *scan) path(name, line string, at int) bool {
	if _, address, ok := strings.Cut(name, "@"); ok && !strings.ContainsAny(name[:len(name)-len(address)], `/\`) {
		name = strings.TrimSpace(address) // x @ file:../y
	}
	if !entryname.Outside(name) {
		return false
	}
	s.found.Add("dependencies/path-escape", s.text.At(at), "%s", clip.Quote(line, 160))
	return true
}

// specifier is a package with what is asked of its version (PEP 508).
var specifier = regexp.MustCompile(`^([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*(?:\(?\s*((?:===?|~=|!=|<=?|>=?|=)\s*[^;,()\s]+(?:\s*,\s*[^;()]+)?)\)?)?\s*(?:;.*|--hash.*)?$`)

// pkg takes one package.
func (s *scan) pkg(text string, at int) {
	m := specifier.FindStringSubmatch(text)
	if m == nil || len(m[1]) > 100 {
		return
	}
	name := strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(m[1]))
	version := strings.ReplaceAll(m[2], " ", "")
	if len(s.facts) < 512 {
		s.facts = append(s.facts, scanners.Fact{Key: "dependencies/package", Value: clip.Bytes(name+version, 200)})
	}
	if !strings.HasPrefix(version, "=") || strings.Contains(version, "*") {
		if len(s.loose) == 0 {
			s.first = at
		}
		s.loose = append(s.loose, name)
	}
	if original, ok := looksLike(name); ok {
		s.found.Add("dependencies/look-alike", s.text.At(at), "%s is nearly %s", clip.Quote(name, 80), original)
	}
}

// condaChannels are those that everybody uses.
var condaChannels = []string{"defaults", "conda-forge", "pytorch", "pytorch-nightly", "nvidia", "huggingface", "bioconda", "fastai", "anaconda", "main", "r", "msys2", "nodefaults", "intel", "rapidsai", "xformers", "pyg", "fvcore", "iopath", "menpo", "plotly", "esri"}

func isKnownChannel(url string) bool {
	return strings.HasPrefix(url, "https://repo.anaconda.com/") || strings.HasPrefix(url, "https://conda.anaconda.org/conda-forge") || strings.HasPrefix(url, "https://repo.prefix.dev/conda-forge")
}

// condaLine reads a line of an environment.
func (s *scan) condaLine(line string, at int) {
	item, isItem := strings.CutPrefix(line, "-")
	item = strings.Trim(strings.TrimSpace(item), `"'`)
	if !isItem || strings.HasSuffix(item, ":") {
		s.table, _, _ = strings.Cut(strings.TrimSpace(item), ":")
		return
	}
	switch {
	case s.table == "channels":
		if !slices.Contains(condaChannels, item) && !strings.Contains(item, "://") {
			s.found.Add("dependencies/foreign-index", s.text.At(at), "the channel %s", clip.Quote(item, 80))
		}
	case strings.HasPrefix(item, "-"):
		s.requirement(item, at)
	case slices.Contains([]string{"dependencies", "pip", "build_dependencies"}, s.table) && !strings.Contains(item, "://"):
		if _, rest, ok := strings.Cut(item, "::"); ok {
			item = rest
		}
		s.pkg(item, at)
	}
}

// lists reports a table of TOML that lists packages.
func (s *scan) lists() bool {
	return strings.Contains(s.table, "dependencies") || strings.Contains(s.table, "packages") || s.table == "project" || s.table == "build-system" || s.table == "[source]" || strings.Contains(s.table, "sources")
}

var (
	tableHead = regexp.MustCompile(`^\[+([\w.\s"'-]+)\]+$`)
	quoted    = regexp.MustCompile(`["']([^"']+)["']`)
	listStart = regexp.MustCompile(`^([\w.-]+)\s*=\s*(.*)$`)
)

// tomlLine reads a line of TOML: tables, and lists of requirements in them.
func (s *scan) tomlLine(line string, at int) {
	if m := tableHead.FindStringSubmatch(line); m != nil {
		s.table = strings.TrimSpace(m[1])
		return
	}
	if strings.HasPrefix(line, "backend-path") {
		s.found.Add("dependencies/own-build", s.text.At(at), "%s", clip.Quote(line, 120))
	}
	key := ""
	if m := listStart.FindStringSubmatch(line); m != nil {
		key, line = m[1], m[2]
	}
	switch {
	case strings.HasSuffix(s.table, "packages") || strings.HasSuffix(s.table, ".dependencies") && strings.HasPrefix(s.table, "tool.poetry"):
		if key != "" && key != "python" {
			version := strings.Trim(line, `"' `)
			if version == "*" || strings.HasPrefix(version, "^") {
				version = ""
			}
			s.pkg(key+version, at)
		}
	case s.table == "build-system" && key == "requires", s.table == "project" && (key == "dependencies" || key == "" && strings.HasPrefix(line, `"`)), strings.HasSuffix(s.table, "optional-dependencies"), s.table == "dependency-groups":
		for _, m := range quoted.FindAllStringSubmatch(line, -1) {
			if !strings.Contains(m[1], "://") {
				s.pkg(m[1], at)
			}
		}
	}
}
