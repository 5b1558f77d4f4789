package python

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"
)

// undo decodes a constant as the named function of Python does. What does not
// decode here stays unknown.
func undo(name, text string) (string, bool) {
	switch {
	case strings.HasPrefix(name, "base64.b64") || strings.HasPrefix(name, "base64.standard") || name == "base64.decodebytes" || name == "base64.decodestring" ||
		name == "base64.urlsafe_b64decode" || name == "binascii.a2b_base64" || name == "codecs.base64" || name == "codecs.base_64":
		return unbase64(text)
	case name == "base64.b32decode":
		p, err := base32.StdEncoding.DecodeString(text)
		return string(p), err == nil
	case name == "base64.a85decode":
		p := make([]byte, len(text))
		n, _, err := ascii85.Decode(p, []byte(text), true)
		return string(p[:max(0, n)]), err == nil
	case name == "base64.b16decode", name == "binascii.unhexlify", name == "binascii.a2b_hex", strings.HasSuffix(name, ".fromhex"), name == "codecs.hex", name == "codecs.hex_codec":
		p, err := hex.DecodeString(strings.Map(notSpace, text))
		return string(p), err == nil
	case name == "codecs.rot13", name == "codecs.rot_13", name == "codecs.rot-13":
		return strings.Map(rot13, text), true
	}
	r, err := expander(name, text)
	if r == nil || err != nil {
		return "", false
	}
	p, err := io.ReadAll(io.LimitReader(r, maxText))
	return string(p), err == nil && len(p) < maxText
}

func expander(name, text string) (io.Reader, error) {
	src := bytes.NewReader([]byte(text))
	switch name {
	case "zlib.decompress":
		return zlib.NewReader(src)
	case "gzip.decompress":
		return gzip.NewReader(src)
	case "bz2.decompress":
		return bzip2.NewReader(src), nil
	}
	return nil, nil
}

func unbase64(text string) (string, bool) {
	text = strings.TrimRight(strings.Map(notSpace, text), "=")
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if p, err := e.DecodeString(text); err == nil {
			return string(p), true
		}
	}
	return "", false
}

func notSpace(r rune) rune {
	if r <= ' ' {
		return -1
	}
	return r
}

func rot13(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z':
		return 'a' + (r-'a'+13)%26
	case r >= 'A' && r <= 'Z':
		return 'A' + (r-'A'+13)%26
	}
	return r
}
