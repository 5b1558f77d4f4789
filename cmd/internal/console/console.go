// Package console is what a person sees while assay works: exit codes, and
// progress on a terminal.
//
// # Security
//
// Results go to standard output, everything else to standard error. No text of
// the object under test is printed here.
package console

import (
	"io"
	"os"

	"golang.org/x/term"

	"assay/verify"
)

// The exit codes. Where several apply: 130, 5, 2, then 1 before 3 before 4.
const (
	ExitPass        = 0   // complete and allowed
	ExitFail        = 1   // denied, or findings at the threshold
	ExitUsage       = 2   // usage or configuration
	ExitIncomplete  = 3   // could not verify: incomplete, network, unreadable, no trust root
	ExitNothing     = 4   // nothing to verify was found
	ExitInternal    = 5   // internal error
	ExitInterrupted = 130 // interrupted
)

// ExitCode maps an outcome to the exit code.
func ExitCode(o verify.Outcome) int {
	switch o {
	case verify.Pass:
		return ExitPass
	case verify.Fail:
		return ExitFail
	case verify.Nothing:
		return ExitNothing
	}
	return ExitIncomplete
}

// IsTerminal reports whether w is a terminal that understands colours and a
// moving cursor. NO_COLOR, TERM=dumb and CI say no (no-color.org).
func IsTerminal(w io.Writer, getenv func(string) string) bool {
	f, ok := w.(*os.File)
	if !ok || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" || getenv("CI") != "" {
		return false
	}
	return term.IsTerminal(int(f.Fd()))
}
