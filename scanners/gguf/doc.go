// Package gguf checks model files of llama.cpp and its relatives: a header with
// metadata, the descriptions of the tensors, and the tensors' bytes. It also
// names the formats that came before (GGML, GGMF, GGJT).
//
// The loader is written in C++ and maps what the header says: sizes and offsets
// that do not fit are how it was attacked (CVE-2024-21802, -21825, -21836,
// -23496, -23605, CVE-2024-25664 to -25668, CVE-2025-49847, CVE-2025-53630,
// CVE-2026-27940, CVE-2026-7482). This package demands what the loader of today
// demands, and what it forgets: trailing and padding bytes.
//
// The checks of the reference list of GGUF checks, by their ids:
//
//	GG-01 limits             gguf/limits, gguf/version, gguf/large-value
//	GG-02 offsets            gguf/tensor-bounds, gguf/tensor-shape
//	GG-03 duplicates         gguf/duplicate-name
//	GG-04 alignment          gguf/alignment
//	GG-05 trailing data      gguf/trailing-data, gguf/padding
//	GG-06 token arrays       gguf/vocabulary
//	GG-07 templates          handed on as members: scanner jinja
//	GG-08 template differs   not here: one file is seen at a time. The fact
//	                         jinja/sha256 of each template can be compared
//	GG-09 sampler override   gguf/sampler
//
// Further: split files against their own counts, adapters against what an adapter
// holds, text in the metadata, unknown tensor types. A converted tokenizer.json
// in the metadata is a member too.
//
// # Security
//
// The header is read as a stream through a window of 64 KiB. Nothing is allocated
// by a declared length; arrays are skipped, but the length of every string in
// them is verified. Kept in memory are a hash for each key and tensor name (at
// most 65,536 and 262,144), and two numbers for each gap between tensors. Tensor
// bytes are never read: they count as opaque where a consistent header places
// tensors, and nowhere else.
package gguf
