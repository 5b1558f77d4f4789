// Package deploy_test runs what is in this folder as its users do: the steps of
// the action, the script of the GitLab job, the command of the Tekton task and
// the commit hooks, on a repository with a good and a bad model.
package deploy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v3"
)

// good is a safetensors file with one tensor; bad would run a marker.
const (
	good = "\x40\x00\x00\x00\x00\x00\x00\x00" + `{"weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}     ` + "\x00\x00\x80\x3f\x00\x00\x00\x40"
	bad  = "cos\nsystem\n(S'echo assay-test-marker'\ntR."
)

// place is a repository as a CI job checks it out, and a server of releases.
type place struct {
	root     string // of the checkout
	temp     string
	assay    string
	url      string
	env      []string
	checksum string
}

// program builds assay once for all tests.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(built, "assay")
	build := exec.Command("go", "build", "-o", path, "../cmd/assay")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w\n%s", err, out)
	}
	return path, nil
})

var built string

func TestMain(m *testing.M) {
	var err error
	if built, err = os.MkdirTemp("", "assay-deploy-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(built)
	os.Exit(code)
}

func setUp(t *testing.T) place {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("not run: the scripts are tried out on Linux")
	}
	for _, tool := range []string{"bash", "curl", "git", "sha256sum", "awk", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("not run: %s is not installed", tool)
		}
	}
	p := place{root: t.TempDir(), temp: t.TempDir()}
	var err error
	if p.assay, err = program(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"models/good/model.safetensors": good, "models/bad/model.bin": bad, "README.md": "# A repository\n",
		"policy.yaml": "apiVersion: assay.dev/v1\nkind: Policy\nrequire: {formats: {allow: [safetensors]}}\n",
	} {
		path := filepath.Join(p.root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p.serve(t)
	return p
}

// serve offers the program like a release, over TLS with an authority of its own.
func (p *place) serve(t *testing.T) {
	t.Helper()
	data, err := os.ReadFile(p.assay)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	p.checksum = hex.EncodeToString(sum[:])
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/"+releaseName() {
			http.NotFound(w, r)
			return
		}
		http.ServeFile(w, r, p.assay)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	authority := filepath.Join(p.temp, "authority.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	p.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + p.temp, "CURL_CA_BUNDLE=" + authority, "RUNNER_TEMP=" + p.temp, "LC_ALL=C"}
}

func releaseName() string { return "assay-linux-" + runtime.GOARCH }

// run executes a program in the checkout.
func (p place) run(t *testing.T, env []string, name string, args ...string) (output string, code int) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = p.root
	cmd.Env = append(append([]string{}, p.env...), env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", name, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func document(t *testing.T, path string, index int, into any) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	decoder := yaml.NewDecoder(f)
	for range index {
		var skipped yaml.Node
		if err := decoder.Decode(&skipped); err != nil {
			t.Fatal(err)
		}
	}
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

type action struct {
	Inputs map[string]struct {
		Required bool
		Default  string
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Run, Shell, Uses string
			Env                  map[string]string
		}
	}
}

var expression = regexp.MustCompile(`\$\{\{ *([a-z0-9_.-]+) *\}\}`)

// act runs a composite action as a runner does.
func (p place) act(t *testing.T, a action, inputs, github map[string]string) (log string, code int, outputs map[string]string, summary string) {
	t.Helper()
	known := make(map[string]string)
	for name, in := range a.Inputs {
		known["inputs."+name] = in.Default
		if value, ok := inputs[name]; ok {
			known["inputs."+name] = value
		} else if in.Required {
			t.Fatalf("input %s is required", name)
		}
	}
	for name, value := range github {
		known["github."+name] = value
	}
	fill := func(text string) string {
		return expression.ReplaceAllStringFunc(text, func(e string) string { return known[expression.FindStringSubmatch(e)[1]] })
	}
	page := filepath.Join(t.TempDir(), "summary.md")
	for _, step := range a.Runs.Steps {
		if step.Uses != "" || step.Shell != "bash" || strings.Contains(step.Run, "${{") {
			t.Fatalf("step %s is no script of bash, or has expressions in its text", step.ID)
		}
		results := filepath.Join(t.TempDir(), "outputs")
		env := []string{"GITHUB_OUTPUT=" + results, "GITHUB_STEP_SUMMARY=" + page}
		for name, value := range step.Env {
			env = append(env, name+"="+fill(value))
		}
		said, exit := p.run(t, env, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
		log += said
		data, _ := os.ReadFile(results)
		for line := range strings.SplitSeq(string(data), "\n") {
			if name, value, ok := strings.Cut(line, "="); ok {
				known["steps."+step.ID+".outputs."+name] = value
			}
		}
		if code = exit; code != 0 {
			break
		}
	}
	outputs = make(map[string]string)
	for name, out := range a.Outputs {
		outputs[name] = fill(out.Value)
	}
	text, _ := os.ReadFile(page)
	return log, code, outputs, string(text)
}

func TestGitHubAction(t *testing.T) {
	p := setUp(t)
	var a action
	document(t, "github/action.yml", 0, &a)
	path, err := filepath.Abs("github")
	if err != nil {
		t.Fatal(err)
	}
	const commit = "0123456789abcdef0123456789abcdef01234567"
	checksums := strings.Repeat("0", 64) + "  assay-plan9-mips\n" + p.checksum + "  " + releaseName() + "\n"
	for _, c := range []struct {
		name           string
		inputs, github map[string]string
		code           int
		result, log    string
	}{
		{"good", map[string]string{"ref": "models/good"}, nil, 0, "pass", "::notice title=assay::models/good passes"},
		{"bad", map[string]string{"ref": "models/bad"}, nil, 1, "fail", "::error file=model.bin,title=assay finding::pickle/dangerous-call"},
		{"bad, only a warning", map[string]string{"ref": "models/bad", "policy": "audit.yaml"}, nil, 0, "pass", "::notice file=model.bin"},
		{"good by the policy", map[string]string{"ref": "models/good", "policy": "policy.yaml"}, nil, 0, "pass", "passes"},
		{"bad by the policy", map[string]string{"ref": "models/bad", "policy": "policy.yaml"}, nil, 1, "fail", "title=assay format::the format pickle is not allowed"},
		{"no such model", map[string]string{"ref": "models/none"}, nil, 4, "nothing", "none"},
		{"no such policy", map[string]string{"ref": "models/good", "policy": "none.yaml"}, nil, 2, "error", "--policy"},
		{"a reference like a flag", map[string]string{"ref": "--help"}, nil, 4, "nothing", ""},
		{"a reference like a command", map[string]string{"ref": "$(touch owned)`touch owned`\"; touch owned; \""}, nil, 4, "nothing", ""},
		{"wrong checksum", map[string]string{"ref": "models/good", "checksums": strings.Repeat("0", 64) + "  " + releaseName()}, nil, 2, "", "has not the pinned checksum"},
		{"no checksum", map[string]string{"ref": "models/good", "checksums": p.checksum + "  assay-plan9-mips"}, nil, 2, "", "no single line"},
		{"two checksums", map[string]string{"ref": "models/good", "checksums": checksums + checksums}, nil, 2, "", "no single line"},
		{"no release there", map[string]string{"ref": "models/good", "url": p.url + "/none"}, nil, 2, "", "cannot fetch"},
		{"plain http", map[string]string{"ref": "models/good", "url": strings.Replace(p.url, "https:", "http:", 1)}, nil, 2, "", "cannot fetch"},
		{"action by tag", map[string]string{"ref": "models/good"}, map[string]string{"action_ref": "v1"}, 2, "", "by its commit"},
		{"action by commit", map[string]string{"ref": "models/good"}, map[string]string{"action_ref": commit}, 0, "pass", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(p.root, "audit.yaml"), []byte("apiVersion: assay.dev/v1\nkind: Policy\nmode: audit\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			inputs := map[string]string{"url": p.url, "checksums": checksums}
			maps.Copy(inputs, c.inputs)
			github := map[string]string{"action_path": path}
			maps.Copy(github, c.github)
			log, code, outputs, summary := p.act(t, a, inputs, github)
			if code != c.code || outputs["result"] != c.result || !strings.Contains(log, c.log) {
				t.Fatalf("exit code %d, outputs %v, want %d %s:\n%s", code, outputs, c.code, c.result, log)
			}
			if _, err := os.Stat(filepath.Join(p.root, "owned")); err == nil {
				t.Fatal("an input was run as a command")
			}
			if c.result == "pass" || c.result == "fail" {
				if !strings.HasPrefix(outputs["digest"], "sha256:") || !strings.Contains(summary, "## assay: "+strings.ToUpper(c.result)) {
					t.Errorf("digest %q, summary %q", outputs["digest"], summary)
				}
				for _, name := range []string{"report.json", "report.html", "report.sarif", "report.junit.xml"} {
					if info, err := os.Stat(filepath.Join(outputs["report"], name)); err != nil || info.Size() == 0 {
						t.Errorf("no %s", name)
					}
				}
			}
		})
	}
}

func TestGitLab(t *testing.T) {
	p := setUp(t)
	var head struct {
		Spec struct {
			Inputs map[string]struct{ Default *string }
		}
	}
	document(t, "gitlab/assay.yml", 0, &head)
	var body struct {
		Assay struct {
			Variables map[string]string
			Script    []string
			Artifacts struct {
				When    string
				Reports map[string]string
			}
		}
	}
	document(t, "gitlab/assay.yml", 1, &body)
	input := regexp.MustCompile(`\$\[\[ *inputs\.([a-z0-9]+) *\]\]`)
	for _, line := range body.Assay.Script {
		if input.MatchString(line) {
			t.Fatal("an input in the text of the script")
		}
	}
	for _, c := range []struct {
		name   string
		inputs map[string]string
		code   int
		log    string
	}{
		{"good", map[string]string{"ref": "models/good"}, 0, "PASS"},
		{"bad", map[string]string{"ref": "models/bad"}, 1, "FAIL"},
		{"bad by the policy", map[string]string{"ref": "models/bad", "policy": "policy.yaml"}, 1, "the format pickle is not allowed"},
		{"wrong checksum", map[string]string{"ref": "models/good", "sha256": strings.Repeat("0", 64)}, 2, "has not the pinned checksum"},
		{"command", map[string]string{"ref": "'; touch owned; '$(touch owned)"}, 4, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := os.RemoveAll(filepath.Join(p.root, "assay-report")); err != nil {
				t.Fatal(err)
			}
			values := map[string]string{"url": p.url + "/" + releaseName(), "sha256": p.checksum, "image": "none"}
			maps.Copy(values, c.inputs)
			var env []string
			for name, text := range body.Assay.Variables {
				env = append(env, name+"="+input.ReplaceAllStringFunc(text, func(e string) string {
					key := input.FindStringSubmatch(e)[1]
					if value, ok := values[key]; ok {
						return value
					}
					if d := head.Spec.Inputs[key].Default; d != nil {
						return *d
					}
					t.Fatalf("no input %s", key)
					return ""
				}))
			}
			log, code := p.run(t, env, "sh", "-c", strings.Join(body.Assay.Script, "\n"))
			if code != c.code || !strings.Contains(log, c.log) {
				t.Fatalf("exit code %d, want %d:\n%s", code, c.code, log)
			}
			if _, err := os.Stat(filepath.Join(p.root, "owned")); err == nil {
				t.Fatal("an input was run as a command")
			}
			if code > 1 {
				return
			}
			for kind, path := range body.Assay.Artifacts.Reports {
				if info, err := os.Stat(filepath.Join(p.root, path)); err != nil || info.Size() == 0 {
					t.Errorf("no report %s at %s", kind, path)
				}
			}
		})
	}
}

func TestTekton(t *testing.T) {
	p := setUp(t)
	var task struct {
		Kind string
		Spec struct {
			Params []struct {
				Name    string
				Default *string
			}
			Steps []struct {
				Command, Args   []string
				Script          string
				Env             []struct{ Name, Value string }
				SecurityContext struct {
					RunAsNonRoot             bool `yaml:"runAsNonRoot"`
					AllowPrivilegeEscalation bool `yaml:"allowPrivilegeEscalation"`
				} `yaml:"securityContext"`
			}
		}
	}
	document(t, "tekton/task.yaml", 0, &task)
	if len(task.Spec.Steps) != 1 || task.Spec.Steps[0].Script != "" || !task.Spec.Steps[0].SecurityContext.RunAsNonRoot || task.Spec.Steps[0].Command[0] != "/assay" {
		t.Fatalf("the task is not one step of the image's program: %+v", task.Spec.Steps)
	}
	step := task.Spec.Steps[0]
	variable := regexp.MustCompile(`\$\(([A-Za-z_.-]+)\)`)
	for _, c := range []struct {
		name   string
		params map[string]string
		code   int
		result string
	}{
		{"good", map[string]string{"MODEL": "models/good"}, 0, "SUCCESS"},
		{"bad", map[string]string{"MODEL": "models/bad"}, 1, "FAILURE"},
		{"bad by the policy", map[string]string{"MODEL": "models/bad", "POLICY": "policy.yaml"}, 1, "FAILURE"},
		{"nothing", map[string]string{"MODEL": "models/none"}, 4, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			result := filepath.Join(t.TempDir(), "TEST_OUTPUT")
			values := map[string]string{"workspaces.source.path": p.root, "results.TEST_OUTPUT.path": result}
			for _, param := range task.Spec.Params {
				if param.Default != nil {
					values["params."+param.Name] = *param.Default
				}
			}
			for k, v := range c.params {
				values["params."+k] = v
			}
			fill := func(text string) string {
				return variable.ReplaceAllStringFunc(text, func(e string) string { return values[variable.FindStringSubmatch(e)[1]] })
			}
			var args, env []string
			for _, arg := range step.Args {
				args = append(args, fill(arg))
			}
			for _, e := range step.Env {
				env = append(env, e.Name+"="+fill(e.Value))
			}
			log, code := p.run(t, env, p.assay, args...)
			if code != c.code {
				t.Fatalf("exit code %d, want %d:\n%s", code, c.code, log)
			}
			if c.result == "" {
				return
			}
			data, err := os.ReadFile(result)
			var got struct{ Result string }
			if err != nil || json.Unmarshal(data, &got) != nil || got.Result != c.result || len(data) > 4096 {
				t.Errorf("result %s, %v", data, err)
			}
		})
	}
}

// TestPreCommit runs each hook as pre-commit does: with the staged files that
// match, and nothing else.
func TestPreCommit(t *testing.T) {
	p := setUp(t)
	var hooks []struct{ ID, Entry, Files, Language string }
	document(t, "../.pre-commit-hooks.yaml", 0, &hooks)
	if len(hooks) != 2 {
		t.Fatalf("%d hooks", len(hooks))
	}
	if out, code := p.run(t, nil, "git", "init", "-q"); code != 0 {
		t.Fatal(out)
	}
	staged := func(paths ...string) []string {
		if out, code := p.run(t, nil, "git", append([]string{"add", "--"}, paths...)...); code != 0 {
			t.Fatal(out)
		}
		out, _ := p.run(t, nil, "git", "diff", "--cached", "--name-only", "-z")
		return strings.Split(strings.Trim(out, "\x00"), "\x00")
	}
	for _, hook := range hooks {
		match := regexp.MustCompile(hook.Files)
		call := func(files []string) (string, int) {
			words := strings.Fields(hook.Entry)
			for _, f := range files {
				if match.MatchString(f) {
					words = append(words, f)
				}
			}
			env := []string{"PATH=" + filepath.Dir(p.assay) + ":" + os.Getenv("PATH")}
			return p.run(t, env, filepath.Join(filepath.Dir(p.assay), words[0]), words[1:]...)
		}
		if out, code := p.run(t, nil, "git", "rm", "-r", "-q", "--cached", "--ignore-unmatch", "."); code != 0 {
			t.Fatal(out)
		}
		if out, code := call(staged("models/good", "README.md")); code != 0 || out != "" {
			t.Errorf("%s: good files: exit code %d\n%s", hook.ID, code, out)
		}
		if out, code := call(staged("models/bad")); code != 1 || !strings.Contains(out, "pickle/dangerous-call") || strings.Contains(out, "safetensors") {
			t.Errorf("%s: a bad file: exit code %d\n%s", hook.ID, code, out)
		}
	}
}

// TestContainerfile: from nothing, as nobody, and without a base that moves.
func TestContainerfile(t *testing.T) {
	data, err := os.ReadFile("container/Containerfile")
	if err != nil {
		t.Fatal(err)
	}
	var last, user string
	for line := range strings.SplitSeq(string(data), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "FROM":
			last, user = rest, ""
			if rest != "scratch" && !strings.HasPrefix(rest, "${BUILDER} ") {
				t.Errorf("a base that may move: %s", rest)
			}
		case "ARG":
			if strings.Contains(rest, "=") {
				t.Errorf("a default that may move: %s", rest)
			}
		case "USER":
			user = rest
		case "ADD":
			t.Errorf("ADD fetches and unpacks: %s", rest)
		}
	}
	var uid, gid int
	if _, err := fmt.Sscanf(user, "%d:%d", &uid, &gid); err != nil || uid == 0 || gid == 0 || last != "scratch" {
		t.Errorf("the image is %s as %q", last, user)
	}
}
