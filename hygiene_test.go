package assay_test

import (
	"go/ast"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The budgets of CONTRIBUTING.md.
const maxLines = 400

// longFiles may exceed maxLines: tables, each with its reason.
var longFiles = map[string]string{}

var badNames = []string{"base", "common", "helper", "helpers", "misc", "shared", "util", "utils"}

var unfinished = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)

func TestPackageNames(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if name := f.ast.Name.Name; slices.Contains(badNames, name) || slices.Contains(badNames, path.Base(f.dir)) {
			t.Errorf("%s: a package called %q has no subject", f.name, name)
		}
	}
}

// TestPackageDocs: what a package trusts and what it bounds is the first thing
// its reader needs to know.
func TestPackageDocs(t *testing.T) {
	documented := make(map[string]bool)
	for _, f := range sourceFiles(t) {
		if f.test || f.dir == "." {
			continue
		}
		doc := f.ast.Doc.Text()
		documented[f.dir] = documented[f.dir] || strings.Contains(doc, "\n# Security\n")
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s: the package comment has no \"# Security\" section", dir)
		}
	}
}

// TestNoInit: what a program consists of can be read in its lists, not in side
// effects of imports.
func TestNoInit(t *testing.T) {
	for _, f := range sourceFiles(t) {
		for _, decl := range f.ast.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init function", f.fset.Position(fn.Pos()))
			}
		}
	}
}

func TestFileLength(t *testing.T) {
	for _, f := range sourceFiles(t) {
		lines := f.fset.File(f.ast.FileStart).LineCount() - 1
		reason, listed := longFiles[f.name]
		switch {
		case f.test:
		case lines > maxLines && !listed:
			t.Errorf("%s has %d lines, more than %d", f.name, lines, maxLines)
		case lines <= maxLines && listed:
			t.Errorf("%s has %d lines and needs no exception (%s)", f.name, lines, reason)
		}
	}
}

func TestNothingUnfinished(t *testing.T) {
	for _, f := range sourceFiles(t) {
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				if word := unfinished.FindString(c.Text); word != "" {
					t.Errorf("%s: %s", f.fset.Position(c.Pos()), word)
				}
			}
		}
	}
}
