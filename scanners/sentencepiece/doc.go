// Package sentencepiece checks the vocabularies that SentencePiece trains
// (tokenizer.model, spiece.model, sentencepiece.bpe.model, *.spm): one message of
// Protocol Buffers, ModelProto of sentencepiece_model.proto, with the pieces, how
// they were trained, and how text is normalised before and after.
//
// The loader is written in C++ and trusts much of it. It overflowed its stack on
// long pieces (google/sentencepiece issue 1263) and read past the end of the
// normalisation trie (issue 1269; see also CVE-2026-1260), which is why both are
// looked at here.
//
// Ordinary and no finding: control and bidirectional characters in pieces, and
// pieces with a zero byte, which older versions trained.
//
// # Security
//
// Every byte of a field that the schema names is accounted for: numbers and valid
// UTF-8 as parsed, the normalisation table as opaque once its trie stays inside
// itself. A field that the schema does not name, a field with another wire type, a
// second value where one belongs, and a text that is no UTF-8 or longer than
// 256 KiB stay uncovered: loaders skip the first two, and disagree on the others.
// Kept in memory are one window, one piece, and a hash for each of at most
// 1,048,576 pieces.
package sentencepiece
