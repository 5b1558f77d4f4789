// Package repository compares the files of one artifact with each other. Every
// other scanner sees one file; what is only wrong together is found here: an index
// that names other tensors than its shards have, a tokenizer that gives a word the
// id of another, an adapter that does not fit its base, a template that the page of
// the repository does not show, a conversion that is none.
//
// The checks of the reference list of cross-file checks, by their ids:
//
//	CX-01 index, shards, headers   repository/index-*, repository/unlisted-*, repository/duplicate-tensor
//	CX-02 tokenizer, embeddings    repository/vocabulary-size, repository/token-mismatch
//	CX-03 adapter, base            repository/adapter-*
//	CX-04 templates                repository/template-differs
//	CX-05 pointers                 text/lfs-pointer, and the digests that a store declares
//	CX-06 unreferenced members     every member of an archive is scanned, or a gap
//	CX-07 two formats              repository/several-formats, repository/conversion
//	CX-08 modules of auto_map      repository/missing-module
//	CX-09 claims of the card       repository/claim
//	CX-10 base of a GGUF           repository/claim
//	CX-11 programs                 script/native-code, script/source-code: they need no comparison
//	CX-12 keys and storages        pickle/storage-missing: inside one archive
//	CX-13 external data            repository/data-range, repository/data-unclaimed
//
// # Security
//
// Names are compared as they are written and never opened: a name that leaves its
// folder matches no file of the artifact. Everything is bounded by the outlines,
// which the core bounds; tensors are compared in blocks of 64 KiB.
package repository
