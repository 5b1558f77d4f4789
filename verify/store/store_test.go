package store_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"assay/scanners"
	"assay/verify"
	"assay/verify/store"
)

const (
	rules  = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	rules2 = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	pinned = "hf://org/model@0123456789abcdef0123456789abcdef01234567"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// evidence about n files whose content follows from seed.
func evidence(seed string, n int) verify.Evidence {
	e := verify.Evidence{
		Artifact: verify.ArtifactInfo{Ref: "hf://org/model", Pinned: pinned, Kind: "model", Owner: "org"},
		Claims:   []verify.Claim{}, Gaps: []verify.Gap{}, Ruleset: rules,
	}
	for i := range n {
		name := fmt.Sprintf("part-%05d.safetensors", i)
		sum := sha256.Sum256([]byte(seed + name))
		e.Files = append(e.Files, verify.FileEvidence{
			Name: name, Size: int64(i), SHA256: hex.EncodeToString(sum[:]), Formats: []string{"safetensors"},
			Coverage: scanners.Coverage{Parsed: int64(i)}, Classification: scanners.Clean,
			Findings: []verify.Finding{{Rule: "zip/trailing-bytes", Severity: scanners.Low, Path: nil, Offset: 1 << 40, What: "<b>&\u2028"}},
			Facts:    []verify.Fact{{Key: "safetensors/parameters", Value: "7"}},
		})
	}
	e.Artifact.ContentID = verify.ContentID(e.Files)
	return e
}

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func put(t testing.TB, s *store.Store, e verify.Evidence, at time.Time) {
	t.Helper()
	if err := s.Put(t.Context(), e, at); err != nil {
		t.Fatal(err)
	}
}

func TestRoundTripKeepsEveryRendering(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "a folder?#%41", "store.db"))
	want := evidence("a", 3)
	want.Gaps = nil // must stay apart from an empty list
	put(t, s, want, noon)
	for name, get := range map[string]func() (verify.Evidence, error){
		"by content":   func() (verify.Evidence, error) { return s.Get(t.Context(), want.Artifact.ContentID, rules) },
		"by reference": func() (verify.Evidence, error) { return s.ByReference(t.Context(), pinned, rules) },
	} {
		got, err := get()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, want %+v", name, got, want)
		}
		a, _ := stdjson.Marshal(want)
		b, _ := stdjson.Marshal(got)
		if string(a) != string(b) {
			t.Errorf("%s: the JSON differs:\n%s\n%s", name, a, b)
		}
	}
}

func TestInvalidTextBecomesReplacementCharacter(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"))
	e := evidence("a", 1)
	e.Files[0].Findings[0].What = "a\xffb"
	put(t, s, e, noon)
	got, err := s.ByReference(t.Context(), pinned, rules)
	if err != nil || got.Files[0].Findings[0].What != "a\uFFFDb" {
		t.Fatalf("got %q, %v", got.Files[0].Findings[0].What, err)
	}
}

func TestNotFoundSaysWhy(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"))
	e := evidence("a", 1)
	put(t, s, e, noon)
	_, err := s.ByReference(t.Context(), "hf://org/other@"+strings.Repeat("a", 40), rules)
	if !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "hf://org/other") {
		t.Errorf("unknown reference: %v", err)
	}
	_, err = s.ByReference(t.Context(), pinned, rules2)
	if !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), rules) {
		t.Errorf("other rules: %v", err)
	}
	if _, err = s.Get(t.Context(), e.Artifact.ContentID, rules2); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get under other rules: %v", err)
	}
	if _, err = s.Get(t.Context(), "sha256:00", rules); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("get other content: %v", err)
	}
	// A local folder has no reference: it is found by content, and never by "".
	local := evidence("local", 1)
	local.Artifact.Pinned = ""
	put(t, s, local, noon)
	if _, err = s.ByReference(t.Context(), "", rules); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("empty reference: %v", err)
	}
	if _, err = s.Get(t.Context(), local.Artifact.ContentID, rules); err != nil {
		t.Errorf("local by content: %v", err)
	}
}

// Two references may hold the same files, and still not the same evidence: what
// could not be looked at is a fact about the reference.
func TestReferencesWithEqualContentStayApart(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"))
	gappy, whole := evidence("a", 1), evidence("a", 1)
	gappy.Gaps = []verify.Gap{{Code: verify.GapOmitted, File: "link", Reason: "symbolic link"}}
	whole.Artifact.Pinned = "oci://registry.test/m@sha256:" + strings.Repeat("a", 64)
	put(t, s, gappy, noon)
	put(t, s, whole, noon.Add(time.Minute))
	got, err := s.ByReference(t.Context(), pinned, rules)
	if err != nil || len(got.Gaps) != 1 {
		t.Errorf("by reference: %d gaps, %v", len(got.Gaps), err)
	}
	got, err = s.Get(t.Context(), whole.Artifact.ContentID, rules)
	if err != nil || got.Artifact.Pinned != whole.Artifact.Pinned {
		t.Errorf("by content: want the newest, got %q, %v", got.Artifact.Pinned, err)
	}
}

func TestPutReplaces(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"))
	e := evidence("a", 1)
	put(t, s, e, noon)
	e.Claims = append(e.Claims, verify.Claim{Scheme: "oms", Standing: verify.Verified, Covers: []string{}, Problems: []verify.Problem{}})
	put(t, s, e, noon.Add(time.Hour))
	got, err := s.ByReference(t.Context(), pinned, rules)
	if err != nil || len(got.Claims) != 1 {
		t.Errorf("%d claims, %v", len(got.Claims), err)
	}
	list := entries(t, s)
	if len(list) != 1 || !list[0].Recorded.Equal(noon.Add(time.Hour)) {
		t.Errorf("entries: %+v", list)
	}
}

func entries(t *testing.T, s *store.Store) (list []store.Entry) {
	t.Helper()
	for e, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func TestPinnedReferenceCannotChange(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"))
	first, second := evidence("first", 1), evidence("second", 1)
	put(t, s, first, noon)
	for range 2 { // the second time it is a known conflict
		err := s.Put(t.Context(), second, noon)
		if !errors.Is(err, store.ErrConflict) {
			t.Fatalf("put: %v", err)
		}
		for _, want := range []string{pinned, first.Artifact.ContentID, second.Artifact.ContentID} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not name %s", err, want)
			}
		}
	}
	if _, err := s.ByReference(t.Context(), pinned, rules); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a reference in conflict was answered: %v", err)
	}
	if err := s.Put(t.Context(), first, noon); !errors.Is(err, store.ErrConflict) {
		t.Errorf("the conflict was forgotten: %v", err)
	}
	if _, err := s.Get(t.Context(), second.Artifact.ContentID, rules); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the refused evidence was stored: %v", err)
	}
	if err := s.Forget(t.Context(), pinned); err != nil {
		t.Fatal(err)
	}
	put(t, s, second, noon)
	if _, err := s.ByReference(t.Context(), pinned, rules); err != nil {
		t.Error(err)
	}
	if err := s.Forget(t.Context(), "hf://org/none@x"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("forget nothing: %v", err)
	}
}

func TestIncompleteEvidenceIsRefused(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"))
	for name, spoil := range map[string]func(*verify.Evidence){
		"no content id":    func(e *verify.Evidence) { e.Artifact.ContentID = "" },
		"no rule set":      func(e *verify.Evidence) { e.Ruleset = "" },
		"unhashed file":    func(e *verify.Evidence) { e.Files[1].SHA256 = "" },
		"short digest":     func(e *verify.Evidence) { e.Files[1].SHA256 = "abcd" },
		"other content id": func(e *verify.Evidence) { e.Files[1].Name = "other" },
		"NUL in reference": func(e *verify.Evidence) { e.Artifact.Pinned += "\x00" },
	} {
		e := evidence("a", 2)
		spoil(&e)
		if err := s.Put(t.Context(), e, noon); !errors.Is(err, store.ErrIncomplete) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := s.Put(t.Context(), evidence("a", 2), time.Time{}); !errors.Is(err, store.ErrIncomplete) {
		t.Errorf("no time: %v", err)
	}
	if list := entries(t, s); len(list) != 0 {
		t.Errorf("stored: %+v", list)
	}
}

// edit changes the closed store behind its back.
func edit(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryDamagedColumnIsNoticed(t *testing.T) {
	for _, statement := range []string{
		"UPDATE evidence SET body = CAST(substr(body, 1, 40) || x'00' || substr(body, 42) AS BLOB)",
		"UPDATE evidence SET body = x''",
		"UPDATE evidence SET recorded = '2036-01-01T00:00:00.000Z'",
		"UPDATE evidence SET recorded = 'now'",
		"UPDATE evidence SET digest = x''",
		"UPDATE alias SET recorded = '2036-01-01T00:00:00.000Z'",
		"UPDATE alias SET digest = x''",
		// One record in the place of another.
		"UPDATE evidence SET body = (SELECT body FROM evidence WHERE pinned = '')",
		"UPDATE evidence SET body = (SELECT body FROM evidence WHERE pinned = ''), digest = (SELECT digest FROM evidence WHERE pinned = '')",
	} {
		path := filepath.Join(t.TempDir(), "store.db")
		s := open(t, path)
		put(t, s, evidence("a", 2), noon)
		other := evidence("b", 2)
		other.Artifact.Pinned = ""
		put(t, s, other, noon)
		if err := s.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		edit(t, path, statement)
		s = open(t, path)
		if _, err := s.ByReference(t.Context(), pinned, rules); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: by reference: %v", statement, err)
		}
		if err := s.Check(t.Context()); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: check: %v", statement, err)
		}
	}
}

// Any byte of the file may go bad. Whatever happens then, the store never gives
// other evidence than was put, and never opens as if it were new.
func TestFlippedBytesNeverChangeAnAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	s := open(t, path)
	want := evidence("a", 40)
	put(t, s, want, noon)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	step := 97
	if testing.Short() {
		step = 997
	}
	noticed := 0
	for at := 0; at < len(good); at += step {
		bad := slices.Clone(good)
		bad[at] ^= 0x15
		broken := filepath.Join(t.TempDir(), "store.db")
		if err := os.WriteFile(broken, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readOnce(t.Context(), broken)
		if err != nil {
			noticed++
		} else if !reflect.DeepEqual(got, want) {
			t.Fatalf("byte %d: other evidence came back", at)
		}
	}
	if noticed == 0 {
		t.Error("no flip was noticed: the test does not reach the records")
	}
}

func readOnce(ctx context.Context, path string) (verify.Evidence, error) {
	s, err := store.Open(path)
	if err != nil {
		return verify.Evidence{}, err
	}
	defer s.Close()
	return s.ByReference(ctx, pinned, rules)
}

func TestForeignFilesAreRefused(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(text); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("text file: %v", err)
	}
	foreign := filepath.Join(dir, "foreign.db")
	edit(t, foreign, "CREATE TABLE t (a)")
	if _, err := store.Open(foreign); !errors.Is(err, store.ErrSchema) {
		t.Errorf("foreign database: %v", err)
	}
	newer := filepath.Join(dir, "newer.db")
	if err := open(t, newer).Close(); err != nil {
		t.Fatal(err)
	}
	edit(t, newer, "PRAGMA user_version = 2")
	_, err := store.Open(newer)
	if !errors.Is(err, store.ErrSchema) || !strings.Contains(err.Error(), "newer assay") || !strings.Contains(err.Error(), newer) {
		t.Errorf("newer schema: %v", err)
	}
	if _, err := store.Open(dir); err == nil {
		t.Error("a folder was opened")
	}
}

func TestFileIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	path := filepath.Join(t.TempDir(), "new", "store.db")
	s := open(t, path)
	put(t, s, evidence("a", 1), noon)
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(name), info.Mode())
		}
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(path); !errors.Is(err, store.ErrSchema) {
		t.Errorf("a store that everybody may write: %v", err)
	}
}

func TestListIsSorted(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "store.db"))
	for _, i := range []int{3, 1, 2} {
		e := evidence(fmt.Sprint(i), 1)
		e.Artifact.Pinned = fmt.Sprintf("hf://org/m%d@%040d", i, i)
		put(t, s, e, noon)
	}
	list := entries(t, s)
	if len(list) != 3 || !slices.IsSortedFunc(list, func(a, b store.Entry) int { return strings.Compare(a.Pinned, b.Pinned) }) {
		t.Errorf("%+v", list)
	}
	for range s.List(t.Context()) {
		break // must release its connection
	}
	put(t, s, evidence("after", 1), noon)
}

func TestManyWritersAndReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store.db")
	stores := []*store.Store{open(t, path), open(t, path)} // as two processes would
	const workers, rounds = 8, 10
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			s := stores[w%2]
			for i := range rounds {
				e := evidence(fmt.Sprint(w, i), 2)
				e.Artifact.Pinned = fmt.Sprintf("hf://org/m%d-%d@%040d", w, i, i)
				if err := s.Put(context.Background(), e, noon); err != nil {
					t.Errorf("put: %v", err)
					return
				}
				got, err := stores[(w+1)%2].ByReference(context.Background(), e.Artifact.Pinned, rules)
				if err != nil || got.Artifact.ContentID != e.Artifact.ContentID {
					t.Errorf("read back: %v", err)
				}
			}
		})
	}
	group.Wait()
	if n := len(entries(t, stores[0])); n != workers*rounds {
		t.Errorf("%d entries", n)
	}
	if err := stores[0].Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDefaultPath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows uses another variable")
	}
	t.Setenv("HOME", "/home/someone")
	for state, want := range map[string]string{
		"/var/state": "/var/state/assay/store.db",
		"relative":   "/home/someone/.local/state/assay/store.db",
		"":           "/home/someone/.local/state/assay/store.db",
	} {
		t.Setenv("XDG_STATE_HOME", state)
		if got, err := store.DefaultPath(); err != nil || got != want {
			t.Errorf("%q: %q, %v", state, got, err)
		}
	}
}

func BenchmarkByReference(b *testing.B) {
	for _, n := range []int{1, 30, 1000} {
		b.Run(fmt.Sprintf("files=%d", n), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "store.db"))
			put(b, s, evidence("a", n), noon)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.ByReference(b.Context(), pinned, rules); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
