package main

import (
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// fill FILE DATE does to a draft of waivers what a person does.
func fill(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	for key, value := range map[string]string{"reason": "reviewed", "ticket": "SEC-1", "owner": "models", "expires": args[1]} {
		text = strings.ReplaceAll(text, " "+key+":\n", " "+key+": "+value+"\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o644))
}
