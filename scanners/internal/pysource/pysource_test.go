package pysource

import (
	"fmt"
	"strings"
	"testing"
)

// show writes an expression in brackets.
func show(e *Expr) string {
	if e == nil {
		return "_"
	}
	var b strings.Builder
	switch e.Kind {
	case Name, Number:
		return e.Text
	case Text:
		return fmt.Sprintf("%q", e.Text)
	case Attribute:
		return show(e.Args[0]) + "." + e.Text
	}
	fmt.Fprintf(&b, "%d(", e.Kind)
	for i, a := range e.Args {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(show(a))
	}
	b.WriteByte(')')
	return b.String()
}

func TestExpressions(t *testing.T) {
	for src, want := range map[string]string{
		"a.b(c, d=1)":               fmt.Sprintf("%d(a.b c %d(1))", Call, Keyword),
		"'a' \"b\" r'\\n'":          `"ab\\n"`,
		`"\x6f\163\u0065"`:          `"ose"`,
		"ｏｓ.ｓｙｓｔｅｍ":                 `os.system`,
		"f'{x!r:>{w}}b'":            fmt.Sprintf("%d(%d(x) %d(w) \"b\")", Format, Unknown, Unknown),
		`f"{d["k"]}"`:               fmt.Sprintf("%d(%d(d \"k\"))", Format, Subscript),
		"rf'\\'{x}'":                fmt.Sprintf("%d(\"\\\\'\" x)", Format),
		"a if b else c":             fmt.Sprintf("%d(a b c)", IfElse),
		"[x for x in y if z]":       fmt.Sprintf("%d(x %d(x y z))", Comprehension, For),
		"a[1:2, ::3]":               fmt.Sprintf("%d(a %d(%d(1 2 _) %d(_ _ 3)))", Subscript, Tuple, Slice, Slice),
		"lambda x: x+1":             fmt.Sprintf("%d(%d(x 1))", Lambda, Binary),
		"(\n a # comment\n .b\\\n)": "a.b",
		"exec \"x\" in ns":          fmt.Sprintf("%d(exec \"x\" ns)", Call),
	} {
		tree := Parse(src)
		if len(tree.Problems) > 0 || len(tree.Body) != 1 || len(tree.Body[0].Exprs) != 1 {
			t.Errorf("%q: %+v", src, tree)
			continue
		}
		if got := show(tree.Body[0].Exprs[0]); got != want {
			t.Errorf("%q: %s, want %s", src, got, want)
		}
	}
}

func TestStatements(t *testing.T) {
	for _, src := range []string{
		"match x:\n  case {'a': [1, *y] as z, **rest} if y: pass\n  case P(a=0) | None: pass\nmatch = 1\nmatch(x)\n",
		"type X[T] = list[T]\ntype = 3\ndef f[T: int](a, /, b: int = 1, *c, d, **e) -> int: return a\nclass A[T](B, metaclass=M): x: int = 1\n",
		"with (open(a) as f, open(b)): pass\nwith (a): pass\nasync def f():\n  async with a as b: await c\n  async for d in e: yield d\n",
		"try:\n  print 'x', y\nexcept E, e:\n  raise E, 'm'\nprint >>f, 1\nx = `y` <> 10L\n",
		"try:\n\tpass\nexcept* (A, B) as e:\n\tpass\nelse: pass\nfinally: pass\n",
		"if (n := f()) and not a is not b not in c: global g; del g[0]\nfrom .. import (a as b, c,)\nfrom . x import *\r\n\f  \nlambda: (yield)\n@d(x)\nclass C: ...\n",
	} {
		if tree := Parse(strings.Replace(src, ". x", ".x", 1)); len(tree.Problems) > 0 {
			t.Errorf("%q: %+v", src, tree.Problems)
		}
	}
}

// What cannot be read is said, and the rest is kept.
func TestProblems(t *testing.T) {
	for _, src := range []string{"x = = 1\nimport os\n", "?\nimport os\n", "if x\n  y\nimport os\n"} {
		tree := Parse(src)
		last := tree.Body[len(tree.Body)-1]
		if len(tree.Problems) == 0 || last.Kind != Import {
			t.Errorf("%q: %+v", src, tree)
		}
	}
	for _, src := range []string{
		"x = '", "(", strings.Repeat("(", 1000), strings.Repeat("not ", 10000) + "x", "x" + strings.Repeat(".a", 100000),
		strings.Repeat("1,", 1<<20), strings.Repeat("f'{", 300), strings.Repeat("lambda:", 5000),
	} {
		if tree := Parse(src); len(tree.Problems) == 0 {
			t.Errorf("%.40q: no problem", src)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, src := range []string{"x = f'{a[\"b\"]!r:{w}}'\n", "match x:\n case [a, *b]: pass\n", "class A(B):\n  def f(self): return [x for x in y]\n", "print 'x'\n", "\\\n\f\t@a\ndef"} {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		tree := Parse(src)
		var walk func(list []*Stmt)
		walk = func(list []*Stmt) {
			for _, s := range list {
				if s.Off < 0 || s.Off > len(src) {
					t.Fatalf("offset %d", s.Off)
				}
				walk(s.Body)
				for _, b := range s.Blocks {
					walk(b)
				}
			}
		}
		walk(tree.Body)
	})
}

// TestTheTreeIsBounded: a text of many small parts is read up to a number of them,
// and its beginning is in the tree.
func TestTheTreeIsBounded(t *testing.T) {
	half, whole := Parse(strings.Repeat("a=1\n", MaxSize/8)), Parse(strings.Repeat("a=1\n", MaxSize/4))
	if len(half.Body) != len(whole.Body) || len(half.Body) > maxNodes/2 || len(half.Problems) == 0 || len(whole.Problems) > 2 {
		t.Errorf("%d and %d statements, %v", len(half.Body), len(whole.Body), whole.Problems)
	}
}
