package license

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestFromCard(t *testing.T) {
	for _, c := range []struct{ id, name, want string }{
		{"apache-2.0", "", "Apache-2.0"},
		{" MIT ", "", "MIT"},
		{"etalab-2.0", "", "etalab-2.0"},
		{"gpl-3.0", "", "GPL-3.0-only"},
		{"odbl", "", "ODbL-1.0"},
		{"llama3.1", "", "LicenseRef-hf-llama3.1"},
		{"openrail++", "", "LicenseRef-hf-openrail-plus-plus"},
		{"bsd", "", "LicenseRef-hf-bsd"},
		{"other", "My License, v1", "LicenseRef-My-License--v1"},
		{"other", "", NoAssertion},
		{"other", "!!", NoAssertion},
		{"unknown", "", NoAssertion},
		{"", "", NoAssertion},
		{"\u202e", "", NoAssertion},
		{"x) OR (MIT", "", "LicenseRef-hf-x--or--mit"},
		{"NOASSERTION", "", "LicenseRef-hf-noassertion"},
		{strings.Repeat("a", 1000), "", "LicenseRef-hf-" + strings.Repeat("a", maxReference)},
	} {
		got := FromCard(c.id, c.name)
		if got.Expression != c.want {
			t.Errorf("FromCard(%q, %q) = %q, want %q", c.id, c.name, got.Expression, c.want)
		}
		exact := slices.Contains(listed, got.Expression) || got == special["odbl"]
		if exact != (got.Note == "") {
			t.Errorf("FromCard(%q, %q): note %q", c.id, c.name, got.Note)
		}
	}
}

// Every id of the tables is on the SPDX license list.
func TestTableIsListed(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "schemas", "cyclonedx", "spdx.schema.json"))
	if err != nil {
		t.Skipf("SKIPPED: the list of SPDX license ids is not beside the repository: %v", err)
	}
	var list struct {
		Enum []string `json:"enum"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	ids := slices.Clone(listed)
	for _, l := range special {
		ids = append(ids, l.Expression)
	}
	for _, id := range ids {
		if !strings.HasPrefix(id, "LicenseRef-") && !slices.Contains(list.Enum, id) {
			t.Errorf("%s is not on the SPDX license list", id)
		}
	}
}

var expression = regexp.MustCompile(`^(NOASSERTION|[A-Za-z0-9.-]+)$`)

func FuzzFromCard(f *testing.F) {
	f.Add("other", "x y")
	f.Add("llama3", "")
	f.Fuzz(func(t *testing.T, id, name string) {
		got := FromCard(id, name)
		if !expression.MatchString(got.Expression) || len(got.Expression) > 90 {
			t.Errorf("FromCard(%q, %q) = %q", id, name, got.Expression)
		}
		if listedID := slices.Contains(listed, got.Expression); !listedID && got.Expression != NoAssertion && !got.Custom() {
			if !slices.ContainsFunc([]string{"-only", "ODC-By-1.0", "ODbL-1.0", "PDDL-1.0", "C-UDA-1.0", "LGPLLR"},
				func(s string) bool { return strings.HasSuffix(got.Expression, s) }) {
				t.Errorf("FromCard(%q, %q) = %q invents an id", id, name, got.Expression)
			}
		}
	})
}

func TestFromExpression(t *testing.T) {
	for text, want := range map[string]string{
		"Apache-2.0":                            "Apache-2.0",
		"apache-2.0":                            "Apache-2.0",
		"(MIT OR Apache-2.0) AND BSD-4-Clause":  "(MIT OR Apache-2.0) AND BSD-4-Clause",
		"MIT or ISC":                            "MIT OR ISC",
		"GPL-2.0-only WITH Classpath-exception": "LicenseRef-GPL-2.0-only-WITH-Classpath-exception",
		"LicenseRef-our-own":                    "LicenseRef-our-own",
		"LicenseRef-a_b":                        "LicenseRef-hf-a-b",
		"The Example License, version 2":        "LicenseRef-The-Example-License--version-2",
		"MIT AND":                               "NOASSERTION",
		"(MIT":                                  "NOASSERTION",
		"":                                      "NOASSERTION",
		"AND":                                   "LicenseRef-hf-and",
	} {
		if got := FromExpression(text).Expression; got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestClasses(t *testing.T) {
	for text, want := range map[string]string{
		"MIT": "[permissive]", "CC-BY-NC-SA-4.0": "[non-commercial share-alike]", "LicenseRef-hf-llama3.1": "[use-restricted]",
		"CC-BY-NC-ND-4.0": "[no-derivatives non-commercial]", "CC-BY-4.0": "[permissive]", "LicenseRef-hf-unheard-of": "[]",
		"MIT AND LicenseRef-hf-gemma": "[permissive use-restricted]", "": "[]", "NOASSERTION": "[]",
	} {
		if got := fmt.Sprint(Classes(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

var operators = regexp.MustCompile(`^[A-Za-z0-9.() -]+$`)

func FuzzFromExpression(f *testing.F) {
	f.Add("(MIT OR x) AND LicenseRef-a")
	f.Add("MIT WITH é (")
	f.Fuzz(func(t *testing.T, text string) {
		if got := FromExpression(text); !operators.MatchString(got.Expression) {
			t.Errorf("%q: %q", text, got.Expression)
		}
	})
}
