package repository

import (
	"context"
	"maps"
	"path"
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
)

// Scanner compares files. Alone, a file tells it nothing.
type Scanner struct{}

var _ scanners.CrossChecker = Scanner{}

// New returns the scanner.
func New() Scanner { return Scanner{} }

// Info describes the scanner and its rules.
func (Scanner) Info() scanners.Info {
	return scanners.Info{Name: "repository", Title: "Files of a repository together", Version: 1, Rules: slices.Clone(rules)}
}

// Match accepts nothing.
func (Scanner) Match(scanners.Head) bool { return false }

// Scan recognises nothing.
func (Scanner) Scan(context.Context, scanners.File, scanners.Limits) (scanners.Result, error) {
	return scanners.Result{}, scanners.ErrNotRecognised
}

// Cross compares the files.
func (Scanner) Cross(ctx context.Context, files []scanners.CrossFile) scanners.CrossResult {
	c := &check{ctx: ctx, files: files, byName: make(map[string]int), byFolder: make(map[string][]int), found: make(map[int]*findings.List)}
	for i, f := range files {
		c.byName[f.Name] = i
		c.byFolder[path.Dir(f.Name)] = append(c.byFolder[path.Dir(f.Name)], i)
	}
	c.names()
	c.data()
	c.programs()
	c.contents()
	for _, dir := range slices.Sorted(maps.Keys(c.byFolder)) {
		members := c.byFolder[dir]
		c.indexes(dir, members)
		c.parts(members)
		c.tokens(members)
		c.templates(members)
		c.adapter(dir, members)
		c.weights(members)
		c.claims(members)
	}
	return c.result()
}

// check is the state of one comparison.
type check struct {
	ctx      context.Context
	files    []scanners.CrossFile
	byName   map[string]int
	byFolder map[string][]int // indexes of the files in a folder, sorted by name
	found    map[int]*findings.List
	plain    []scanners.CrossPlain
}

func (c *check) list(file int) *findings.List {
	if c.found[file] == nil {
		c.found[file] = findings.New(rules)
	}
	return c.found[file]
}

func (c *check) add(file int, rule, format string, args ...any) {
	c.list(file).Add("repository/"+rule, 0, format, args...)
}

func (c *check) addAs(severity scanners.Severity, file int, rule, format string, args ...any) {
	c.list(file).AddAs(severity, "repository/"+rule, 0, format, args...)
}

func (c *check) result() scanners.CrossResult {
	r := scanners.CrossResult{Plain: c.plain}
	for _, i := range slices.Sorted(maps.Keys(c.found)) {
		for _, f := range c.found[i].All() {
			r.Findings = append(r.Findings, scanners.CrossFinding{File: c.files[i].Name, Finding: f})
		}
	}
	return r
}

// find returns the file that a name in a file of the folder means.
func (c *check) find(dir, name string) (int, bool) {
	if strings.HasPrefix(name, "/") || strings.ContainsAny(name, "\\\x00") {
		return 0, false
	}
	i, ok := c.byName[path.Join(dir, name)]
	return i, ok
}

func (c *check) base(file int) string { return strings.ToLower(path.Base(c.files[file].Name)) }

func (c *check) outline(file int) *scanners.Outline { return &c.files[file].Report.Outline }

// has reports a format that recognised the file.
func (c *check) has(file int, format string) bool {
	return slices.Contains(c.files[file].Report.Formats, format)
}

// facts are the values of one key.
func (c *check) facts(file int, key string) []string {
	var list []string
	for _, f := range c.files[file].Report.Facts {
		if f.Key == key {
			list = append(list, f.Value)
		}
	}
	return list
}

func (c *check) fact(file int, key string) string {
	if list := c.facts(file, key); len(list) > 0 {
		return list[0]
	}
	return ""
}

func quote(text string) string { return clip.Quote(text, 100) }
