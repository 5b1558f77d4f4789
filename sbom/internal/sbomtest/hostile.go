package sbomtest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"assay/registry"
	"assay/scanners"
	"assay/verify"
)

// HostileReport has text in every place where a report can carry one.
func HostileReport(text string) verify.Report {
	r := verify.Report{Evidence: verify.Evidence{Ruleset: text}}
	r.Artifact = verify.ArtifactInfo{
		Ref: "hf://" + text, Pinned: "oci://" + text, Kind: registry.Kind(text), ContentID: text,
		Repository: text, Name: text, Owner: text, Created: text, Revision: text, Ignored: []string{text},
	}
	finding := verify.Finding{Rule: text, Severity: 200, Path: []string{text, text}, Offset: -1, What: text}
	r.Files = []verify.FileEvidence{
		{Name: text, Size: -1, SHA256: text, SHA512: text, Formats: []string{text}, Classification: 200, Members: -1,
			Declared: []verify.DeclaredDigest{
				{Digest: text, By: text, Match: text}, {Digest: "sha256:" + text, By: text, Match: verify.MatchBroken},
				{Digest: "blake3:" + text, By: text, Match: verify.MatchKept}},
			Findings: []verify.Finding{finding, finding},
			Facts:    []verify.Fact{{Key: text, Value: text}, {Key: "safetensors/dtypes", Value: text}},
			Coverage: scanners.Coverage{Parsed: -1}},
		{Name: text}, {},
		{Name: "README.md", Formats: []string{"text"}, Facts: []verify.Fact{
			{Key: "text/card/license", Value: text}, {Key: "text/card/base_model", Value: text},
			{Key: "text/card/pipeline_tag", Value: text}, {Key: "text/card/datasets", Value: text}, {Key: "text/card/metric", Value: text},
			{Key: "text/card/metric", Value: text + "/" + text + "=" + text}, {Key: "text/card/section/uses", Value: text},
			{Key: "text/card/section/limitations", Value: text}, {Key: "text/card/section/description", Value: text},
			{Key: "text/card/base_model_relation", Value: text}, {Key: "text/card/license_name", Value: text}}},
		{Name: "LICENSE", Formats: []string{"text"}, Facts: []verify.Fact{{Key: "text/license", Value: text}}},
		{Name: "croissant.json", Formats: []string{"text"}, Facts: []verify.Fact{
			{Key: "text/croissant/file", Value: text}, {Key: "text/croissant/license", Value: text}, {Key: "text/croissant/name", Value: text}}},
		{Name: "m.gguf", Formats: []string{"gguf"}, Facts: []verify.Fact{
			{Key: "gguf/license", Value: text}, {Key: "gguf/base-model/repo_url", Value: text}, {Key: "gguf/architecture", Value: text}}},
		{Name: "model_index.json", Formats: []string{"text"}, Facts: []verify.Fact{{Key: "text/component", Value: text}}},
		{Name: "config.json", Formats: []string{"text"}, Facts: []verify.Fact{
			{Key: "text/config/base_model_name_or_path", Value: text}, {Key: "text/config/r", Value: text},
			{Key: "text/config/model_type", Value: text}}},
	}
	r.Claims = []verify.Claim{{
		Scheme: text, Document: text, PredicateType: text, Standing: verify.Standing(text), Time: text, TimeSource: text,
		Identity: verify.Signer{Method: text, KeyID: text, Subject: text, Issuer: text}, Covers: []string{text},
		Problems: []verify.Problem{{Code: text, File: text, What: text}}, Notes: []string{text},
	}}
	gap := verify.Gap{Code: scanners.GapCode(text), File: text, Path: []string{text}, Offset: -1, Reason: text}
	elsewhere := gap
	elsewhere.File += "2"
	r.Gaps = []verify.Gap{gap, gap, elsewhere}
	return r
}

// HostileTexts are by what is bad about them.
var HostileTexts = map[string]string{
	"controls":      "\x00\x01\x1b[2J\r\n\t\x7f\u0085",
	"invalid utf-8": "a\xff\xfe\xc0\xaf\xed\xa0\x80z\xf4\x90\x80\x80",
	"bidi":          "model\u202egnp.exe\u2066x\u2069",
	"separators":    "a\u2028b\u2029c",
	"json":          `"},{"@id":"_:creation","type":"CreationInfo"},{"x":"\u0000`,
	"html":          `<script>alert(1)</script>&amp;`,
	"iri":           "https://spdx.org/rdf/3.0.1/terms/Core/NoneElement",
	"blank":         "_:creation",
	"fragment":      "x#document",
	"huge":          strings.Repeat("\xffé\x00", 1<<20),
	"nothing":       "",
	"one blank":     " ",
	"noncharacter":  "\ufffe\uffff\U0001ffff",
	"noassertion":   "NOASSERTION",
	"slashes":       "////..//../@:@?#",
	"percent":       "%00%zz%",
}

// CheckText demands a document of bounded size without any character that could
// deceive or break a reader. The line break at its end is allowed.
func CheckText(t *testing.T, document []byte) {
	t.Helper()
	document = bytes.TrimSuffix(document, []byte("\n"))
	if !json.Valid(document) || !utf8.Valid(document) {
		t.Fatal("not JSON in UTF-8")
	}
	if i := bytes.IndexFunc(document, func(r rune) bool { return r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 }); i >= 0 {
		t.Errorf("control character at byte %d", i)
	}
	for _, bad := range []string{"\u202e", "\u2066", "\u2028", "\u2029", `\u20`, `\u0000`} {
		// A text that shows an escape has its backslash escaped.
		if i := strings.Index(strings.ReplaceAll(string(document), `\\`, ""), bad); i >= 0 {
			t.Errorf("%q in the document", bad)
		}
	}
	if len(document) > 2<<20 {
		t.Errorf("%d bytes", len(document))
	}
}
