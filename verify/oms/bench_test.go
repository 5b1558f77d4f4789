package oms

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"

	"assay/verify"
	"assay/verify/hashing"
	"assay/verify/trust"
)

// listed answers verify.Digests for many files that do not exist.
type listed []string

func (l listed) Names() []string   { return l }
func (l listed) Size(string) int64 { return 1 }
func (l listed) Hex(name string, _ hashing.Need, _ int) (string, bool) {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:]), true
}

// BenchmarkLargeManifest verifies a data set of 200 000 files.
func BenchmarkLargeManifest(b *testing.B) {
	names := make(listed, 200_000)
	for i := range names {
		names[i] = fmt.Sprintf("train/shard-%03d/%06d.json", i/1000, i)
	}
	manifest, err := NewManifest("data", names, nil)
	if err != nil {
		b.Fatal(err)
	}
	key := newKey(b)
	bundle, err := SignWithKey(manifest, key)
	if err != nil {
		b.Fatal(err)
	}
	c := Config{PublicKeys: []trust.PublicKey{keyOf(b, key)}, Bundles: []Bundle{{Name: "data.sig", Data: bundle}}}
	b.SetBytes(int64(len(bundle)))
	b.ReportAllocs()
	for b.Loop() {
		check := prepare(b, c, tree{})
		if got := check.Claims(names)[0]; got.Standing != verify.Verified || len(got.Covers) != len(names) {
			b.Fatalf("%q %v", got.Standing, got.Problems)
		}
	}
}
