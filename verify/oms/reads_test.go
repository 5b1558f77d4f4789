package oms

import (
	"context"
	"sync/atomic"
	"testing"

	"assay/registry"
	"assay/verify"
)

// counted counts what is read of a file.
type counted struct {
	registry.Content
	bytes *atomic.Int64
}

func (c counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Content.ReadAt(p, off)
	c.bytes.Add(int64(n))
	return n, err
}

// TestReadsOnce: whatever digests a signature needs, each byte of a model is
// read once. The bundle alone is read before the files are.
func TestReadsOnce(t *testing.T) {
	for name, change := range map[string]func(f *fixture){
		"files":            func(*fixture) {},
		"blake3":           func(f *fixture) { f.list("blake3", 0, "config.json", "sub/empty.txt", "sub/weights.bin") },
		"shards in blake2": func(f *fixture) { f.files = tree{"w": "0123456789"}; f.list("blake2b", 4, "w:0:4", "w:4:8", "w:8:10") },
	} {
		t.Run(name, func(t *testing.T) {
			f := keyFixture(t)
			change(f)
			f.files["model.sig"] = f.signed()
			a := f.files.artifact()
			opens, bytes := make(map[string]*atomic.Int64), make(map[string]*atomic.Int64)
			for i, file := range a.Files {
				o, b := new(atomic.Int64), new(atomic.Int64)
				opens[file.Name], bytes[file.Name] = o, b
				a.Files[i].Open = func(ctx context.Context) (registry.Content, error) {
					o.Add(1)
					c, err := file.Open(ctx)
					return counted{c, b}, err
				}
			}
			v, err := New(f.config)
			if err != nil {
				t.Fatal(err)
			}
			e, err := verify.Pipeline{Verifiers: []verify.Verifier{v}}.Gather(t.Context(), a)
			if err != nil || len(e.Claims) != 1 || e.Claims[0].Standing != verify.Verified {
				t.Fatal(err, e.Claims)
			}
			for _, file := range a.Files {
				times := int64(1)
				if file.Name == "model.sig" {
					times = 2
				}
				if o, b := opens[file.Name].Load(), bytes[file.Name].Load(); o != times || b != times*file.Size {
					t.Errorf("%s: opened %d times, %d bytes of %d read", file.Name, o, b, file.Size)
				}
			}
		})
	}
}
