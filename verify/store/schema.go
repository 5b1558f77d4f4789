package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// schemaVersion is SQLite's user_version of a store that this code writes. It is
// raised with every change that an older assay would misread.
const schemaVersion = 1

// applicationID marks the file as an evidence store (SQLite's application_id),
// so that --store on somebody's other database is refused and not filled.
const applicationID = 0x41535359 // "ASSY"

// schema is version 1. recorded is UTC with milliseconds, in a form that sorts.
// digest is the seal over the other columns of the row.
const schema = `
CREATE TABLE alias (
	pinned     TEXT NOT NULL PRIMARY KEY,
	content_id TEXT NOT NULL,
	other      TEXT NOT NULL, -- a different content that it showed later, or ''
	recorded   TEXT NOT NULL,
	digest     BLOB NOT NULL
) STRICT;
CREATE TABLE evidence (
	content_id TEXT NOT NULL,
	ruleset    TEXT NOT NULL,
	pinned     TEXT NOT NULL, -- '' for a local folder
	recorded   TEXT NOT NULL,
	body       BLOB NOT NULL, -- canonical JSON, zstd
	digest     BLOB NOT NULL,
	PRIMARY KEY (content_id, ruleset, pinned)
) STRICT;
CREATE INDEX evidence_pinned ON evidence (pinned);
`

// additions came after version 1. An older assay does not look at them.
const additions = `
CREATE TABLE IF NOT EXISTS at_rest (
	name       TEXT NOT NULL PRIMARY KEY, -- verify.AtRest
	content_id TEXT NOT NULL,
	recorded   TEXT NOT NULL,
	digest     BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS publisher (
	repository TEXT NOT NULL PRIMARY KEY, -- reference without revision
	id         TEXT NOT NULL,
	owner      TEXT NOT NULL,
	created    TEXT NOT NULL,
	recorded   TEXT NOT NULL, -- when it was first seen
	digest     BLOB NOT NULL
) STRICT;
`

// dataSource is the URI of the database. synchronous(FULL) makes a committed
// record survive a power cut; immediate transactions take the write lock before
// they read, so that two writers cannot both find an alias missing;
// cell_size_check and trusted_schema follow SQLite's advice for a file that may
// be damaged (sqlite.org/security.html).
func dataSource(abs string) string {
	path := filepath.ToSlash(abs)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive letter: file:///C:/...
	}
	q := url.Values{}
	for _, pragma := range []string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "cell_size_check(1)", "trusted_schema(0)",
	} {
		q.Add("_pragma", pragma)
	}
	q.Set("_txlock", "immediate")
	q.Set("_defensive", "1")
	q.Set("_error_rc", "1")
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

// migrate brings a new file to schemaVersion and refuses every other that is not
// there already.
func migrate(ctx context.Context, db *sql.DB) error {
	if done, err := checkSchema(ctx, db); done || err != nil {
		return cmp.Or(err, add(ctx, db))
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return wrap(err)
	}
	defer func() { _ = tx.Rollback() }() // no effect after Commit
	// Another process may have been first.
	if done, err := checkSchema(ctx, tx); done || err != nil {
		return cmp.Or(err, add(ctx, tx))
	}
	if _, err := tx.ExecContext(ctx, schema+additions); err != nil {
		return wrap(err)
	}
	for name, value := range map[string]int{"application_id": applicationID, "user_version": schemaVersion} {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA %s = %d", name, value)); err != nil {
			return wrap(err)
		}
	}
	return wrap(tx.Commit())
}

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func add(ctx context.Context, db execer) error {
	_, err := db.ExecContext(ctx, additions)
	return wrap(err)
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// checkSchema reports whether the schema is there, and false for an empty file.
func checkSchema(ctx context.Context, db querier) (bool, error) {
	var app, version, tables int
	err := cmp.Or( // the first says it all
		db.QueryRowContext(ctx, "PRAGMA application_id").Scan(&app),
		db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version),
		db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables))
	switch {
	case err != nil:
		return false, wrap(err)
	case app == applicationID && version == schemaVersion:
		return true, nil
	case app == applicationID && version > schemaVersion:
		return false, fmt.Errorf("%w: a newer assay wrote it (schema %d, this one knows %d); update assay, or name another store",
			ErrSchema, version, schemaVersion)
	case app == 0 && version == 0 && tables == 0:
		return false, nil
	}
	return false, fmt.Errorf("%w: it is a database of another program (application %#x, version %d)", ErrSchema, app, version)
}

// wrap gives SQLite's own findings of damage the sentinel of this package.
func wrap(err error) error {
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff { // the primary result code
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return fmt.Errorf("%w: move it away and verify again: %w", ErrCorrupt, err)
		}
	}
	return err
}
