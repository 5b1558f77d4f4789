package gitwire

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // checksum of packs
	"encoding/hex"
	"testing"
)

// packOf writes a pack of objects as they are.
func packOf(objects ...[]byte) []byte {
	out := []byte{'P', 'A', 'C', 'K', 0, 0, 0, 2, 0, 0, 0, byte(len(objects))}
	for _, o := range objects {
		out = append(out, o...)
	}
	sum := sha1.Sum(out) //nolint:gosec // see above
	return append(out, sum[:]...)
}

func packed(kind Kind, base string, content []byte) []byte {
	size := len(content)
	out := []byte{byte(kind)<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		out[len(out)-1] |= 0x80
		out = append(out, byte(size&0x7f))
	}
	id, _ := hex.DecodeString(base)
	out = append(out, id...)
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	_, _ = w.Write(content)
	_ = w.Close()
	return append(out, z.Bytes()...)
}

func TestDelta(t *testing.T) {
	base, err := ID(Blob, []byte("0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	delta := []byte{10, 9, 0x91, 4, 3, 6, 'a', 'b', 'c', 'd', 'e', 'f'} // three bytes from 4 on, then six new ones
	o, err := ReadPack(bytes.NewReader(packOf(packed(refDelta, base, delta), packed(Blob, "", []byte("0123456789")))), 100)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := ID(Blob, []byte("456abcdef"))
	if got, ok := o.Get(Blob, want); !ok || string(got) != "456abcdef" {
		t.Errorf("%q, %v", got, ok)
	}
	for name, text := range map[string][]byte{
		"another base size": {9, 9, 0x91, 4, 3}, "beyond the base": {10, 9, 0x91, 8, 9}, "too long": {10, 2, 3, 'a', 'b', 'c'},
		"too short": {10, 9, 1, 'a'}, "cut": {10, 9, 0x91, 4}, "zero": {10, 9, 0}, "no sizes": {0x80},
	} {
		if _, err := ReadPack(bytes.NewReader(packOf(packed(refDelta, base, text), packed(Blob, "", []byte("0123456789")))), 100); err == nil {
			t.Errorf("a delta that is %s was applied", name)
		}
	}
}

func FuzzReadPack(f *testing.F) {
	base, _ := ID(Blob, []byte("0123456789"))
	f.Add(packOf(packed(Blob, "", []byte("0123456789")), packed(refDelta, base, []byte{10, 9, 0x91, 4, 3, 6, 'a', 'b', 'c', 'd', 'e', 'f'})))
	f.Add(packOf(packed(Tree, "", append([]byte("100644 a\x00"), make([]byte, 20)...))))
	f.Add(packOf())
	f.Add([]byte("PACK\x00\x00\x00\x02\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, text []byte) {
		o, err := ReadPack(bytes.NewReader(text), 1<<16)
		if err != nil {
			return
		}
		for id, object := range o.byID {
			if again, err := ID(object.kind, object.content); err != nil || again != id {
				t.Errorf("%s is kept as %s", again, id)
			}
			if object.kind == Tree {
				_ = o.Walk(id, func(string, Entry) error { return nil })
			}
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("000eversion 2\n0000"))
	f.Add([]byte("0012ERR not our ref0000"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		l := lines{bufio.NewReader(bytes.NewReader(text))}
		for {
			if _, _, err := l.next(); err != nil {
				return
			}
		}
	})
}
