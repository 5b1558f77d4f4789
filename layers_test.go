package assay_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The layers, each with what it may import. Data flows one way, so imports do
// too; docs/architecture.md draws the same picture.
//
//	cmd -> sbom -> verify -> {registry, scanners}
//
// registry and scanners are leaves and do not know each other.
var layers = map[string][]string{
	"registry": {"registry"},
	"scanners": {"scanners"},
	"verify":   {"verify", "registry", "scanners"},
	"sbom":     {"sbom", "verify", "registry", "scanners"},
	"cmd":      {"cmd", "sbom", "verify", "registry", "scanners"},
	"demo":     {"demo"},
	"bench":    {"bench"},
}

// support are the folders of a layer that are no implementation (no format, no
// store, no scheme): everybody above may import them. Every other folder below a
// layer is an implementation, and only cmd and the "all" packages name those.
var support = map[string][]string{
	"registry": {"all", "export", "internal", "registrytest"},
	"scanners": {"all", "internal", "scannertest"},
	"verify":   {"all", "internal", "hashing", "license", "policy", "report", "sigstoretest", "store", "trust"},
	"sbom":     {"all", "internal"},
}

// forbiddenBelowScanners keeps the promise that a scanner cannot run anything,
// phone home, touch the disk or depend on the clock. The core alone, the package
// scanners itself, spools members to temporary files.
var forbiddenBelowScanners = []string{
	"C", "net", "os", "plugin", "reflect", "syscall", "time", "unsafe",
	"golang.org/x/net", "golang.org/x/sys", "math/rand",
}

const module = "assay"

// sourceFile is one parsed Go file of the repository.
type sourceFile struct {
	name string // slash-separated, relative to the root
	dir  string // its package: "." for the root
	test bool
	fset *token.FileSet
	ast  *ast.File
}

func (f sourceFile) imports() []string {
	var list []string
	for _, spec := range f.ast.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			name = spec.Path.Value
		}
		list = append(list, name)
	}
	return list
}

// sourceFiles reads and parses every Go file itself. Asking `go list` instead
// would be answered from the test cache after an import changed.
func sourceFiles(t *testing.T) []sourceFile {
	t.Helper()
	var list []sourceFile
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if base := d.Name(); name != "." && (base == "testdata" || base == "bin" || base == "dist" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		list = append(list, sourceFile{
			name: name, dir: path.Dir(name), test: strings.HasSuffix(name, "_test.go"), fset: fset, ast: parsed,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 20 {
		t.Fatalf("only %d Go files found: the test does not see the repository", len(list))
	}
	return list
}

func TestLayers(t *testing.T) {
	for _, f := range sourceFiles(t) {
		if f.dir == "." {
			continue // the tests of the whole may see everything
		}
		for _, imported := range f.imports() {
			if why := badImport(f.dir, imported, f.test); why != "" {
				t.Errorf("%s: %s -> %s: %s", f.name, f.dir, imported, why)
			}
		}
	}
}

// pureHTML is a tokenizer in a module with a suspicious name: it reads an
// io.Reader and imports no network.
const pureHTML = "golang.org/x/net/html"

// badImport says why a package may not import another, and "" when it may.
// Tests may use what they like of the standard library and may name
// implementations, but they stay inside the layers.
func badImport(from, imported string, test bool) string {
	if imported == pureHTML {
		return ""
	}
	own, isOwn := strings.CutPrefix(imported, module+"/")
	if !isOwn {
		if !test && isPure(from) && slices.ContainsFunc(forbiddenBelowScanners, func(bad string) bool { return within(imported, bad) }) {
			return "a scanner cannot run, phone home, touch the disk or read the clock"
		}
		return ""
	}
	layer, _, _ := strings.Cut(from, "/")
	target, _, _ := strings.Cut(own, "/")
	if !slices.Contains(layers[layer], target) {
		return layer + " may import only " + strings.Join(layers[layer], ", ")
	}
	implementation := implementationOf(own)
	switch {
	case implementation == "" || within(from, implementation) || test:
		return ""
	case layer == "cmd" || from == layer+"/all":
		return ""
	case implementationOf(from) != "" && layer == target:
		return "no implementation imports a sibling; what they share belongs to " + layer + "/internal"
	}
	return "only cmd and the packages named all name implementations"
}

// isPure reports the packages that are pure functions from bytes to results.
func isPure(dir string) bool {
	return within(dir, "scanners") && dir != "scanners" && !within(dir, "scanners/scannertest")
}

// implementationOf returns the folder of the implementation that a package
// belongs to ("scanners/pickle" for "scanners/pickle/vm"), or "".
func implementationOf(dir string) string {
	layer, rest, _ := strings.Cut(dir, "/")
	name, _, _ := strings.Cut(rest, "/")
	known, isLayer := support[layer]
	if !isLayer || name == "" || slices.Contains(known, name) {
		return ""
	}
	return layer + "/" + name
}

func within(dir, folder string) bool {
	return dir == folder || strings.HasPrefix(dir, folder+"/")
}

// TestLayerRules shows that each rule can be broken.
func TestLayerRules(t *testing.T) {
	for _, c := range []struct {
		from, imported string
		ok             bool
	}{
		{"registry/hf", "assay/registry", true},
		{"registry/hf", "assay/registry/internal/fetch", true},
		{"registry/hf", "assay/registry/oci", false},
		{"registry/hf", "assay/scanners", false},
		{"registry", "assay/registry/hf", false},
		{"scanners", "os", true},
		{"scanners/pickle", "os", false},
		{"scanners/pickle", "os/exec", false},
		{"scanners/pickle", "net/http", false},
		{"scanners/internal/bounded", "time", false},
		{"scanners/pickle", "assay/scanners/zip", false},
		{"scanners/pickle", "assay/scanners/pickle/vm", true},
		{"scanners/all", "assay/scanners/pickle", true},
		{"scanners", "assay/scanners/all", true},
		{"scanners/pickle", "assay/registry", false},
		{"verify", "assay/scanners/pickle", false},
		{"verify", "assay/verify/hashing", true},
		{"verify", "assay/verify/oms", false},
		{"verify/store", "assay/verify", true},
		{"verify", "assay/sbom", false},
		{"sbom/spdx", "assay/verify", true},
		{"cmd/assay", "assay/registry/hf", true},
		{"cmd/internal/cli", "assay/sbom/spdx", true},
		{"demo", "assay/verify", false},
		{"unknown", "assay/verify", false},
	} {
		if why := badImport(c.from, c.imported, false); (why == "") != c.ok {
			t.Errorf("%s -> %s: got %q, want allowed=%v", c.from, c.imported, why, c.ok)
		}
	}
}

// TestRegistration fails on an implementation that no list names: a format that
// is never run would look like one that finds nothing.
func TestRegistration(t *testing.T) {
	files := sourceFiles(t)
	for _, layer := range []string{"registry", "scanners"} {
		named := make(map[string]bool)
		for _, f := range files {
			if f.dir == layer+"/all" && !f.test {
				for _, imported := range f.imports() {
					named[strings.TrimPrefix(imported, module+"/")] = true
				}
			}
		}
		if len(named) == 0 {
			t.Errorf("%s/all names nothing", layer)
		}
		for _, f := range files {
			if dir := implementationOf(f.dir); dir == f.dir && within(dir, layer) && !f.test && !named[dir] {
				t.Errorf("%s is not in the list of %s/all: add its line", dir, layer)
				named[dir] = true
			}
		}
	}
}
