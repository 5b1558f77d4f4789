// Package safetensors checks files in the safetensors format: an 8-byte length,
// a JSON header that describes every tensor, and the tensors' bytes.
//
// The format cannot run code. What is left to an attacker are places where
// bytes hide (holes, trailing data, padding, metadata) and texts that two
// parsers read differently (equal keys, numbers, sizes). The reference reader
// (the Rust crate, version 0.8) closes most of these; this package demands what
// it demands and reports what it leaves open. Its error names are quoted in the
// findings.
//
// # Security
//
// The header is read as a stream of at most 100 MB, the limit of the reference
// reader. Kept in memory are a hash for every key and three numbers for every
// tensor, for at most two million of them. Tensor bytes are never read: they
// count as opaque exactly where a consistent header places a tensor, and
// nowhere else.
package safetensors
