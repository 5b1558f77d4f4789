package python

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode/utf32"

	"assay/scanners"
	"assay/scanners/internal/clip"
	"assay/scanners/internal/pysource"
	"assay/scanners/internal/secrets"
	"assay/scanners/internal/unseen"
)

// cookie is a declaration of the encoding: PEP 263, and the expressions of
// Parser/tokenizer.c.
var (
	cookie = regexp.MustCompile(`^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)`)
	blank  = regexp.MustCompile(`^[ \t\f]*(?:[#\r\n]|$)`)
)

// plainCodecs are names of UTF-8 and of encodings that agree with it on ASCII and
// have one character for each byte.
var plainCodecs = map[string]string{
	"utf-8": "", "utf8": "", "utf-8-sig": "", "utf8-sig": "", "u8": "", "ascii": "", "us-ascii": "", "utf-8-unix": "", "utf-8-dos": "", "utf-8-mac": "",
	"latin-1": "iso-8859-1", "latin1": "iso-8859-1", "iso-8859-1": "iso-8859-1", "iso8859-1": "iso-8859-1", "iso-latin-1": "iso-8859-1", "iso-latin-1-unix": "iso-8859-1", "l1": "iso-8859-1",
	"cp1252": "windows-1252", "windows-1252": "windows-1252", "iso-8859-15": "iso-8859-15", "iso8859-15": "iso-8859-15", "latin-9": "iso-8859-15",
	"iso-8859-2": "iso-8859-2", "iso8859-2": "iso-8859-2", "cp1251": "windows-1251", "windows-1251": "windows-1251", "koi8-r": "koi8-r", "koi8-u": "koi8-u", "cp1250": "windows-1250",
	"gbk": "gbk", "gb2312": "gbk", "gb18030": "gb18030", "cp936": "gbk", "big5": "big5", "euc-jp": "euc-jp", "shift-jis": "shift_jis", "sjis": "shift_jis", "cp932": "shift_jis", "euc-kr": "euc-kr", "cp949": "euc-kr",
}

// declared is the encoding that the first two lines name; the second counts only
// when the first holds nothing.
func declared(data []byte) string {
	rest := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	for range 2 {
		end := bytes.IndexAny(rest, "\r\n")
		line := rest
		if end >= 0 {
			line = rest[:end]
		}
		if m := cookie.FindSubmatch(line[:min(len(line), 4096)]); m != nil {
			return strings.ReplaceAll(strings.ToLower(string(m[1])), "_", "-")
		}
		if end < 0 || !blank.Match(line[:min(len(line), 4096)]) {
			return ""
		}
		rest = bytes.TrimPrefix(bytes.TrimPrefix(rest[end:], []byte("\r")), []byte("\n"))
	}
	return ""
}

// decode makes text of the bytes as Python does. What it cannot decode it reads as
// UTF-8 and says so.
func (s *scan) decode(data []byte) (string, error) {
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return s.wide(data)
	}
	name := declared(data)
	codec, known := plainCodecs[name]
	if name != "" && !known {
		s.found.Add("python/encoding", 0, "the encoding %s", clip.Quote(name, 60))
		return string(bytes.ToValidUTF8(data, []byte("?"))), errors.New("the encoding of the source is not one that is decoded here")
	}
	if codec != "" {
		e, err := htmlindex.Get(codec)
		if err == nil {
			if text, err := e.NewDecoder().Bytes(data); err == nil {
				return string(text), nil
			}
		}
	}
	s.exact = true
	if i := bytes.IndexByte(data, 0); i >= 0 {
		s.found.Add("python/null-byte", int64(i), "the first of them here")
	}
	text := bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	s.exact = len(text) == len(data)
	if !utf8.Valid(text) {
		if name != "" && name != "utf-8" && name != "utf8" {
			return string(bytes.ToValidUTF8(text, []byte("?"))), nil
		}
		s.exact = false
		latin, _ := htmlindex.Get("iso-8859-1") // as Python 2 read it; each byte a character
		decoded, err := latin.NewDecoder().Bytes(text)
		return string(decoded), err
	}
	return string(text), nil
}

// wide reads what no interpreter takes, to see what is in it.
func (s *scan) wide(data []byte) (string, error) {
	var e encoding.Encoding
	e, _ = htmlindex.Get("utf-16le")
	if data[0] == 0xfe {
		e, _ = htmlindex.Get("utf-16be")
	}
	if len(data) >= 4 && data[2] == 0 && data[3] == 0 {
		e = utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	}
	text, err := e.NewDecoder().Bytes(data[2:])
	if err != nil {
		return "", err
	}
	return string(text), nil
}

// oddName reports a name that becomes another one when it stands for something.
func (s *scan) oddName(odd pysource.OddName) {
	severity := scanners.Low
	if slices.Contains(builtinNames, odd.Is) || dangerousRoots[odd.Is] || len(odd.Is) > 3 {
		severity = scanners.High
	}
	s.found.AddAs(severity, "python/deceptive-name", s.at(odd.Off), "%s is %s", clip.Quote(odd.Written, 60), clip.Quote(odd.Is, 60))
}

// characters reports what a reader does not see, and what nobody should.
func (s *scan) characters(text string) {
	for _, sign := range secrets.Find(text) {
		s.found.Add("python/secret", s.at(sign.Offset), "%s", sign.What)
	}
	for _, sign := range unseen.Find(text) {
		severity := scanners.High
		switch sign.Kind {
		case unseen.Joiner, unseen.Mark:
			severity = scanners.Low
		case unseen.Mixed:
			s.found.AddAs(scanners.Medium, "python/deceptive-name", s.at(sign.Offset), "%s", sign.What)
			continue
		}
		s.found.AddAs(severity, "python/hidden-characters", s.at(sign.Offset), "%s", sign.What)
	}
}
