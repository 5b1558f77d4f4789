package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"assay/verify"
)

// PutAtRest remembers what an artifact without revision holds, under its
// verify.AtRest name. Its evidence is put before.
func (s *Store) PutAtRest(ctx context.Context, name, contentID string, at time.Time) error {
	if name == "" || contentID == "" {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.db.ExecContext(ctx, "INSERT OR REPLACE INTO at_rest (name, content_id, recorded, digest) VALUES (?, ?, ?, ?)",
		name, contentID, stamp(at), seal("at rest", name, contentID, stamp(at)))
	return wrap(err)
}

// AtRest returns the evidence about an artifact without revision, by its
// verify.AtRest name, and when it was gathered.
func (s *Store) AtRest(ctx context.Context, name, ruleset string) (verify.Evidence, time.Time, error) {
	var contentID, recorded string
	var digest []byte
	err := s.db.QueryRowContext(ctx, "SELECT content_id, recorded, digest FROM at_rest WHERE name = ?", name).Scan(&contentID, &recorded, &digest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return verify.Evidence{}, time.Time{}, fmt.Errorf("%w for these files as they lie there", ErrNotFound)
	case err != nil:
		return verify.Evidence{}, time.Time{}, wrap(err)
	case !bytes.Equal(digest, seal("at rest", name, contentID, recorded)):
		return verify.Evidence{}, time.Time{}, fmt.Errorf("%w: the name of content %q at rest does not match its digest", ErrCorrupt, contentID)
	}
	return s.recorded(ctx, contentID, ruleset, "")
}

// Pinned is ByReference with the time of the evidence.
func (s *Store) Pinned(ctx context.Context, pinned, ruleset string) (verify.Evidence, time.Time, error) {
	e, err := s.ByReference(ctx, pinned, ruleset)
	if err != nil {
		return e, time.Time{}, err
	}
	return s.recorded(ctx, e.Artifact.ContentID, ruleset, pinned)
}

func (s *Store) recorded(ctx context.Context, contentID, ruleset, pinned string) (verify.Evidence, time.Time, error) {
	r, err := scanRecord(s.db.QueryRowContext(ctx, selectRecord+
		" WHERE content_id = ? AND ruleset = ? AND pinned = ?", contentID, ruleset, pinned))
	if errors.Is(err, sql.ErrNoRows) {
		return verify.Evidence{}, time.Time{}, fmt.Errorf("%w for content %s under these rules", ErrNotFound, contentID)
	}
	if err != nil {
		return verify.Evidence{}, time.Time{}, err
	}
	e, err := s.decode(r)
	return e, r.Recorded, err
}
