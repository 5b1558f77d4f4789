// Package oms verifies and makes OpenSSF Model Signing bundles: a manifest of
// file digests as in-toto statement, in a DSSE envelope, in a Sigstore bundle
// (OMS specification 1.0), and the bundles of all released versions of the
// reference implementation since 0.2.0.
//
// A bundle is read in Prepare: its structure is bounded and decoded, the
// signature is checked against the caller's keys, roots and identities, and the
// statement becomes a Manifest. Claims then compares the manifest with the
// digests of the files. Names are bound by the manifest and never by the root
// digest, which two trees with swapped names share.
//
// # Security
//
// Trusted: Config. Not trusted: the bundle and everything in it. Certificates
// in the bundle help to build a path and are never roots; the hint of a key
// selects nothing that the caller did not give. The bundle is decoded strictly
// (no duplicate or unknown members, case-sensitive, no trailing data, canonical
// base64), and the bytes whose signature was checked are the bytes that are
// decoded. Bounded: size of the bundle, nesting, members of an object, entries
// of every list. Whatever is not understood fails the claim.
package oms
