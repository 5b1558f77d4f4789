package oms

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/trust"
)

// FuzzBundle feeds arbitrary bundles. None may verify but one that is signed by
// the key, none may panic, and the answer is always the same.
func FuzzBundle(f *testing.F) {
	fixtures := []*fixture{keyFixture(f), certificateFixture(f)}
	for _, fx := range fixtures {
		f.Add([]byte(fx.signed()))
	}
	for _, seed := range []string{"", "{}", "[[[[", `{"mediaType":"` + envelope.MediaType + `"}`} {
		f.Add([]byte(seed))
	}
	paths, err := filepath.Glob("testdata/*/model.sig")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	stranger := []trust.PublicKey{keyOf(f, newKey(f))}
	key := fixtures[0].config.PublicKeys
	roots := fixtures[1].config.CertificateRoots
	f.Fuzz(func(t *testing.T, data []byte) {
		c := Config{PublicKeys: key, CertificateRoots: roots, Now: testNow, MaxBundle: 1 << 20,
			Bundles: []Bundle{{Name: "model.sig", Data: append([]byte{}, data...)}}}
		got := claimBundle(t, c)
		if got.Standing == verify.Verified && len(got.Covers) != 3 {
			t.Errorf("verified without covering the files: %+v", got)
		}
		if again := claimBundle(t, c); !reflect.DeepEqual(got, again) {
			t.Errorf("two answers: %+v, %+v", got, again)
		}
		c.PublicKeys, c.CertificateRoots = stranger, nil
		if got := claimBundle(t, c); got.Standing == verify.Verified {
			t.Errorf("verified with a key that signed nothing: %+v", got)
		}
		c.Bundles[0].Data = append(c.Bundles[0].Data, '{')
		if got := claimBundle(t, c); got.Standing != verify.Failed {
			t.Errorf("junk after the bundle: %+v", got)
		}
	})
}

func claimBundle(t testing.TB, c Config) verify.Claim {
	v, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	m := baseFiles()
	check, err := v.Prepare(context.Background(), m.artifact())
	if err != nil {
		t.Fatal(err)
	}
	got := check.Claims(m.digests(t, check.Needs()))[0]
	if (got.Standing == verify.Failed) != (len(got.Problems) > 0) {
		t.Fatalf("standing %q with problems %v", got.Standing, got.Problems)
	}
	return got
}

// FuzzStatement signs arbitrary payloads, so that the statement decoder is
// reached. Whatever is accepted means one thing: every file once, under a safe
// name, with a digest of the right length.
func FuzzStatement(f *testing.F) {
	f.Add([]byte(keyFixture(f).payload))
	f.Add([]byte(oldStatement(keyFixture(f))))
	sharded := keyFixture(f)
	sharded.files = tree{"w": "0123456789"}
	sharded.list("blake2b", 4, "w:0:4", "w:4:8", "w:8:10")
	f.Add([]byte(sharded.payload))
	f.Fuzz(func(t *testing.T, payload []byte) {
		start := time.Now()
		_, m, err := decodeStatement(payload)
		if limit := time.Second + time.Duration(len(payload))*time.Microsecond; time.Since(start) > limit {
			t.Errorf("took %v for %d bytes", time.Since(start), len(payload))
		}
		if err != nil {
			return
		}
		digests := 0
		for _, c := range m.files {
			digests += len(c.digests)
		}
		if digests != len(m.Resources) || digests == 0 {
			t.Errorf("%d resources, %d digests of files", len(m.Resources), digests)
		}
		if _, _, err := decodeStatement(append(bytes.Clone(payload), 'x')); err == nil {
			t.Error("junk after the statement")
		}
	})
}
