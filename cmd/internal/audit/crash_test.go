package audit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"assay/verify"
)

// childEnv makes the test binary an audit that writes its output to a file.
const childEnv = "ASSAY_AUDIT_TEST_CHILD"

func TestMain(m *testing.M) {
	if root := os.Getenv(childEnv); root != "" {
		if err := child(root, os.Getenv(childEnv+"_JOURNAL"), os.Getenv(childEnv+"_OUT")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(root, journal, out string) error {
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	slow := func(ctx context.Context, path string) (verify.Report, error) {
		time.Sleep(time.Millisecond)
		return judge(ctx, path)
	}
	_, err = Run(context.Background(), Config{Root: root, Journal: journal, Jobs: 3, Judge: slow, Out: f})
	return err
}

// An audit is killed at random points until it comes through. What it wrote is
// byte for byte what an audit writes that was left alone.
func TestKilledAuditResumes(t *testing.T) {
	root, dir := tree(t, 150), t.TempDir()
	want, _ := run(t, Config{Root: root})
	journal, out := filepath.Join(dir, "journal"), filepath.Join(dir, "out")
	kills := 20
	if testing.Short() {
		kills = 5
	}
	random := rand.New(rand.NewPCG(3, 4))
	killed := 0
	for round := 0; ; round++ {
		cmd := exec.Command(os.Args[0], "-test.run=^$")
		cmd.Env = append(os.Environ(), childEnv+"="+root, childEnv+"_JOURNAL="+journal, childEnv+"_OUT="+out)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if round < kills {
			size := journalSize(journal)
			for end := time.Now().Add(10 * time.Second); journalSize(journal) <= size && time.Now().Before(end); {
				time.Sleep(100 * time.Microsecond) // until it makes headway
			}
			time.Sleep(time.Duration(random.IntN(4000)) * time.Microsecond)
			_ = cmd.Process.Kill()
		}
		if err := cmd.Wait(); err == nil {
			break
		}
		if killed++; killed > kills {
			t.Fatal("the audit fails without being killed")
		}
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("the output of the killed audit differs")
	}
	if killed == 0 {
		t.Error("no audit was killed: nothing was shown")
	}
	t.Logf("killed %d times", killed)
}

func journalSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Size()
}
