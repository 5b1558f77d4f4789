// Package tokenizer reads the files that say how text becomes numbers:
// tokenizer.json of the tokenizers library, tokenizer_config.json, added_tokens.json,
// vocab.json and vocab.txt. Package text looks at the same files as text.
//
// A tokenizer must be a bijection, and nothing enforces it: one edited line makes
// a model read "allow" where the user wrote "deny". The vocabulary goes into the
// outline of the file, so that package repository can compare it with that of the
// other files.
//
// The checks of the reference list of tokenizer checks, by their ids:
//
//	TK-01 ids unique, contiguous     tokenizer/duplicate-id, tokenizer/hole
//	TK-02 vocabulary and embeddings  repository/vocabulary-size, gguf/vocabulary
//	TK-03 special tokens everywhere  repository/token-mismatch, tokenizer/token-mismatch
//	TK-04 odd added tokens           tokenizer/odd-token
//	TK-05 replacing text             tokenizer/rewrite
//	TK-06 inserted tokens            tokenizer/inserted-tokens
//	TK-07 expensive expressions      tokenizer/regex
//	TK-08 differs from the base      not here: the fact tokenizer/sha256 names a vocabulary with its added
//	                                 tokens, so that two reports can be compared
//
// # Security
//
// Files are read as a stream of tokens; of texts 4 KiB are kept, of vocabularies a
// digest of eight bytes for each token, for at most two million tokens.
package tokenizer
