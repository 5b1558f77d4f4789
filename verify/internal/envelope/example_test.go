package envelope

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBuildIdentity checks a real bundle of 2023 by a GitHub workflow, in the
// first version of the format, that is part of the module of sigstore-go: what its
// certificate says about the build can be asked for.
func TestBuildIdentity(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/sigstore/sigstore-go").Output()
	if err != nil {
		t.Skipf("the go command cannot say where the module of sigstore-go is: %v", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "examples")
	root, err := os.ReadFile(filepath.Join(dir, "trusted-root-public-good.json"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "bundle-provenance.json"))
	if err != nil {
		t.Fatal(err)
	}
	const issuer = "https://token.actions.githubusercontent.com"
	const workflow = "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main"
	right := Identity{
		Subject: workflow, Issuer: issuer, Repository: "https://github.com/sigstore/sigstore-js",
		Ref: "refs/heads/main", Trigger: "push", Runner: "github-hosted",
	}
	for name, c := range map[string]struct {
		change func(id *Identity)
		want   string
	}{
		"right": {func(*Identity) {}, ""},
		"pattern": {func(id *Identity) {
			id.Subject, id.SubjectPattern = "", `https://github\.com/sigstore/.*@refs/heads/main`
		}, ""},
		"pattern of a part": {func(id *Identity) { id.Subject, id.SubjectPattern = "", `https://github\.com/sigstore/.*@refs/heads` }, CodeWrongIdentity},
		"other repository":  {func(id *Identity) { id.Repository += "-2" }, CodeWrongIdentity},
		"other ref":         {func(id *Identity) { id.Ref = "refs/heads/dev" }, CodeWrongIdentity},
		"other trigger":     {func(id *Identity) { id.Trigger = "pull_request" }, CodeWrongIdentity},
		"other runner":      {func(id *Identity) { id.Runner = "self-hosted" }, CodeWrongIdentity},
		"other issuer":      {func(id *Identity) { id.Issuer = "https://accounts.example.com" }, CodeWrongIdentity},
	} {
		t.Run(name, func(t *testing.T) {
			id := right
			c.change(&id)
			checker, err := NewChecker(Trust{TrustedRoot: root, Identities: []Identity{id}})
			if err != nil {
				t.Fatal(err)
			}
			b, err := DecodeAny(data)
			if err != nil {
				t.Fatal(err)
			}
			got, err := checker.Check(b, data, false)
			if (err == nil) != (c.want == "") || err != nil && AsError("", err).Code != c.want {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if err == nil && (!got.Trusted || got.Time == "" || got.Signer.Repository != right.Repository || got.Signer.Runner != right.Runner) {
				t.Errorf("%+v", got)
			}
		})
	}
	if _, err := Decode(data, false); err == nil {
		t.Error("an old bundle taken for a model's")
	}
	for _, pattern := range []string{"(", "a)|(.*"} {
		if _, err := NewChecker(Trust{TrustedRoot: root, Identities: []Identity{{SubjectPattern: pattern, Issuer: issuer}}}); err == nil {
			t.Errorf("pattern %q: accepted", pattern)
		}
	}
}
