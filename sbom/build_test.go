package sbom_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"assay/sbom"
	"assay/scanners"
	"assay/verify"
)

func report(files ...verify.FileEvidence) verify.Report {
	return verify.Report{Evidence: verify.Evidence{Files: files}}
}

func TestSubject(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	r := report()
	r.Artifact = verify.ArtifactInfo{
		Ref: "hf://org/name@main", Pinned: "hf://org/name@" + commit, Kind: "model", ContentID: "sha256:aa",
		Repository: "id-1", Name: "Org/Renamed", Owner: "org", Created: "2025-06-07T08:09:10.9+02:00", Revision: commit,
	}
	want := sbom.Subject{
		Kind:       sbom.KindModel,
		Name:       sbom.Value{Text: "Org/Renamed", Standing: sbom.Declared, Source: "store"},
		Version:    sbom.Value{Text: commit, Standing: sbom.Declared, Source: "store"},
		ContentID:  sbom.Value{Text: "sha256:aa", Standing: sbom.Verified, Source: "all files"},
		Asked:      sbom.Value{Text: "hf://org/name@main", Standing: sbom.Declared, Source: "caller"},
		Location:   sbom.Value{Text: "hf://org/name@" + commit, Standing: sbom.Inferred, Source: "pinned reference"},
		PURL:       sbom.Value{Text: "pkg:huggingface/org/name@" + commit, Standing: sbom.Inferred, Source: "pinned reference"},
		Repository: sbom.Value{Text: "id-1", Standing: sbom.Declared, Source: "store"},
		Supplier:   sbom.Value{Text: "org", Standing: sbom.Declared, Source: "store"},
		Created:    sbom.Value{Text: "2025-06-07T06:09:10Z", Standing: sbom.Declared, Source: "store"},
	}
	if got := sbom.FromReport(r).Subject; got != want {
		t.Errorf("subject:\n got %+v\nwant %+v", got, want)
	}
}

// What is not known is absent, and what stands in for it says so.
func TestSubjectOfLocalFolder(t *testing.T) {
	r := report()
	r.Artifact = verify.ArtifactInfo{Ref: "/home/me/model", ContentID: "sha256:aa"}
	s := sbom.FromReport(r).Subject
	want := sbom.Subject{
		Name:      sbom.Value{Text: "model", Standing: sbom.Inferred, Source: "reference"},
		Version:   sbom.Value{Text: "sha256:aa", Standing: sbom.Inferred, Source: "content id"},
		ContentID: sbom.Value{Text: "sha256:aa", Standing: sbom.Verified, Source: "all files"},
	}
	if s != want {
		t.Errorf("subject:\n got %+v\nwant %+v", s, want)
	}
}

func TestCreatedIsATime(t *testing.T) {
	for in, want := range map[string]string{
		"2025-06-07T08:09:10Z":      "2025-06-07T08:09:10Z",
		"2025-06-07T08:09:10+14:00": "2025-06-06T18:09:10Z",
		"0001-01-01T00:00:00Z":      "",
		"0000-01-01T00:00:00Z":      "",
		"9999-12-31T23:59:59-01:00": "",
		"2025-06-07":                "",
		"soon":                      "",
	} {
		r := report()
		r.Artifact.Created = in
		if got := sbom.FromReport(r).Subject.Created.Text; got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestDigests(t *testing.T) {
	hex := strings.Repeat
	f := verify.FileEvidence{SHA256: hex("1", 64), SHA512: hex("2", 128), Declared: []verify.DeclaredDigest{
		{Digest: "sha256:" + hex("1", 64), By: "lfs", Match: verify.MatchKept},
		{Digest: "sha256:" + hex("3", 64), By: "lock", Match: verify.MatchBroken},
		{Digest: "sha1-git:" + hex("4", 40), By: "git", Match: verify.MatchKept},
		{Digest: "blake3:" + hex("5", 64), By: "list", Match: verify.MatchUnchecked},
		{Digest: "sha512:" + hex("6", 128), By: "list", Match: verify.MatchUnchecked},
		{Digest: "sha384:" + hex("7", 95), By: "list", Match: verify.MatchUnchecked},
		{Digest: "md5:" + hex("8", 32), By: "list", Match: verify.MatchKept},
		{Digest: "", By: "list"},
	}}
	want := []sbom.Digest{
		{Algorithm: "sha256", Hex: hex("1", 64), Standing: sbom.Verified},
		{Algorithm: "sha512", Hex: hex("2", 128), Standing: sbom.Verified},
		{Algorithm: "sha1-git", Hex: hex("4", 40), Standing: sbom.Verified},
		{Algorithm: "sha256", Hex: hex("3", 64), Standing: sbom.Declared, Source: "lock", Broken: true},
		{Algorithm: "blake3", Hex: hex("5", 64), Standing: sbom.Declared, Source: "list"},
	}
	if got := sbom.FromReport(report(f)).Files[0].Digests; !reflect.DeepEqual(got, want) {
		t.Errorf("digests:\n got %+v\nwant %+v", got, want)
	}
}

func TestGapsGoToTheirFiles(t *testing.T) {
	r := report(verify.FileEvidence{Name: "b"}, verify.FileEvidence{Name: "a"})
	r.Gaps = []verify.Gap{
		{Code: scanners.GapBroken, File: "b", Reason: "1"}, {Code: verify.GapVerifier, Reason: "2"}}
	d := sbom.FromReport(r)
	if len(d.Files[0].Gaps) != 0 || len(d.Files[1].Gaps) != 1 || len(d.Gaps) != 1 {
		t.Errorf("gaps: %+v, of files %+v", d.Gaps, d.Files)
	}
	if !d.Complete {
		t.Error("a signature that could not be read makes the list of files incomplete")
	}
	r.Gaps = append(r.Gaps, verify.Gap{Code: verify.GapOmitted, File: "link", Reason: "symbolic link"})
	if sbom.FromReport(r).Complete {
		t.Error("a link that was left out, and the list of files is complete")
	}
	if names := []string{d.Files[0].Name, d.Files[1].Name}; !slices.IsSorted(names) {
		t.Errorf("files are not sorted: %v", names)
	}
}

func TestFactsOfTheArtifact(t *testing.T) {
	facts := func(pairs ...string) verify.FileEvidence {
		f := verify.FileEvidence{Name: "f"}
		for i := 0; i < len(pairs); i += 2 {
			f.Facts = append(f.Facts, verify.Fact{Key: pairs[i], Value: pairs[i+1]})
		}
		return f
	}
	const (
		n = "safetensors/parameters"
		d = "safetensors/dtypes"
	)
	broken := facts(n, "5")
	broken.Coverage.Skipped = 1
	for name, c := range map[string]struct {
		files []verify.FileEvidence
		want  map[string]string
	}{
		"two shards": {[]verify.FileEvidence{facts(n, "10", d, "BF16=4,F32=6"), facts(n, "32", d, "BF16=1,F16=31")},
			map[string]string{n: "42", d: "BF16=5,F16=31,F32=6"}},
		"text of the publisher": {[]verify.FileEvidence{facts("safetensors/metadata/parameters", "10", "x/parameters", "1", "parameters", "2")}, nil},
		"too large":             {[]verify.FileEvidence{facts(n, "18446744073709551615"), facts(n, "1")}, nil},
		"no number":             {[]verify.FileEvidence{facts(n, "-3", d, "F32=x")}, nil},
		"no name":               {[]verify.FileEvidence{facts(d, "=3"), facts(d, "")}, nil},
		"one of two is broken":  {[]verify.FileEvidence{facts(n, "10"), broken}, nil},
		"name with an equals":   {[]verify.FileEvidence{facts(d, "a=b=3"), facts(d, "a=b=4")}, map[string]string{d: "a=b=7"}},
	} {
		var got map[string]string
		for _, f := range sbom.FromReport(report(c.files...)).Facts {
			if got == nil {
				got = map[string]string{}
			}
			got[f.Key] = f.Value.Text
			if f.Value.Standing != sbom.Verified {
				t.Errorf("%s: %s is %s", name, f.Key, f.Value.Standing)
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: facts %v, want %v", name, got, c.want)
		}
	}
}

// A fact is verified when it was counted from a file that was understood whole,
// and declared in every other case.
func TestStandingOfFacts(t *testing.T) {
	f := verify.FileEvidence{Name: "f", Facts: []verify.Fact{
		{Key: "safetensors/metadata/author", Value: "x"}, {Key: "safetensors/tensors", Value: "1"}}}
	standings := func(r verify.Report) (out []sbom.Standing) {
		for _, f := range sbom.FromReport(r).Files[0].Facts {
			out = append(out, f.Value.Standing)
		}
		return out
	}
	if got := standings(report(f)); !slices.Equal(got, []sbom.Standing{sbom.Declared, sbom.Verified}) {
		t.Errorf("whole file: %v", got)
	}
	r := report(f)
	r.Gaps = []verify.Gap{{Code: scanners.GapBroken, File: "f"}}
	if got := standings(r); !slices.Equal(got, []sbom.Standing{sbom.Declared, sbom.Declared}) {
		t.Errorf("broken file: %v", got)
	}
}

// What the files at the top say describes the artifact; what is said further down,
// or inside an archive, does not.
func TestPublishersStatements(t *testing.T) {
	facts := func(name string, pairs ...string) verify.FileEvidence {
		f := verify.FileEvidence{Name: name}
		for i := 0; i < len(pairs); i += 2 {
			f.Facts = append(f.Facts, verify.Fact{Key: pairs[i], Value: pairs[i+1]})
		}
		return f
	}
	d := sbom.FromReport(report(
		facts("README.md", "text/card/license", "llama3", "text/card/base_model", "org/base", "text/config/r", "9"),
		facts("adapter_config.json", "text/config/base_model_name_or_path", "org/base", "text/config/r", "8"),
		facts("archive.zip", "text/card/license", "mit", "text/config/r", "1"),
		facts("sub/README.md", "text/card/license", "mit", "text/card/base_model", "other/base"),
	))
	wantLicense := sbom.Value{Text: "LicenseRef-hf-llama3", Standing: sbom.Declared, Source: "README.md"}
	if d.License.Expression != wantLicense || len(d.License.Texts) != 1 || d.License.Note == "" {
		t.Errorf("license %+v", d.License)
	}
	wantBases := []sbom.Base{{Name: sbom.Value{Text: "org/base", Standing: sbom.Declared, Source: "README.md"}, Relation: sbom.RelationAdapter, Needed: true}}
	if !reflect.DeepEqual(d.Bases, wantBases) {
		t.Errorf("bases %+v", d.Bases)
	}
	for _, f := range d.Facts {
		if f.Key == "text/config/r" && f.Value.Text != "8" {
			t.Errorf("fact %+v", f)
		}
	}
	if none := sbom.FromReport(report(facts("config.json", "text/card/license", "mit"))); none.License.Expression.Known() {
		t.Errorf("config.json is taken for a card: %+v", none.License)
	}
}

func TestDocumentOfClaim(t *testing.T) {
	r := report(verify.FileEvidence{Name: "sub/model.sig"})
	r.Claims = []verify.Claim{{Document: "sub/model.sig"}, {Document: "/home/me/keys/other.sig"}, {}}
	var got []string
	for _, c := range sbom.FromReport(r).Claims {
		got = append(got, c.Document)
	}
	if want := []string{"sub/model.sig", "other.sig", ""}; !slices.Equal(got, want) {
		t.Errorf("documents %q, want %q", got, want)
	}
}

func TestRoles(t *testing.T) {
	d := sbom.Document{Claims: []sbom.Claim{{Document: "model.sig"}}}
	for _, c := range []struct {
		name    string
		formats []string
		role    sbom.Role
		media   string
	}{
		{"model.safetensors", []string{"safetensors"}, sbom.RoleWeights, "application/octet-stream"},
		{"holiday.jpg", []string{"pickle", "zip"}, sbom.RoleWeights, "application/octet-stream"},
		{"x.zip", []string{"zip"}, sbom.RoleArchive, "application/zip"},
		{"docs/README.MD", []string{"text"}, sbom.RoleDocumentation, "text/markdown"},
		{"tokenizer_config.json", []string{"text"}, sbom.RoleConfiguration, "application/json"},
		{"vocab.txt", []string{"text"}, sbom.RoleOther, "text/plain"},
		{"model.sig", []string{"text"}, sbom.RoleEvidence, "text/plain"},
		{"README.md", nil, sbom.RoleOther, ""}, // a name alone is nothing
		{"model.safetensors", []string{}, sbom.RoleOther, ""},
	} {
		role, media := d.Role(sbom.File{Name: c.name, Formats: c.formats})
		if role != c.role || media != c.media {
			t.Errorf("%s %v: %q %q, want %q %q", c.name, c.formats, role, media, c.role, c.media)
		}
	}
}

// Nothing that a report can hold makes the document large out of proportion, and
// what is cut is counted.
func TestBounds(t *testing.T) {
	f := verify.FileEvidence{Name: strings.Repeat("x", 1<<20)}
	for range 1000 {
		f.Facts = append(f.Facts, verify.Fact{Key: strings.Repeat("k", 1<<16), Value: strings.Repeat("v", 1<<16)})
	}
	r := report(f)
	r.Claims = []verify.Claim{{Problems: make([]verify.Problem, 1000)}}
	d := sbom.FromReport(r)
	if n := len(d.Files[0].Facts); n != 256 || d.Files[0].MoreFacts != 744 {
		t.Errorf("%d facts and %d more", n, d.Files[0].MoreFacts)
	}
	if n := len(d.Files[0].Name); n > 5000 {
		t.Errorf("a name of %d bytes", n)
	}
	if n := len(d.Claims[0].Problems); n != 21 {
		t.Errorf("%d problems", n)
	}
}

// The document is a function of the report, and leaves it as it was.
func TestFromReportIsPure(t *testing.T) {
	r := report(verify.FileEvidence{Name: "b", Formats: []string{"z"}}, verify.FileEvidence{Name: "a"})
	first := sbom.FromReport(r)
	if r.Files[0].Name != "b" {
		t.Error("the report was sorted in place")
	}
	if !reflect.DeepEqual(first, sbom.FromReport(r)) {
		t.Error("two documents of one report differ")
	}
}
