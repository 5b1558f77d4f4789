package sentencepiece

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// The builder writes fields as they are asked for, so that it can write every
// wrong file too.

func num(number int, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3), value)
}

func flt(number int, value float32) []byte {
	return binary.LittleEndian.AppendUint32(binary.AppendUvarint(nil, uint64(number)<<3|5), math.Float32bits(value))
}

// msg is a field with a payload: a text, or the fields of a message.
func msg[T string | []byte](number int, payloads ...T) []byte {
	var data []byte
	for _, p := range payloads {
		data = append(data, p...)
	}
	return append(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3|2), uint64(len(data))), data...)
}

// token is a piece as the trainer writes it.
func token(text string, score float32, kind uint64) []byte {
	if kind == typeNormal {
		return msg(1, msg(1, text), flt(2, score))
	}
	return msg(1, msg(1, text), flt(2, score), num(3, kind))
}

// specials are the pieces that every vocabulary begins with.
func specials() []byte {
	return slices.Concat(token("<unk>", 0, typeUnknown), token("<s>", 0, typeControl), token("</s>", 0, typeControl))
}

// training is the TrainerSpec that a version of 2024 writes.
func training(kind uint64) []byte {
	return msg(2, msg(1, "/data/corpus.txt"), msg(1, "/data/more.txt"), msg(2, "out/tokenizer"), num(3, kind), num(4, 32000), msg(5, "en"), num(6, 0), msg(7, "text"),
		flt(10, 0.9995), num(11, 2e8), num(14, 1e6), flt(15, 0.75), num(16, 80), num(17, 2), num(18, 4192), num(19, 1), num(20, 16), num(21, 1), num(22, 1), num(23, 1),
		num(24, 0), num(25, 1), num(26, 1), msg(30, "<sep>"), msg(31, "<mask>"), msg(36, ""), num(32, 1), num(33, 1), num(34, 0), num(35, 1),
		num(40, 0), num(41, 1), num(42, 2), num(43, math.MaxUint64), msg(44, " \u2047 "), msg(45, "<unk>"), msg(46, "<s>"), msg(47, "</s>"), msg(48, "<pad>"),
		num(49, 0), num(50, 0), flt(51, 0), num(52, 0), msg(53, ""), msg(54, ""))
}

// charsmap is a normalisation table: a trie with one rule, and its text. Cells set
// there replace those of the trie.
func charsmap(cells map[int]uint32, texts string) []byte {
	trie := make([]byte, 2*256*unitSize)
	for i := range 2 * 256 {
		binary.LittleEndian.PutUint32(trie[unitSize*i:], uint32(i&0xff)) // unused: a label alone
	}
	good := map[int]uint32{0: 1 << 10, 1 ^ 'a': uint32('a') | 1<<8 | (256<<2)<<8, 1 ^ 'a' ^ 256: 1 << 31}
	for _, set := range []map[int]uint32{good, cells} {
		for i, u := range set {
			binary.LittleEndian.PutUint32(trie[unitSize*i:], u)
		}
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(trie)))
	return slices.Concat(out, trie, []byte(texts))
}

func normalizing(table []byte) []byte {
	return msg(3, msg(1, "nmt_nfkc"), msg(2, table), num(3, 1), num(4, 1), num(5, 1), msg(6, ""))
}

// ordinary is a small vocabulary with everything that popular ones have.
func ordinary() []byte {
	out := specials()
	for i := range 256 {
		out = append(out, token(fmt.Sprintf("<0x%02X>", i), 0, typeByte)...)
	}
	for i, text := range []string{"\u2581the", "\u2581", "\u2581\u2581\u2581\u2581", "e", "日本", "\u202e", "\u200b", "\x00", "\n\n\n", "https://www.", "====", "🤗"} {
		out = append(out, token(text, -float32(i), typeNormal)...)
	}
	out = append(out, token("<s>", 0, typeUserDefined)...) // in the other name space
	out = append(out, token("<extra_id_0>", 0, typeUserDefined)...)
	out = append(out, token("<unused0>", 0, typeUnused)...)
	return slices.Concat(out, training(2), normalizing(charsmap(nil, "A\x00")),
		msg(4, msg(1, msg(1, "a b"), msg(2, "\u2581a \u2581b"))), msg(5, msg(1, ""), num(3, 0)))
}
