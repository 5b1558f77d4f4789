// Package jsontok reads JSON one token at a time, in memory that does not depend
// on the size of the document.
//
// The standard decoders keep the last of two equal keys, or build the whole
// value, or grow with the longest string. A scanner needs the opposite: to see
// both keys, to hold nothing it does not look at, and to know at which byte the
// text stops being JSON.
//
// # Security
//
// The input is hostile. Grammar and UTF-8 are checked strictly (RFC 8259 with
// the I-JSON rule on surrogates, RFC 7493 section 2.1). Depth, kept text and
// remembered keys are bounded by Options; reaching a bound is an error with the
// code GapLimit, never a silent cut of what was checked. Keys are remembered by
// a 64-bit hash: equal keys are always found, and two different keys collide
// with a probability below one in a million at the largest number allowed.
package jsontok
