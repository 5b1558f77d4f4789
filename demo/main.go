// Command demo shows what the gate says about three models: one that is good
// and signed, one that was changed after signing, and one that would run a
// command when it is loaded. It fails when a verdict is not the expected one.
//
// # Security
//
// Runs the assay binary that it is given. The third model does not lie in the
// repository: it is assembled from readable text, its command is a harmless
// echo, and nothing here loads it.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// models is where the fixtures are, and built is where the third one is put.
const (
	models = "testdata/models"
	built  = "bin/demo/runs-code"
)

// visit is one gate, with the exit code that it must end with and what it must
// say: the right code for another reason is not the expected verdict.
type visit struct {
	title string
	args  []string
	code  int
	says  string
}

func visits() []visit {
	key := []string{"--public-key", models + "/test-key.pub"}
	return []visit{
		{"A complete model, signed by a known key", slices.Concat(key, []string{models + "/good"}), 0, "model.sig: verified"},
		{"The same model, one bit of its weights flipped after signing", slices.Concat(key, []string{models + "/tampered"}), 1, "model.safetensors: oms signature: content"},
		{"A PyTorch file that runs a command when it is loaded", []string{built}, 1, `os.system("echo assay-test-marker")`},
	}
}

func main() {
	readme := flag.String("readme", "", "also write the output into this file, between the two demo marks")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: demo [-readme FILE] ASSAY-BINARY")
		os.Exit(2)
	}
	var said bytes.Buffer
	err := run(flag.Arg(0), io.MultiWriter(os.Stdout, &said))
	if err == nil && *readme != "" {
		err = paste(*readme, said.String())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run visits all models and fails when a verdict is not the expected one.
func run(assay string, out io.Writer) error {
	if err := assembleModel(built); err != nil {
		return fmt.Errorf("assemble the model that runs code: %w", err)
	}
	assay, err := filepath.Abs(assay)
	if err != nil {
		return err
	}
	var wrong []error
	for i, v := range visits() {
		fmt.Fprintf(out, "== %d. %s\n", i+1, v.title)
		if err := v.show(assay, out); err != nil {
			wrong = append(wrong, err)
		}
		fmt.Fprintln(out)
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	fmt.Fprintln(out, "The three verdicts are as expected: exit codes 0, 1, 1.")
	return nil
}

// show prints the command, what assay prints, and the exit code.
func (v visit) show(assay string, out io.Writer) error {
	args := append([]string{"gate", "--no-store"}, v.args...)
	fmt.Fprintf(out, "$ assay %s\n", strings.Join(args, " "))
	cmd := exec.Command(assay, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(out, &said), os.Stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return err
	}
	code := cmd.ProcessState.ExitCode()
	fmt.Fprintf(out, "exit code %d\n", code)
	model := v.args[len(v.args)-1]
	switch {
	case code != v.code:
		return fmt.Errorf("%s: exit code %d instead of %d", model, code, v.code)
	case !strings.Contains(said.String(), v.says):
		return fmt.Errorf("%s: the verdict does not say %q", model, v.says)
	}
	return nil
}

// paste replaces what stands between the marks of a document, so that the output
// shown there is one of a real run.
func paste(path, output string) error {
	const begin, end = "<!-- demo -->\n", "<!-- end of demo -->\n"
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no marks %q and %q", path, begin, end)
	}
	return os.WriteFile(path, []byte(before+begin+"```text\n"+output+"```\n"+end+after), 0o644)
}
