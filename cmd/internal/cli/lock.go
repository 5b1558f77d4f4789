package cli

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"assay/cmd/internal/console"
	"assay/registry"
	"assay/registry/export"
	"assay/verify/report"
)

func (a *app) lockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "work with the lock files that pull writes",
		Args:  cobra.NoArgs,
	}
	cmd.AddCommand(a.lockCheckCommand())
	return cmd
}

// drift is the answer of lock check.
type drift struct {
	Lock   string         `json:"lock"`
	Pinned string         `json:"pinned"`
	Broken []export.Drift `json:"broken"` // what was locked is not there any more, or belongs to somebody else
	Moved  []export.Drift `json:"moved"`  // what the mutable name means now
}

func (a *app) lockCheckCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check LOCK",
		Short: "say what moved since a model was locked",
		Long: `check asks the registry twice, and fetches no file: whether it still has what was
locked, under the same identity and with the same digests; and what the name means
now.

Exit code 1 means that what was locked is broken: the revision is unknown to the
registry (its history was rewritten, or the name was given up and registered
again), the repository has another id, owner or date of creation, or the listing
of the locked revision has changed. That the name means a newer revision by now is
told, and is no failure.

Formats: text (default), json.`,
		Example: "  assay lock check model.lock.json",
		Args:    needs("a lock file", "LOCK"),
	}
	a.formatFlag(cmd.Flags(), "text", "json")
	cmd.RunE = run(func(cmd *cobra.Command, args []string) error {
		lock, err := readLock(args[0])
		if err != nil {
			return err
		}
		d := drift{Lock: args[0], Pinned: lock.Source(), Broken: []export.Drift{}, Moved: []export.Drift{}}
		if err := a.checkPinned(cmd, lock, &d); err != nil {
			return err
		}
		if err := a.checkName(cmd, lock, &d); err != nil {
			return err
		}
		if err := a.writeDrift(d); err != nil {
			return err
		}
		if len(d.Broken) > 0 {
			return exit(console.ExitFail)
		}
		return nil
	})
	return cmd
}

func readLock(path string) (*export.Lock, error) {
	lock, err := export.ReadLock(path)
	if err != nil {
		return nil, usageError("%s: %w", path, err)
	}
	return lock, nil
}

// checkPinned compares what was locked with itself.
func (a *app) checkPinned(cmd *cobra.Command, lock *export.Lock, d *drift) error {
	artifact, err := a.resolve(cmd.Context(), lock.Source())
	if isGone(err) {
		d.Broken = append(d.Broken, export.Drift{What: "revision unknown to the registry", Locked: lock.Source(), Now: report.Safe(err.Error())})
		return nil
	}
	if err != nil {
		return err
	}
	d.Broken = append(d.Broken, lock.Identity(artifact.Identity)...)
	d.Broken = append(d.Broken, lock.Content(artifact.Parts())...)
	return nil
}

// isGone: without a token the Hub does not say whether a repository is private
// or not there.
func isGone(err error) bool {
	return errors.Is(err, registry.ErrNotFound) || errors.Is(err, registry.ErrAccess)
}

// checkName compares what was locked with what the name means now.
func (a *app) checkName(cmd *cobra.Command, lock *export.Lock, d *drift) error {
	if lock.Reference == lock.Source() {
		return nil
	}
	artifact, err := a.resolve(cmd.Context(), lock.Reference)
	if isGone(err) {
		d.Moved = append(d.Moved, export.Drift{What: "name", Locked: lock.Reference, Now: report.Safe(err.Error())})
		return nil
	}
	if err != nil {
		return err
	}
	for _, changed := range lock.Identity(artifact.Identity) {
		changed.What += " behind the name"
		d.Broken = append(d.Broken, changed)
	}
	if artifact.Identity.Revision != lock.Repository.Revision {
		d.Moved = append(d.Moved, export.Drift{What: "revision", Locked: lock.Repository.Revision, Now: artifact.Identity.Revision})
		d.Moved = append(d.Moved, lock.Content(artifact.Parts())...)
	}
	return nil
}

func (a *app) writeDrift(d drift) error {
	if a.format == "json" {
		e := json.NewEncoder(a.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(d)
	}
	verdict := "UNCHANGED"
	switch {
	case len(d.Broken) > 0:
		verdict = "BROKEN"
	case len(d.Moved) > 0:
		verdict = "MOVED"
	}
	_, err := fmt.Fprintf(a.Stdout, "%s  %s\n", verdict, report.Safe(d.Pinned))
	for _, list := range []struct {
		name    string
		entries []export.Drift
	}{{"broken", d.Broken}, {"moved", d.Moved}} {
		for _, one := range list.entries {
			if err == nil && !a.quiet {
				_, err = fmt.Fprintf(a.Stdout, "  %s: %s\n", list.name, report.Safe(one.String()))
			}
		}
	}
	return err
}
