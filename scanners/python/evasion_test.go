package python

import (
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
)

// evasion is one way past a reader of the text, and code of the same shape that is
// used for good. In both, M stands for a command.
type evasion struct{ name, bad, good string }

const marker = `"echo assay-test-marker"`

func checkEvasions(t *testing.T, list []evasion) {
	t.Helper()
	for _, e := range list {
		bad := strings.ReplaceAll(e.bad, "(M", "("+marker)
		if got, report := worst(t, "modeling_x.py", bad+"\n"); !got.AtLeast(scanners.High) {
			t.Errorf("%s: %s\n%s\n%+v %+v", e.name, got, bad, report.Findings, report.Gaps)
		}
		if e.good == "" {
			continue
		}
		if got, report := worst(t, "modeling_x.py", e.good+"\n"); got.AtLeast(scanners.High) || len(report.Gaps) > 0 {
			t.Errorf("%s, for good: %s\n%s\n%+v %+v", e.name, got, e.good, report.Findings, report.Gaps)
		}
	}
}

// The interpreter calls special methods that no line of the file names.
func TestSpecialMethods(t *testing.T) {
	class := func(method, use string) evasion {
		c := "import os\nclass A:\n  def %s(self, *a):\n    %s\n    return ''\n%s"
		return evasion{method, fmt.Sprintf(c, method, "os.system(M)", use), fmt.Sprintf(c, method, "print(os.getpid())", use)}
	}
	checkEvasions(t, []evasion{
		class("__add__", "A() + 1"), class("__str__", "str(A())"), class("__getattr__", "A().weights"), class("__exit__", "with A(): pass"), class("__iter__", "for x in A(): pass"),
		class("__format__", "'{:x}'.format(A())"), class("__class_getitem__", "A['x']"), class("__get__", "class B:\n  x = A()\nB.x"), class("__eq__", "A() == 1"), class("__del__", "A()"),
		class("__hash__", "{A(): 1}"), class("__bool__", "if A(): pass"), class("__call__", "list(map(A(), [1]))"), class("__init__", "list(map(A, [1]))"), class("__index__", "[1][A()]"),
		{"metaclass", "import os\nclass T(type):\n  def __init__(cls, *a): os.system('x')\nclass A(metaclass=T): pass", "class T(type):\n  def __init__(cls, *a): print(a)\nclass A(metaclass=T): pass"},
		{"new of a metaclass", "import os\nclass T(type):\n  def __new__(c, *a):\n    os.system(M)\n    return type.__new__(c, *a)\nclass A(metaclass=T): pass", ""},
		{"inherited", "import os\nclass A:\n  def __len__(self): os.system(M)\nclass B(A): pass\nlen(B())", ""},
		{"module", "import os\ndef __getattr__(name): os.system(M)", "def __getattr__(name): raise AttributeError(name)"},
		{"module folder", "import os\ndef __dir__(): os.system(M)", "def __dir__(): return []"},
	})
}

// A framework finds classes by configuration, whatever they derive from.
func TestEntries(t *testing.T) {
	method := func(base string) evasion {
		c := "import os\nimport torch, transformers\nfrom transformers import LlamaForCausalLM\nfrom .modeling_base import Base\nclass X(%s):\n  def __init__(self, c):\n    super().__init__(c)\n    %s\n"
		return evasion{base, fmt.Sprintf(c, base, "os.system(M)"), fmt.Sprintf(c, base, "self.n = os.getpid()")}
	}
	all := []evasion{method("LlamaForCausalLM"), method("transformers.LlamaModel"), method("torch.nn.Linear"), method("Base"), method("object")}
	checkEvasions(t, all)
	for _, e := range all[:3] { // under any name
		if got, _ := worst(t, "x.py", strings.ReplaceAll(e.bad, "(M", "("+marker)); !got.AtLeast(scanners.High) {
			t.Errorf("%s under another name: %s", e.name, got)
		}
	}
	if got, _ := worst(t, "tools.py", strings.ReplaceAll(all[4].bad, "(M", "("+marker)); got.AtLeast(scanners.High) {
		t.Errorf("a class that nobody uses: %s", got)
	}
	if got, _ := worst(t, "x.py", "import os\nclass X:\n  @classmethod\n  def from_pretrained(cls, p): os.system('echo x')\n"); !got.AtLeast(scanners.High) {
		t.Errorf("from_pretrained: %s", got)
	}
}
