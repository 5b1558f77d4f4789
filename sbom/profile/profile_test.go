package profile

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
)

// The tables are whole: every element can be looked up somewhere that exists,
// and says what would fill it.
func TestTables(t *testing.T) {
	for _, p := range All() {
		ids := make(map[string]bool)
		for _, e := range p.Elements {
			if ids[e.ID] {
				t.Errorf("%s: %s twice", p.ID, e.ID)
			}
			ids[e.ID] = true
			if e.Scope != System && (e.Fill == "" || len(e.From) == 0) {
				t.Errorf("%s: %s cannot be filled", p.ID, e.ID)
			}
			for _, from := range e.From {
				_, selector := selectors[from]
				_, dataset := datasetSelectors[from]
				if !selector && !dataset && !strings.HasPrefix(from, "text/") && !strings.HasPrefix(from, "safetensors/") && !strings.HasPrefix(from, "gguf/") {
					t.Errorf("%s: %s looks at %q, which is nowhere", p.ID, e.ID, from)
				}
			}
		}
		if p.Title == "" || p.Source == "" {
			t.Errorf("%s has no title or source", p.ID)
		}
	}
}

func TestG7HasFiftyElements(t *testing.T) {
	count := make(map[string]int)
	for _, e := range g7.Elements {
		cluster, _, _ := strings.Cut(e.ID, "-")
		count[cluster]++
	}
	want := map[string]int{"MD": 10, "SLP": 9, "MDL": 13, "DP": 10, "INF": 2, "SP": 4, "KPI": 2}
	for cluster, n := range want {
		if count[cluster] != n {
			t.Errorf("%s: %d elements, want %d", cluster, count[cluster], n)
		}
	}
	if len(g7.Elements) != 50 {
		t.Errorf("%d elements", len(g7.Elements))
	}
}

func state(r Report, id string) State {
	i := slices.IndexFunc(r.Elements, func(e Result) bool { return e.ID == id })
	return r.Elements[i].State
}

// Verified and declared are never mixed up, and nobody fills an element with a
// placeholder.
func TestStates(t *testing.T) {
	doc := sbom.FromReport(sbomtest.CleanModel())
	r := Check(g7, doc, Making{})
	for id, want := range map[string]State{
		"MDL-07": Verified, "MDL-09": Verified, "MDL-05": Declared, "MDL-12": Declared, "MDL-02": Inferred,
		"MD-01": Missing, "MDL-06": Missing, "SLP-01": NotApplicable, "DP-05": Missing, "SP-04": Verified,
	} {
		if got := state(r, id); got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	doc.Subject.Supplier.Text = "NOASSERTION"
	if got := state(Check(g7, doc, Making{}), "MDL-05"); got != Missing {
		t.Errorf("NOASSERTION is taken for %s", got)
	}
	doc.Files[2].Digests = nil
	if got := state(Check(g7, doc, Making{}), "MDL-07"); got != Missing {
		t.Errorf("one file without a digest: %s", got)
	}
	for id, want := range map[string]State{"MDL-07": NotApplicable, "DP-05": Verified, "DP-10": Declared, "DP-02": Missing} {
		if got := state(Check(g7, sbom.FromReport(sbomtest.Dataset()), Making{}), id); got != want {
			t.Errorf("dataset: %s is %s, want %s", id, got, want)
		}
	}
}

// The rules that no schema checks.
func TestConformanceThatSchemasDoNotCheck(t *testing.T) {
	doc := sbom.FromReport(sbomtest.CleanModel())
	if got := state(Check(spdx301, doc, Making{}), "ai/suppliedBy"); got != Declared {
		t.Errorf("suppliedBy is %s", got)
	}
	doc.Subject.Supplier, doc.License = sbom.Value{}, sbom.License{}
	r := Check(spdx301, doc, Making{})
	if state(r, "ai/suppliedBy") != Missing || state(r, "declared-license") != Missing || r.Complete {
		t.Errorf("%+v", r.Counts)
	}
}

func TestNoVulnerabilitiesForBSI(t *testing.T) {
	doc := sbom.FromReport(sbomtest.FindingsModel())
	if got := state(Check(bsi, doc, Making{}), "3.1-no-vulnerabilities"); got != Missing {
		t.Errorf("with findings: %s", got)
	}
	if got := state(Check(bsi, doc.WithoutFindings(), Making{}), "3.1-no-vulnerabilities"); got != Verified {
		t.Errorf("without: %s", got)
	}
}

func TestCounts(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		for _, p := range All() {
			r := Check(p, doc, Making{})
			n := 0
			for _, c := range r.Counts {
				n += c
			}
			if n != len(p.Elements) || r.Present > 100 || r.Verified+r.Declared > r.Present+1 {
				t.Errorf("%s %s: %+v", name, p.ID, r.Counts)
			}
			var a, b bytes.Buffer
			if r.WriteText(&a) != nil || Check(p, doc, Making{}).WriteText(&b) != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
				t.Errorf("%s %s: the text differs between two runs", name, p.ID)
			}
		}
	}
}

func TestParseRequirement(t *testing.T) {
	for text, ok := range map[string]bool{"g7": true, "g7:80": true, "g7:0": false, "g7:101": false, "g7:": false, "g8": false, "": false} {
		if _, err := ParseRequirement(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	q, _ := ParseRequirement("ntia:50")
	if !q.Met(Report{Present: 50}) || q.Met(Report{Present: 49, Complete: true}) {
		t.Error("the percentage does not count")
	}
}
