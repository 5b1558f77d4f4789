package rdata

import "fmt"

// code reads byte code: instructions, then constants (serialize.c, ReadBC1).
func (s *scan) code() error {
	if s.depth++; s.depth > maxDepth {
		return s.limit(fmt.Sprintf("nested deeper than %d", maxDepth))
	}
	defer func() { s.depth-- }()
	if err := s.items(1); err != nil {
		return err
	}
	n, err := s.length(4)
	if err != nil {
		return err
	}
	for range n {
		kind, err := s.integer()
		if err != nil {
			return err
		}
		if kind == kindByteCode {
			err = s.code()
		} else {
			err = s.constant(kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// constant reads a constant of byte code (serialize.c, ReadBCLang). Calls are
// written without flags, and may be shared.
func (s *scan) constant(kind int32) error {
	if s.depth++; s.depth > maxDepth {
		return s.limit(fmt.Sprintf("nested deeper than %d", maxDepth))
	}
	defer func() { s.depth-- }()
	switch kind {
	case kindCodeRef:
		_, err := s.integer()
		return err
	case kindCodeDef:
		if _, err := s.integer(); err != nil {
			return err
		}
		var err error
		if kind, err = s.integer(); err != nil {
			return err
		}
	case kindCall, kindList, kindAttrCall, kindAttrList:
	default:
		return s.items(1)
	}
	if kind == kindAttrCall || kind == kindAttrList {
		if err := s.items(1); err != nil {
			return err
		}
	}
	return s.constantPair(kind == kindCall || kind == kindAttrCall)
}

func (s *scan) constantPair(isCall bool) error {
	if err := s.items(1); err != nil { // tag
		return err
	}
	at := s.here()
	head, err := s.integer()
	if err != nil {
		return err
	}
	switch head {
	case kindCodeRef, kindCodeDef, kindCall, kindList, kindAttrCall, kindAttrList:
		err = s.constant(head)
	default:
		var function item
		if function, err = s.item(); err == nil && isCall {
			s.call(function, at)
		}
	}
	if err != nil {
		return err
	}
	tail, err := s.integer()
	if err != nil {
		return err
	}
	return s.constant(tail)
}
