package envelope

import (
	"bytes"
	"testing"
)

func pae(payload []byte) []byte {
	var b bytes.Buffer
	WritePAE(&b, payload)
	return b.Bytes()
}

func oldPAE(payload []byte) []byte {
	var b bytes.Buffer
	WriteOldPAE(&b, payload)
	return b.Bytes()
}

// The example of the DSSE specification, protocol.md.
func TestPAE(t *testing.T) {
	const want = "DSSEv1 28 application/vnd.in-toto+json 11 hello world"
	if got := pae([]byte("hello world")); string(got) != want {
		t.Errorf("got %q", got)
	}
}

// Expected values are those of CPython 3.12: repr(bytes).
func TestPythonRepr(t *testing.T) {
	for in, want := range map[string]string{
		"":                 `b''`,
		"abc":              `b'abc'`,
		"it's":             `b"it's"`,
		`"`:                `b'"'`,
		`it's "it"`:        `b'it\'s "it"'`,
		"\\\n\r\t":         `b'\\\n\r\t'`,
		"\x00\x1f\x7f\xff": `b'\x00\x1f\x7f\xff'`,
		"é~":               `b'\xc3\xa9~'`,
	} {
		if got := pythonRepr([]byte(in)); string(got) != want {
			t.Errorf("repr(%q) = %s, want %s", in, got, want)
		}
	}
	if !bytes.HasPrefix(oldPAE([]byte("x")), []byte("DSSEV1 28 application/vnd.in-toto+json 1 b'x'")) {
		t.Error("old encoding has another frame")
	}
}

func TestShape(t *testing.T) {
	for in, ok := range map[string]bool{
		`{"a":[1,2,3],"b":{}}`: true,
		`"\\"`:                 true,
		`"\"`:                  false,
		`"\\\""`:               true,
		`{"a":"}]{[`:           false,
		`]]]`:                  true, // the decoder's to refuse
	} {
		if err := checkShape([]byte(in), narrow); (err == nil) != ok {
			t.Errorf("%s: %v", in, err)
		}
	}
	deep := func(n int) []byte { return append(bytes.Repeat([]byte("["), n), bytes.Repeat([]byte("]"), n)...) }
	many := func(n int) []byte { return append([]byte(`{"x":[0,0,0],`), bytes.Repeat([]byte(`"a":0,`), n-1)...) }
	if checkShape(deep(maxDepth), narrow) != nil || checkShape(deep(maxDepth+1), narrow) == nil {
		t.Error("depth is not bounded where it should be")
	}
	if checkShape(many(narrow-1), narrow) != nil || checkShape(many(narrow+1), narrow) == nil {
		t.Error("members are not bounded where they should be")
	}
}
