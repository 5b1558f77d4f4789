// Package store keeps evidence, so that what was verified once can be judged
// often: by the admission webhook without reading a weight, and again when a
// policy changes.
//
// It holds facts, never decisions. A record is keyed by content id, rule-set
// digest and pinned reference; an alias binds each pinned reference to the one
// content it may ever have. The store is one SQLite file in WAL mode, shared
// by any number of processes of one machine; not by several machines over a
// network file system, whose locks SQLite cannot rely on.
//
// # Security
//
// Trusted: whoever can write the file. A person who can may forge a record, so
// Open makes the file private and refuses one that everybody may write. Not
// trusted: the disk. Every row carries the SHA-256 of all its fields, compared
// on every read, and a difference is ErrCorrupt: damage is never an answer, and
// never looks like "nothing found"; at worst a damaged key reads as ErrNotFound,
// which refuses too. Evidence that does not cover every file with a digest is
// refused, because nothing binds it to content. A pinned reference that shows
// other content than before is ErrConflict from then on, for Put and for
// ByReference, until a person decides with Forget. Documents are bounded by
// MaxEvidence on the way in and on the way out.
package store
