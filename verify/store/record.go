package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"assay/verify"
)

// timeLayout sorts as text. Milliseconds are enough to order records of people
// and of CI jobs.
const timeLayout = "2006-01-02T15:04:05.000Z"

// Entry says what the store knows something about.
type Entry struct {
	ContentID string
	Ruleset   string
	Pinned    string    // "" for a local folder
	Recorded  time.Time // UTC, to the millisecond
}

const selectRecord = "SELECT content_id, ruleset, pinned, recorded, body, digest FROM evidence"

// record is a row of the evidence table.
type record struct {
	Entry
	body []byte
}

func (r record) seal() []byte {
	return seal(r.ContentID, r.Ruleset, r.Pinned, stamp(r.Recorded), string(r.body))
}

func (r record) insert(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO evidence (content_id, ruleset, pinned, recorded, body, digest) VALUES (?, ?, ?, ?, ?, ?)",
		r.ContentID, r.Ruleset, r.Pinned, stamp(r.Recorded), r.body, r.seal())
	return err
}

type scanner interface{ Scan(dest ...any) error }

// scanRecord reads a row and compares it with its seal. It returns
// sql.ErrNoRows as it is.
func scanRecord(row scanner) (record, error) {
	var r record
	var recorded string
	var digest []byte
	if err := row.Scan(&r.ContentID, &r.Ruleset, &r.Pinned, &recorded, &r.body, &digest); err != nil {
		return record{}, wrap(err)
	}
	at, err := time.Parse(timeLayout, recorded)
	r.Recorded = at
	if err != nil || !bytes.Equal(digest, r.seal()) {
		return record{}, fmt.Errorf("%w: the record of content %q does not match its digest; remove it and verify again", ErrCorrupt, r.ContentID)
	}
	return r, nil
}

// read decodes one record and checks that the document is about its key.
func (s *Store) read(row scanner) (verify.Evidence, error) {
	r, err := scanRecord(row)
	if err != nil {
		return verify.Evidence{}, err
	}
	return s.decode(r)
}

func (s *Store) decode(r record) (verify.Evidence, error) {
	e, err := s.codec.decode(r.body)
	if err != nil {
		return verify.Evidence{}, fmt.Errorf("%w: the record of content %q is intact and was written by another version of assay: %w",
			ErrSchema, r.ContentID, err)
	}
	if e.Artifact.ContentID != r.ContentID || e.Ruleset != r.Ruleset || e.Artifact.Pinned != r.Pinned ||
		verify.ContentID(e.Files) != r.ContentID {
		return verify.Evidence{}, fmt.Errorf("%w: the record of content %q is about other content", ErrCorrupt, r.ContentID)
	}
	return e, nil
}

// alias is a row of the alias table.
type alias struct {
	pinned, contentID, other, recorded string
}

func (a alias) seal() []byte { return seal(a.pinned, a.contentID, a.other, a.recorded) }

func (a alias) conflict() error {
	return fmt.Errorf("%w: %s was %s and then %s; find out which is right, then forget the reference and verify again",
		ErrConflict, a.pinned, a.contentID, a.other)
}

func (a alias) save(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO alias (pinned, content_id, other, recorded, digest) VALUES (?, ?, ?, ?, ?)",
		a.pinned, a.contentID, a.other, a.recorded, a.seal())
	return wrap(err)
}

func readAlias(ctx context.Context, db querier, pinned string) (alias, error) {
	return scanAlias(db.QueryRowContext(ctx, "SELECT pinned, content_id, other, recorded, digest FROM alias WHERE pinned = ?", pinned))
}

func scanAlias(row scanner) (alias, error) {
	var a alias
	var digest []byte
	if err := row.Scan(&a.pinned, &a.contentID, &a.other, &a.recorded, &digest); err != nil {
		return alias{}, wrap(err)
	}
	if !bytes.Equal(digest, a.seal()) {
		return alias{}, fmt.Errorf("%w: the alias of %q does not match its digest", ErrCorrupt, a.pinned)
	}
	return a, nil
}

// bind makes the pinned reference mean this content for good. A second content
// is written down beside the first: whoever asks for the reference must hear of
// it, not only whoever happened to notice.
func bind(ctx context.Context, tx *sql.Tx, e Entry) error {
	if e.Pinned == "" {
		return nil
	}
	a, err := readAlias(ctx, tx, e.Pinned)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return alias{pinned: e.Pinned, contentID: e.ContentID, recorded: stamp(e.Recorded)}.save(ctx, tx)
	case err != nil:
		return err
	case a.other != "":
		return a.conflict()
	case a.contentID == e.ContentID:
		return nil
	}
	a.other = e.ContentID
	return errors.Join(a.conflict(), a.save(ctx, tx))
}

// List yields every entry, sorted by pinned reference, content id and rule set.
// It stops after the first error.
func (s *Store) List(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		err := s.each(ctx, func(r record) bool { return yield(r.Entry, nil) })
		if err != nil {
			yield(Entry{}, err)
		}
	}
}

// Check reads the whole store, SQLite's pages and every row, and reports the
// first damage.
func (s *Store) Check(ctx context.Context) error {
	var answer string
	if err := s.db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&answer); err != nil {
		return wrap(err)
	}
	if answer != "ok" {
		return fmt.Errorf("%w: %s", ErrCorrupt, answer)
	}
	var bad error
	err := s.each(ctx, func(r record) bool {
		_, bad = s.decode(r)
		return bad == nil
	})
	return errors.Join(err, bad, s.checkAliases(ctx))
}

// each reads all records. It fetches one at a time and holds no lock between
// them that would keep a writer waiting.
func (s *Store) each(ctx context.Context, visit func(record) bool) (err error) {
	rows, err := s.db.QueryContext(ctx, selectRecord+" ORDER BY pinned, content_id, ruleset")
	if err != nil {
		return wrap(err)
	}
	defer func() { err = errors.Join(err, wrap(rows.Close())) }()
	for rows.Next() {
		r, err := scanRecord(rows)
		if err != nil {
			return err
		}
		if !visit(r) {
			return nil
		}
	}
	return wrap(rows.Err())
}

func (s *Store) checkAliases(ctx context.Context) (err error) {
	rows, err := s.db.QueryContext(ctx, "SELECT pinned, content_id, other, recorded, digest FROM alias")
	if err != nil {
		return wrap(err)
	}
	defer func() { err = errors.Join(err, wrap(rows.Close())) }()
	for rows.Next() {
		if _, err := scanAlias(rows); err != nil {
			return err
		}
	}
	return wrap(rows.Err())
}

// checkComplete refuses evidence that is not bound to content.
func checkComplete(e verify.Evidence, at time.Time) error {
	refuse := func(why string) error { return fmt.Errorf("%w: %s", ErrIncomplete, why) }
	switch {
	case e.Artifact.ContentID == "":
		return refuse("it has no content id, because not every byte was hashed")
	case e.Ruleset == "":
		return refuse("it names no rule set")
	case at.IsZero():
		return refuse("it has no time")
	case strings.ContainsRune(e.Artifact.ContentID+e.Ruleset+e.Artifact.Pinned, 0):
		return refuse("a NUL byte in its key")
	}
	for _, f := range e.Files {
		if raw, err := hex.DecodeString(f.SHA256); err != nil || len(raw) != sha256.Size {
			return refuse(fmt.Sprintf("%q was not hashed whole", f.Name))
		}
	}
	if verify.ContentID(e.Files) != e.Artifact.ContentID {
		return refuse("its content id is not that of its files")
	}
	return nil
}

// seal is the SHA-256 of length-prefixed fields, so that no two rows have the
// same bytes.
func seal(fields ...string) []byte {
	h := sha256.New()
	for _, f := range fields {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(f))))
		h.Write([]byte(f))
	}
	return h.Sum(nil)
}

func stamp(at time.Time) string { return at.UTC().Format(timeLayout) }
