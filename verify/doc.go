// Package verify takes an artifact from its files to a verdict: who signed it,
// what is in it, what could not be answered, and what the policy makes of that.
//
//	Artifact -> Pipeline.Gather -> Evidence -> Policy.Decide -> Verdict -> Report
//
// Evidence holds facts and gaps, no judgement. A policy is a pure function of
// evidence and time. A Report is the whole outcome, and every output renders
// from it and from nothing else.
//
// # Security
//
// Trusted: the keys, certificates and policy that the caller passes in. Not
// trusted: the artifact, its signatures and everything they say. Every file is
// hashed from its own bytes; a declared digest is compared, never believed. An
// error becomes a gap, and a gap is not a pass. The zero Decision is Undecided,
// the zero Standing is Unchecked: forgetting to set either refuses.
package verify
