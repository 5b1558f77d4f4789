// Package scanners looks into files: what would run, what would deceive, and
// how much of each file was looked at.
//
// It is a leaf: it imports nothing else of assay. Each format is a folder below
// it whose name is the scanner's name and the prefix of its rule ids;
// scanners/all lists them. A Scanner is a pure function from bytes to a Result.
// Scan, the core, is the only code that runs scanners, opens the members they
// found, recurses, limits, spools and recovers.
//
// # Security
//
// Every byte is hostile. Nothing is executed, imported or deserialised. A
// format is matched by content (a name may add a match, never remove one), and
// every scanner that matches runs, so that a polyglot gets every opinion. What
// no scanner accounted for is reported as a Gap: "nothing found" and "not
// looked at" cannot be confused. All sizes are claims: memory is bounded by
// Limits, whatever the input declares. Packages below this folder may not import
// os, net, os/exec, plugin, reflect, unsafe or time; a test checks it.
package scanners
