package verify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"assay/registry"
	"assay/scanners"
	"assay/verify"
)

// memory is Content in memory; closeErr is what Close reports.
type memory struct {
	*bytes.Reader
	closeErr error
}

func (m memory) Close() error { return m.closeErr }
func (m memory) Size() int64  { return m.Reader.Size() }

func file(name, content string) registry.File {
	return registry.File{Name: name, Size: int64(len(content)), Open: func(context.Context) (registry.Content, error) {
		return memory{Reader: bytes.NewReader([]byte(content))}, nil
	}}
}

func artifact(files ...registry.File) *registry.Artifact {
	return &registry.Artifact{Ref: registry.Reference{Scheme: "file", Rest: "m"}, Files: files}
}

// letters accounts for content that begins with "A" and finds every "!".
type letters struct{}

func (letters) Info() scanners.Info {
	return scanners.Info{Name: "letters", Version: 1, Rules: []scanners.Rule{{ID: "letters/bang", Severity: scanners.High, Class: scanners.Malicious}}}
}
func (letters) Match(h scanners.Head) bool { return bytes.HasPrefix(h.Start, []byte("A")) }
func (letters) Scan(_ context.Context, f scanners.File, _ scanners.Limits) (r scanners.Result, err error) {
	data := make([]byte, f.Size)
	if _, err := f.ReadAt(data, 0); err != nil {
		return r, err
	}
	r.Parsed.Add(0, f.Size)
	for i, b := range data {
		if b == '!' {
			r.Findings = append(r.Findings, scanners.Finding{Rule: "letters/bang", Severity: scanners.High, Offset: int64(i), What: "a bang"})
		}
	}
	return r, nil
}

func gather(t *testing.T, p verify.Pipeline, a *registry.Artifact) verify.Evidence {
	t.Helper()
	p.Scanners = append(p.Scanners, letters{})
	e, err := p.Gather(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range e.Files {
		if f.Coverage.Size() != f.Size {
			t.Errorf("%s: coverage %+v does not sum to %d", f.Name, f.Coverage, f.Size)
		}
	}
	return e
}

func codes(e verify.Evidence) (list []scanners.GapCode) {
	for _, g := range e.Gaps {
		list = append(list, g.Code)
	}
	return list
}

func TestGather(t *testing.T) {
	const sum = "sha256:559aead08264d5795d3909718cdd05abd49572e84fe55590eef31a88a08fdffd" // of "A"
	right, err := registry.ParseDigest(sum)
	if err != nil {
		t.Fatal(err)
	}
	declared := file("a", "A")
	declared.Declared = []registry.Declared{{Digest: right, By: "hub"}}
	wrong := file("a", "A?")
	wrong.Declared = declared.Declared
	longer := file("a", "A")
	longer.Size = 2
	changed := file("a", "A")
	changed.Open = func(context.Context) (registry.Content, error) {
		return memory{bytes.NewReader([]byte("A")), fmt.Errorf("a: %w", registry.ErrChanged)}, nil
	}
	denied := file("a", "A")
	denied.Open = func(context.Context) (registry.Content, error) { return nil, errors.New("permission denied") }
	corrupt := file("a", "A")
	corrupt.Open = func(context.Context) (registry.Content, error) { return nil, fmt.Errorf("a: %w", registry.ErrDigest) }

	for _, c := range []struct {
		name   string
		file   registry.File
		gaps   []scanners.GapCode
		class  scanners.Class
		hashed bool
	}{
		{"known format", file("a", "A"), nil, scanners.Clean, true},
		{"unknown format", file("a", "b"), []scanners.GapCode{scanners.GapUnrecognised}, scanners.Unknown, true},
		{"finding", file("a", "A!"), nil, scanners.Malicious, true},
		{"declared digest kept", declared, nil, scanners.Clean, true},
		{"declared digest broken", wrong, []scanners.GapCode{verify.GapDigest}, scanners.Unknown, true},
		{"other size than announced", longer, []scanners.GapCode{verify.GapChanged}, scanners.Unknown, false},
		{"changed while read", changed, []scanners.GapCode{verify.GapChanged}, scanners.Unknown, false},
		{"cannot be opened", denied, []scanners.GapCode{scanners.GapUnreadable}, scanners.Unknown, false},
		{"source found other bytes", corrupt, []scanners.GapCode{verify.GapDigest}, scanners.Unknown, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := gather(t, verify.Pipeline{}, artifact(c.file))
			f := e.Files[0]
			if !reflect.DeepEqual(codes(e), c.gaps) {
				t.Errorf("gaps %+v, want %v", e.Gaps, c.gaps)
			}
			if f.Classification != c.class {
				t.Errorf("class %s, want %s", f.Classification, c.class)
			}
			if (f.SHA256 != "") != c.hashed || (e.Artifact.ContentID != "") != c.hashed {
				t.Errorf("sha256 %q and content id %q, want hashed %t", f.SHA256, e.Artifact.ContentID, c.hashed)
			}
		})
	}
}

func TestGatherOmitted(t *testing.T) {
	a := artifact(file("a", "A"))
	a.Omitted = []registry.Omission{{Name: "link", Reason: "a symbolic link"}}
	e := gather(t, verify.Pipeline{}, a)
	if len(e.Gaps) != 1 || e.Gaps[0].Code != verify.GapOmitted || e.Gaps[0].File != "link" {
		t.Fatalf("gaps %+v, want one for the link", e.Gaps)
	}
}

func TestHeadersOnly(t *testing.T) {
	e := gather(t, verify.Pipeline{HeadersOnly: true}, artifact(file("a", "A"), file("b", "b")))
	if e.Artifact.ContentID != "" || e.Files[0].SHA256 != "" {
		t.Fatal("nothing was hashed, and there is a digest")
	}
	if e.Files[0].Coverage.Parsed != 1 || e.Files[1].Coverage.Skipped != 1 {
		t.Fatalf("coverage %+v", e.Files)
	}
}

// TestNoScanners: without scanners nothing of the content counts as looked at.
func TestNoScanners(t *testing.T) {
	e, err := verify.Pipeline{}.Gather(t.Context(), artifact(file("a", "A")))
	if err != nil {
		t.Fatal(err)
	}
	if f := e.Files[0]; f.Coverage != (scanners.Coverage{Hashed: 1}) || f.Classification == scanners.Clean {
		t.Fatalf("%+v", f)
	}
}

func TestContentIDBindsNames(t *testing.T) {
	id := func(files ...registry.File) string {
		return gather(t, verify.Pipeline{}, artifact(files...)).Artifact.ContentID
	}
	base := id(file("a", "A"), file("b", "AB"))
	for name, other := range map[string]string{
		"renamed": id(file("a", "A"), file("c", "AB")),
		"swapped": id(file("a", "AB"), file("b", "A")),
		"content": id(file("a", "A"), file("b", "AC")),
		"added":   id(file("a", "A"), file("b", "AB"), file("c", "")),
		"removed": id(file("a", "A")),
		"joined":  id(file("a", "AAB")),
	} {
		if other == base {
			t.Errorf("%s: same content id", name)
		}
	}
	if again := id(file("a", "A"), file("b", "AB")); again != base {
		t.Error("the same content has two ids")
	}
}

func TestJobsDoNotChangeEvidence(t *testing.T) {
	var files []registry.File
	for i := range 200 {
		files = append(files, file(fmt.Sprintf("f%03d", i), "A"+string(make([]byte, i*7%50))+"!"))
	}
	one := gather(t, verify.Pipeline{Jobs: 1}, artifact(files...))
	for _, jobs := range []int{2, 8, 500} {
		if many := gather(t, verify.Pipeline{Jobs: jobs}, artifact(files...)); !reflect.DeepEqual(one, many) {
			t.Fatalf("evidence differs with %d jobs", jobs)
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (verify.Pipeline{Scanners: []scanners.Scanner{letters{}}}).Gather(ctx, artifact(file("a", "A"))); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want the cancellation", err)
	}
}

func TestOutcome(t *testing.T) {
	reason := func(d verify.Decision, code string) []verify.Reason { return []verify.Reason{{Effect: d, Code: code}} }
	for _, c := range []struct {
		verdict verify.Verdict
		want    verify.Outcome
	}{
		{verify.Verdict{}, verify.Incomplete},
		{verify.Verdict{Decision: "yes"}, verify.Incomplete},
		{verify.Verdict{Decision: verify.Allow}, verify.Pass},
		{verify.Verdict{Decision: verify.Deny}, verify.Fail},
		{verify.Verdict{Reasons: reason(verify.Undecided, "incomplete")}, verify.Incomplete},
		{verify.Verdict{Reasons: reason(verify.Undecided, verify.ReasonNothing)}, verify.Nothing},
		{verify.Verdict{Reasons: append(reason(verify.Undecided, verify.ReasonNothing), reason(verify.Undecided, "incomplete")...)}, verify.Incomplete},
		{verify.Verdict{Decision: verify.Deny, Reasons: reason(verify.Undecided, verify.ReasonNothing)}, verify.Fail},
	} {
		if got := (verify.Report{Verdict: c.verdict}).Outcome(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.verdict, got, c.want)
		}
	}
}

// TestChangedWhileRead: a writer that changes the bytes after they were
// scanned gets no verdict about either content, although size and times are the
// same.
func TestChangedWhileRead(t *testing.T) {
	data := []byte("A!")
	f := registry.File{Name: "a", Size: int64(len(data)), Open: func(context.Context) (registry.Content, error) {
		return &swapping{data: data}, nil
	}}
	e := gather(t, verify.Pipeline{}, artifact(f))
	if e.Files[0].SHA256 != "" || e.Artifact.ContentID != "" || e.Files[0].Classification == scanners.Clean {
		t.Errorf("evidence about two contents at once: %+v", e.Files[0])
	}
	if got := codes(e); len(got) == 0 || got[0] != verify.GapChanged {
		t.Errorf("gaps %+v", e.Gaps)
	}
}

// swapping gives its bytes once and harmless ones afterwards.
type swapping struct {
	data []byte
	read bool
}

func (s *swapping) ReadAt(b []byte, off int64) (int, error) {
	if off >= int64(len(s.data)) {
		return 0, io.EOF
	}
	n := copy(b, s.data[off:])
	if s.read {
		copy(b, bytes.Repeat([]byte("A"), n))
	}
	s.read = true
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}
func (*swapping) Close() error  { return nil }
func (s *swapping) Size() int64 { return int64(len(s.data)) }

// TestDeadline: what was not reached in time is a gap, and what was found before
// is kept.
func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	late := file("z", "A")
	late.Open = func(context.Context) (registry.Content, error) {
		<-ctx.Done()
		return nil, context.DeadlineExceeded
	}
	limited, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	context.AfterFunc(limited, func() { cancel(nil) })
	p := verify.Pipeline{Scanners: []scanners.Scanner{letters{}}, Jobs: 2}
	e, err := p.Gather(limited, artifact(file("a", "A!"), late))
	if err != nil {
		t.Fatal(err)
	}
	if len(e.Files) != 2 || len(e.Files[0].Findings) != 1 || e.Files[1].SHA256 != "" || len(e.Gaps) != 1 || e.Gaps[0].File != "z" {
		t.Errorf("files %+v, gaps %+v", e.Files, e.Gaps)
	}
}

// TestPanicCostsItsFile: a source that panics is a gap of that file.
func TestPanicCostsItsFile(t *testing.T) {
	bad := file("b", "A")
	bad.Open = func(context.Context) (registry.Content, error) { panic("boom") }
	e := gather(t, verify.Pipeline{}, artifact(file("a", "A!"), bad))
	if got := codes(e); len(got) != 1 || got[0] != scanners.GapInternal || len(e.Files[0].Findings) != 1 || e.Artifact.ContentID != "" {
		t.Errorf("gaps %+v, files %+v", e.Gaps, e.Files)
	}
}

// TestContentIDCannotBeImitated: no name can stand for two lines of the list.
func TestContentIDCannotBeImitated(t *testing.T) {
	sum := strings.Repeat("0", 64)
	one := []verify.FileEvidence{{Name: "a", Size: 1, SHA256: sum}, {Name: "b", Size: 2, SHA256: sum}}
	imitation := []verify.FileEvidence{{Name: "a 1 " + sum + "\n1:b", Size: 2, SHA256: sum}, {Name: "c", Size: 2, SHA256: sum}}
	if verify.ContentID(one) == verify.ContentID(imitation) || verify.ContentID(one) == verify.ContentID(imitation[:1]) {
		t.Error("two lists have one content id")
	}
}
