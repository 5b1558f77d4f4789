package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"assay/verify"
)

// maxHistory bounds how many revisions of one name are looked at, the newest ones.
const maxHistory = 10_000

// NewestSigned is the newest trusted time of a verified signature among the
// evidence about other revisions of the name that a reference is pinned to, zero
// when there is none. Only keyless signatures prove when they were made.
func (s *Store) NewestSigned(ctx context.Context, pinned string) (newest time.Time, err error) {
	name, _, ok := strings.Cut(pinned, "@")
	if !ok {
		return newest, nil
	}
	rows, err := s.db.QueryContext(ctx, selectRecord+" WHERE pinned > ? AND pinned < ? AND pinned <> ? ORDER BY recorded DESC LIMIT ?",
		name+"@", name+"A", pinned, maxHistory) // "A" follows "@"
	if err != nil {
		return newest, wrap(err)
	}
	defer func() { err = errors.Join(err, wrap(rows.Close())) }()
	for rows.Next() {
		e, err := s.read(rows)
		if err != nil {
			return newest, err
		}
		for _, c := range e.Claims {
			at, err := time.Parse(time.RFC3339, c.Time)
			if err == nil && c.Standing == verify.Verified && c.Attestation == nil && c.Identity.Method == "sigstore" && at.After(newest) {
				newest = at
			}
		}
	}
	return newest, wrap(rows.Err())
}
