package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Publisher is who a store said that a repository belongs to.
type Publisher struct {
	ID, Owner, Created string
}

// FirstPublisher returns who a repository belonged to when it was first seen, and
// when that was. The first time, it remembers who it is now.
func (s *Store) FirstPublisher(ctx context.Context, repository string, now Publisher, at time.Time) (first Publisher, since string, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	sealed := func(p Publisher, recorded string) []byte {
		return seal("publisher", repository, p.ID, p.Owner, p.Created, recorded)
	}
	var digest []byte
	err = s.db.QueryRowContext(ctx, "SELECT id, owner, created, recorded, digest FROM publisher WHERE repository = ?", repository).
		Scan(&first.ID, &first.Owner, &first.Created, &since, &digest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		_, err = s.db.ExecContext(ctx, "INSERT INTO publisher (repository, id, owner, created, recorded, digest) VALUES (?, ?, ?, ?, ?, ?)",
			repository, now.ID, now.Owner, now.Created, stamp(at), sealed(now, stamp(at)))
		return now, stamp(at), wrap(err)
	case err != nil:
		return first, since, wrap(err)
	case !bytes.Equal(digest, sealed(first, since)):
		return first, since, fmt.Errorf("%w: the publisher of %q does not match its digest", ErrCorrupt, repository)
	}
	return first, since, nil
}
