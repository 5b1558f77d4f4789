package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"assay/scanners"
	"assay/verify"
)

// judge is a stand-in for the gate that reads the model: files that contain
// "bad" are denied, files that contain "odd" are incomplete.
func judge(_ context.Context, path string) (verify.Report, error) {
	var r verify.Report
	sum := sha256.New()
	err := filepath.WalkDir(path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			r.Gaps = append(r.Gaps, verify.Gap{Code: verify.GapOmitted, File: d.Name()})
			return nil
		}
		text, err := os.ReadFile(name)
		sum.Write(text)
		r.Files = append(r.Files, verify.FileEvidence{Name: d.Name(), Size: int64(len(text))})
		switch {
		case bytes.Contains(text, []byte("error")):
			return errors.New("the judge failed")
		case bytes.Contains(text, []byte("bad")):
			r.Verdict.Decision = verify.Deny
			r.Verdict.Reasons = append(r.Verdict.Reasons, verify.Reason{Code: "finding", Effect: verify.Deny, File: d.Name(), What: "calls os.system"})
		case bytes.Contains(text, []byte("odd")):
			r.Gaps = append(r.Gaps, verify.Gap{Code: scanners.GapUnrecognised, File: d.Name()})
		}
		return err
	})
	r.Artifact.ContentID = fmt.Sprintf("sha256:%x", sum.Sum(nil))
	if r.Verdict.Decision == verify.Undecided && len(r.Gaps) == 0 && len(r.Files) > 0 {
		r.Verdict.Decision = verify.Allow
	}
	return r, err
}

// write makes a tree: "name" -> content, "name -> target" -> a link.
func write(t testing.TB, root string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		link, target, isLink := strings.Cut(name, " -> ")
		path := filepath.Join(root, link)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if isLink {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func run(t testing.TB, c Config) (string, Summary) {
	t.Helper()
	var out bytes.Buffer
	c.Out = &out
	if c.Judge == nil {
		c.Judge = judge
	}
	summary, err := Run(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), summary
}

// outcomes runs an audit and returns "model outcome" lines.
func outcomes(t testing.TB, c Config) []string {
	t.Helper()
	var list []string
	c.Each = func(l Line) error {
		list = append(list, l.Model+" "+string(l.Outcome))
		return nil
	}
	run(t, c)
	return list
}

const commit = "0123456789abcdef0123456789abcdef01234567"

func TestWhatIsAModel(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	root := t.TempDir()
	write(t, root, map[string]string{
		"README.md":                  "this shelf", // a companion of the root, and still looked at
		"bert/config.json":           "{}",
		"bert/sub/weights":           "w",
		"bert.v2/weights":            "odd",
		"team/README":                "r",
		"team/.hidden":               "bad",
		"team/a/model.onnx":          "x",
		"team/a/deep/er/still.a":     "bad",
		"team/b/model.onnx":          "x",
		"team/empty/LICENSE.txt":     "l",
		"link -> bert":               "",
		"team/file.bin -> a/x":       "",
		"hub/models--o--n/blobs/aa":  "w",
		"hub/models--o--n/refs/main": commit,
		"hub/models--o--n/snapshots/" + commit + "/w -> ../../blobs/aa": "",
	})
	if err := os.Mkdir(filepath.Join(root, "nothing"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"README.md pass",
		"bert pass",
		"bert.v2 incomplete",
		"hub/models--o--n/snapshots/" + commit + " incomplete",
		"link incomplete",
		"team/.hidden fail",
		"team/README pass",
		"team/a fail",
		"team/b pass",
		"team/empty/LICENSE.txt pass",
		"team/file.bin incomplete",
	}
	if got := outcomes(t, Config{Root: root}); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRootIsAModel: taken apart, none of its files would be covered by the
// signature over the whole.
func TestRootIsAModel(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{"README.md": "r", "config.json": "{}", "sub/weights": "bad"})
	want := []string{". fail"}
	if got := outcomes(t, Config{Root: root}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	journal := filepath.Join(t.TempDir(), "journal")
	first, _ := run(t, Config{Root: root, Journal: journal})
	again, summary := run(t, Config{Root: root, Journal: journal, Reuse: true})
	if first != again || summary.Resumed != 1 {
		t.Errorf("resumed %d of 1\n%s\n%s", summary.Resumed, first, again)
	}
}

func TestRootIsASnapshot(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("symbolic links need a privilege on Windows")
	}
	hub := t.TempDir()
	write(t, hub, map[string]string{
		"models--o--n/blobs/aa": "w",
		"models--o--n/snapshots/" + commit + "/w -> ../../blobs/aa": "",
	})
	want := []string{". incomplete"} // this judge follows no links
	if got := outcomes(t, Config{Root: filepath.Join(hub, "models--o--n", "snapshots", commit)}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLinesAndSummary(t *testing.T) {
	root := t.TempDir()
	write(t, root, map[string]string{"good/w": "12345", "bad/w": "bad", "broken/w": "error"})
	out, summary := run(t, Config{Root: root, Ruleset: "sha256:r", Policy: "builtin"})
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines:\n%s", len(lines), out)
	}
	want := fmt.Sprintf(`{"model":"bad","outcome":"fail","decision":"deny","contentId":"sha256:%x","files":1,"bytes":3,`+
		`"reasons":[{"code":"finding","effect":"deny","file":"w","what":"calls os.system"}],"moreReasons":0}`, sha256.Sum256([]byte("bad")))
	if lines[0] != want {
		t.Errorf("got  %s\nwant %s", lines[0], want)
	}
	if !strings.Contains(lines[1], `"outcome":"incomplete","decision":"undecided"`) || !strings.Contains(lines[1], "the judge failed") {
		t.Errorf("an error of the judge: %s", lines[1])
	}
	last := fmt.Sprintf(`{"summary":{"root":%q,"ruleset":"sha256:r","policy":"builtin","models":3,"pass":1,"fail":1,"incomplete":1,"nothing":0,"files":2,"bytes":8}}`, root)
	if lines[3] != last {
		t.Errorf("got  %s\nwant %s", lines[3], last)
	}
	if summary.Outcome() != verify.Fail {
		t.Errorf("outcome %s", summary.Outcome())
	}
}

func TestSummaryOutcome(t *testing.T) {
	for _, c := range []struct {
		s    Summary
		want verify.Outcome
	}{
		{Summary{}, verify.Nothing},
		{Summary{Nothing: 1}, verify.Nothing},
		{Summary{Pass: 1, Nothing: 1}, verify.Pass},
		{Summary{Pass: 9, Incomplete: 1}, verify.Incomplete},
		{Summary{Pass: 9, Incomplete: 1, Fail: 1}, verify.Fail},
	} {
		if got := c.s.Outcome(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.s, got, c.want)
		}
	}
}

// tree makes n models, some bad, some odd.
func tree(t testing.TB, n int) string {
	t.Helper()
	root, files := t.TempDir(), make(map[string]string)
	for i := range n {
		content := []string{"fine", "fine too", "bad", "odd"}[i%4]
		files[fmt.Sprintf("shelf%d/model%03d/weights", i%3, i)] = fmt.Sprint(content, i)
	}
	write(t, root, files)
	return root
}

func TestOutputDoesNotDependOnJobs(t *testing.T) {
	root := tree(t, 60)
	want, _ := run(t, Config{Root: root, Jobs: 1})
	slow := func(ctx context.Context, path string) (verify.Report, error) {
		time.Sleep(time.Duration(path[len(path)-1]%5) * time.Millisecond)
		return judge(ctx, path)
	}
	for _, jobs := range []int{0, 2, 16} {
		if got, _ := run(t, Config{Root: root, Jobs: jobs, Judge: slow}); got != want {
			t.Errorf("%d jobs: other output", jobs)
		}
	}
}

// stopAfter cancels the audit while the n-th model is judged.
func stopAfter(n int64, cancel func()) func(context.Context, string) (verify.Report, error) {
	var calls atomic.Int64
	return func(ctx context.Context, path string) (verify.Report, error) {
		if calls.Add(1) > n {
			cancel()
			return verify.Report{}, ctx.Err()
		}
		return judge(ctx, path)
	}
}

func TestResume(t *testing.T) {
	root, journal := tree(t, 40), filepath.Join(t.TempDir(), "new", "journal")
	want, _ := run(t, Config{Root: root})
	for stop := range 4 {
		ctx, cancel := context.WithCancel(context.Background())
		_, err := Run(ctx, Config{Root: root, Journal: journal, Jobs: 2, Judge: stopAfter(5, cancel)})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("stop %d: %v", stop, err)
		}
	}
	got, summary := run(t, Config{Root: root, Journal: journal})
	if got != want {
		t.Error("the resumed output differs")
	}
	// Five a run, less those that were being judged when it was cancelled.
	if summary.Resumed < 12 || summary.Resumed > 20 {
		t.Errorf("%d models from the journal", summary.Resumed)
	}
	// Finished: the next audit reads everything, unless it is told not to.
	if _, summary = run(t, Config{Root: root, Journal: journal}); summary.Resumed != 0 {
		t.Errorf("a finished journal was believed for %d models", summary.Resumed)
	}
	if got, summary = run(t, Config{Root: root, Journal: journal, Reuse: true}); summary.Resumed != 40 || got != want {
		t.Errorf("reuse: %d models", summary.Resumed)
	}
}

func TestChangedModelsAreJudgedAgain(t *testing.T) {
	for name, change := range map[string]func(model string) error{
		"content and size": func(m string) error {
			return os.WriteFile(filepath.Join(m, "weights"), []byte("longer than before"), 0o644)
		},
		"new file":     func(m string) error { return os.WriteFile(filepath.Join(m, "extra"), []byte("x"), 0o644) },
		"removed file": func(m string) error { return os.Remove(filepath.Join(m, "tokenizer")) },
		"renamed file": func(m string) error { return os.Rename(filepath.Join(m, "tokenizer"), filepath.Join(m, "vocab")) },
		"time":         func(m string) error { return os.Chtimes(filepath.Join(m, "weights"), time.Time{}, time.Unix(1, 0)) },
		"other inode": func(m string) error {
			name := filepath.Join(m, "weights")
			info, err := os.Stat(name)
			return errors.Join(err, os.WriteFile(name+".new", []byte("bad!!"), 0o644), os.Rename(name+".new", name),
				os.Chtimes(name, time.Time{}, info.ModTime()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			root, journal := t.TempDir(), filepath.Join(t.TempDir(), "journal")
			write(t, root, map[string]string{"a/weights": "12345", "a/tokenizer": "t", "b/weights": "12345"})
			run(t, Config{Root: root, Journal: journal})
			if err := change(filepath.Join(root, "a")); err != nil {
				t.Fatal(err)
			}
			want, _ := run(t, Config{Root: root})
			got, summary := run(t, Config{Root: root, Journal: journal, Reuse: true})
			if got != want || summary.Resumed != 1 {
				t.Errorf("%d models from the journal; output\n%s\nwant\n%s", summary.Resumed, got, want)
			}
		})
	}
}

func TestModelThatChangesWhileJudgedIsIncomplete(t *testing.T) {
	root, journal := t.TempDir(), filepath.Join(t.TempDir(), "journal")
	write(t, root, map[string]string{"a/weights": "fine"})
	var once sync.Once
	changing := func(ctx context.Context, path string) (verify.Report, error) {
		r, err := judge(ctx, path)
		once.Do(func() { write(t, root, map[string]string{"a/late": "bad"}) })
		return r, err
	}
	out, summary := run(t, Config{Root: root, Journal: journal, Judge: changing})
	if summary.Incomplete != 1 || !strings.Contains(out, "changed while they were read") {
		t.Errorf("%s", out)
	}
	if _, summary = run(t, Config{Root: root, Journal: journal, Reuse: true}); summary.Resumed != 0 || summary.Fail != 1 {
		t.Errorf("the next run: %+v", summary)
	}
}

func TestErrorsOfTheJudgeAreNotRemembered(t *testing.T) {
	root, journal := t.TempDir(), filepath.Join(t.TempDir(), "journal")
	write(t, root, map[string]string{"a/weights": "fine"})
	fails := func(context.Context, string) (verify.Report, error) {
		return verify.Report{}, errors.New("network down")
	}
	if _, summary := run(t, Config{Root: root, Journal: journal, Judge: fails}); summary.Incomplete != 1 {
		t.Errorf("%+v", summary)
	}
	if _, summary := run(t, Config{Root: root, Journal: journal, Reuse: true}); summary.Resumed != 0 || summary.Pass != 1 {
		t.Errorf("%+v", summary)
	}
}

func TestJournalOfAnotherAuditIsRefused(t *testing.T) {
	root, other := tree(t, 4), tree(t, 4)
	journal := filepath.Join(t.TempDir(), "journal")
	run(t, Config{Root: root, Journal: journal, Ruleset: "r1", Policy: "p1"})
	for name, c := range map[string]Config{
		"root":    {Root: other, Ruleset: "r1", Policy: "p1"},
		"ruleset": {Root: root, Ruleset: "r2", Policy: "p1"},
		"policy":  {Root: root, Ruleset: "r1", Policy: "p2"},
	} {
		c.Journal, c.Judge = journal, judge
		if _, err := Run(context.Background(), c); !errors.Is(err, ErrJournal) || !strings.Contains(err.Error(), "another") {
			t.Errorf("%s: %v", name, err)
		}
	}
	inside := Config{Root: root, Journal: filepath.Join(root, "shelf0", "journal"), Judge: judge}
	if _, err := Run(context.Background(), inside); err == nil || !strings.Contains(err.Error(), "inside the audited directory") {
		t.Errorf("inside: %v", err)
	}
	notes := filepath.Join(t.TempDir(), "notes")
	for _, text := range []string{"one line", "a line\n", "a line\nand another\n"} {
		if err := os.WriteFile(notes, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Run(context.Background(), Config{Root: root, Journal: notes, Judge: judge}); !errors.Is(err, ErrJournal) {
			t.Errorf("somebody's file: %v", err)
		}
		if kept, _ := os.ReadFile(notes); string(kept) != text {
			t.Errorf("somebody's file was changed to %q", kept)
		}
	}
}

func TestSecondAuditWithTheSameJournal(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("no file locks here")
	}
	root, journal := tree(t, 1), filepath.Join(t.TempDir(), "journal")
	during := func(ctx context.Context, path string) (verify.Report, error) {
		if _, err := Run(ctx, Config{Root: root, Journal: journal, Judge: judge}); !errors.Is(err, ErrJournal) {
			t.Errorf("the second audit: %v", err)
		}
		return judge(ctx, path)
	}
	run(t, Config{Root: root, Journal: journal, Judge: during})
}

// Whatever of the last record reached the disk, the audit goes on.
func TestTornJournal(t *testing.T) {
	root, journal := tree(t, 8), filepath.Join(t.TempDir(), "journal")
	want, _ := run(t, Config{Root: root, Journal: journal})
	whole, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(whole); cut += 23 {
		if err := os.WriteFile(journal, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if got, _ := run(t, Config{Root: root, Journal: journal}); got != want {
			t.Fatalf("cut at %d: other output", cut)
		}
	}
	// A last line that was written out of order: whole length, holes inside.
	holed := slices.Clone(whole)
	last := bytes.LastIndexByte(holed[:len(holed)-1], '\n') + 1
	clear(holed[last+10 : last+30])
	if err := os.WriteFile(journal, holed, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, summary := run(t, Config{Root: root, Journal: journal}); got != want || summary.Resumed != 8 {
		t.Errorf("holes in the last line: %+v", summary)
	}
	// Damage in the middle is no interruption.
	damaged := slices.Clone(whole)
	damaged[len(damaged)/2] ^= 1
	if err := os.WriteFile(journal, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), Config{Root: root, Journal: journal, Judge: judge}); !errors.Is(err, ErrJournal) {
		t.Errorf("damage in the middle: %v", err)
	}
}

func TestUnreadableDirectoryIsIncomplete(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("permissions do not bind this user")
	}
	root := t.TempDir()
	write(t, root, map[string]string{"shut/a/w": "x"})
	if err := os.Chmod(filepath.Join(root, "shut"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(root, "shut"), 0o755) })
	if got := outcomes(t, Config{Root: root}); !slices.Equal(got, []string{"shut incomplete"}) {
		t.Errorf("%q", got)
	}
}

func TestDepthAndRoot(t *testing.T) {
	root := t.TempDir()
	deep := strings.Repeat("d/", maxDepth+3)
	write(t, root, map[string]string{deep + "w": "bad"})
	got := outcomes(t, Config{Root: root})
	if len(got) != 1 || !strings.HasSuffix(got[0], " incomplete") {
		t.Errorf("too deep: %q", got)
	}
	if _, err := Run(context.Background(), Config{Root: filepath.Join(root, "missing"), Judge: judge}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing root: %v", err)
	}
	if _, err := Run(context.Background(), Config{Root: filepath.Join(root, deep, "w"), Judge: judge}); err == nil {
		t.Error("a file as root was accepted")
	}
}

func TestHostileNamesAndReasons(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("file names of any bytes need Linux")
	}
	root, journal := t.TempDir(), filepath.Join(t.TempDir(), "journal")
	write(t, root, map[string]string{"a\xff\n\x1b[31m/w": "x", "a\xfe\n\x1b[31m/w": "bad"})
	flood := func(ctx context.Context, path string) (verify.Report, error) {
		r, err := judge(ctx, path)
		for range 5000 {
			r.Verdict.Reasons = append(r.Verdict.Reasons, verify.Reason{Code: "finding", What: strings.Repeat("é", 1<<10)})
		}
		return r, err
	}
	out, _ := run(t, Config{Root: root, Journal: journal, Judge: flood})
	if !utf8.ValidString(out) || strings.Contains(out, "\x1b") || strings.Count(out, "\n") != 3 {
		t.Errorf("%q", out)
	}
	if len(out) > 64<<10 || !strings.Contains(out, `"moreReasons":499`) {
		t.Errorf("%d bytes", len(out))
	}
	again, summary := run(t, Config{Root: root, Journal: journal, Judge: flood, Reuse: true})
	if again != out || summary.Resumed != 2 {
		t.Errorf("two names that print alike were confused: %+v", summary)
	}
}

func TestOutErrorStops(t *testing.T) {
	root := tree(t, 1000)
	var calls atomic.Int64
	counting := func(ctx context.Context, path string) (verify.Report, error) {
		calls.Add(1)
		return judge(ctx, path)
	}
	full := errors.New("disk full")
	_, err := Run(context.Background(), Config{Root: root, Judge: counting, Each: func(Line) error { return full }})
	if !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if n := calls.Load(); n > window+100 {
		t.Errorf("%d models were judged after the output failed", n)
	}
}

func FuzzJournal(f *testing.F) {
	head, _ := record(entry{Version: journalVersion, Binding: "b"})
	one, _ := record(entry{Stamp: strings.Repeat("ab", 32), Line: []byte(`{"model":"m"}`)})
	end, _ := record(entry{Finished: true})
	f.Add([]byte{})
	f.Add(head)
	f.Add(slices.Concat(head, one, end))
	f.Add(slices.Concat(head, one, one[:len(one)-3]))
	f.Add(slices.Concat(head, []byte("x\n"), one))
	f.Fuzz(func(t *testing.T, data []byte) {
		known := make(map[stamp]place)
		got, err := readJournal(bytes.NewReader(data), "b", known)
		if err != nil {
			return
		}
		if got.size > int64(len(data)) || got.records == 0 && len(known) > 0 {
			t.Fatalf("%+v of %d bytes", got, len(data))
		}
		for s, at := range known {
			if at.off < 0 || at.off+int64(at.len) > got.size {
				t.Fatalf("place %+v outside of %d bytes", at, got.size)
			}
			line := data[at.off : at.off+int64(at.len)]
			if whole, err := record(entry{Stamp: fmt.Sprintf("%x", s[:]), Line: line}); err != nil || !bytes.Contains(data, whole) {
				t.Fatalf("%q is no line of the journal: %v", line, err)
			}
		}
		// What is whole stays, whatever follows it torn.
		again := make(map[stamp]place)
		torn, err := readJournal(bytes.NewReader(append(slices.Clone(data[:got.size]), one[:len(one)-1]...)), "b", again)
		if err != nil || torn.size != got.size || len(again) != len(known) {
			t.Fatalf("with a torn line: %+v, %v", torn, err)
		}
	})
}
