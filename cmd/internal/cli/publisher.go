package cli

import (
	"context"
	"fmt"
	"strings"

	"assay/registry"
	"assay/verify"
	"assay/verify/store"
)

// publisher compares who a repository belongs to with who it belonged to when it was
// first seen: names that are given up are registered again by others (Unit 42, "Model
// Namespace Reuse", 2025). It is nil when nothing changed, or nothing is known.
func (j *judge) publisher(ctx context.Context, a *registry.Artifact) (*verify.Gap, error) {
	if j.store == nil || a.Pinned == "" || a.Identity.ID == "" {
		return nil, nil
	}
	now := store.Publisher{ID: a.Identity.ID, Owner: a.Identity.Owner, Created: a.Identity.Created}
	first, since, err := j.store.FirstPublisher(ctx, repositoryOf(a), now, j.now())
	if err != nil || first == now {
		return nil, err
	}
	var changes []string
	for _, c := range []struct{ what, then, now string }{{"id", first.ID, now.ID}, {"owner", first.Owner, now.Owner}, {"created", first.Created, now.Created}} {
		if c.then != c.now {
			changes = append(changes, fmt.Sprintf("%s was %q, is %q", c.what, c.then, c.now))
		}
	}
	return &verify.Gap{Code: verify.GapPublisher, Reason: fmt.Sprintf(
		"the repository is not the one that was first seen under this name, %s: %s", since, strings.Join(changes, "; "))}, nil
}

// repositoryOf is a pinned reference without its revision: at another Hub it is
// another repository.
func repositoryOf(a *registry.Artifact) string {
	name, revision, _ := strings.Cut(a.Pinned, "@")
	if _, endpoint, ok := strings.Cut(revision, "?"); ok {
		name += "?" + endpoint
	}
	return name
}
