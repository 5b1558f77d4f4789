// Package registry turns a reference, the way a person names a model, into an
// Artifact: a pinned, immutable list of files.
//
// It is the first stage and a leaf: it imports nothing else of assay. Each kind
// of store is a folder below it that implements Source; registry/all lists them.
//
// # Security
//
// Everything a store says is a claim. A Source resolves a mutable name once and
// uses the immutable revision for every later request; it returns only names
// that pass CheckName and CheckSet; it bounds the number of files, the size of
// every document and every redirect. A declared digest says what the store
// promised, never what the bytes are: Content handed out by a remote Source has
// been compared with its declared digest, and the pipeline computes its own.
package registry
