package sentencepiece

import (
	"encoding/binary"

	"assay/scanners"
	"assay/scanners/internal/protobuf"
)

// unit is one cell of the trie, in the encoding of Darts-clone: a leaf is a value
// with the highest bit set, any other cell names the block of its children by an
// offset that is combined with its own place.
type unit uint32

func (u unit) isLeaf() bool   { return u>>31 == 1 }
func (u unit) value() int64   { return int64(u &^ (1 << 31)) }
func (u unit) offset() uint32 { return uint32(u>>10) << (u & (1 << 9) >> 6) }

const unitSize = 4 // bytes

// table checks a precompiled_charsmap: the size of the trie, the trie, and the
// texts that its leaves point to, each ended by a zero byte. It is opaque when no
// lookup can leave it.
func (s *scan) table(span scanners.Span) error {
	if span.Len == 0 {
		return nil // the identity
	}
	if span.Len <= unitSize {
		s.found.Add("sentencepiece/charsmap", span.Off, "a normalisation table of %d bytes", span.Len)
		return nil
	}
	head, err := s.Bytes(scanners.Span{Off: span.Off, Len: unitSize})
	if err != nil {
		return err
	}
	size := int64(binary.LittleEndian.Uint32(head))
	texts := scanners.Span{Off: span.Off + unitSize + size, Len: span.Len - unitSize - size}
	if size == 0 || size%unitSize != 0 || texts.Len <= 0 {
		s.found.Add("sentencepiece/charsmap", span.Off, "a trie of %d bytes in a table of %d", size, span.Len)
		return nil
	}
	ok, err := s.trie(scanners.Span{Off: span.Off + unitSize, Len: size}, texts.Len)
	if err != nil || !ok {
		return err
	}
	last, err := s.Bytes(scanners.Span{Off: texts.End() - 1, Len: 1})
	if err != nil {
		return err
	}
	if last[0] != 0 {
		s.found.Add("sentencepiece/charsmap", texts.End()-1, "the last text does not end")
		return nil
	}
	s.result.Opaque.Add(span.Off, span.Len)
	return nil
}

// trie reports whether every cell points into the trie, or into the texts. It
// looks at cells that no lookup reaches, too: the builder leaves them zero but for
// the lowest byte, so that they point at themselves.
func (s *scan) trie(span scanners.Span, texts int64) (bool, error) {
	cells := span.Len / unitSize
	for at := span.Off; at < span.End(); {
		part, err := s.Bytes(scanners.Span{Off: at, Len: min(protobuf.MaxBytes, span.End()-at)})
		if err != nil {
			return false, err
		}
		for ; len(part) > 0; part, at = part[unitSize:], at+unitSize {
			u := unit(binary.LittleEndian.Uint32(part))
			place := (at - span.Off) / unitSize
			if u.isLeaf() && u.value() >= texts || !u.isLeaf() && block(place, u) >= cells {
				s.found.Add("sentencepiece/charsmap", at, "cell %d of %d points outside", place, cells)
				return false, nil
			}
		}
	}
	return true, nil
}

// block is the last place at which a child of the cell may be: a byte of text
// selects one of 256.
func block(place int64, u unit) int64 { return (place ^ int64(u.offset())) | 0xff }
