package template

import (
	"errors"
	"strings"
	"testing"
)

// fold computes the expression of the last output of a template.
func fold(t *testing.T, src string) (string, bool) {
	t.Helper()
	body, err := Parse(src)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	f := Folder{Names: map[string]Value{"a": String("__cl"), "ns.b": String("ass__"), "n": Int(3)}}
	v, ok := f.Fold(body[len(body)-1].(*Output).X)
	return v.print(), ok
}

// The ways in which a name can be put together out of harmless parts.
func TestFold(t *testing.T) {
	for expr, want := range map[string]string{
		`'__cl' ~ 'ass__'`: "__class__", `'__cl' + "ass__"`: "__class__", `'__cl' 'ass__'`: "__class__", `a ~ ns.b`: "__class__",
		`'\x5f\u005fcla\163s\U0000005f_'`: "__class__", `['__cl', 'ass__']|join`: "__class__", `''.join(('__cl', 'ass__'))`: "__class__",
		`'__ssalc__'|reverse`: "__class__", `'__ssalc__'[::-1]`: "__class__", `'xx__class__yy'[2:-2]`: "__class__", `'%s%s' % ('__cl', 'ass__')`: "__class__",
		`'%c%cclass__'|format(95, 95)`: "__class__", `'{}{}'.format('__cl', 'ass__')`: "__class__", `'{0:c}_class__'.format(95)`: "__class__",
		`'--class--'|replace('-', '_')`: "__class__", `'--class--'.replace('-', '_')`: "__class__", `dict(__cl=1, ass__=2)|join`: "__class__",
		`{'__class__': 1}|first`: "__class__", `'_' * 2 ~ 'class' ~ '_' * (4 // 2)`: "__class__", `('__CLASS__'|lower)`: "__class__", `'__class__ x'.split(' ')[0]`: "__class__",
		`('__cl' if x else 'y') ~ 'ass__'`: "__class__", `'  __class__ '|trim`: "__class__", `'%x' % 255`: "ff", `'\N{LOW LINE}\N{low line}\N{LATIN SMALL LETTER C}lass__'`: "__class__", `'\N{X'`: `\N{X`, `['_', '_', 'class', '_', '_']|sum(start='')`: "__class__", `'class'.center(9, '_')`: "__class__", `'{:_^9}'.format('class')`: "__class__",
		`('%7s__' % 'class')|replace(' ', '_')`: "__class__", `'_<b>_class__'|striptags`: "__class__", `['__CLASS', '__']|map('lower')|join`: "__class__", `'{:4}|'.format('a')`: "a   |", `2 ** 3 * -n`: "-24", `10 ** 300`: "9007199254740992",
		`'a\qb\n'`: "a\\qb\n", `[1, 'x', none, True, 1.5]`: "[1, 'x', None, True, 1.5]", `1_000 + 0x10`: "1016",
	} {
		if got, ok := fold(t, "{{ "+expr+" }}"); !ok || got != want {
			t.Errorf("%s: %q, %v; want %q", expr, got, ok, want)
		}
	}
	for _, expr := range []string{`x`, `'a' ~ x`, `'a' * 10000000`, `x.y`, `a[x]`, `'abc'[9]`, `1 // 0`, `'%q' % 1`, `f(1)`, `'x'|tojson`, `'a'[::0]`} {
		if got, ok := fold(t, "{{ "+expr+" }}"); ok {
			t.Errorf("%s is %q", expr, got)
		}
	}
}

// Lists of lists of lists stay cheap.
func TestFoldIsBounded(t *testing.T) {
	f := Folder{Names: map[string]Value{}}
	v := String(strings.Repeat("x", 1000))
	for range 40 {
		body, err := Parse("{{ [v, v, v, v, v, v, v, v]|string }}")
		if err != nil {
			t.Fatal(err)
		}
		f.Names["v"] = v
		next, ok := f.Fold(body[0].(*Output).X)
		if !ok {
			return
		}
		v = next
	}
	t.Error("grew for ever")
}

func TestParse(t *testing.T) {
	for _, src := range []string{
		"", "text { } %} }} #}", "{# a comment #}x", "{%- raw -%}{{ x }}{% if %}{%- endraw +%}y", "{{- x -}}", "{{ {'a': {'b': 1}}['a'] }}", "{{ '}}' }}",
		"{% if a %}1{% elif b %}2{% else %}3{% endif %}", "{% for a, b in c.items() if a recursive %}{{ loop(a) }}{% else %}x{% endfor %}",
		"{% for m in messages[1:] %}{% break %}{% continue %}{% endfor %}", "{% set a, b = 1, 2 %}", "{% set ns.x = [] %}", "{% set x %}body{% endset %}",
		"{% set x | upper | trim %}body{% endset %}", "{% macro f(a, b=1, c='x') %}{{ a }}{% endmacro %}", "{% call(x) f(1) %}y{% endcall %}", "{% call f(1) %}y{% endcall %}",
		"{% generation %}x{% endgeneration %}", "{% block a scoped %}x{% endblock a %}", "{% with a = 1, b = 2 %}{% endwith %}", "{% filter upper %}x{% endfilter %}",
		"{% do x.append(1) %}", "{% include 'x' ignore missing with context %}", "{% from 'x' import a as b, c %}", "{% extends y %}", "{% import 'x' as y %}",
		"{{ a if b }}", "{{ a if b else c if d else e }}", "{{ not a in b and c not in d or not e }}", "{{ a is defined and b is not none }}", "{{ a is divisibleby 3 }}",
		"{{ a is in ['x'] }}", "{{ a is string or b is sameas(c) }}", "{{ -a ** 2|abs }}", "{{ a.0.b[1:2, 3]|map(attribute='x')|list }}", "{{ f(*a, **b) }}", "{{ (1,) }}", "{{ () }}",
		"{{ a['b'](c)(d)|e.f.g(h) }}", "{{ x[:-1] }}{{ x[::2] }}{{ x[1:] }}", "{{ 1.5e-3 }}", "{% autoescape false %}{% endautoescape %}", "{{ größe }}",
	} {
		if _, err := Parse(src); err != nil {
			t.Errorf("%s: %v", src, err)
		}
	}
}

func TestSyntaxErrors(t *testing.T) {
	for src, want := range map[string]int{
		"{{ x": 4, "{% if x %}": 10, "{% endif %}": 3, "ab{{ x y }}": 7, "{# x": 0, "{% raw %}x": 0, "{% trans %}x{% endtrans %}": 3, "{{ 'x }}": 3, "{{ }}": 3,
		"{{ x) }}": 4, "{{ $ }}": 3, "{% for x y %}": 9, "{% set x %}": 11, "{{ a[1:2:3:4] }}": 11, "{{ a[] }}": 7, "{{ 0q1 }}": 3, "{% 1 %}": 3, "{{ a. }}": 6,
	} {
		var e *Error
		if _, err := Parse(src); !errors.As(err, &e) || e.Limit || e.Offset != want {
			t.Errorf("%s: %+v, want an error at %d", src, err, want)
		}
	}
}

// Nothing recurses deeper, or grows wider, than the bounds say.
func TestLimits(t *testing.T) {
	for what, src := range map[string]string{
		"size":        strings.Repeat("x", MaxSource+1),
		"statements":  strings.Repeat("{% if x %}", 5000),
		"parentheses": "{{ " + strings.Repeat("(", 5000) + strings.Repeat(")", 5000) + " }}",
		"lists":       "{{ " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + " }}",
		"not":         "{{ " + strings.Repeat("not ", 5000) + "x }}",
		"signs":       "{{ " + strings.Repeat("- ", 5000) + "x }}",
		"powers":      "{{ " + strings.Repeat("x ** ", 5000) + "x }}",
		"sum":         "{{ " + strings.Repeat("x + ", 5000) + "x }}",
		"attributes":  "{{ x" + strings.Repeat(".x", 5000) + " }}",
		"filters":     "{{ x" + strings.Repeat("|x", 5000) + " }}",
		"conditions":  "{{ x" + strings.Repeat(" if x", 5000) + " }}",
		"else":        "{{ x" + strings.Repeat(" if x else x", 5000) + " }}",
		"parts":       strings.Repeat("{{x}}", 150_000),
	} {
		var e *Error
		if _, err := Parse(src); !errors.As(err, &e) || !e.Limit {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// FuzzParse: any source gives a tree that can be walked and folded, with offsets
// in the source.
func FuzzParse(f *testing.F) {
	f.Add("{% for m in messages %}{{ m['a'] ~ '\\x5f'|replace('a', \"b\") }}{% endfor %}")
	f.Add("{% macro f(a, b=1) %}{{ a if b is not none else -c ** 2 }}{% endmacro %}{% call(x) f() %}{% endcall %}")
	f.Add("{%- raw %}{{ {% endraw -%}{# x #}{% set ns.x | upper %}y{% endset %}{{ a[1:2]['x'](*b) }}")
	f.Fuzz(func(t *testing.T, src string) {
		body, err := Parse(src)
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Offset < 0 || e.Offset > len(src)) {
			t.Fatalf("error %+v", err)
		}
		fold := Folder{Names: map[string]Value{}}
		Visit(body, func(s Stmt) {
			for _, x := range Exprs(s) {
				Walk(x, func(x Expr) bool {
					if x.Offset() < 0 || x.Offset() > len(src) {
						t.Fatalf("%T at %d", x, x.Offset())
					}
					fold.Fold(x)
					return true
				})
			}
		})
	})
}

// TestATagIsBounded: brackets are counted while they are read, and a tag has a
// bounded number of words, so that memory does not follow a hostile text.
func TestATagIsBounded(t *testing.T) {
	for _, src := range []string{"{{ " + strings.Repeat("(", 300_000), "{{ a" + strings.Repeat(".b", 300_000) + " }}"} {
		var limit *Error
		_, err := Parse("head" + src)
		if !errors.As(err, &limit) || !limit.Limit || limit.Offset > 4*maxTokens {
			t.Errorf("%.10s: %v", src, err)
		}
	}
	if body, _ := Parse("head{{ a }}" + "{{ " + strings.Repeat("(", 300_000)); len(body) != 2 {
		t.Errorf("%d statements before the limit", len(body))
	}
}
