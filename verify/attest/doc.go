// Package attest verifies and makes in-toto attestations about a model: SLSA
// provenance (v1, v0.2), verification summaries (VSA), simple verification
// results (SVR), test results, and bills of materials, in Sigstore bundles (0.1
// to 0.3) and in plain DSSE envelopes, one document or one for each line.
//
// A statement is bound to the artifact by its subjects. A file is bound by digest
// and name, less the root folder that all subjects of the statement share; a
// summary or result only if all its files are there. The whole is bound by verify.ContentID, which is a digest over names, or by the
// digest that the reference was pinned to. A digest of the tree that leaves the
// names out (the root digest of OpenSSF Model Signing) binds nothing here.
//
// # Security
//
// Trusted: Config. Not trusted: every document; only what a trusted signer signed
// is believed, and only for the type of predicate that it has. What was asked for
// and is not there fails: no document, a predicate of another type, a statement
// that cannot be read, subjects that are something else. A document that merely
// lies in the model and is signed by nobody in Config says nothing, good or bad.
// Bounded: size, number and lines of documents, subjects, nesting, length of text.
package attest
