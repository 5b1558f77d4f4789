package pickle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// generator writes pickles that are mostly valid: it knows what is on the stack,
// and from time to time it forgets.
type generator struct {
	r     *rand.Rand
	b     bytes.Buffer
	proto int
	memo  []int
}

var moduleNames = []string{"os", "mylib", "mylib.sub", "__builtin__", "builtins", "collections", "copy_reg", "numpy", "torch._utils", "é"}
var attrNames = []string{"system", "f", "Thing", "eval", "OrderedDict", "deque", "dtype", "_rebuild_tensor_v2", "ndarray", "a.b", "set", "Ж"}

// generate writes one pickle, or a few in a row, some of which go on with the memo
// of the one before, as a Pickler does that is used several times.
func generate(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 7))
	data, memo := generateOne(r, nil)
	share := r.IntN(2) == 0
	for r.IntN(4) == 0 {
		if !share {
			memo = nil
		}
		var more []byte
		more, memo = generateOne(r, memo)
		data = append(data, more...)
	}
	return data
}

func generateOne(r *rand.Rand, memo []int) (data []byte, after []int) {
	g := &generator{r: r, memo: memo}
	g.proto = g.r.IntN(6)
	if g.proto >= 2 || g.chance(8) {
		g.b.Write([]byte{opProto, byte(g.proto)})
	}
	for range 1 + g.r.IntN(3) {
		g.value(0)
		if g.chance(3) {
			g.op(opPop)
		}
	}
	if !g.chance(20) {
		g.op(opStop)
	}
	data = g.b.Bytes()
	if g.proto >= 4 && g.chance(2) {
		data = g.framed(data)
	}
	if g.chance(3) {
		data = g.damage(data)
	}
	return data, g.memo
}

// chance is true once in n times.
func (g *generator) chance(n int) bool { return g.r.IntN(n) == 0 }

func (g *generator) op(op byte) { g.b.WriteByte(op) }

func (g *generator) pick(list []string) string { return list[g.r.IntN(len(list))] }

// value pushes one object.
func (g *generator) value(depth int) {
	switch n := g.r.IntN(14); {
	case depth > 4 || n < 4:
		g.scalar()
	case n < 7:
		g.container(depth)
	case n < 11:
		g.call(depth)
	case n == 11:
		g.global()
	default:
		g.odd(depth)
	}
	if g.chance(3) {
		g.put()
	}
}

func (g *generator) scalar() {
	switch g.r.IntN(14) {
	case 10:
		g.op([]byte{opNewTrue, opNewFalse, opEmptyTuple, opEmptyList, opEmptyDict, opEmptySet}[g.r.IntN(6)])
	case 11:
		g.b.Write([]byte{opBinInt, byte(g.r.IntN(256)), 0, 0, byte(g.r.IntN(2) * 255), opBinInt2, 1, 2})
		g.op([]byte{opPop, opTuple2}[g.r.IntN(2)])
	case 12:
		n := g.r.IntN(12)
		g.sized([]byte{opBinBytes, opBinBytes8, opByteArray8, opLong4}[g.r.IntN(4)], make([]byte, n))
	case 13:
		g.sized([]byte{opBinBytes, opShortBinBytes}[g.r.IntN(2)], []byte("\x80\x02cmylib\nf\n)R."))
	case 0:
		g.op(opNone)
	case 1:
		g.b.Write([]byte{opBinInt1, byte(g.r.IntN(256))})
	case 2:
		fmt.Fprintf(&g.b, "I%s\n", g.pick([]string{"0", "1", "01", "00", "10", "010", "0x10", "-5", " 1", "+1", "1_0", "5\x00x", "99999999999999999999", "0b1"}))
	case 3:
		fmt.Fprintf(&g.b, "L%s\n", g.pick([]string{"1L", "1", "0x12L", "-7L", "1_0L", "99999999999999999999999L"}))
	case 4:
		fmt.Fprintf(&g.b, "F%s\n", g.pick([]string{"1.5", "1e3", "nan", "inf", " 1.5", "1_0", "2.5\x00x", "1e999"}))
	case 5:
		g.text(g.pick(attrNames))
	case 6:
		g.b.Write(append([]byte{opBinFloat}, make([]byte, 8)...))
	case 7:
		g.b.Write([]byte{opLong1, 2, 1, 1})
	case 8:
		payload := make([]byte, g.r.IntN(40))
		g.b.Write(append([]byte{opShortBinBytes, byte(len(payload))}, payload...))
	default:
		g.get()
	}
}

// sized writes an opcode with a payload of a length that it tells.
func (g *generator) sized(op byte, payload []byte) {
	g.op(op)
	g.b.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(payload)))[:opcodes[op].fixed])
	g.b.Write(payload)
}

// text pushes a str, in any of the ways there are.
func (g *generator) text(s string) {
	switch g.r.IntN(8) {
	case 7:
		g.sized(opBinString, []byte(s))
	case 0:
		fmt.Fprintf(&g.b, "V%s\n", strconv.QuoteToASCII(s)[1:len(strconv.QuoteToASCII(s))-1])
	case 1:
		fmt.Fprintf(&g.b, "S'%s'\n", s)
	case 2:
		g.op('S')
		g.b.WriteByte('"')
		for _, c := range []byte(s) {
			fmt.Fprintf(&g.b, "\\x%02x", c)
		}
		g.b.WriteString("\"\n")
	case 3:
		g.b.Write(append([]byte{opShortBinString, byte(len(s))}, s...))
	case 4:
		g.b.Write(append([]byte{opShortBinUnicode, byte(len(s))}, s...))
	case 5:
		g.op(opBinUnicode8)
		_ = binary.Write(&g.b, binary.LittleEndian, uint64(len(s)))
		g.b.WriteString(s)
	default:
		g.op(opBinUnicode)
		_ = binary.Write(&g.b, binary.LittleEndian, uint32(len(s)))
		g.b.WriteString(s)
	}
}

func (g *generator) put() {
	n := g.r.IntN(12)
	if g.chance(40) {
		n = 200
	}
	switch g.r.IntN(4) {
	case 0:
		g.b.Write([]byte{opBinPut, byte(n)})
	case 1:
		fmt.Fprintf(&g.b, "p%d\n", n)
	case 2:
		g.b.Write([]byte{opLongBinPut, byte(n), 0, 0, 0})
	default:
		g.op(opMemoize)
		n = len(g.memo)
	}
	g.memo = append(g.memo, n)
}

func (g *generator) get() {
	if len(g.memo) == 0 {
		g.op(opNone)
		return
	}
	n := g.memo[g.r.IntN(len(g.memo))]
	switch g.r.IntN(3) {
	case 0:
		if g.chance(10) {
			fmt.Fprintf(&g.b, "g%s\n", g.pick([]string{" 1", "1 ", "0_1", "+1", "1\x00", "01", "-1", ""}))
			return
		}
		fmt.Fprintf(&g.b, "g%d\n", n)
	case 1:
		g.b.Write([]byte{opLongBinGet, byte(n), 0, 0, 0})
	default:
		g.b.Write([]byte{opBinGet, byte(n)})
	}
}

// global pushes a name.
func (g *generator) global() {
	module, name := g.pick(moduleNames), g.pick(attrNames)
	if g.chance(2) {
		fmt.Fprintf(&g.b, "c%s\n%s\n", module, name)
		return
	}
	g.text(module)
	if g.chance(4) {
		g.put()
	}
	g.text(name)
	g.op(opStackGlobal)
}

func (g *generator) tuple(depth int) {
	n := g.r.IntN(4)
	if n == 0 {
		g.op(opEmptyTuple)
		return
	}
	for range n {
		g.value(depth + 1)
	}
	g.op(opTuple1 + byte(n-1))
}

func (g *generator) container(depth int) {
	n := g.r.IntN(4)
	switch g.r.IntN(8) {
	case 0:
		g.tuple(depth)
	case 1:
		g.op(opEmptyList)
		g.op(opMark)
		for range n {
			g.value(depth + 1)
		}
		g.op(opAppends)
	case 2:
		g.op(opEmptyList)
		for range n {
			g.value(depth + 1)
			g.op(opAppend)
		}
	case 3:
		g.op(opEmptyDict)
		g.op(opMark)
		for range n {
			g.text("k")
			g.value(depth + 1)
		}
		g.op(opSetItems)
	case 4:
		g.op(opMark)
		for range n {
			g.text("k")
			g.value(depth + 1)
		}
		g.op(opDict)
	case 5:
		g.op(opMark)
		for range n {
			g.value(depth + 1)
		}
		g.op([]byte{opList, opTuple, opFrozenSet}[g.r.IntN(3)])
	case 6:
		g.op(opEmptySet)
		g.op(opMark)
		for range n {
			g.text("e")
		}
		g.op(opAddItems)
	default:
		g.op(opEmptyDict)
		g.text("k")
		g.value(depth + 1)
		g.op(opSetItem)
	}
}

// call pushes what a call gives.
func (g *generator) call(depth int) {
	switch g.r.IntN(6) {
	case 0:
		g.global()
		g.tuple(depth)
		g.op(opReduce)
	case 1:
		g.global()
		g.tuple(depth)
		g.op(opNewObj)
	case 2:
		g.global()
		g.tuple(depth)
		g.op(opEmptyDict)
		if g.chance(2) {
			g.text("key")
			g.value(depth + 1)
			g.op(opSetItem)
		}
		g.op(opNewObjEx)
	case 3:
		g.op(opMark)
		g.global()
		for range g.r.IntN(3) {
			g.value(depth + 1)
		}
		g.op(opObj)
	case 4:
		g.op(opMark)
		for range g.r.IntN(3) {
			g.value(depth + 1)
		}
		fmt.Fprintf(&g.b, "i%s\n%s\n", moduleNames[g.r.IntN(len(moduleNames)-1)], attrNames[g.r.IntN(len(attrNames)-1)])
	default:
		g.value(depth + 1)
		g.tuple(depth)
		g.op(opReduce)
	}
	switch g.r.IntN(8) {
	case 6: // attributes, and slots
		g.value(depth + 1)
		g.value(depth + 1)
		g.op(opTuple2)
		g.op(opBuild)
	case 7: // the same object twice
		g.op(opDup)
		g.value(depth + 1)
		g.op(opBuild)
		g.op(opTuple2)
	case 0:
		g.value(depth + 1)
		g.op(opBuild)
	case 1:
		g.value(depth + 1)
		g.op(opAppend)
	case 2:
		g.text("k")
		g.value(depth + 1)
		g.op(opSetItem)
	case 3:
		g.op(opMark)
		g.value(depth + 1)
		g.op([]byte{opAppends, opAddItems}[g.r.IntN(2)])
	}
}

// odd pushes, or does, something unusual.
func (g *generator) odd(depth int) {
	switch g.r.IntN(12) {
	case 9: // what the loader gave is used
		g.b.WriteString("P" + g.pick([]string{"x", "", "é"}) + "\n")
		g.value(depth + 1)
		g.op([]byte{opBuild, opReduce, opAppend}[g.r.IntN(3)])
	case 10:
		switch code := []int{7, 200, 700, 70000, 300, 0, -1}[g.r.IntN(7)]; g.r.IntN(3) {
		case 0:
			g.b.Write([]byte{opExt1, byte(code)})
		case 1:
			g.b.Write([]byte{opExt2, byte(code), byte(code >> 8)})
		default:
			g.b.Write(binary.LittleEndian.AppendUint32([]byte{opExt4}, uint32(int32(code))))
		}
		if g.chance(2) {
			g.tuple(depth)
			g.op(opReduce)
		}
	case 11:
		g.global()
		g.value(depth + 1)
		g.op([]byte{opBuild, opAppend}[g.r.IntN(2)])
	case 0:
		g.value(depth + 1)
		g.op(opBinPersID)
	case 1:
		g.b.WriteString("Psomething\n")
	case 2:
		g.value(depth + 1)
		g.op(opDup)
		g.op(opPop)
	case 3:
		g.op(opMark)
		g.value(depth + 1)
		g.op(opPopMark)
		g.op(opNone)
	case 4:
		g.op(opMark)
		g.op(opPop)
		g.op(opNone)
	case 5:
		g.b.Write([]byte{opProto, byte(g.r.IntN(6))})
		g.op(opNone)
	case 6:
		g.global()
		g.op(opEmptyList)
		g.value(depth + 1)
		g.op(opAppend)
		g.op(opReduce)
	case 7:
		g.b.Write([]byte{[]byte{opExt1, opNextBuffer, opReadOnlyBuffer}[g.r.IntN(3)], 1})
	default:
		g.value(depth + 1)
		g.value(depth + 1)
		g.op(opStackGlobal)
	}
}

// framed puts frames around parts of the stream, most of them where they belong.
func (g *generator) framed(data []byte) []byte {
	var out bytes.Buffer
	out.Write(data[:2])
	rest := data[2:]
	for len(rest) > 0 {
		n := 1 + g.r.IntN(len(rest))
		if g.chance(2) {
			n = len(rest)
		}
		length := n
		if g.chance(6) {
			length += g.r.IntN(9) - 4
		}
		out.WriteByte(opFrame)
		_ = binary.Write(&out, binary.LittleEndian, uint64(int64(length)))
		out.Write(rest[:n])
		rest = rest[n:]
	}
	return out.Bytes()
}

// damage breaks the stream in one place.
func (g *generator) damage(data []byte) []byte {
	data = bytes.Clone(data)
	if len(data) < 4 {
		return data
	}
	at := g.r.IntN(len(data))
	switch g.r.IntN(4) {
	case 0:
		data[at] ^= 1 << g.r.IntN(8)
	case 1:
		return data[:at]
	case 2:
		return append(data[:at:at], data[at+1:]...)
	default:
		return append(append(data[:at:at], "().Rtbo"[g.r.IntN(7)]), data[at:]...)
	}
	return data
}
