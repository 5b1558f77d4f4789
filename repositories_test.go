package assay_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"assay/scanners"
	formats "assay/scanners/all"
	"assay/verify"
	"assay/verify/policy"
)

// repositories holds models in the shape of popular ones, made by its make.py.
const repositories = "testdata/repositories"

// lfsAttributes is what the Hub puts into every repository. It is written here and
// not kept in the tree, where Git would obey it.
const lfsAttributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n*.safetensors filter=lfs diff=lfs merge=lfs -text\n" +
	"*.gguf filter=lfs diff=lfs merge=lfs -text\nsaved_model/**/* filter=lfs diff=lfs merge=lfs -text\n*tfevents* filter=lfs diff=lfs merge=lfs -text\n"

// TestOrdinaryRepositories: what people really publish passes the gate: every byte
// accounted for, and nothing found that is worth more than a line.
func TestOrdinaryRepositories(t *testing.T) {
	t.Parallel()
	folders, err := filepath.Glob(repositories + "/*/README.md")
	if err != nil || len(folders) < 11 {
		t.Fatalf("%d repositories, %v", len(folders), err)
	}
	for _, card := range folders {
		from := filepath.Dir(card)
		t.Run(filepath.Base(from), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, ".gitattributes"), []byte(lfsAttributes))
			e, err := verify.Pipeline{Scanners: formats.Scanners()}.Gather(t.Context(), resolve(t, dir))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range e.Files {
				if !f.Coverage.Complete() {
					t.Errorf("%s: %v, coverage %+v", f.Name, f.Formats, f.Coverage)
				}
				for _, finding := range f.Findings {
					if finding.Severity.AtLeast(scanners.Medium) {
						t.Errorf("%s: %s %s: %s", f.Name, finding.Severity, finding.Rule, finding.What)
					}
				}
			}
			for _, g := range e.Gaps {
				t.Errorf("%s %q: %s: %s", g.File, g.Path, g.Code, g.Reason)
			}
			if r := verify.NewReport(e, policy.Rules{}, time.Unix(0, 0)); r.Outcome() != verify.Pass {
				t.Errorf("%s: %+v", r.Outcome(), r.Verdict.Reasons)
			}
		})
	}
}
