package attest

import (
	"fmt"
	"strings"
	"testing"

	"assay/verify"
)

// absent is a subject that is nowhere in the fixture.
var absent = `{"name":"absent.bin","digest":{"sha256":"` + strings.Repeat("e", 64) + `"}}`

// inFolder names all subjects below a folder.
func inFolder(folder string) func(f *fixture) { return func(f *fixture) { f.inFolder(folder) } }

func (f *fixture) inFolder(folder string) {
	f.edit(`"name":"config.json"`, `"name":"`+folder+`config.json"`)
	f.edit(`"name":"sub/weights.bin"`, `"name":"`+folder+`sub/weights.bin"`)
}

// onlySubject leaves config.json as the only subject, under another name.
func onlySubject(name string) func(f *fixture) {
	return func(f *fixture) {
		f.edit(`,{"name":"sub/weights.bin"`, `],"was":[{"name":"sub/weights.bin"`)
		f.edit(`"name":"config.json"`, `"name":"`+name+`"`)
	}
}

// badFolders name files of the right content in other folders.
var badFolders = []negative{
	{"one file of a folder as another of the top", onlySubject("examples/unsafe/config.json"), one(CodeOtherSubject)},
	{"one file of one folder", onlySubject("unsafe/config.json"), one(CodeOtherSubject)},
	{"most below two folders", func(f *fixture) {
		f.inFolder("examples/unsafe/")
		f.files["setup.py"] = "x"
	}, one(CodeOtherSubject)},
	{"all below the root of a machine", inFolder("/"), one(CodeOtherSubject)},
	{"each below a folder of its own", func(f *fixture) {
		f.edit(`"name":"config.json"`, `"name":"a/config.json"`)
		f.edit(`"name":"sub/weights.bin"`, `"name":"b/sub/weights.bin"`)
	}, one(CodeOtherSubject)},
	{"without their folders", func(f *fixture) {
		f.files = map[string]string{"a/config.json": "{}", "b/weights.bin": "0123456789"}
		f.edit("sub/weights.bin", "weights.bin")
	}, one(CodeOtherSubject)},
	{"changed, below the folder of the model", func(f *fixture) {
		f.inFolder("model/")
		f.files["config.json"] = "[]"
	}, one("digest-mismatch config.json")},
	{"a model of one file, renamed", func(f *fixture) {
		onlySubject("config.json")(f)
		f.files = map[string]string{"setup.py": "{}"}
	}, one(CodeOtherSubject)},
	{"a model of one file, from two folders", func(f *fixture) {
		onlySubject("examples/unsafe/config.json")(f)
		f.files = map[string]string{"config.json": "{}"}
	}, one(CodeOtherSubject)},
}

// deepFolders are good enough for provenance, and for no verdict.
var deepFolders = []negative{
	{"all below two folders", inFolder("examples/unsafe/"), one(CodeOtherSubject)},
	{"all below the folders of a runner", inFolder("/home/runner/work/model/dist/"), one(CodeOtherSubject)},
}

// badVerdicts are on files of which one is not here.
var badVerdicts = []negative{
	{"one file less", func(f *fixture) { delete(f.files, "sub/weights.bin") }, one(CodeFileMissing)},
	{"one file less, below the folder of the model", func(f *fixture) {
		f.inFolder("model/")
		f.edit(`"subject":[`, `"subject":[{"name":"model/gone","digest":{"sha256":"`+strings.Repeat("e", 64)+`"}},`)
	}, one(CodeFileMissing)},
	{"one in another folder", edit("sub/weights.bin", "out/sub/weights.bin"), one(CodeFileMissing)},
	{"one subject more", edit(`"subject":[`, `"subject":[`+absent+`,`), one(CodeFileMissing)},
	{"one subject more, of another digest", edit(`"subject":[`, `"subject":[{"name":"x","digest":{"sha512":"`+strings.Repeat("e", 128)+`"}},`), one(CodeFileMissing)},
	{"content id of another artifact beside", func(f *fixture) {
		f.edit(`"subject":[`, `"subject":[{"name":"_","digest":{"assayContentV1":"`+strings.Repeat("e", 64)+`"}},`+absent+`,`)
	}, one(CodeFileMissing)},
}

// TestMissingIsNamed: the problem says which file, and a long list is cut.
func TestMissingIsNamed(t *testing.T) {
	f := vsaFixture(t)
	for i := range 2 * maxMissing {
		f.edit(`"subject":[`, fmt.Sprintf(`"subject":[{"name":"absent-%d","digest":{"sha256":"%064x"}},`, i, i))
	}
	problems := withoutMissing(f.claims())[0].Problems
	if len(problems) != maxMissing || !strings.Contains(problems[0].What, `"absent-19"`) {
		t.Errorf("%d problems: %v", len(problems), problems)
	}
}

// A renamed file is told by both names.
func TestRenamedIsNamed(t *testing.T) {
	f := vsaFixture(t)
	f.files["pytorch_model.bin"] = f.files["config.json"]
	delete(f.files, "config.json")
	problems := withoutMissing(f.claims())[0].Problems
	if len(problems) != 1 || problems[0].Code != CodeFileMissing || !strings.Contains(problems[0].What, `"config.json"`) || !strings.HasSuffix(problems[0].What, "as pytorch_model.bin") {
		t.Errorf("%v", problems)
	}
}

// Lying in the model, a trusted verdict on more files than are here is another
// one's, and no reason to refuse; it does not become one about these.
func TestMissingInside(t *testing.T) {
	for _, fixture := range []func(testing.TB) *fixture{vsaFixture, svrFixture} {
		f := fixture(t)
		f.edit(`"subject":[`, `"subject":[`+absent+`,`)
		f.found = true
		claims := f.claims()
		if got := withoutMissing(claims); len(got) != 1 || got[0].Standing != verify.Unchecked || len(got[0].Notes) == 0 {
			t.Errorf("%+v", got)
		}
		if len(claims) != 2 {
			t.Error("what is asked for counts as there")
		}
	}
}
