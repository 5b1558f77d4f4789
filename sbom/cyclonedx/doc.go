// Package cyclonedx writes an AI bill of materials as CycloneDX 1.6 or
// 1.7 JSON, an ML-BOM.
//
// The artifact is the component that the BOM is about: a machine-learning-model
// or data. Files are components of type file, findings are vulnerabilities that
// affect a file, and everything else that is said about the artifact and its
// files is an annotation: who signed, what was not looked at, what was read.
//
// What CycloneDX has no field for is a property in the namespace "assay:":
//
//	assay:kind                      model, adapter, dataset, or unknown
//	assay:ruleset                   digest of the scanners and rules that looked
//	assay:content-id                digest over names, sizes and SHA-256 of all files
//	assay:provenance:FIELD          verified, declared or inferred, with the source
//	assay:fact:STANDING:KEY         a fact of the whole artifact
//	assay:relation                  how it came from an ancestor: adapter, finetune, quantized, merge
//	assay:license-class             non-commercial, use-restricted, no-derivatives, share-alike, permissive
//	assay:license-found             a license whose text is in the artifact, with the file
//	assay:described-by              the bill of its own that says more of a component
//	assay:license-note              what the translation of the license lost
//	assay:repository-created:declared
//	assay:role                      weights, code, archive, configuration, documentation, evidence
//	assay:size, assay:format, assay:classification, assay:members
//	assay:bytes:parsed, :opaque, :hashed, :skipped
//	assay:digest:declared           promised by the store, not computed
//	assay:path, assay:offset        where in a file something was found
//
// # Security
//
// Trusted: Options. The texts of the Document are hostile but bounded (see
// package sbom); they are only ever written as JSON strings, and references are
// made of counters, never of texts.
package cyclonedx
