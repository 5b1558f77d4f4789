// Package sevenzip reads 7z archives (7zFormat.txt of the LZMA SDK).
//
// Members are compressed together in folders, which are chains of coders. Copied,
// LZMA, LZMA2, Deflate, BZip2 and Zstandard data are opened; what needs a password,
// PPMd or a filter for machine code is a gap. The archives that were uploaded as
// models in 2025 (nullifAI) were of this kind, because the scanners of the time did
// not open them.
//
// # Security
//
// The header is read up to 16 MiB, and up to 64 MiB when it is compressed; no count
// in it is believed beyond the bytes that it would need. Dictionaries are bounded by
// unpack.MaxWindow. A folder is decompressed in the order of its members, and a
// bounded number of times.
package sevenzip
