package pickle

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/scanners"
)

// shownCalls is how many allowed calls of one name, or states of it, are written
// out; the rest is counted.
const shownCalls = 3

// Explain writes what loading the file would do as a program much like Python, one
// line for each import, call, state and method call in the order in which they
// happen: its offset, "ok" or "!!", the statement, and by which entry a name is
// allowed or why it is not. What a call gives is named by its offset: x28. Allowed
// calls of the same name are counted after some, unless all is set. Then come the
// findings, whether torch.load(weights_only=True) would take the file and what stops
// it, and what to do. It returns scanners.ErrNotRecognised for a file that is no
// pickle; an error of the analysis is written too, after what came before it.
func Explain(ctx context.Context, f scanners.File, lim scanners.Limits, all bool, w io.Writer) error {
	x := &explanation{out: bufio.NewWriter(w), all: all, seen: make(map[string]int)}
	a, result, err := analyse(ctx, f, lim.WithDefaults(), x.event)
	if errors.Is(err, scanners.ErrNotRecognised) {
		return err
	}
	x.close()
	for _, finding := range result.Findings {
		x.printf("%10d  %s %s: %s\n", finding.Offset, finding.Severity, finding.Rule, finding.What)
	}
	if err != nil {
		x.printf("the analysis ends: %v\n", err)
	}
	x.printf("would load with torch.load(weights_only=True): %s\n", answer(a.blockers()))
	for _, line := range advice(a.judge.names.list, result.Findings, len(a.blockers()) == 0, err) {
		x.printf("to do: %s\n", line)
	}
	if line := a.safeGlobals(result.Findings, err); line != "" {
		x.printf("to do: %s\n", line)
	}
	return errors.Join(x.out.Flush(), err)
}

// explanation writes events.
type explanation struct {
	out  *bufio.Writer
	all  bool
	seen map[string]int // by kind and name: how often something allowed happened
	more []string       // the keys that were counted, in order
}

func (x *explanation) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(x.out, format, args...) // Flush returns the error
}

func (x *explanation) event(e event) {
	if e.aside || e.ok && x.counted(e) {
		return
	}
	mark, text, why := "!!", e.text, e.why
	if e.ok {
		mark = "ok"
	}
	switch {
	case e.kind == eventImport:
		text = importLine(e.global)
	case e.kind == eventCall, e.kind == eventPersistent && !e.ok, e.kind == eventExtension:
		text = fmt.Sprintf("x%d = %s", e.off, text)
	}
	if e.ok && e.kind != eventImport {
		why = "" // its import says so
	}
	if why != "" {
		why = "  # " + clean(why)
	}
	x.printf("%10d  %s  %s%s\n", e.off, mark, clean(text), why)
}

// importLine is an import as Python 3 has it. One that cannot be written so is of a
// dotted name.
func importLine(g *global) string {
	line := "from " + g.module + " import " + g.name
	if g.spelled != "" {
		line += "  # " + g.spelled + " in Python 2;"
	}
	return line
}

// counted reports an allowed event of which enough were shown.
func (x *explanation) counted(e event) bool {
	limit, key := shownCalls, "torch storages"
	if e.kind != eventPersistent {
		if e.global == nil || e.kind == eventStop {
			return false
		}
		key = e.global.module + "." + e.global.name
	}
	switch e.kind {
	case eventImport:
		limit, key = 1, "import "+key
	case eventState:
		key += ": states"
	case eventMethod:
		key += ": items added"
	case eventCall:
		key += ": calls"
	}
	x.seen[key]++
	n := x.seen[key]
	if n == limit+1 && e.kind != eventImport && !x.all {
		x.more = append(x.more, key)
	}
	return n > limit && (e.kind == eventImport || !x.all)
}

// close writes what was counted.
func (x *explanation) close() {
	for _, key := range x.more {
		x.printf("       ...  ok  %d more of %s\n", x.seen[key]-shownCalls, clean(key))
	}
}

func answer(blockers []string) string {
	if len(blockers) == 0 {
		return "yes"
	}
	return "no: " + clean(strings.Join(blockers, "; "))
}

// advice says what to do with a file that does this; weightsOnly is whether
// torch.load(weights_only=True) takes it.
func advice(list []*global, findings []scanners.Finding, weightsOnly bool, err error) []string {
	var lines []string
	known, unknown := false, false
	for _, f := range findings {
		if f.Severity.AtLeast(scanners.High) {
			known = known || !strings.HasPrefix(f.Rule, "pickle/unknown")
			unknown = true
		}
	}
	switch {
	case known:
		lines = append(lines, "do not load it; ask whoever published it for a format that holds no code: "+codeless(list))
	case unknown:
		lines = append(lines, "find out which package has "+clean(strings.Join(unlisted(list), ", "))+
			"; when it is yours, or you trust it, allow this file by a waiver (assay policy waive), with a date on which it ends")
	case err != nil:
		lines = append(lines, "fetch it again: it is damaged, or not whole")
	}
	if classes := ofAuthor(list); classes != "" {
		lines = append(lines, "__main__ is the script that saved the file: loading needs its definition of "+clean(classes)+
			"; ask its author for a state dict or plain data instead, which need none")
	}
	seen := make(map[string]bool)
	for _, g := range list {
		if g.entry != nil && g.entry.Profile == "torch_weights" && !weightsOnly {
			if !seen[wholeModel] && !seen[remedies["torch_module"]] {
				seen[wholeModel], seen[remedies["torch_module"]] = true, true
				lines = append(lines, wholeModel)
			}
			continue
		}
		if g.entry != nil && remedies[g.entry.Profile] != "" && !seen[remedies[g.entry.Profile]] {
			seen[remedies[g.entry.Profile]] = true
			lines = append(lines, remedies[g.entry.Profile])
		}
	}
	if len(lines) == 0 {
		lines = append(lines, "plain data: save it as JSON, which cannot carry code")
	}
	return lines
}

// wholeModel is the remedy for a file with tensors that torch.load(weights_only=True)
// refuses.
const wholeModel = "weights_only=True refuses this file: ask for the weights alone, saved with safetensors.torch.save_file(model.state_dict(), path)"

// codeless names the formats without code for what is in the file: safetensors keeps
// tensors, and an estimator is more than these.
func codeless(list []*global) string {
	for _, g := range list {
		for _, p := range [...]string{"sklearn", "joblib"} {
			if inPackage(g.module, p) || g.entry != nil && g.entry.Profile == p {
				return "skops or an ONNX export for scikit-learn; or train it again from its data, or load it in a sandbox only"
			}
		}
	}
	return "safetensors"
}

// ofAuthor are the names of the script that saved the file, some of them.
func ofAuthor(list []*global) string {
	var names []string
	for _, g := range list {
		if g.entry == nil && g.module == scriptModule && !strings.Contains(g.name, ".") && len(names) < 5 && !slices.Contains(names, g.name) {
			names = append(names, g.name)
		}
	}
	return strings.Join(names, ", ")
}

// unlisted are the names on no list, some of them.
func unlisted(list []*global) []string {
	var names []string
	for _, g := range list {
		if g.entry == nil && len(names) < 5 && !slices.Contains(names, g.module+"."+g.name) {
			names = append(names, g.module+"."+g.name)
		}
	}
	return names
}

// remedies say, for the lists whose names are in a file, how to load it with less
// risk and what to save instead.
var remedies = map[string]string{
	"torch_weights": "load with torch.load(path, weights_only=True), the default from PyTorch 2.6 on; save with safetensors.torch.save_file(model.state_dict(), path)",
	"torch_module":  "this is a whole module, not weights: save model.state_dict() with safetensors, and build the module from its source",
	"torch_script":  "load with torch.jit.load only; its code is a program of its own",
	"sklearn":       "save with skops.io.dump, and load with skops.io.load(path, trusted=[the types it lists])",
	"joblib":        "joblib.load runs whatever the pickle says: load only files that passed; save with skops.io.dump",
	"numpy":         "save arrays with numpy.save or safetensors, and load with numpy.load(path, allow_pickle=False)",
	"pandas":        "save with DataFrame.to_parquet, and load with pandas.read_parquet",
	"boosting":      "save with the library's own save_model (JSON or text), which holds no pickle",
	"huggingface":   "save settings with to_json_file or save_pretrained",
}
