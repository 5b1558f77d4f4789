package registry

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Digest is a hash value with its algorithm, written "sha256:<hex>".
type Digest struct {
	Algorithm string // "sha256", "sha512", "sha1-git" (a Git blob object id), ...
	Hex       string // lower case
}

// digestSizes are the algorithms that a digest may name and their length in
// bytes. A digest of any other algorithm is refused rather than carried along
// unchecked.
var digestSizes = map[string]int{
	"sha256":   32,
	"sha384":   48,
	"sha512":   64,
	"sha1-git": 20,
	"blake2b":  64,
	"blake3":   32,
}

// NewDigest checks algorithm and length. The hex must be lower case: two
// spellings of one digest would be two keys.
func NewDigest(algorithm, hexValue string) (Digest, error) {
	size, ok := digestSizes[algorithm]
	if !ok {
		return Digest{}, fmt.Errorf("digest algorithm %q is not supported", algorithm)
	}
	raw, err := hex.DecodeString(hexValue)
	if err != nil || len(raw) != size || hexValue != strings.ToLower(hexValue) {
		return Digest{}, fmt.Errorf("%s digest must be %d lower-case hex digits", algorithm, 2*size)
	}
	return Digest{Algorithm: algorithm, Hex: hexValue}, nil
}

// ParseDigest reads "algorithm:hex".
func ParseDigest(s string) (Digest, error) {
	algorithm, value, ok := strings.Cut(s, ":")
	if !ok {
		return Digest{}, fmt.Errorf("digest %q has no algorithm", s)
	}
	return NewDigest(algorithm, value)
}

// IsZero reports whether there is no digest.
func (d Digest) IsZero() bool { return d == Digest{} }

func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Algorithm + ":" + d.Hex
}
