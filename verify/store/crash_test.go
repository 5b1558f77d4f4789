package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"assay/verify/store"
)

// childEnv makes the test binary a writer that goes on until it is killed. It
// prints the pinned reference of every record that Put reported as stored.
const childEnv = "ASSAY_STORE_TEST_WRITER"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := writeForever(path, os.Getenv(childEnv+"_ROUND")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func writeForever(path, round string) error {
	s, err := store.Open(path)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		e := evidence(fmt.Sprint(round, i), 20)
		e.Artifact.Pinned = fmt.Sprintf("hf://org/r%s-%d@%040d", round, i, i)
		if err := s.Put(context.Background(), e, noon); err != nil {
			return err
		}
		fmt.Println(e.Artifact.Pinned)
	}
}

// A writer is killed at random points. What Put had reported as stored is there,
// whole, and the store goes on.
func TestKilledWriterLosesNothing(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 4
	}
	path := filepath.Join(t.TempDir(), "store.db")
	random := rand.New(rand.NewPCG(1, 2))
	var promised []string
	for round := range rounds {
		promised = append(promised, killWriter(t, path, round, time.Duration(random.IntN(60))*time.Millisecond)...)
		s, err := store.Open(path)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for _, pinned := range promised {
			if _, err := s.ByReference(t.Context(), pinned, rules); err != nil {
				t.Fatalf("round %d: %s was stored: %v", round, pinned, err)
			}
		}
		if err := s.Check(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(promised) < rounds {
		t.Errorf("only %d records in %d rounds: the writers were killed too early to show anything", len(promised), rounds)
	}
}

// killWriter lets a child write, kills it some time after its first record and
// returns what it had reported.
func killWriter(t *testing.T, path string, round int, after time.Duration) (lines []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+path, fmt.Sprintf("%s_ROUND=%d", childEnv, round))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scan := bufio.NewScanner(out)
	for scan.Scan() {
		if len(lines) == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		lines = append(lines, scan.Text())
	}
	_ = cmd.Wait() // killed: always an error
	return lines
}
