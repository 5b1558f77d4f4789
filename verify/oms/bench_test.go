package oms

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"testing"
	"time"

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

// large is a data set of 200 000 files with its bundle.
func large(t testing.TB) (listed, Config) {
	names := make(listed, 200_000)
	for i := range names {
		names[i] = fmt.Sprintf("train/shard-%03d/%06d.json", i/1000, i)
	}
	manifest, err := NewManifest("data", names, nil)
	if err != nil {
		t.Fatal(err)
	}
	key := newKey(t)
	bundle, err := SignWithKey(manifest, key)
	if err != nil {
		t.Fatal(err)
	}
	return names, Config{PublicKeys: []trust.PublicKey{keyOf(t, key)}, Bundles: []Bundle{{Name: "data.sig", Data: bundle}}}
}

func verifyLarge(t testing.TB, names listed, c Config) {
	check := prepare(t, c, tree{})
	if got := check.Claims(names)[0]; got.Standing != verify.Verified || len(got.Covers) != len(names) {
		t.Fatalf("%q %v", got.Standing, got.Problems)
	}
}

// TestLargeManifestMemory bounds what is allocated in all, which is more than
// what is held at any time.
func TestLargeManifestMemory(t *testing.T) {
	const limit = 300 << 20
	names, c := large(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	verifyLarge(t, names, c)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > limit {
		t.Errorf("%d bytes allocated for a bundle of %d, at most %d are wanted", used, len(c.Bundles[0].Data), limit)
	}
}

// BenchmarkLargeManifest verifies a data set of 200 000 files; it fails when that
// takes longer than 1.5 s.
func BenchmarkLargeManifest(b *testing.B) {
	names, c := large(b)
	b.SetBytes(int64(len(c.Bundles[0].Data)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		verifyLarge(b, names, c)
		n++
	}
	if each := b.Elapsed() / time.Duration(n); each > 1500*time.Millisecond {
		b.Errorf("%v for each", each)
	}
}
