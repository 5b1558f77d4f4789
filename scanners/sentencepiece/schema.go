package sentencepiece

import (
	"assay/scanners/internal/protobuf"
)

// message is what sentencepiece_model.proto says of one message, by the number of
// the field. Numbers stay below 64; extensions begin at 200 and are not known.
type message map[uint64]field

// field is one field of a message.
type field struct {
	kind     kind
	repeated bool
	most     uint64  // largest value of an enumeration, which begins at 1; 0: a plain number
	sub      message // of a nested message
	// done is called once the field was taken, with its text. May be nil.
	done func(s *scan, f protobuf.Field, text []byte) error
}

// kind is how the payload of a field is read.
type kind uint8

const (
	number kind = iota
	float
	text
	table // a compiled normalisation table
	nested
)

func (k kind) wire() protobuf.Type {
	switch k {
	case number:
		return protobuf.Varint
	case float:
		return protobuf.Fixed32
	}
	return protobuf.Bytes
}

var model = message{
	1: {kind: nested, sub: piece, repeated: true, done: (*scan).endPiece},
	2: {kind: nested, sub: trainer},
	3: {kind: nested, sub: normalizer(func(s *scan, _ protobuf.Field, text []byte) error {
		s.normalizer = string(text[:min(len(text), maxFact)])
		return nil
	})},
	4: {kind: nested, sub: message{1: {kind: nested, repeated: true, sub: message{1: {kind: text}, 2: {kind: text}}}}}, // self-test
	5: {kind: nested, sub: normalizer(nil)},                                                                            // of the decoder
}

var piece = message{
	1: {kind: text, done: func(s *scan, f protobuf.Field, text []byte) error {
		s.piece.text, s.piece.size = append(s.piece.text[:0], text...), f.Data.Len
		return nil
	}},
	2: {kind: float},
	3: {kind: number, most: typeByte, done: func(s *scan, f protobuf.Field, _ []byte) error {
		s.piece.kind = f.Value
		return nil
	}},
}

// The types of pieces.
const (
	typeNormal      = 1
	typeUnknown     = 2
	typeControl     = 3
	typeUserDefined = 4
	typeUnused      = 5
	typeByte        = 6
)

// modelTypes are the names of the training algorithms.
var modelTypes = []string{1: "unigram", 2: "bpe", 3: "word", 4: "char"}

// normalizer is a NormalizerSpec, whose name is given to named.
func normalizer(named func(*scan, protobuf.Field, []byte) error) message {
	return message{
		1: {kind: text, done: named}, 2: {kind: table},
		3: {}, 4: {}, 5: {}, // switches for white space
		6: {kind: text}, // the rules that the table was compiled from
	}
}

var trainer = message{
	1: {kind: text, repeated: true}, // corpus files
	2: {kind: text},                 // prefix of the output
	3: {most: 4, done: func(s *scan, f protobuf.Field, _ []byte) error {
		s.modelType = modelTypes[f.Value]
		return nil
	}},
	4: {}, 5: {kind: text, repeated: true}, 6: {}, 7: {kind: text}, // size, languages, self-tests, format
	10: {kind: float}, 11: {}, 12: {}, 13: {}, 14: {}, 15: {kind: float}, 16: {}, 17: {}, 18: {}, 19: {}, // sampling
	20: {}, 21: {}, 22: {}, 23: {}, 24: {}, 25: {}, 26: {}, // shape of pieces
	30: {kind: text, repeated: true}, 31: {kind: text, repeated: true}, // control and user defined symbols
	32: {}, 33: {}, 34: {}, 35: {}, 36: {kind: text}, // vocabulary
	40: {}, 41: {}, 42: {}, 43: {}, // ids of the special pieces
	44: {kind: text}, 45: {kind: text}, 46: {kind: text}, 47: {kind: text}, 48: {kind: text}, // and their texts
	49: {}, 50: {}, 51: {kind: float}, 52: {}, // large corpora, differential privacy
	53: {kind: text}, 54: {kind: text}, // delimiter, seed pieces
}
