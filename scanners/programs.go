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
// order, as they do when they are hashed. It looks at every offset, because formats lay
// tensors at any, and believes a signature only with a header that a loader would
// accept: in random numbers that happens once in 2^87 places. A program that is
// encrypted, or divided among numbers, is not found.
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
		if from < to {
			w.programs(p[from:to], off+from)
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

// hints are the three bytes at offsets 0 to 3 of a header, of which one lies at a
// multiple of 4 wherever the header begins. What follows a signature is taken from
// what elf, pe and machO accept.
var hints = [4][]string{
	{"\x7fEL", "PE\x00", "\xce\xfa\xed", "\xcf\xfa\xed"},
	{"ELF", "E\x00\x00", "\xfa\xed\xfe"},
	{"LF\x01", "LF\x02", "\x00\x00\x4c", "\x00\x00\x64", "\x00\x00\xc0", "\x00\x00\xc4", "\xed\xfe\x07", "\xed\xfe\x0c"},
	{"F\x01\x01", "F\x01\x02", "F\x02\x01", "F\x02\x02", "\x00\x4c\x01", "\x00\x64\x86", "\x00\xc0\x01", "\x00\xc4\x01", "\x00\x64\xaa", "\xfe\x07\x00", "\xfe\x0c\x00"},
}

// hinted says by hintOf which numbers may be one of hints.
var hinted = func() (table [1 << 13]uint8) {
	for _, list := range hints {
		for _, h := range list {
			table[hintOf(uint32(h[0])|uint32(h[1])<<8|uint32(h[2])<<16)] = 1
		}
	}
	return table
}()

// hintOf hashes the three low bytes to 13 bits (Knuth, The Art of Computer
// Programming, 6.4: multiplicative hashing).
func hintOf(v uint32) uint32 { return v << 8 * 0x9e3779b1 >> 19 }

// programs is run on every byte of every model, so that its loop does nothing but
// look up numbers in a table that stays in the cache.
func (w *Watch) programs(p []byte, off int64) {
	q := p
	for ; len(q) >= 32; q = q[32:] {
		a, b := binary.LittleEndian.Uint64(q[0:8]), binary.LittleEndian.Uint64(q[8:16])
		c, d := binary.LittleEndian.Uint64(q[16:24]), binary.LittleEndian.Uint64(q[24:32])
		if hinted[hintOf(uint32(a))]|hinted[hintOf(uint32(a>>32))]|hinted[hintOf(uint32(b))]|hinted[hintOf(uint32(b>>32))]|
			hinted[hintOf(uint32(c))]|hinted[hintOf(uint32(c>>32))]|hinted[hintOf(uint32(d))]|hinted[hintOf(uint32(d>>32))] != 0 {
			w.around(p, len(p)-len(q), off)
		}
	}
	w.around(p, len(p)-len(q), off)
}

// around looks at each place at which a header would put a hint into the 32 bytes at
// the offset.
func (w *Watch) around(p []byte, at int, off int64) {
	for start := max(at-3, 0); start < at+32 && start+programHeader <= len(p); start++ {
		switch v := binary.LittleEndian.Uint32(p[start:]); v {
		case magicELF, magicPE, magicMachO, magicMachO64:
			w.judge(v, p[start:], off+int64(start))
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
