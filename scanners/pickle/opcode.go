package pickle

// The 68 opcodes: CPython 3.13, Lib/pickletools.py.
const (
	opMark           = '('
	opStop           = '.'
	opPop            = '0'
	opPopMark        = '1'
	opDup            = '2'
	opFloat          = 'F'
	opInt            = 'I'
	opBinInt         = 'J'
	opBinInt1        = 'K'
	opLong           = 'L'
	opBinInt2        = 'M'
	opNone           = 'N'
	opPersID         = 'P'
	opBinPersID      = 'Q'
	opReduce         = 'R'
	opString         = 'S'
	opBinString      = 'T'
	opShortBinString = 'U'
	opUnicode        = 'V'
	opBinUnicode     = 'X'
	opAppend         = 'a'
	opBuild          = 'b'
	opGlobal         = 'c'
	opDict           = 'd'
	opEmptyDict      = '}'
	opAppends        = 'e'
	opGet            = 'g'
	opBinGet         = 'h'
	opInst           = 'i'
	opLongBinGet     = 'j'
	opList           = 'l'
	opEmptyList      = ']'
	opObj            = 'o'
	opPut            = 'p'
	opBinPut         = 'q'
	opLongBinPut     = 'r'
	opSetItem        = 's'
	opTuple          = 't'
	opEmptyTuple     = ')'
	opSetItems       = 'u'
	opBinFloat       = 'G'
	opBinBytes       = 'B'
	opShortBinBytes  = 'C'

	opProto           = 0x80
	opNewObj          = 0x81
	opExt1            = 0x82
	opExt2            = 0x83
	opExt4            = 0x84
	opTuple1          = 0x85
	opTuple2          = 0x86
	opTuple3          = 0x87
	opNewTrue         = 0x88
	opNewFalse        = 0x89
	opLong1           = 0x8a
	opLong4           = 0x8b
	opShortBinUnicode = 0x8c
	opBinUnicode8     = 0x8d
	opBinBytes8       = 0x8e
	opEmptySet        = 0x8f
	opAddItems        = 0x90
	opFrozenSet       = 0x91
	opNewObjEx        = 0x92
	opStackGlobal     = 0x93
	opMemoize         = 0x94
	opFrame           = 0x95
	opByteArray8      = 0x96
	opNextBuffer      = 0x97
	opReadOnlyBuffer  = 0x98
)

// opInfo describes one opcode. The zero opInfo is a byte that is no opcode.
type opInfo struct {
	name  string
	proto uint8 // first protocol that has it
	fixed uint8 // bytes of its fixed argument, or of the length before its payload
	start bool  // may be the first of a stream: it does something on an empty stack
}

// opcodes is the table of all 68, by byte.
var opcodes = [256]opInfo{
	opMark: {"MARK", 0, 0, true}, opStop: {"STOP", 0, 0, false}, opPop: {"POP", 0, 0, false},
	opPopMark: {"POP_MARK", 1, 0, false}, opDup: {"DUP", 0, 0, false}, opFloat: {"FLOAT", 0, 0, true},
	opInt: {"INT", 0, 0, true}, opBinInt: {"BININT", 1, 4, true}, opBinInt1: {"BININT1", 1, 1, true},
	opLong: {"LONG", 0, 0, true}, opBinInt2: {"BININT2", 1, 2, true}, opNone: {"NONE", 0, 0, true},
	opPersID: {"PERSID", 0, 0, true}, opBinPersID: {"BINPERSID", 1, 0, false}, opReduce: {"REDUCE", 0, 0, false},
	opString: {"STRING", 0, 0, true}, opBinString: {"BINSTRING", 1, 4, true},
	opShortBinString: {"SHORT_BINSTRING", 1, 1, true}, opUnicode: {"UNICODE", 0, 0, true},
	opBinUnicode: {"BINUNICODE", 1, 4, true}, opAppend: {"APPEND", 0, 0, false}, opBuild: {"BUILD", 0, 0, false},
	opGlobal: {"GLOBAL", 0, 0, true}, opDict: {"DICT", 0, 0, false}, opEmptyDict: {"EMPTY_DICT", 1, 0, true},
	opAppends: {"APPENDS", 1, 0, false}, opGet: {"GET", 0, 0, false}, opBinGet: {"BINGET", 1, 1, false},
	opInst: {"INST", 0, 0, true}, opLongBinGet: {"LONG_BINGET", 1, 4, false}, opList: {"LIST", 0, 0, false},
	opEmptyList: {"EMPTY_LIST", 1, 0, true}, opObj: {"OBJ", 1, 0, false}, opPut: {"PUT", 0, 0, false},
	opBinPut: {"BINPUT", 1, 1, false}, opLongBinPut: {"LONG_BINPUT", 1, 4, false},
	opSetItem: {"SETITEM", 0, 0, false}, opTuple: {"TUPLE", 0, 0, false}, opEmptyTuple: {"EMPTY_TUPLE", 1, 0, true},
	opSetItems: {"SETITEMS", 1, 0, false}, opBinFloat: {"BINFLOAT", 1, 8, true},
	opBinBytes: {"BINBYTES", 3, 4, true}, opShortBinBytes: {"SHORT_BINBYTES", 3, 1, true},
	opProto: {"PROTO", 2, 1, true}, opNewObj: {"NEWOBJ", 2, 0, false}, opExt1: {"EXT1", 2, 1, true},
	opExt2: {"EXT2", 2, 2, true}, opExt4: {"EXT4", 2, 4, true}, opTuple1: {"TUPLE1", 2, 0, false},
	opTuple2: {"TUPLE2", 2, 0, false}, opTuple3: {"TUPLE3", 2, 0, false}, opNewTrue: {"NEWTRUE", 2, 0, true},
	opNewFalse: {"NEWFALSE", 2, 0, true}, opLong1: {"LONG1", 2, 1, true}, opLong4: {"LONG4", 2, 4, true},
	opShortBinUnicode: {"SHORT_BINUNICODE", 4, 1, true}, opBinUnicode8: {"BINUNICODE8", 4, 8, true},
	opBinBytes8: {"BINBYTES8", 4, 8, true}, opEmptySet: {"EMPTY_SET", 4, 0, true},
	opAddItems: {"ADDITEMS", 4, 0, false}, opFrozenSet: {"FROZENSET", 4, 0, false},
	opNewObjEx: {"NEWOBJ_EX", 4, 0, false}, opStackGlobal: {"STACK_GLOBAL", 4, 0, false},
	opMemoize: {"MEMOIZE", 4, 0, false}, opFrame: {"FRAME", 4, 8, true},
	opByteArray8: {"BYTEARRAY8", 5, 8, true}, opNextBuffer: {"NEXT_BUFFER", 5, 0, true},
	opReadOnlyBuffer: {"READONLY_BUFFER", 5, 0, false},
}

// brief is what the loop needs to know of every opcode, close together.
type brief struct {
	proto, fixed uint8
	step         step
}

// step numbers the opcodes that the loop itself executes. The numbers are dense, so
// that the compiler makes a jump table of them.
type step uint8

const (
	stepRare step = iota
	stepMark
	stepNone
	stepBinInt1
	stepBinInt2
	stepBinInt
	stepBinFloat
	stepEmptyList
	stepEmptyDict
	stepBinGet
	stepLongBinGet
	stepMemoize
	stepBinPut
	stepLongBinPut
	stepShortText
	stepText
	stepTuple
	stepAppends
	stepSetItems
	stepStop
)

var steps = map[byte]step{
	opMark: stepMark, opNone: stepNone, opBinInt1: stepBinInt1, opBinInt2: stepBinInt2, opBinInt: stepBinInt,
	opBinFloat: stepBinFloat, opEmptyList: stepEmptyList, opEmptyDict: stepEmptyDict, opBinGet: stepBinGet,
	opLongBinGet: stepLongBinGet, opMemoize: stepMemoize, opBinPut: stepBinPut, opLongBinPut: stepLongBinPut,
	opShortBinUnicode: stepShortText, opBinUnicode: stepText, opTuple1: stepTuple, opTuple2: stepTuple, opTuple3: stepTuple,
	opAppends: stepAppends, opSetItems: stepSetItems, opStop: stepStop,
}

var briefs = briefly()

func briefly() (list [256]brief) {
	for i, info := range opcodes {
		list[i] = brief{info.proto, info.fixed, steps[byte(i)]}
	}
	return list
}

// maxProtocol is the highest protocol there is; a higher PROTO is an error.
const maxProtocol = 5
