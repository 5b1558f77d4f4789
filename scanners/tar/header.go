package tar

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"strings"
)

// header is one ustar header as it stands, before extended headers change it.
type header struct {
	at       int64
	name     string
	link     string
	size     int64
	mode     int64
	kind     byte
	isUstar  bool
	sparse   bool // GNU sparse file with its map in the header
	moreMaps bool // whose map goes on in further blocks
}

// The kinds of entry (type flags) that are treated apart.
const (
	kindHardLink  = '1'
	kindSymlink   = '2'
	kindCharacter = '3'
	kindBlock     = '4'
	kindFolder    = '5'
	kindPipe      = '6'
	kindLongName  = 'L'
	kindLongLink  = 'K'
	kindSparse    = 'S'
	kindPart      = 'M'
	kindVolume    = 'V'
	kindPAX       = 'x'
	kindSolarisX  = 'X'
	kindGlobal    = 'g'
)

// validChecksum reports that a block has the sum it states, counted with
// unsigned bytes or, as some old writers did, with signed ones.
func validChecksum(b []byte) bool {
	stated, err := number(b[148:156])
	if err != nil || isZero(b) {
		return false
	}
	var unsigned, signed int64
	for i, c := range b {
		if i >= 148 && i < 156 {
			c = ' '
		}
		unsigned += int64(c)
		signed += int64(int8(c))
	}
	return stated == unsigned || stated == signed
}

func parseHeader(at int64, b []byte) (header, error) {
	h := header{
		at: at, name: text(b[:100]), link: text(b[157:257]), kind: b[156],
		isUstar: string(b[257:262]) == "ustar",
	}
	if string(b[257:263]) == "ustar\x00" { // not GNU, which uses the field otherwise
		if prefix := text(b[345:500]); prefix != "" {
			h.name = prefix + "/" + h.name
		}
	}
	h.sparse = h.kind == kindSparse
	h.moreMaps = h.sparse && b[482] != 0
	h.mode, _ = number(b[100:108])
	var err error
	h.size, err = number(b[124:136])
	return h, err
}

// headerOnly reports the kinds that have no data. A size that is stated all the
// same is skipped by some readers and not by others.
func (h header) headerOnly() bool { return h.kind >= kindHardLink && h.kind <= kindPipe }

// isFolder also knows the v7 way of writing it.
func (h header) isFolder() bool {
	return h.kind == kindFolder || (h.kind == 0 || h.kind == '0') && strings.HasSuffix(h.name, "/")
}

var errNumber = errors.New("a number in a header cannot be read")

// number reads an octal field, or the base-256 form of GNU tar.
func number(field []byte) (int64, error) {
	if len(field) > 0 && field[0]&0x80 != 0 {
		return base256(field)
	}
	digits := strings.Trim(string(field), " \x00")
	digits, _, _ = strings.Cut(digits, "\x00")
	if digits = strings.TrimSpace(digits); digits == "" {
		return 0, nil
	}
	v, err := strconv.ParseUint(digits, 8, 62)
	if err != nil {
		return 0, errNumber
	}
	return int64(v), nil
}

func base256(field []byte) (int64, error) {
	if field[0]&0x40 != 0 { // negative
		return 0, errNumber
	}
	v := uint64(field[0] & 0x3f)
	for _, c := range field[1:] {
		if v > math.MaxInt64>>9 {
			return 0, errNumber
		}
		v = v<<8 | uint64(c)
	}
	return int64(v), nil
}

// text is a field up to its first zero byte.
func text(field []byte) string {
	field, _, _ = bytes.Cut(field, []byte{0})
	return string(field)
}

// paxRecords reads "length key=value\n" (pax, "pax Extended Header"). It returns
// what could be read, and false when not all could.
func paxRecords(data string) (map[string]string, bool) {
	records := make(map[string]string)
	for data != "" {
		if strings.Trim(data, "\x00") == "" {
			return records, true // padding that some writers count
		}
		digits, _, ok := strings.Cut(data, " ")
		n, err := strconv.Atoi(digits)
		if !ok || err != nil || n <= len(digits)+1 || n > len(data) || data[n-1] != '\n' {
			return records, false
		}
		key, value, ok := strings.Cut(data[len(digits)+1:n-1], "=")
		if !ok {
			return records, false
		}
		records[key] = value
		data = data[n:]
	}
	return records, true
}
