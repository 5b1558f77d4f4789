package wholetext

import (
	"bytes"
	"errors"
	"testing"

	"assay/scanners"
)

func file(data string) scanners.File {
	return scanners.File{ReaderAt: bytes.NewReader([]byte(data)), Size: int64(len(data))}
}

func TestRead(t *testing.T) {
	for data, want := range map[string]string{
		"abc": "abc", "\xef\xbb\xbfabc": "abc", "\xff\xfea\x00b\x00": "ab", "\xfe\xff\x00a": "a", "Jos\xe9": "José", "": "",
	} {
		got, err := Read(file(data), 100)
		if err != nil || got.String != want {
			t.Errorf("%q: %q, %v", data, got.String, err)
		}
	}
	marked, err := Read(file("\xef\xbb\xbfabc"), 100)
	if err != nil || marked.At(1) != 4 || marked.At(99) != 6 {
		t.Error(marked.At(1), err)
	}
	for _, data := range []string{"a\x00b", "\x01\x02\x03"} {
		if _, err := Read(file(data), 100); !errors.Is(err, scanners.ErrNotRecognised) {
			t.Errorf("%q: %v", data, err)
		}
	}
	var format *scanners.FormatError
	if _, err := Read(file("abc"), 2); !errors.As(err, &format) || format.Code != scanners.GapLimit {
		t.Error(err)
	}
}
