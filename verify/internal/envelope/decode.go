package envelope

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxCertificates is the number of certificates in a bundle.
const MaxCertificates = 16

// DecodeStrict decodes one JSON document of bounded shape. Names are
// case-sensitive; duplicates, invalid UTF-8 and trailing data are errors.
func DecodeStrict(data []byte, into any, opts ...json.Options) error {
	return decode(data, narrow, into, opts...)
}

// DecodeWide is DecodeStrict for documents with objects of many members.
func DecodeWide(data []byte, into any, opts ...json.Options) error {
	return decode(data, wide, into, opts...)
}

func decode(data []byte, members int, into any, opts ...json.Options) error {
	if err := checkShape(data, members); err != nil {
		return err
	}
	return plain(json.Unmarshal(data, into, opts...))
}

// plain leaves the names of Go types out of a decoder's error, which a person
// with a broken bundle will read.
func plain(err error) error {
	var semantic *json.SemanticError
	if !errors.As(err, &semantic) {
		return err
	}
	if semantic.Err == nil {
		return fmt.Errorf("JSON %s is not wanted at %q", semantic.JSONKind, semantic.JSONPointer)
	}
	return fmt.Errorf("at %q: %w", semantic.JSONPointer, plain(semantic.Err))
}

// DecodeList decodes an array element by element, so that a list of a hundred
// million empty objects costs its first entries and no more.
func DecodeList[T any](dec *jsontext.Decoder, limit int, list *[]T) error {
	if dec.PeekKind() != '[' {
		return errors.New("an array is wanted here")
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	*list = (*list)[:0:0]
	for kind := dec.PeekKind(); kind != ']'; kind = dec.PeekKind() {
		if len(*list) == limit {
			return fmt.Errorf("more than %d entries in a list", limit)
		}
		if len(*list) == cap(*list) { // doubled, because a long list grown by quarters costs five times its size
			*list = slices.Grow(*list, max(len(*list), 4))
		}
		var entry T
		if err := json.UnmarshalDecode(dec, &entry); err != nil {
			return err
		}
		*list = append(*list, entry)
	}
	_, err := dec.ReadToken()
	return err
}

// Encoded is a base64 string in its one canonical form.
type Encoded []byte

// UnmarshalJSONFrom refuses what has another canonical form.
func (e *Encoded) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := ReadString(dec)
	if err != nil {
		return err
	}
	if bytes.ContainsAny(raw, "\r\n") { // which the standard decoder skips
		return errors.New("line break inside base64")
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(raw)))
	n, err := base64.StdEncoding.Strict().Decode(out, raw)
	*e = out[:n]
	return err
}

// ReadString returns the content of a string; it is valid until the next read.
func ReadString(dec *jsontext.Decoder) ([]byte, error) {
	v, err := dec.ReadValue()
	if err != nil {
		return nil, err
	}
	if v.Kind() != '"' {
		return nil, errors.New("a string is wanted here")
	}
	if raw := v[1 : len(v)-1]; bytes.IndexByte(raw, '\\') < 0 {
		return raw, nil
	}
	return jsontext.AppendUnquote(nil, v)
}

// Digest is a digest of lower-case hex digits, held as bytes. Its length is
// checked where the algorithm is known.
type Digest []byte

// UnmarshalJSONFrom takes lower-case hex digits only.
func (d *Digest) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := ReadString(dec)
	if err != nil {
		return err
	}
	if len(raw) > 128 || bytes.ContainsAny(raw, "ABCDEF") {
		return errors.New("a digest is at most 128 lower-case hex digits")
	}
	out := make([]byte, hex.DecodedLen(len(raw)))
	_, err = hex.Decode(out, raw)
	*d = out
	return err
}
