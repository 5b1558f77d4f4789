// Package skops checks schema.json, the tree of objects in a .skops archive
// (skops.io): each node names a loader, and a class or function by its module.
//
// skops shows a user which types are not trusted, and builds what the user agrees
// to. Three of its loaders took names that this list did not show (CVE-2025-54412,
// CVE-2025-54413) or was told to trust everything (CVE-2024-37065). Here every
// node is judged whatever the loader: by the tables of names in pickles, and by what
// skops trusts itself.
//
// A .skops file that is no archive at all goes to joblib in older programs
// (CVE-2025-54886).
//
// Not judged here: members that no node refers to. Each member of the archive is
// looked at by the scanners of its own format.
//
// # Security
//
// The document is read as json.loads of Python reads it, as a stream of tokens; see
// package pyjson for what is kept. A type that is in no table is a finding.
package skops
