package scanners

import (
	"encoding/binary"
	"slices"
)

// Program is the beginning of a native program in bytes that no loader interprets.
type Program struct {
	Offset int64
	Format string // "ELF", "PE", "Mach-O"
}

// Watch looks for programs in the opaque bytes of a file while they pass by in
// order, as they do when they are hashed. It looks at offsets that are multiples of 8,
// as linkers and tensors lie, counted from the beginning of the file and from that of
// each opaque part, because a header need not be aligned; every offset would cost a
// third of the speed of a gate. It believes a signature only with a header that a
// loader would accept: in random numbers that happens once in 2^90 places. A program
// at another offset, encrypted, or divided among numbers, is not found.
//
// A Watch keeps 16 findings and 64 bytes.
type Watch struct {
	spans []Span // opaque, sorted
	next  int64  // offset after the last byte seen
	tail  []byte
	found []Program
}

const (
	programHeader = 64 // bytes that are needed to judge one
	maxPrograms   = 16
)

// NewWatch watches the opaque spans of a file of the size.
func NewWatch(opaque Spans, size int64) *Watch { return &Watch{spans: opaque.Normal(size)} }

// Idle reports that there is nothing to look at.
func (w *Watch) Idle() bool { return len(w.spans) == 0 }

// Found are the programs, by offset.
func (w *Watch) Found() []Program { return w.found }

// Look takes the bytes at the offset. Bytes that do not follow the ones before
// begin anew.
func (w *Watch) Look(p []byte, off int64) {
	if off == w.next && len(w.tail) > 0 {
		joined := append(slices.Clone(w.tail), p[:min(len(p), programHeader)]...)
		w.within(joined, off-int64(len(w.tail)))
	}
	w.within(p, off)
	w.next = off + int64(len(p))
	w.tail = append(w.tail, p[max(0, len(p)-programHeader):]...)
	w.tail = append(w.tail[:0], w.tail[max(0, len(w.tail)-programHeader+1):]...)
}

// within looks at the parts of p that are opaque.
func (w *Watch) within(p []byte, off int64) {
	for len(w.spans) > 0 && w.spans[0].End()+programHeader <= off {
		w.spans = w.spans[1:]
	}
	for _, s := range w.spans {
		from, to := max(s.Off-off, 0), min(s.End()-off, int64(len(p)))
		if s.Off >= off+int64(len(p)) {
			return
		}
		if from >= to {
			continue
		}
		w.programs(p[from:to], off+from, 0)
		if s.Off&7 != 0 {
			w.programs(p[from:to], off+from, s.Off)
		}
	}
}

// The first four bytes of programs, as little-endian numbers.
const (
	magicELF     = 0x464c457f // "\x7fELF"
	magicPE      = 0x00004550 // "PE\x00\x00"
	magicMachO   = 0xfeedface
	magicMachO64 = 0xfeedfacf
)

// seconds are the second bytes of the signatures: "E" of ELF and PE, and 0xfa of
// Mach-O. One number in 128 has one.
var seconds = [256]uint8{'E': 1, 0xfa: 1}

// programs is run on every byte of every model, so that its loop does nothing but
// look bytes up in a small table. The phase is that of the places looked at, modulo 8.
func (w *Watch) programs(p []byte, off, phase int64) {
	q := p[min(int((phase-off)&7), len(p)):]
	for len(q) >= programHeader {
		b := q[:32]
		if seconds[b[1]]|seconds[b[9]]|seconds[b[17]]|seconds[b[25]] != 0 {
			w.places(q, off+int64(len(p)-len(q)))
		}
		q = q[32:]
	}
	w.places(q, off+int64(len(p)-len(q)))
}

// places looks at the first four places of q, as far as a header has room there.
func (w *Watch) places(q []byte, at int64) {
	for i := 0; i < 32 && len(q) >= i+programHeader; i += 8 {
		switch v := binary.LittleEndian.Uint32(q[i:]); v {
		case magicELF, magicPE, magicMachO, magicMachO64:
			w.judge(v, q[i:], at+int64(i))
		}
	}
}

func (w *Watch) judge(magic uint32, p []byte, at int64) {
	found := Program{Offset: at}
	switch magic {
	case magicELF:
		found.Format = elf(p)
	case magicPE:
		found.Format = pe(p)
	default:
		found.Format = machO(p)
	}
	if found.Format != "" && len(w.found) < maxPrograms && !slices.Contains(w.found, found) {
		w.found = append(w.found, found)
	}
}

// elf checks the header of System V ABI, "ELF Header": class, byte order, version,
// type and the size of the header itself.
func elf(p []byte) string {
	var order binary.ByteOrder = binary.LittleEndian
	if p[5] == 2 {
		order = binary.BigEndian
	}
	size := order.Uint16(p[40:])
	if p[4] == 2 {
		size = order.Uint16(p[52:])
	}
	kind := order.Uint16(p[16:])
	if (p[4] == 1 && size == 52 || p[4] == 2 && size == 64) && (p[5] == 1 || p[5] == 2) && p[6] == 1 && kind >= 1 && kind <= 4 && order.Uint32(p[20:]) == 1 {
		return "ELF"
	}
	return ""
}

// peMachines are the machines that Windows runs on (PE format, "Machine types"),
// Itanium left out. Each is among hints.
var peMachines = []uint16{0x014c, 0x8664, 0x01c0, 0x01c4, 0xaa64}

// pe checks the COFF header and the magic number of the optional header.
func pe(p []byte) string {
	le := binary.LittleEndian
	sections, optional := le.Uint16(p[6:]), le.Uint16(p[20:])
	if slices.Contains(peMachines, le.Uint16(p[4:])) && sections > 0 && sections <= 96 && optional >= 0x60 && optional <= 0x200 &&
		(le.Uint16(p[24:]) == 0x10b || le.Uint16(p[24:]) == 0x20b) {
		return "PE"
	}
	return ""
}

// machO checks the processor, the type and the size of the load commands
// (mach-o/loader.h).
func machO(p []byte) string {
	le := binary.LittleEndian
	cpu, kind, commands, size := le.Uint32(p[4:])&^(1<<24), le.Uint32(p[12:]), le.Uint32(p[16:]), le.Uint32(p[20:])
	if (cpu == 7 || cpu == 12) && kind >= 1 && kind <= 12 && commands > 0 && commands < 1<<12 && size >= commands*8 && size < 1<<20 {
		return "Mach-O"
	}
	return ""
}
