// Package cli is the command line: one file for each command. It is the one
// place that puts sources, scanners, verifiers and outputs together.
//
// # Security
//
// Configuration comes from flags and ASSAY_* variables, and from files that are
// named explicitly; never from the tree under test. Results go to standard
// output, everything else to standard error. Exit codes are part of the contract
// (package console). A panic ends in exit code 5, never in a pass.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/registry"
)

// Env is the process around a command, so that tests can give another one.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time
}

// System is the real process.
func System() Env {
	return Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Now: time.Now}
}

// exitError carries the exit code of a command that has already said
// everything on standard output, or an error with a code of its own.
type exitError struct {
	code int
	err  error // nil: nothing more to say
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usageError(format string, args ...any) error {
	return &exitError{console.ExitUsage, fmt.Errorf(format, args...)}
}

// exit turns an exit code into an error for cobra; 0 is nil.
func exit(code int) error {
	if code == console.ExitPass {
		return nil
	}
	return &exitError{code: code}
}

// Main runs one command and returns the exit code of the process.
func Main(ctx context.Context, args []string, env Env) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(env.Stderr, "assay: internal error: %v; please report it\n", p)
			code = console.ExitInternal
		}
	}()
	a := &app{Env: env}
	defer a.close()
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return console.ExitPass
	}
	code = exitCode(ctx, err)
	var silent *exitError
	if errors.As(err, &silent) && silent.err == nil {
		return code
	}
	fmt.Fprintln(env.Stderr, "assay:", err)
	if code == console.ExitUsage {
		fmt.Fprintln(env.Stderr, "run 'assay help' for the commands and their flags")
	}
	return code
}

// exitCode maps an error to the exit code. An error that nobody classified
// comes from reading the world: it could not be verified.
func exitCode(ctx context.Context, err error) int {
	var own *exitError
	var started *runError
	switch {
	case ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled):
		return console.ExitInterrupted
	case errors.As(err, &own):
		return own.code
	case errors.Is(err, registry.ErrReference):
		return console.ExitUsage
	case errors.Is(err, registry.ErrNotFound):
		return console.ExitNothing
	case errors.As(err, &started):
		return console.ExitIncomplete
	}
	return console.ExitUsage // cobra: unknown command or flag, wrong number of arguments
}

// runError marks an error that happened while a command ran, as opposed to one
// in how it was called.
type runError struct{ err error }

func (e *runError) Error() string { return e.err.Error() }

func (e *runError) Unwrap() error { return e.err }

// run adapts a command's function to cobra.
func run(f func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if err := f(cmd, args); err != nil {
			return &runError{err}
		}
		return nil
	}
}
