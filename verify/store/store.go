package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"assay/verify"
)

// Sentinels that the errors of this package wrap.
var (
	// ErrNotFound: the store was read, and there is no such evidence.
	ErrNotFound = errors.New("no evidence in the store")
	// ErrConflict: a pinned reference has shown two different contents.
	ErrConflict = errors.New("pinned reference changed its content")
	// ErrCorrupt: a row does not match its digest, or SQLite finds damage.
	ErrCorrupt = errors.New("evidence store is damaged")
	// ErrSchema: the file is no evidence store, or one of a newer assay.
	ErrSchema = errors.New("evidence store cannot be used")
	// ErrIncomplete: the evidence does not bind every file to a digest.
	ErrIncomplete = errors.New("incomplete evidence is not stored")
)

// Store is an open evidence store. It is safe for concurrent use, also by
// several processes.
type Store struct {
	db    *sql.DB
	codec *codec
	// writing serialises the writers of this process: they would otherwise
	// poll for SQLite's lock instead of queueing for it.
	writing sync.Mutex
}

// DefaultPath is the file to use when nobody names one:
// $XDG_STATE_HOME/assay/store.db, else ~/.local/state/assay/store.db, and below
// %LocalAppData% on Windows. A relative XDG_STATE_HOME is ignored, as the XDG
// Base Directory Specification demands. It reads the environment and no file.
func DefaultPath() (string, error) {
	dir := os.Getenv("XDG_STATE_HOME")
	if runtime.GOOS == "windows" {
		dir = os.Getenv("LocalAppData")
	}
	if !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("no place for the evidence store: set ASSAY_STORE to a file: %w", err)
		}
		dir = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "assay", "store.db"), nil
}

// Open opens the store at path and creates it, with its folder, when it is not
// there. It fails with ErrSchema on a file that another program or a newer assay
// wrote, and with ErrCorrupt on a damaged one. The caller closes the Store.
func Open(path string) (*Store, error) {
	s, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("evidence store %s: %w", path, err)
	}
	return s, nil
}

func open(path string) (*Store, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := prepareFile(abs); err != nil {
		return nil, err
	}
	codec, err := newCodec()
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dataSource(abs))
	if err != nil {
		return nil, err
	}
	conns := max(4, runtime.GOMAXPROCS(0))
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	if err := migrate(context.Background(), db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Store{db: db, codec: codec}, nil
}

// prepareFile creates the file for its owner alone: SQLite would use the umask,
// and gives its WAL and shared memory files the same mode.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: it is not a regular file", ErrSchema)
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0:
		return fmt.Errorf("%w: everybody may write it, so anybody can forge a verdict; run chmod o-w on it", ErrSchema)
	}
	return nil
}

// Close releases the file.
func (s *Store) Close() error { return errors.Join(s.db.Close(), s.codec.close()) }

// Ping reports whether the store can be read now.
func (s *Store) Ping(ctx context.Context) error {
	var n int
	return wrap(s.db.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM evidence LIMIT 1)").Scan(&n))
}

// Put records evidence as gathered at the given time. It replaces an older
// record of the same content, rule set and pinned reference. It fails with
// ErrIncomplete when the evidence lacks a content id, a rule set or the digest
// of a file, and with ErrConflict when the pinned reference is known with other
// content; the store then remembers the conflict and keeps the first content.
func (s *Store) Put(ctx context.Context, e verify.Evidence, at time.Time) error {
	if err := checkComplete(e, at); err != nil {
		return err
	}
	body, err := s.codec.encode(e)
	if err != nil {
		return err
	}
	r := record{
		Entry: Entry{ContentID: e.Artifact.ContentID, Ruleset: e.Ruleset, Pinned: e.Artifact.Pinned, Recorded: at},
		body:  body,
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return wrap(err)
	}
	defer func() { _ = tx.Rollback() }() // no effect after Commit
	conflict := bind(ctx, tx, r.Entry)
	if conflict == nil {
		err = r.insert(ctx, tx)
	} else if !errors.Is(conflict, ErrConflict) {
		return conflict
	}
	if err != nil {
		return wrap(err)
	}
	return errors.Join(conflict, wrap(tx.Commit()))
}

// Get returns the newest evidence about a content under a rule set, whatever
// reference it was gathered from. Its artifact and its gaps are those of that
// reference. The caller must not change what the Evidence points to.
func (s *Store) Get(ctx context.Context, contentID, ruleset string) (verify.Evidence, error) {
	row := s.db.QueryRowContext(ctx, selectRecord+
		" WHERE content_id = ? AND ruleset = ? ORDER BY recorded DESC, pinned LIMIT 1", contentID, ruleset)
	e, err := s.read(row)
	if errors.Is(err, sql.ErrNoRows) {
		return verify.Evidence{}, fmt.Errorf("%w for content %s under these rules", ErrNotFound, contentID)
	}
	return e, err
}

// ByReference returns the evidence gathered from a pinned reference under a rule
// set. Evidence about the same content from elsewhere does not count: what the
// store says of the owner, and what could not be looked at, belong to the
// reference.
func (s *Store) ByReference(ctx context.Context, pinned, ruleset string) (verify.Evidence, error) {
	none := verify.Evidence{}
	a, err := readAlias(ctx, s.db, pinned)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return none, fmt.Errorf("%w for %s", ErrNotFound, pinned)
	case err != nil:
		return none, err
	case a.other != "":
		return none, a.conflict()
	}
	e, err := s.read(s.db.QueryRowContext(ctx, selectRecord+
		" WHERE content_id = ? AND ruleset = ? AND pinned = ?", a.contentID, ruleset, pinned))
	if errors.Is(err, sql.ErrNoRows) {
		return none, s.otherRules(ctx, a)
	}
	return e, err
}

// otherRules tells a reference that was never verified from one that was, under
// other rules: the way on is the same, the surprise is not.
func (s *Store) otherRules(ctx context.Context, a alias) error {
	var ruleset string
	err := s.db.QueryRowContext(ctx, "SELECT ruleset FROM evidence WHERE content_id = ? AND pinned = ? ORDER BY recorded DESC LIMIT 1",
		a.contentID, a.pinned).Scan(&ruleset)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("%w for %s", ErrNotFound, a.pinned)
	case err != nil:
		return wrap(err)
	}
	return fmt.Errorf("%w for %s under these rules: it was verified under rule set %s", ErrNotFound, a.pinned, ruleset)
}

// Forget removes a pinned reference with all evidence gathered from it. It is
// the way out of a conflict, once a person knows which content is right.
func (s *Store) Forget(ctx context.Context, pinned string) error {
	if pinned == "" {
		return fmt.Errorf("%w: no reference given", ErrNotFound)
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return wrap(err)
	}
	defer func() { _ = tx.Rollback() }() // no effect after Commit
	res, err := tx.ExecContext(ctx, "DELETE FROM alias WHERE pinned = ?", pinned)
	if err != nil {
		return wrap(err)
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM evidence WHERE pinned = ?", pinned); err != nil {
		return wrap(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, fmt.Errorf("%w for %s", ErrNotFound, pinned))
	}
	return wrap(tx.Commit())
}
