// Package envelope reads and writes Sigstore bundles that hold a DSSE envelope,
// and checks who signed one: by key, by a certificate of one's own authority, or
// keyless through Sigstore. What was signed is the business of the schemes that
// use it: model signatures and attestations.
//
// # Security
//
// Trusted: Trust. Not trusted: the bundle and everything in it. Certificates in
// the bundle help to build a path and are never roots; the hint of a key selects
// nothing that the caller did not give. The bundle is decoded strictly (no
// duplicate or unknown members, case-sensitive, no trailing data, canonical
// base64, exactly one signature), and the bytes whose signature was checked are
// the bytes that are handed on. Bounded: nesting, members of an object, entries
// of every list; the size is the caller's to bound. A crash in a library is a
// fault like any other.
package envelope
