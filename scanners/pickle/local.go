package pickle

import (
	"context"
	"fmt"
	"path"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/findings"
	"assay/scanners/internal/pyglobals"
)

var _ scanners.CrossChecker = Scanner{}

// builtin are modules that no file can stand for: they are compiled into the
// interpreter, or loaded before the first line of a program runs (CPython 3.11,
// sys.builtin_module_names and sys.modules at start), and the names that a
// pickle of TorchScript and of a program's own file has.
var builtin = map[string]bool{
	"builtins": true, "__builtin__": true, "__main__": true, "sys": true, "_codecs": true, "codecs": true, "io": true, "_io": true,
	"os": true, "posix": true, "nt": true, "time": true, "abc": true, "_operator": true, "_functools": true, "_thread": true, "_weakref": true,
	"exceptions": true, "__torch__": true,
}

// moduleFile is one of the files that an import of a module can run, in a folder that
// is on the search path: a file or package of its first part, or, when no package
// of that name is installed, a file below folders without __init__.py (PEP 420).
// Source, byte code and extension modules count alike: importlib.machinery
// all_suffixes().
func moduleFile(module string, has func(file string) bool, starts func(prefix string) (string, bool)) (string, bool) {
	parts := strings.Split(module, ".")
	if builtin[parts[0]] || parts[0] == "" || strings.ContainsAny(module, "/\\\x00") {
		return "", false
	}
	installed := pyglobals.KnownModule(module)
	for i := range parts {
		if i > 0 && installed {
			break // a package that is installed is found before a folder without __init__.py
		}
		stem := strings.Join(parts[:i+1], "/")
		for _, name := range [...]string{stem + ".py", stem + "/__init__.py", stem + ".so", stem + ".pyd", stem + ".pyc", stem + ".pyw", stem + "/__init__.pyc", stem + "/__init__.so"} {
			if has(name) {
				return name, true
			}
		}
		for _, name := range [...]string{stem + ".", stem + "/__init__."} { // module.cpython-311-x86_64-linux-gnu.so
			if file, ok := starts(name); ok {
				return file, true
			}
		}
	}
	return "", false
}

// isExtension reports the name of an extension module with the tag of an interpreter.
func isExtension(file string) bool {
	ext := path.Ext(file)
	return (ext == ".so" || ext == ".pyd") && (strings.Contains(file, ".cpython-") || strings.Contains(file, ".abi3") || strings.Contains(file, ".cp3") || strings.Contains(file, ".pypy"))
}

// Cross finds files of the artifact that a pickle in it imports. A program that is
// started in the folder, or one folder up, has it on the search path before everything
// that is installed.
func (Scanner) Cross(_ context.Context, files []scanners.CrossFile) (r scanners.CrossResult) {
	var code folder
	for _, f := range files {
		switch path.Ext(f.Name) {
		case ".py", ".pyc", ".pyw", ".so", ".pyd":
			code.add(f.Name)
		}
	}
	if len(code.files) == 0 {
		return r
	}
	for _, f := range files {
		list := findings.New(ruleTable[:])
		for _, ref := range f.Report.Outline.Refs {
			if ref.Kind != scanners.RefImport {
				continue
			}
			if file, ok := code.module(path.Dir(f.Name), ref.Name); ok {
				list.Add(ruleTable[ruleLocalModule].ID, 0, "%s", fmt.Sprintf("imports %s, which %s of the same repository may define", ref.Key, clip.Quote(file, 200)))
			}
		}
		for _, found := range list.All() {
			r.Findings = append(r.Findings, scanners.CrossFinding{File: f.Name, Finding: found})
		}
	}
	return r
}

// folder is the Python code of an artifact.
type folder struct {
	files      map[string]bool
	extensions map[string]string // "dir/module." to the file
}

func (d *folder) add(name string) {
	if d.files == nil {
		d.files, d.extensions = make(map[string]bool), make(map[string]string)
	}
	d.files[name] = true
	if isExtension(name) {
		dir, base := path.Split(name)
		stem, _, _ := strings.Cut(base, ".")
		d.extensions[dir+stem+"."] = name
	}
}

// module looks for a module in a folder of the artifact and in every folder around it.
func (d *folder) module(dir, module string) (string, bool) {
	for {
		file, ok := moduleFile(module,
			func(name string) bool { return d.files[path.Join(dir, name)] },
			func(prefix string) (string, bool) { file, ok := d.extensions[under(dir, prefix)]; return file, ok })
		switch {
		case ok && d.files[file]: // an extension, under its whole name
			return file, true
		case ok:
			return path.Join(dir, file), true
		}
		if dir == "." || dir == "/" || dir == "" {
			return "", false
		}
		dir = path.Dir(dir)
	}
}

// under is path.Join that keeps the end of a prefix.
func under(dir, prefix string) string {
	if dir == "." || dir == "" {
		return prefix
	}
	return dir + "/" + prefix
}
