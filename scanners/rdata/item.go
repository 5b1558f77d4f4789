package rdata

import (
	"fmt"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// Kinds of item (Rinternals.h, and the pseudo types of serialize.c).
const (
	kindNull     = 0
	kindSymbol   = 1
	kindList     = 2
	kindClosure  = 3
	kindEnv      = 4
	kindPromise  = 5
	kindCall     = 6
	kindSpecial  = 7
	kindBuiltin  = 8
	kindChar     = 9
	kindLogical  = 10
	kindInteger  = 13
	kindReal     = 14
	kindComplex  = 15
	kindString   = 16
	kindDots     = 17
	kindVector   = 19
	kindExpr     = 20
	kindByteCode = 21
	kindPointer  = 22
	kindWeak     = 23
	kindRaw      = 24
	kindObject   = 25

	kindAltRep     = 238
	kindAttrList   = 239
	kindAttrCall   = 240
	kindBaseEnv    = 241
	kindEmptyEnv   = 242
	kindCodeRef    = 243
	kindCodeDef    = 244
	kindPersist    = 247
	kindPackage    = 248
	kindNamespace  = 249
	kindBaseSpace  = 250
	kindMissing    = 251
	kindUnbound    = 252
	kindGlobalEnv  = 253
	kindNilValue   = 254
	kindReference  = 255
	flagAttributes = 0x200
	flagTag        = 0x400
)

const (
	maxDepth   = 2000
	maxSymbols = 1 << 20
)

// item is what is known of one that was read.
type item struct {
	kind int
	name string // of a symbol or a character string
}

func (s *scan) limit(what string) error {
	return &scanners.FormatError{Offset: min(s.at, s.size), Code: scanners.GapLimit, Err: fmt.Errorf("%s", what)}
}

// item reads one item.
func (s *scan) item() (item, error) {
	flags, err := s.integer()
	if err != nil {
		return item{}, err
	}
	if s.depth++; s.depth > maxDepth {
		return item{}, s.limit(fmt.Sprintf("nested deeper than %d", maxDepth))
	}
	defer func() { s.depth-- }()
	at := s.here()
	it, err := s.body(int(flags&0xff), flags)
	if s.inCode > 0 && it.kind == kindSymbol && plainly[it.name] {
		s.call(it, at) // byte code refers to the functions that it calls as symbols
	}
	return it, err
}

func (s *scan) body(kind int, flags int32) (item, error) {
	it := item{kind: kind}
	var err error
	switch kind {
	case kindNull, kindBaseEnv, kindEmptyEnv, kindBaseSpace, kindMissing, kindUnbound, kindGlobalEnv, kindNilValue:
		return it, nil
	case kindReference:
		return s.reference(flags)
	case kindSymbol:
		name, err := s.item()
		it.name = name.name
		return it, s.remember(it, err)
	case kindPersist, kindPackage, kindNamespace:
		return it, s.remember(it, s.strings())
	case kindEnv:
		return it, s.environment()
	case kindList, kindClosure, kindPromise, kindCall, kindDots:
		return s.pairs(kind, flags)
	case kindSpecial, kindBuiltin:
		n, err := s.length(1)
		if err != nil {
			return it, err
		}
		it.name, err = s.text(n)
		return it, err
	case kindChar:
		it.name, err = s.characters()
		return it, err
	case kindAltRep:
		return it, s.items(3)
	case kindPointer:
		s.found.Add("rdata/external-pointer", s.here(), "an external pointer")
		err = s.remember(it, nil)
		if err == nil {
			err = s.items(2)
		}
	case kindWeak:
		err = s.remember(it, nil)
	case kindObject:
	case kindByteCode:
		s.function("byte code")
		s.inCode++
		if _, err = s.integer(); err == nil {
			err = s.code()
		}
		s.inCode--
	default:
		it.name, err = s.vector(kind)
	}
	if err == nil && flags&flagAttributes != 0 {
		err = s.items(1)
	}
	return it, err
}

func (s *scan) here() int64 { return min(s.at, s.size) }

func (s *scan) function(what string) {
	s.found.Add("rdata/function", s.here(), "%s", what)
}

// items reads n items.
func (s *scan) items(n int64) error {
	for range n {
		if _, err := s.item(); err != nil {
			return err
		}
	}
	return nil
}

// length reads a length and compares it with what the file can hold.
func (s *scan) length(width int64) (int64, error) {
	short, err := s.integer()
	n := int64(short)
	if err == nil && n == -1 { // a long vector: two halves
		var high, low int32
		if high, err = s.integer(); err == nil {
			low, err = s.integer()
		}
		n = int64(high)<<32 | int64(uint32(low))
	}
	switch {
	case err != nil:
		return 0, err
	case n < 0 || n > scanners.LargestFile/width:
		s.found.Add("rdata/length-claim", s.here(), "a vector of %d values", n)
		return 0, s.broken("a vector of %d values", n)
	case !s.ascii && n*width > s.size-s.at:
		return 0, scanners.CutOff(s.size, s.at+n*width)
	}
	return n, nil
}

func (s *scan) characters() (string, error) {
	n, err := s.integer()
	if err != nil || n == -1 { // NA
		return "", err
	}
	if n < 0 {
		return "", s.broken("a text of %d bytes", n)
	}
	return s.text(int64(n))
}

// vector reads a vector, and returns the text of one that holds a single text.
func (s *scan) vector(kind int) (string, error) {
	widths := map[int][2]int64{kindLogical: {4, 1}, kindInteger: {4, 1}, kindReal: {8, 1}, kindComplex: {16, 2}, kindRaw: {1, 1}, kindString: {4, 0}, kindVector: {4, 0}, kindExpr: {4, 0}}
	width, ok := widths[kind]
	if !ok {
		return "", &scanners.FormatError{Offset: s.here(), Code: scanners.GapUnsupported, Err: fmt.Errorf("an item of the unknown kind %d", kind)}
	}
	n, err := s.length(width[0])
	if err != nil {
		return "", err
	}
	if kind == kindString && n == 1 {
		it, err := s.item()
		return it.name, err
	}
	if width[1] == 0 {
		if kind == kindExpr {
			s.function("an expression")
		}
		return "", s.items(n)
	}
	return "", s.data(n, width[0], width[1])
}

// strings reads the names of a package or namespace.
func (s *scan) strings() error {
	if _, err := s.integer(); err != nil {
		return err
	}
	n, err := s.length(4)
	if err != nil {
		return err
	}
	return s.items(n)
}

// remember adds a symbol or environment to those that later items refer to.
func (s *scan) remember(it item, err error) error {
	if err != nil {
		return err
	}
	if len(s.known) >= maxSymbols {
		return s.limit(fmt.Sprintf("more than %d symbols and environments", maxSymbols))
	}
	s.known = append(s.known, it)
	return nil
}

func (s *scan) reference(flags int32) (item, error) {
	index := int64(flags >> 8)
	if index == 0 {
		n, err := s.integer()
		if err != nil {
			return item{}, err
		}
		index = int64(n)
	}
	if index < 1 || index > int64(len(s.known)) {
		return item{}, s.broken("a reference to item %d of %d", index, len(s.known))
	}
	return s.known[index-1], nil
}

// environment reads an environment: enclosure, frame, hash table, attributes.
func (s *scan) environment() error {
	if _, err := s.integer(); err != nil { // locked
		return err
	}
	if err := s.remember(item{kind: kindEnv}, nil); err != nil {
		return err
	}
	s.envs++
	defer func() { s.envs-- }()
	return s.items(4)
}

// pairs reads a list of pairs, or what is built like one: a function (attributes,
// environment, arguments, body), a promise (environment, value, expression), a call
// (function, arguments). The rest of a list is read in a loop.
//
// Of a call it returns the function that pkg::name stands for.
func (s *scan) pairs(kind int, flags int32) (item, error) {
	first := kind
	var function, result item
	for {
		if flags&flagAttributes != 0 {
			if err := s.items(1); err != nil {
				return result, err
			}
		}
		if flags&flagTag != 0 {
			if err := s.items(1); err != nil {
				return result, err
			}
		}
		at := s.here()
		s.enter(kind, at)
		head, err := s.item()
		if err != nil {
			return result, err
		}
		switch {
		case kind == kindCall:
			function = head
			s.call(head, at)
		case kind == kindPromise:
			return result, s.promise(head, at)
		case first == kindCall && (function.name == "::" || function.name == ":::"):
			result = item{kindSymbol, head.name}
		case first == kindCall && byName[function.name] && head.kind == kindString:
			s.call(item{kindSymbol, head.name}, at)
		}
		next, err := s.integer()
		if err != nil {
			return result, err
		}
		kind, flags = int(next&0xff), next
		if kind != kindList && kind != kindDots && (kind != first || first == kindClosure || kind == kindCall) {
			_, err := s.body(kind, flags)
			return result, err
		}
	}
}

func (s *scan) enter(kind int, at int64) {
	if kind == kindClosure {
		s.found.Add("rdata/function", at, "a function")
	}
}

// promise judges a promise by its value, and reads its expression.
func (s *scan) promise(value item, at int64) error {
	if value.kind != kindUnbound {
		return s.items(1)
	}
	s.promises++
	defer func() { s.promises-- }()
	if s.envs > 0 {
		s.found.AddAs(scanners.Low, "rdata/promise", at, "an argument of a function that was not used yet")
		return s.items(1)
	}
	s.bare++
	defer func() { s.bare-- }()
	s.found.Add("rdata/promise", at, "a promise without a value")
	return s.items(1)
}

// call judges the function of a call.
func (s *scan) call(function item, at int64) {
	why := dangerous[function.name]
	if function.kind != kindSymbol || why == "" || common[function.name] && s.promises == 0 {
		return
	}
	severity := scanners.High
	if s.bare > 0 {
		severity = scanners.Critical
	}
	s.found.AddAs(severity, "rdata/dangerous-call", at, "%s %s", clip.Quote(function.name, 60), why)
}
