// Package spdx writes an AI bill of materials as SPDX 3.0.1 JSON-LD with the AI,
// Dataset and SimpleLicensing profiles, and as SPDX 2.3 JSON for older readers.
//
// # SPDX 3.0.1
//
// The artifact is an ai_AIPackage (dataset_DatasetPackage for a dataset), every
// file a software_File with the hashes that were computed from its bytes. What
// was found, who signed, and what was not looked at are Annotations on the
// element they are about, with a JSON statement for programs and a summary for
// people. Values are marked in comments as verified, declared or inferred; what
// is not known is written NOASSERTION where SPDX has a place for it, and a
// profile is only claimed when its mandatory properties are there.
//
// The elements are github.com/spdx/tools-golang's. Its rc4 writes a graph in the
// order of Go maps, copies whatever an element refers to, and compresses ids to
// prefixes that JSON-LD does not know, so a batch of elements is rendered at a
// time and this package writes order, ids and references itself. The result is
// the canonical serialisation of SPDX 3.0.1: one line, sorted names, and the same
// bytes for the same Document and Options.
//
// # Security
//
// Trusted: Options. The Document's texts are hostile but bounded (see package
// sbom); they are only ever written as JSON strings. Element ids are made of
// digests and counters, never of texts. Memory grows with the number of files by
// the size of their ids; nothing is fetched, the JSON-LD context is only named.
package spdx
