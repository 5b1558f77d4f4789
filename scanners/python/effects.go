package python

import (
	_ "embed"
	"strings"
	"sync"
)

// effect is one thing that a call can do.
type effect string

// The effects; effects.txt says which call has which.
const (
	process     effect = "process"
	execute     effect = "exec"
	network     effect = "net"
	send        effect = "send"
	fetch       effect = "fetch"
	remote      effect = "remote"
	native      effect = "native"
	shellcode   effect = "shellcode"
	deserialise effect = "deserialise"
	remove      effect = "delete"
	start       effect = "start"
	decode      effect = "decode"
	pipe        effect = "pipe"
	// These are not found by the name of what is called.
	dynamic effect = "dynamic" // a dangerous module reached by a computed name
	keys    effect = "keys"    // opens a file with credentials
	persist effect = "persist" // writes where programs are started from
	leak    effect = "leak"    // sends the environment or credentials away
	chain   effect = "chain"   // runs what was downloaded or decoded
	command effect = "command" // a command line that has one purpose
	// These are texts and names that come from elsewhere.
	unread   effect = "unread"   // runs a text of which nothing is known
	anything effect = "anything" // calls a name of a module that data gives
	address  effect = "address"  // an address that serves to take data or to bring programs
)

//go:embed effects.txt
var effectsText string

// entry is the effect of a name.
type entry struct {
	effect effect
	why    string
}

type effectTable struct {
	exact    map[string]entry
	prefixes map[string]entry // without the asterisk
	modules  map[string]bool  // roots of all names
}

var effects = sync.OnceValue(func() *effectTable {
	t := &effectTable{map[string]entry{}, map[string]entry{}, map[string]bool{}}
	var here entry
	for line := range strings.Lines(effectsText) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "@ "); ok {
			kind, why, _ := strings.Cut(rest, " | ")
			here = entry{effect(kind), why}
			continue
		}
		for name := range strings.FieldsSeq(line) {
			root, _, _ := strings.Cut(name, ".")
			t.modules[root] = true
			if prefix, ok := strings.CutSuffix(name, "*"); ok {
				t.prefixes[prefix] = here
			} else {
				t.exact[name] = here
			}
		}
	}
	return t
})

// startsByC are functions of C libraries that start programs or run text, whichever
// library they are called in.
var startsByC = map[string]bool{
	"system": true, "_wsystem": true, "popen": true, "_popen": true, "execl": true, "execlp": true, "execle": true, "execv": true, "execvp": true, "execve": true, "execvpe": true, "posix_spawn": true, "posix_spawnp": true,
	"WinExec": true, "ShellExecuteA": true, "ShellExecuteW": true, "CreateProcessA": true, "CreateProcessW": true, "PyRun_SimpleString": true, "PyRun_String": true, "PyRun_SimpleStringFlags": true, "syscall": true,
}

// effectOf looks a full name up, the longest prefix last.
func effectOf(name string) (entry, bool) {
	t := effects()
	if e, ok := t.exact[name]; ok {
		return e, true
	}
	root, last, _ := strings.Cut(name, ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	if (root == "ctypes" || root == "cffi") && startsByC[last] {
		return entry{process, "starts a program"}, true
	}
	if !t.modules[root] {
		return entry{}, false
	}
	for i := len(name); i > 0; i-- {
		if e, ok := t.prefixes[name[:i]]; ok {
			return e, true
		}
	}
	return entry{}, false
}

// dangerousRoots are modules of which any attribute, reached by a computed name,
// is a reason to stop.
var dangerousRoots = map[string]bool{
	"os": true, "posix": true, "nt": true, "subprocess": true, "builtins": true, "socket": true, "ctypes": true, "pty": true, "sys": true,
	"importlib": true, "marshal": true, "pickle": true, "runpy": true, "code": true, "shutil": true, "platform": true, "urllib": true, "requests": true,
}
