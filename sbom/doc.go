// Package sbom holds the AI bill of materials: what an artifact is, which files
// it is made of, what was found in them, who vouches for it, and what was not
// looked at. FromReport builds a Document from a verify.Report; the packages
// below render it in a standard format.
//
//	verify.Report -> FromReport -> Document -> spdx.Write
//
// A Document states facts and where each comes from, never a verdict: the same
// bill holds under every policy. Each Value has a Standing, so that what was
// computed from the bytes and what a publisher claims are never mixed up.
//
// # Security
//
// Trusted: the structure of the Report. Not trusted: every text in it, which
// comes from the artifact or its store. FromReport bounds each text and writes
// control characters, bidirectional overrides and invalid UTF-8 as visible
// escapes, so that a Document can be printed, signed and parsed by anything. A
// reference to a local folder is reduced to its last element: a published bill
// does not tell how somebody's disk is arranged.
package sbom
