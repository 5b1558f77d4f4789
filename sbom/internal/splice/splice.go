// Package splice writes JSON documents whose lists are too long to be held in
// memory: the document is encoded with one marker in the place of the items, and
// the items are encoded one after another when their place is written.
//
// # Security
//
// A marker is a whole JSON object. No text can contain it, because quotation marks
// inside strings are escaped.
package splice

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// List is what replaces a marker. It has at least one item.
type List struct {
	Marker any
	Items  iter.Seq[any]
}

// Write writes the document frame, with its lists in the order of their markers.
func Write(w io.Writer, frame []byte, lists ...List) error {
	e := newEncoder()
	for _, list := range lists {
		marker, err := e.encode(list.Marker)
		if err != nil {
			return err
		}
		before, after, ok := bytes.Cut(frame, marker)
		if !ok {
			return errors.New("the marker of a list is not in the document")
		}
		if _, err := w.Write(before); err != nil {
			return err
		}
		if err := e.items(w, list.Items); err != nil {
			return err
		}
		frame = after
	}
	_, err := w.Write(frame)
	return err
}

// encoder encodes as the documents are encoded: without escapes for HTML.
type encoder struct {
	buf  bytes.Buffer
	json *json.Encoder
}

func newEncoder() *encoder {
	e := &encoder{}
	e.json = json.NewEncoder(&e.buf)
	e.json.SetEscapeHTML(false)
	return e
}

// encode returns the item without a line break, until the next call.
func (e *encoder) encode(item any) ([]byte, error) {
	e.buf.Reset()
	if err := e.json.Encode(item); err != nil {
		return nil, fmt.Errorf("encode an item: %w", err)
	}
	return bytes.TrimSuffix(e.buf.Bytes(), []byte("\n")), nil
}

func (e *encoder) items(w io.Writer, items iter.Seq[any]) error {
	separator := []byte(nil)
	for item := range items {
		raw, err := e.encode(item)
		if err != nil {
			return err
		}
		if _, err := w.Write(separator); err != nil {
			return err
		}
		if _, err := w.Write(raw); err != nil {
			return err
		}
		separator = []byte(",")
	}
	return nil
}
