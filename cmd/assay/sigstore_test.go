package main

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"assay/verify/sigstoretest"
)

// startSigstore starts a Sigstore of the test's own. It writes trusted_root.json
// and signing_config.json, and token NAME ISSUER writes an identity token.
func startSigstore(ts *testscript.TestScript, _ bool, _ []string) {
	i := sigstoretest.Start(scriptT{ts: ts})
	ts.Check(os.WriteFile(ts.MkAbs("trusted_root.json"), i.TrustedRoot(), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("signing_config.json"), i.SigningConfig(), 0o600))
	ts.Setenv("SIGSTORE", i.URL)
}

// writeToken FILE SUBJECT ISSUER writes an identity token.
func writeToken(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(sigstoretest.Token(args[1], args[2])+"\n"), 0o600))
}

// scriptT is a script where a test is wanted.
type scriptT struct {
	testing.TB
	ts *testscript.TestScript
}

func (s scriptT) Helper()           {}
func (s scriptT) Fatal(args ...any) { s.ts.Fatalf("%s", fmt.Sprint(args...)) }
func (s scriptT) Error(args ...any) { s.ts.Logf("%s", fmt.Sprint(args...)) }
func (s scriptT) Cleanup(f func())  { s.ts.Defer(f) }

// startTUF FILE starts a TUF repository that serves the file as trusted root. It
// writes tuf-root.json, and sets TUF.
func startTUF(ts *testscript.TestScript, _ bool, args []string) {
	r := sigstoretest.StartTUF(scriptT{ts: ts})
	r.Publish(1, "trusted_root.json", []byte(ts.ReadFile(args[0])), time.Now().Add(time.Hour))
	ts.Check(os.WriteFile(ts.MkAbs("tuf-root.json"), r.Root, 0o600))
	ts.Setenv("TUF", r.URL)
}
