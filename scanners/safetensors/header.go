package safetensors

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/jsontok"
)

const (
	maxDepth        = 128     // recursion limit of serde_json, which the crate uses
	maxMetadata     = 1 << 20 // beyond it metadata is itself a finding
	metadataKey     = "__metadata__"
	padAlignment    = 8
	maxFactKeys     = 64
	tokensPerCheck  = 1 << 12 // how often a cancelled context is noticed
	headerDepth     = 3       // root, tensor, list of numbers
	maxNameReviewed = 4 << 10
)

// header reads the JSON header as a stream.
type header struct {
	*scan
	ctx      context.Context
	end      int64 // where the tensor data begins
	dec      *jsontok.Decoder
	tokens   int
	tensors  int
	metadata int64 // bytes of keys and values
	deep     bool  // the depth was reported
}

func (h *header) read(ctx context.Context) error {
	h.ctx = ctx
	src := io.NewSectionReader(h.file, lengthSize, h.end-lengthSize)
	h.dec = jsontok.New(src, jsontok.Options{Base: lengthSize, MaxDepth: maxDepth, MaxText: maxMetadata, MaxKeys: maxTensors + 1024})
	end, err := h.object()
	if err != nil {
		h.result.Parsed.Add(0, h.dec.Offset())
		var format *scanners.FormatError
		if errors.As(err, &format) && format.Code == "" {
			h.found.Add("safetensors/header-json", format.Offset, "%v (InvalidHeaderDeserialization)", format.Err)
		}
		return err
	}
	h.result.Parsed.Add(0, end)
	return h.padding(end)
}

// next returns the next token of a text that must go on.
func (h *header) next() (jsontok.Token, error) {
	if h.tokens++; h.tokens%tokensPerCheck == 0 && h.ctx.Err() != nil {
		return jsontok.Token{}, h.ctx.Err()
	}
	t, err := h.dec.Next()
	if errors.Is(err, io.EOF) { // cannot happen inside an object
		return t, io.ErrUnexpectedEOF
	}
	if t.Depth >= headerDepth && (t.Kind == jsontok.ObjectStart || t.Kind == jsontok.ArrayStart) && !h.deep {
		h.deep = true
		h.found.Add("safetensors/depth", t.Offset, "nested deeper than %d", headerDepth)
	}
	return t, err
}

// object reads the outermost object and returns where it ends.
func (h *header) object() (end int64, err error) {
	t, err := h.next()
	if err != nil {
		return 0, err
	}
	if t.Kind != jsontok.ObjectStart {
		return 0, &scanners.FormatError{Offset: t.Offset, Err: errors.New("the header is not an object")}
	}
	for {
		key, err := h.next()
		if err != nil || key.Kind == jsontok.ObjectEnd {
			return key.End, err
		}
		h.checkDuplicate(key)
		if string(key.Text) == metadataKey {
			err = h.readMetadata()
		} else {
			h.checkName(key)
			err = h.readTensor(key)
		}
		if err != nil {
			return 0, err
		}
	}
}

// checkDuplicate also distrusts the layout: which of the two tensors counts
// depends on the reader.
func (h *header) checkDuplicate(key jsontok.Token) {
	if key.Duplicate {
		h.found.Add("safetensors/duplicate-key", key.Offset, "the key %s appears again in the same object", clip.Quote(key.Text, nameShown))
		h.fail(key.Offset, "two readers see two different headers")
	}
}

// skip reads past the value that begins with t.
func (h *header) skip(t jsontok.Token) error {
	if t.Kind != jsontok.ObjectStart && t.Kind != jsontok.ArrayStart {
		return nil
	}
	for depth := t.Depth; ; {
		t, err := h.next()
		if err != nil {
			return err
		}
		h.checkDuplicate(t)
		if (t.Kind == jsontok.ObjectEnd || t.Kind == jsontok.ArrayEnd) && t.Depth == depth {
			return nil
		}
	}
}

// readMetadata reads the value of __metadata__.
func (h *header) readMetadata() error {
	t, err := h.next()
	if err != nil {
		return err
	}
	if t.Kind != jsontok.ObjectStart {
		h.found.Add("safetensors/metadata-type", t.Offset, "%s is not an object", metadataKey)
		return h.skip(t)
	}
	for {
		key, err := h.next()
		if err != nil {
			return err
		}
		if key.Kind == jsontok.ObjectEnd {
			break
		}
		h.checkDuplicate(key)
		if err := h.readMetadataValue(key); err != nil {
			return err
		}
	}
	h.opening = true
	if h.metadata > maxMetadata {
		h.found.Add("safetensors/metadata-size", t.Offset, "%s holds %d bytes of text", metadataKey, h.metadata)
	}
	return nil
}

func (h *header) readMetadataValue(key jsontok.Token) error {
	name := clip.Bytes(key.Text, 128)
	h.metadata += key.Size
	h.checkMarkers(key)
	value, err := h.next()
	if err != nil {
		return err
	}
	if value.Kind != jsontok.String {
		h.found.Add("safetensors/metadata-type", value.Offset, "the metadata value of %s is not a string", clip.Quote(name, nameShown))
		return h.skip(value)
	}
	h.metadata += value.Size
	h.checkMarkers(value)
	h.facts.addMetadata(name, value.Text)
	h.addDocument(value)
	return nil
}

func (h *header) checkMarkers(t jsontok.Token) {
	lower := bytes.ToLower(t.Text)
	for _, m := range markers {
		if containsWord(lower, m.text) {
			h.found.Add("safetensors/metadata-content", t.Offset, "%q in the metadata: %s", m.text, m.why)
		}
	}
}

// padding checks what is left of the header after the object.
func (h *header) padding(from int64) error {
	size := h.end - from
	if size > padAlignment {
		h.found.Add("safetensors/padding-size", from, "%d bytes of padding after a header of %d", size, from-lengthSize)
	}
	buf := make([]byte, 32<<10)
	reported := false
	for at := from; at < h.end; {
		p := buf[:min(int64(len(buf)), h.end-at)]
		if _, err := io.ReadFull(io.NewSectionReader(h.file, at, int64(len(p))), p); err != nil {
			return err
		}
		if h.ctx.Err() != nil {
			return h.ctx.Err()
		}
		for i, c := range p {
			if c == ' ' {
				continue
			}
			if !reported {
				reported = true
				h.found.Add("safetensors/padding-bytes", at+int64(i), "byte %#02x in the padding of the header", c)
			}
			if c != '\n' && c != '\t' && c != '\r' { // no JSON parser accepts these
				h.found.Add("safetensors/header-json", at+int64(i), "%#02x after the end of the header's object (InvalidHeaderDeserialization)", c)
				return &scanners.FormatError{Offset: at + int64(i), Err: errors.New("data after the header's object")}
			}
		}
		h.result.Parsed.Add(at, int64(len(p)))
		at += int64(len(p))
	}
	return nil
}

// parseUint reads a plain non-negative integer: no sign, fraction or exponent.
// big is true when it is one that does not fit.
func parseUint(t jsontok.Token) (n uint64, ok, big bool) {
	if t.Kind != jsontok.Number {
		return 0, false, false
	}
	for _, c := range t.Text {
		if c < '0' || c > '9' {
			return 0, false, false
		}
	}
	n, err := strconv.ParseUint(clip.Bytes(t.Text, 32), 10, 64)
	return n, err == nil, err != nil
}
