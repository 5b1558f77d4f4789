package policy

import (
	"errors"
	"strings"
	"testing"
)

// TestErrorsInTermsOfTheFile: a person who writes a policy does not know the
// types of this program.
func TestErrorsInTermsOfTheFile(t *testing.T) {
	const head = "apiVersion: assay.dev/v1\nkind: Policy\n"
	for text, want := range map[string]string{
		"require: [a]\n":              "line 3: a list where a mapping is wanted",
		"rules: {a: b}\n":             "line 3: a mapping where a list is wanted",
		"mode: [x]\n":                 "line 3: a list where a text is wanted",
		"foo: 3\nbar: 4\n":            `line 3: unknown key "foo"; line 4: unknown key "bar"`,
		"require: a\n":                `line 3: the text "a" where a mapping is wanted`,
		"require: {signature: 3}\n":   `line 3: the number "3" where true or false is wanted`,
		"mode: warn\nmode: enforce\n": `line 4: mapping key "mode" already defined at line 3`,
	} {
		_, err := Parse("p", []byte(head+text))
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "Document") {
			t.Errorf("%q names a type of the program: %v", text, err)
		}
	}
}

func TestKindsAreToldApart(t *testing.T) {
	for _, kind := range []string{"PolicyTest", "Waivers"} {
		_, err := Parse("p", []byte("apiVersion: assay.dev/v1\nkind: "+kind+"\nnow: x\n"))
		if !errors.Is(err, ErrKind) || !strings.Contains(err.Error(), "it is a "+kind) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	if _, err := Parse("p", []byte("apiVersion: assay.dev/v1\nkind: Pod\n")); err == nil || errors.Is(err, ErrKind) {
		t.Errorf("a foreign kind: %v", err)
	}
}

// TestEveryTemplateHasCasesThatHold keeps the two beside each other.
func TestEveryTemplateHasCasesThatHold(t *testing.T) {
	for _, scenario := range Scenarios() {
		text, err := Template(scenario)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := Parse(scenario, text)
		if err != nil {
			t.Fatal(err)
		}
		cases, err := CasesTemplate(scenario)
		if err != nil {
			t.Fatal(err)
		}
		results, err := rules.RunCases(scenario, cases, nil)
		if err != nil || len(results) < 2 {
			t.Errorf("%s: %d cases, %v", scenario, len(results), err)
		}
		for _, r := range results {
			if r.Problem != "" {
				t.Errorf("%s: %s: %s", scenario, r.Name, r.Problem)
			}
		}
	}
}
