// Package rdata checks objects that R saved: .rds and .rda files in XDR, native and
// ASCII form (R Internals 1.8, "Serialization Formats"; src/main/serialize.c).
// Compressed ones arrive here unpacked.
//
// R saves everything: vectors, but also functions, calls, environments, byte code and
// promises. A promise without a value runs its expression as soon as somebody looks at
// the object (CVE-2024-27322, R below 4.4.0, which refuses them). Functions run when
// called; a fitted model has the call that made it, which nothing runs by itself, and
// often functions and environments with arguments that were not used.
//
// # Security
//
// Every item is walked, and lengths are compared with the file before anything is
// skipped. Items nest 2,000 deep at most; kept are the names of symbols, 1,048,576 at
// most, 256 bytes each. Numbers and raw bytes count as data. What is unknown ends the
// walk with a gap.
package rdata
