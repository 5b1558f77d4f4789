// Command assay decides whether a machine-learning model, dataset or adapter may
// be used, and proves why.
//
// # Security
//
// This file only wires the process to the command line: arguments, standard
// streams, environment, signals. It trusts the person who runs it and nothing
// that they point it at.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"assay/cmd/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once, whatever it waits for.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Main(ctx, os.Args[1:], cli.System()))
}
