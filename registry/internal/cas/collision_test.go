package cas

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"os"
	"strings"
	"testing"

	"github.com/pjbgf/sha1cd"

	"assay/registry"
)

// The beginning of the files of https://shattered.io (Stevens et al., 2017) holds
// both blocks of the attack. No two Git blobs that collide are published, so the
// hash is used without Git's header here.
func TestCollision(t *testing.T) {
	text, err := os.ReadFile("testdata/shattered-prefix.base64")
	if err != nil {
		t.Fatal(err)
	}
	attack, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(text), "\n", ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		content []byte
		caught  bool
	}{{attack, true}, {attack[:256], false}} {
		plain := sha1cd.New()
		plain.Write(c.content)
		b := Blob{Name: "f", Size: int64(len(c.content)), Want: []registry.Digest{{Algorithm: "sha1-git", Hex: hex.EncodeToString(plain.Sum(nil))}}}
		h, err := newHashes(b)
		if err != nil {
			t.Fatal(err)
		}
		h.want = []hash.Hash{sha1cd.New()}
		_, _ = h.Write(c.content)
		if err := h.check(); errors.Is(err, registry.ErrDigest) != c.caught {
			t.Errorf("%d bytes: %v", len(c.content), err)
		}
	}
}
