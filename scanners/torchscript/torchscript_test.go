package torchscript

import (
	"archive/zip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// module is a program whose forward method has the body.
func module(body string, more ...string) []byte {
	text := `class M(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
`
	for line := range strings.SplitSeq(body, "\n") {
		text += "    " + line + "\n"
	}
	return []byte(text + "    return x\n" + strings.Join(more, ""))
}

const name = "m/code/__torch__.py"

func samples() []scannertest.Sample {
	plain := module("y = torch.add(x, ops.prim.device(x))\nz = ops.quantized.linear(y, self.p, 1., 0)")
	var list []scannertest.Sample
	hit := func(rule string, bodies ...string) {
		for _, b := range bodies {
			list = append(list, scannertest.Sample{Rule: rule, Name: name, Hit: module(b), Miss: plain})
		}
	}
	miss := func(rule string, data []byte) {
		list = append(list, scannertest.Sample{Rule: rule, Name: name, Miss: data})
	}
	hit("torchscript/file-access", spellings...)
	hit("torchscript/file-access", `y = torch.from_file("p", True, 4)`, `ops.image.write_file("p", x)`, `y = "p".from_file()`,
		`y = [torch.save(x, "p") for i in range(3)]`, "import os\ntorch.save(x, 'p')")
	miss("torchscript/file-access", module(`print("torch.save(x)")`+"\ny = torch.add(x, 1) # torch.save(x)"))
	miss("torchscript/file-access", module("saved = self.saved\ny = torch.mul(saved, 2)"))

	hit("torchscript/python-call", "ops.prim.PythonOp(x)", "y = ^Function()(x)")
	miss("torchscript/python-call", module("y = 1 ^ 2"))
	hit("torchscript/network", `ops.prim.rpc_sync("worker", "f")`, "y = __torch__.torch.classes.dist_rpc.WorkerInfo(x)")
	hit("torchscript/memory", "y = torch.as_strided(x, [9], [1])", "y = torch.set_(x, x)", "y = x.as_strided([9], [1])")
	hit("torchscript/unknown-operator", "y = torch.no_such_operator(x)", "y = ops.prim.CallFunction(x)")
	miss("torchscript/unknown-operator", module("y = torch.scaled_dot_product_attention(x, x, x)"))
	hit("torchscript/custom-operator", "y = ops.my_extension.run(x)", "y = ops._test.leaky_relu(x)")
	miss("torchscript/custom-operator", module("y = ops.torchvision.nms(x, x, 0.5)"))
	hit("torchscript/custom-class", "y = __torch__.torch.classes.my_extension.Engine(x)", "y = torch.classes.my_extension.Engine(x)",
		"y = __torch__.torch.classes.tensorrt.Engine(x)")
	miss("torchscript/custom-class", module("y : __torch__.torch.classes.quantized.LinearPackedParamsBase = x"))
	hit("torchscript/alias", "t = torch", "o = ops", "o = ops.aten", `y = getattr(torch, "add")(x, x)`)
	hit("torchscript/unknown-name", `y = eval("1")`, "y = os", "y = x.__class__", `y = __import__("os")`)
	miss("torchscript/unknown-name", module("f = __torch__.g\ny = f(x, )\nfor i in range(3):\n  z = i", "def g(x: Tensor) -> Tensor:\n  return x\n"))
	return list
}

// spellings are what PyTorch's compiler takes for the operator aten::save.
var spellings = []string{
	`torch.save(x, "p")`,
	`ops.aten.save(x, "p")`,
	"torch . save(x, 'p')",
	"torch.\\\nsave(x, 'p')",
	"f = torch.save\nf(x, 'p')",
	"t = torch\nt.save(x, 'p')",
	"o = ops\no.aten.save(x, 'p')",
	"o = ops.aten\no.save(x, 'p')",
	`getattr(torch, "save")(x, "p")`,
	"if True:\n  y = (torch.save)(x, 'p')",
}

func TestRules(t *testing.T) { scannertest.CheckRules(t, Scanner{}, samples()) }

// compile loads each program of a folder and prints those in which the compiler
// found the operator. Nothing is run: the method is never called.
const compile = `
import io, os, sys, warnings, zipfile, torch
warnings.simplefilter("ignore")
class M(torch.nn.Module):
    def forward(self, x): return x
plain = io.BytesIO()
torch.jit.save(torch.jit.script(M()), plain)
for name in sorted(os.listdir(sys.argv[1])):
    source, out = zipfile.ZipFile(plain), io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for i in source.namelist():
            if i.endswith("debug_pkl"): continue
            text = open(os.path.join(sys.argv[1], name), "rb").read()
            z.writestr(i, text if i.endswith("__torch__.py") else source.read(i))
    out.seek(0)
    try:
        if "aten::save" in str(torch.jit.load(out).inlined_graph): print(name)
    except RuntimeError as e: print(name, e, file=sys.stderr)
`

// TestSpellingsCompile shows that the samples are no invention.
func TestSpellingsCompile(t *testing.T) {
	python := lookTorch(t)
	dir := t.TempDir()
	for i, body := range spellings {
		text := strings.Replace(string(module(body)), "training : bool", "training : bool\n  _is_full_backward_hook : NoneType", 1)
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := filepath.Join(t.TempDir(), "compile.py") // torch reads the source of the class
	if err := os.WriteFile(script, []byte(compile), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, script, dir).Output()
	if failed := new(exec.ExitError); errors.As(err, &failed) {
		t.Fatalf("%v after %q: %s", err, out, failed.Stderr)
	}
	if got := len(strings.Fields(string(out))); got != len(spellings) {
		t.Errorf("the compiler sees the operator in %d of %d programs: %q", got, len(spellings), out)
	}
}

// ordinary writes archives with many features of the language.
const ordinary = `
import sys, warnings, torch, torch.nn as nn
warnings.simplefilter("ignore")
out = sys.argv[1]
def x(*n): return torch.randn(*n)
mods = [(nn.LSTM(3, 4, 2), (x(2, 2, 3),)), (nn.GRU(3, 4, bidirectional=True), (x(2, 2, 3),)),
    (nn.Transformer(8, 2, 1, 1, 8), (x(2, 2, 8), x(2, 2, 8))), (nn.MultiheadAttention(4, 2), (x(2, 2, 4),) * 3),
    (nn.Upsample(scale_factor=2), (x(1, 1, 2, 2),)), (nn.Sequential(nn.Conv2d(1, 1, 1), nn.BatchNorm2d(1)), (x(1, 1, 2, 2),)),
    (nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 8, batch_first=True), 2), (x(1, 2, 8),))]
q = torch.quantization.quantize_dynamic(nn.Sequential(nn.Linear(3, 3), nn.LSTM(3, 3)), {nn.Linear, nn.LSTM})
torch.jit.save(torch.jit.script(q), f"{out}/quantized.pt")
for i, (m, args) in enumerate(mods):
    torch.jit.save(torch.jit.script(m), f"{out}/s{i}.pt")
    torch.jit.save(torch.jit.trace(m.eval(), args, check_trace=False), f"{out}/t{i}.pt")
    torch.jit.save(torch.jit.freeze(torch.jit.script(m.eval())), f"{out}/f{i}.pt")
`

func TestOrdinaryPrograms(t *testing.T) {
	for _, file := range []string{"testdata/ordinary.txt", "testdata/quantized.txt"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scannertest.Harmless(t, []scanners.Scanner{Scanner{}}, name, text)
	}
	fixtures, err := filepath.Glob("../../testdata/benign/pytorch/*.pt")
	if err != nil {
		t.Fatal(err)
	}
	if n := checkArchives(t, fixtures); n < 10 {
		t.Errorf("only %d programs in the fixtures", n)
	}
}

func TestOrdinaryModules(t *testing.T) {
	python := lookTorch(t)
	dir := t.TempDir()
	if out, err := exec.Command(python, "-c", ordinary, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	archives, err := filepath.Glob(dir + "/*.pt")
	if err != nil {
		t.Fatal(err)
	}
	if n := checkArchives(t, archives); n < 50 {
		t.Errorf("only %d programs", n)
	}
}

// checkArchives checks every program in the archives and returns their number.
func checkArchives(t *testing.T, archives []string) int {
	t.Helper()
	n := 0
	for _, archive := range archives {
		z, err := zip.OpenReader(archive)
		if err != nil {
			continue // the legacy format
		}
		for _, f := range z.File {
			if !strings.HasSuffix(f.Name, ".py") || f.UncompressedSize64 == 0 {
				continue
			}
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			n++
			scannertest.Harmless(t, []scanners.Scanner{Scanner{}}, f.Name, text)
		}
		_ = z.Close()
	}
	return n
}

func lookTorch(t *testing.T) string {
	t.Helper()
	for _, python := range []string{"/usr/bin/python3", "python3"} {
		if exec.Command(python, "-c", "import torch").Run() == nil {
			return python
		}
	}
	t.Skip("no Python with torch is installed")
	return ""
}

// Python that is not TorchScript must not be covered by this scanner.
func TestPythonIsDeclined(t *testing.T) {
	for _, body := range []string{
		"import os", "from os import system", "y = lambda: 1", "try:\n  pass\nexcept:\n  pass", "yield x", "y = f'{x}'",
		"global x", "y = `x`", "y = 1; z = 2", "async def f(): pass", "y = (", "y = x)", "\ty = 1", "y = [i for i in x]", "y = {**x}",
		"y = $x", "@decorator\ndef f(): pass", "y := 1", "exec 'x'", "y = " + strings.Repeat("(", 1000) + strings.Repeat(")", 1000),
	} {
		if _, err := scannertest.Run(Scanner{}, name, module(body)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", body, err)
		}
	}
	for _, text := range []string{"import os\n", "x = 1\n", "print(1)\n", "", "# comment\n"} {
		if _, err := scannertest.Run(Scanner{}, name, []byte(text)); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// A text with a name that TorchScript does not know is not covered.
func TestUnknownNamesAreNotCovered(t *testing.T) {
	r := scannertest.Scan([]scanners.Scanner{Scanner{}}, name, module(`y = eval("1")`))
	if r.Coverage.Parsed != 0 || len(r.Gaps) == 0 {
		t.Errorf("coverage %+v, gaps %+v", r.Coverage, r.Gaps)
	}
}

func severity(t *testing.T, text []byte) scanners.Severity {
	t.Helper()
	r, _ := scannertest.Run(Scanner{}, name, text)
	if len(r.Findings) != 1 {
		t.Fatalf("findings %+v", r.Findings)
	}
	return r.Findings[0].Severity
}

func TestSeverities(t *testing.T) {
	setstate := "  def __setstate__(self: __torch__.M,\n    s: Tensor) -> NoneType:\n    y = %s\n    return None\n"
	at := func(call string) []byte { return module("y = 1", strings.ReplaceAll(setstate, "%s", call)) }
	for _, c := range []struct {
		what string
		text []byte
		want scanners.Severity
	}{
		{"operator", module(`torch.save(x, "p")`), scanners.Critical},
		{"perhaps a method", module(`y = x.save("p")`), scanners.High},
		{"a method of this text", module(`y = self.save(x, )`, "  def save(self: __torch__.M, x: Tensor) -> Tensor:\n    return x\n"), scanners.Medium},
		{"strides", module("y = torch.as_strided(x, [9], [1])"), scanners.Low},
		{"strides while loading", at("torch.as_strided(s, [9], [1])"), scanners.Medium},
		{"memory while loading", at("torch.set_(s, s)"), scanners.Critical},
	} {
		if got := severity(t, c.text); got != c.want {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	r, _ := scannertest.Run(Scanner{}, name, at(`torch.save(s, "p")`))
	if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].What, "while the model is loaded") {
		t.Errorf("findings %+v", r.Findings)
	}
}

func TestMatch(t *testing.T) {
	text := string(module("pass"))
	for _, c := range []struct {
		name, text string
		want       bool
	}{
		{"m/code/__torch__.py", text, true}, {"M/CODE/__TORCH__.PY", text, true}, {"data.bin", text, true},
		{"m/code/f.py", "def f(x: int) -> int:\n  return x\n", true}, {"f.py", "def f(x: int) -> int:\n  return x\n", false},
		{"m/code/f.py", "op_version_set = 1\n# comment\n\nclass A(Module):\n  pass\n", true}, {"m/code/f.py", "import os\n", false},
		{"m/code/f.txt", "def f(): pass", false},
	} {
		if got := (Scanner{}).Match(scannertest.Head(c.name, []byte(c.text))); got != c.want {
			t.Errorf("%s %q: %v", c.name, c.text, got)
		}
	}
}

func TestFacts(t *testing.T) {
	r, err := scannertest.Run(Scanner{}, name, module("y = ops.torchvision.nms(x, x, 0.5)"))
	if err != nil || len(r.Facts) != 1 || r.Facts[0].Value != "torchvision" {
		t.Errorf("facts %+v, %v", r.Facts, err)
	}
}

func FuzzScan(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.Hit)
		f.Add(s.Miss)
	}
	if text, err := os.ReadFile("testdata/ordinary.txt"); err == nil {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
		// Junk in another line hides nothing.
		if r, err := scannertest.Run(Scanner{}, name, data); err == nil && len(r.Findings) > 0 {
			scannertest.KeepsFindings(t, Scanner{}, name, data, []byte("\n$ junk\n"))
		}
	})
}

// What an unknown extension registers may be anything; published ones only compute.
func TestExtensions(t *testing.T) {
	for body, want := range map[string]scanners.Severity{
		"y = ops.my_extension.run(x)":                           scanners.High,
		"y = __torch__.torch.classes.my_extension.Engine(x)":    scanners.High,
		"y = ops.torch_scatter.scatter_sum(x, x, 0, None, 1)":   scanners.Low,
		"y = __torch__.torch.classes.torchtext.Vocab(x)":        scanners.Low,
		"y = ops.image.decode_jpeg(x, 0)":                       scanners.Informational,
		"y = ops.torchvision.nms(x, x, 0.5)":                    scanners.Informational,
		"y = torch.no_such_operator(x)":                         scanners.Medium,
		"y = torch.set_(x, x, 4096, [9], [1])":                  scanners.High,
		"y = torch.as_strided(x, [2, 2], [1, 1])":               scanners.Low,
		"y = ops.inductor._reinterpret_tensor(x, [9], [1], 99)": scanners.High,
	} {
		worst := scanners.Informational
		for _, f := range scannertest.Scan([]scanners.Scanner{Scanner{}}, name, module(body)).Findings {
			worst = min(worst, f.Severity)
		}
		if worst != want {
			t.Errorf("%s: %v, want %v", body, worst, want)
		}
	}
}
