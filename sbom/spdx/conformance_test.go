package spdx_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"assay/sbom"
	"assay/sbom/internal/sbomtest"
	"assay/sbom/spdx"
)

// mandatory are the external property restrictions of the AI and the Dataset
// profile of SPDX 3.0.1. Neither the JSON schema nor the SHACL shapes have them.
var mandatory = map[string]struct {
	class      string
	properties []string
}{
	"ai": {"ai_AIPackage", []string{"releaseTime", "suppliedBy", "software_downloadLocation",
		"software_packageVersion", "software_primaryPurpose"}},
	"dataset": {"dataset_DatasetPackage", []string{"builtTime", "originatedBy", "releaseTime",
		"software_downloadLocation", "software_primaryPurpose", "dataset_datasetType"}},
}

// conformance checks what the prose of SPDX 3.0.1 asks for.
func conformance(t testing.TB, document []byte) []string {
	t.Helper()
	byType := elements(t, document)
	var problems []string
	report := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }

	if n := len(byType["SpdxDocument"]); n != 1 {
		report("%d SpdxDocument elements", n)
	}
	for profile, m := range mandatory {
		for _, p := range byType[m.class] {
			for _, name := range m.properties {
				if claims(byType, profile) && p[name] == nil {
					report("%s claims the %s profile without %s", m.class, profile, name)
				}
			}
			for _, kind := range []string{"hasDeclaredLicense", "hasConcludedLicense"} {
				if n := licenses(byType, p["spdxId"], kind); n != 1 {
					report("%s has %d %s", m.class, n, kind)
				}
			}
		}
		if claims(byType, profile) && len(byType[m.class]) == 0 {
			report("the %s profile is claimed without a package of it", profile)
		}
	}
	return append(problems, danglingReferences(byType)...)
}

func claims(byType map[string][]map[string]any, profile string) bool {
	list, _ := byType["SpdxDocument"][0]["profileConformance"].([]any)
	return slices.Contains(list, any(profile))
}

func licenses(byType map[string][]map[string]any, of any, kind string) int {
	n := 0
	for _, r := range byType["Relationship"] {
		if r["from"] == of && r["relationshipType"] == kind {
			n += len(r["to"].([]any))
		}
	}
	return n
}

// danglingReferences finds ids that are used twice, or used and not defined.
// Individuals of the model itself are defined by SPDX.
func danglingReferences(byType map[string][]map[string]any) []string {
	var problems []string
	defined := map[string]bool{}
	for _, list := range byType {
		for _, e := range list {
			id, _ := e["spdxId"].(string)
			if id != "" && defined[id] {
				problems = append(problems, "defined twice: "+id)
			}
			defined[id] = true
		}
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			if strings.HasPrefix(v, "https://spdx.org/spdxdocs/") && !defined[v] {
				problems = append(problems, "not defined: "+v)
			}
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for _, x := range v {
				walk(x)
			}
		}
	}
	for _, list := range byType {
		for _, e := range list {
			walk(e)
		}
	}
	return problems
}

func TestConformance(t *testing.T) {
	for name, doc := range sbomtest.Documents() {
		t.Run(name, func(t *testing.T) {
			for _, problem := range conformance(t, write(t, doc, options)) {
				t.Error(problem)
			}
		})
	}
}

// The checker must be able to fail where schema and SHACL do not.
func TestConformanceCheckerFails(t *testing.T) {
	good := string(write(t, sbom.FromReport(sbomtest.CleanModel()), options))
	for what, edit := range map[string][2]string{
		"no supplier":         {`"suppliedBy":`, `"comment2":`},
		"no release time":     {`"releaseTime":`, `"validUntilTime":`},
		"no declared license": {`"hasDeclaredLicense"`, `"other"`},
		"two licenses":        {`"to":["https://spdx.org/rdf`, `"to":["https://spdx.org/rdf/x","https://spdx.org/rdf`},
		"dangling":            {`#file-1",`, `#file-99",`},
	} {
		bad := strings.Replace(good, edit[0], edit[1], 1)
		if bad == good {
			t.Fatalf("%s: nothing to replace", what)
		}
		if len(conformance(t, []byte(bad))) == 0 {
			t.Errorf("%s: accepted", what)
		}
	}
}

// A profile is claimed exactly when its mandatory properties are there.
func TestProfilesAreOnlyClaimedWhenMet(t *testing.T) {
	without := sbomtest.CleanModel()
	without.Artifact.Created = ""
	unreadable := sbomtest.CleanModel()
	unreadable.Artifact.Created = "yesterday"
	for name, c := range map[string]struct {
		document []byte
		ai       bool
	}{
		"known":      {write(t, sbom.FromReport(sbomtest.CleanModel()), options), true},
		"no time":    {write(t, sbom.FromReport(without), options), false},
		"not a time": {write(t, sbom.FromReport(unreadable), options), false},
	} {
		byType := elements(t, c.document)
		if got := claims(byType, "ai"); got != c.ai {
			t.Errorf("%s: claims the AI profile: %v", name, got)
		}
		comment, _ := byType["ai_AIPackage"][0]["comment"].(string)
		if said := strings.Contains(comment, "conformance with the ai profile is not claimed: releaseTime"); said == c.ai {
			t.Errorf("%s: comment %q", name, comment)
		}
	}
}

// Every finding, gap, claim and broken digest of a report is in the document, on
// the element it is about.
func TestNothingIsLost(t *testing.T) {
	r := sbomtest.FindingsModel()
	byType := elements(t, write(t, sbom.FromReport(r), options))
	files := map[any]string{}
	for _, f := range byType["software_File"] {
		files[f["spdxId"]] = f["name"].(string)
	}
	count := map[string]int{}
	for _, a := range byType["Annotation"] {
		var statement map[string]json.RawMessage
		if err := json.Unmarshal([]byte(a["statement"].(string)), &statement); err != nil {
			t.Fatal(err)
		}
		for key := range statement {
			count[key+" on "+files[a["subject"]]]++
		}
	}
	want := map[string]int{
		"coverage on ": 1, "claim on ": 2, "gap on ": 2, "gap on big.bin": 1, "facts on README.md": 1, "facts on adapter_config.json": 1,
		"finding on pytorch_model.bin": 2, "digestMismatch on pytorch_model.bin": 1,
		"record on ": 1, "record on big.bin": 1, "record on pytorch_model.bin": 1,
	}
	if fmt.Sprint(count) != fmt.Sprint(want) {
		t.Errorf("annotations: %v, want %v", count, want)
	}
}

// A digest that nobody computed is not passed off as one that was, and a digest
// that the bytes do not have is not written as theirs.
func TestHashesSayWhereTheyComeFrom(t *testing.T) {
	byType := elements(t, write(t, sbom.FromReport(sbomtest.FindingsModel()), options))
	for _, f := range byType["software_File"] {
		hashes, _ := f["verifiedUsing"].([]any)
		for _, h := range hashes {
			h := h.(map[string]any)
			declared := strings.Contains(fmt.Sprint(h["comment"]), "declared by oci-layer")
			if declared != (f["name"] == "big.bin") {
				t.Errorf("%v: hash %v", f["name"], h)
			}
			if h["hashValue"] == sbomtest.Hash("other") {
				t.Errorf("%v: the broken digest is written as a hash", f["name"])
			}
		}
	}
}

// The relations follow from content and claims, and the list of files is only
// called complete when nothing was left out.
func TestRelations(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"clean-model": {"contains": "4 complete", "hasDataFile": "2 noAssertion", "hasMetadata": "1 noAssertion", "hasDocumentation": "1 noAssertion",
			"descendantOf": "1 noAssertion"},
		"findings-model": {"contains": "5 incomplete", "hasDataFile": "1 noAssertion", "hasEvidence": "1 noAssertion",
			"hasMetadata": "1 noAssertion", "hasDocumentation": "1 noAssertion",
			"descendantOf": "1 noAssertion", "dependsOn": "1 noAssertion"},
		"empty": {},
	} {
		got := map[string]string{}
		for _, r := range elements(t, write(t, sbom.FromReport(sbomtest.Reports()[name]), options))["Relationship"] {
			if kind := r["relationshipType"].(string); !strings.HasSuffix(kind, "License") {
				got[kind] = fmt.Sprint(len(r["to"].([]any)), " ", r["completeness"])
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: relations %v, want %v", name, got, want)
		}
	}
}

// A local path is nobody's business but the caller's.
func TestLocalPathIsNotPublished(t *testing.T) {
	document := write(t, sbom.FromReport(sbomtest.Reports()["empty"]), spdx.Options{})
	if strings.Contains(string(document), "someone") {
		t.Error("the document tells the path of the folder")
	}
	if got := elements(t, document)["ai_AIPackage"][0]["name"]; got != "empty" {
		t.Errorf("name %v", got)
	}
}
