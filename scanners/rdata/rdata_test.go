package rdata

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/compress"
	"assay/scanners/scannertest"
)

var list = []scanners.Scanner{Scanner{}, compress.Scanner{}}

func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("testdata/*.rd[as]")
	if err != nil || len(names) < 8 {
		t.Fatalf("fixtures %q, error %v", names, err)
	}
	out := make(map[string][]byte)
	for _, name := range names {
		if out[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// What R saves passes whole; a function in it is said.
func TestOrdinary(t *testing.T) {
	for name, data := range fixtures(t) {
		if name != "closure.rds" && name != "compiled.rds" && name != "in_function.rds" && name != "glm.rds" && name != "ecdf.rds" {
			scannertest.Harmless(t, list, name, data)
			continue
		}
		report := scannertest.Scan(list, name, data)
		if len(report.Gaps) > 0 || !report.Coverage.Complete() || len(report.Findings) == 0 || report.Findings[0].Severity != scanners.Low {
			t.Errorf("%s: %+v", name, report)
		}
	}
}

// The builder writes items in XDR.

func i32(n int32) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

var null = i32(kindNilValue)

func char(s string) []byte   { return join(i32(kindChar|0x40000), i32(int32(len(s))), []byte(s)) }
func symbol(s string) []byte { return join(i32(kindSymbol), char(s)) }
func text(s string) []byte   { return join(i32(kindString), i32(1), char(s)) }
func vector(items ...[]byte) []byte {
	return join(i32(kindVector), i32(int32(len(items))), join(items...))
}

func call(function string, argument []byte) []byte {
	return join(i32(kindCall), symbol(function), i32(kindList), argument, null)
}

// promise is one with a value and an expression.
func promise(value, expression []byte) []byte {
	return join(i32(kindPromise|flagTag), i32(kindGlobalEnv), value, expression)
}

func closure(body []byte) []byte {
	return join(i32(kindClosure|flagTag), i32(kindGlobalEnv), null, body)
}

func file(object []byte) []byte {
	return join([]byte("X\n"), i32(3), i32(0x40202), i32(0x30500), i32(5), []byte("UTF-8"), object)
}

// saved is an .rda file with one object.
func saved(object []byte) []byte {
	return join([]byte("RDX3\n"), file(join(i32(kindList|flagTag), symbol("x"), object, null)))
}

const marker = "echo assay-test-marker"

func TestRules(t *testing.T) {
	good := file(vector(text("a"), call("lm", text("b"))))
	unbound := i32(kindUnbound)
	sample := func(rule string, hit []byte) scannertest.Sample {
		return scannertest.Sample{Rule: rule, Hit: file(hit), Miss: good}
	}
	scannertest.CheckRules(t, Scanner{}, []scannertest.Sample{
		sample("rdata/promise", promise(unbound, call("system", text(marker)))), // CVE-2024-27322
		{Rule: "rdata/promise", Hit: saved(vector(promise(unbound, call("eval", text("x"))))), Miss: saved(vector(promise(text("value"), symbol("x"))))},
		sample("rdata/dangerous-call", closure(call("system", text(marker)))),
		sample("rdata/dangerous-call", join(i32(kindExpr), i32(1), call("download.file", text("x")))),
		sample("rdata/dangerous-call", promise(unbound, call(".Call", text("x")))),
		{Rule: "rdata/dangerous-call", Miss: file(closure(call(".Call", text("x"))))},
		sample("rdata/dangerous-call", join(i32(kindByteCode), i32(1), join(i32(kindInteger), i32(1), i32(12)), i32(1), i32(kindCall), null, i32(kindSymbol), symbol("system"), i32(kindNilValue), null)),
		sample("rdata/dangerous-call", closure(join(i32(kindCall), join(i32(kindCall), symbol("::"), i32(kindList), symbol("base"), i32(kindList), symbol("system"), null), i32(kindList), text(marker), null))),
		sample("rdata/dangerous-call", closure(call("do.call", text("system")))),
		sample("rdata/function", closure(symbol("x"))),
		sample("rdata/external-pointer", join(i32(kindPointer), null, null)),
		sample("rdata/length-claim", join(i32(kindReal), i32(-1), i32(1<<30), i32(0))),
		sample("rdata/length-claim", join(i32(kindReal), i32(-7))),
	})
}

// A call inside a promise is worse than one in a function, and symbols are found by
// reference.
func TestSeverity(t *testing.T) {
	again := join(i32(kindCall), i32(1<<8|kindReference), null)
	data := file(vector(symbol("system2"), promise(i32(kindUnbound), again)))
	result, err := scannertest.Run(Scanner{}, "x.rds", data)
	if err != nil || len(result.Findings) != 2 || result.Findings[1].Severity != scanners.Critical {
		t.Errorf("findings %+v, error %v", result.Findings, err)
	}
}

// A model that was fitted in a function keeps the arguments that the function did not
// use: no danger by itself, but their code is judged.
func TestEnvironment(t *testing.T) {
	env := func(expression []byte) []byte {
		frame := join(i32(kindList|flagTag), symbol("x"), promise(i32(kindUnbound), expression), null)
		return file(join(i32(kindEnv), i32(0), i32(kindGlobalEnv), frame, null, null))
	}
	for expression, want := range map[string]scanners.Severity{"stop": scanners.Low, "system": scanners.High, "parse": scanners.High} {
		worst := scanners.Informational
		result, err := scannertest.Run(Scanner{}, "x.rds", env(call(expression, text(marker))))
		for _, f := range result.Findings {
			worst = min(worst, f.Severity)
		}
		if err != nil || worst != want {
			t.Errorf("%s: %v, want %v; error %v", expression, worst, want, err)
		}
	}
}

func TestGaps(t *testing.T) {
	for what, data := range map[string][]byte{
		"cut off":          file(vector(text("a")))[:40],
		"an unknown kind":  file(i32(99)),
		"a bad reference":  file(i32(5<<8 | kindReference)),
		"too deep":         file([]byte(strings.Repeat(string(join(i32(kindVector), i32(1))), 3000))),
		"trailing":         append(file(text("a")), "PK"...),
		"letters in ASCII": []byte("A\n3\nabc\n"),
	} {
		if report := scannertest.Scan(list, "x.rds", data); len(report.Gaps) == 0 || report.Class == scanners.Clean {
			t.Errorf("%s: %+v", what, report)
		}
	}
}

func FuzzScan(f *testing.F) {
	for name, data := range fixtures(f) {
		f.Add(name, data)
	}
	f.Add("x", file(promise(i32(kindUnbound), call("system", text(marker)))))
	f.Add("x", file(join(i32(kindByteCode), i32(1), join(i32(kindInteger), i32(1), i32(12)), i32(1), i32(kindCall), null, i32(kindSymbol), symbol("a"), i32(kindNilValue), null)))
	f.Fuzz(func(t *testing.T, n string, data []byte) {
		scannertest.Properties(t, Scanner{}, n, data)
	})
}
