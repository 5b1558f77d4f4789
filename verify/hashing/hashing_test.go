package hashing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"testing"
)

// Published test vectors: FIPS 180-4, RFC 7693 appendix A, the BLAKE3 paper's
// test vectors (empty input), for "abc" or the empty string.
func TestKnownDigests(t *testing.T) {
	for _, c := range []struct{ algorithm, input, want string }{
		{SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{SHA512, "abc", "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{BLAKE2b, "abc", "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"},
		{BLAKE3, "", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"},
	} {
		sums := hashString(t, c.input, Need{Algorithm: c.algorithm})
		if got, ok := sums.Hex(Need{Algorithm: c.algorithm}, 7); !ok || got != c.want {
			t.Errorf("%s(%q) = %s, %v", c.algorithm, c.input, got, ok)
		}
	}
}

func hashString(t *testing.T, s string, needs ...Need) Sums {
	t.Helper()
	sums, err := File(context.Background(), bytes.NewReader([]byte(s)), int64(len(s)), needs, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

// The shards must be those of independent slices of the input, whatever the
// sizes of buffer and shard are to each other.
func TestShards(t *testing.T) {
	input := make([]byte, 1000)
	for i := range input {
		input[i] = byte(i * 7)
	}
	for _, size := range []int{0, 1, 10, 99, 100, 101, 1000} {
		for _, shard := range []int64{1, 7, 10, 100, 999, 1000, 1001} {
			for _, buf := range []int{1, 9, 10, 100, 2000} {
				checkShards(t, input[:size], shard, make([]byte, buf))
			}
		}
	}
}

func checkShards(t *testing.T, input []byte, shard int64, buf []byte) {
	t.Helper()
	need := Need{Algorithm: SHA256, ShardSize: shard}
	sums, err := File(context.Background(), bytes.NewReader(input), int64(len(input)), []Need{need, need}, buf)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rest := input; len(rest) > 0; n++ {
		part := rest[:min(int(shard), len(rest))]
		rest = rest[len(part):]
		want := sha256.Sum256(part)
		if got, ok := sums.Hex(need, n); !ok || got != hex.EncodeToString(want[:]) {
			t.Fatalf("size %d, shard size %d, buffer %d: shard %d is wrong", len(input), shard, len(buf), n)
		}
	}
	if _, ok := sums.Hex(need, n); ok {
		t.Fatalf("size %d, shard size %d: a shard too many", len(input), shard)
	}
	if whole := sha256.Sum256(input); sums.SHA256() != hex.EncodeToString(whole[:]) {
		t.Fatal("whole digest is wrong")
	}
}

func TestSizeMustBeExact(t *testing.T) {
	for _, size := range []int64{0, 4, 6, 1 << 40} {
		sums, err := File(context.Background(), bytes.NewReader([]byte("12345")), size, nil, make([]byte, 3))
		if !errors.Is(err, ErrSize) || sums.SHA256() != "" {
			t.Errorf("size %d: %v, %q", size, err, sums.SHA256())
		}
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

func TestReaderErrors(t *testing.T) {
	broken := errors.New("broken")
	if _, err := File(context.Background(), failing{broken}, 5, nil, nil); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := File(context.Background(), failing{broken}, 0, nil, nil); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := File(context.Background(), failing{nil}, 0, nil, nil); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := File(ctx, bytes.NewReader([]byte("1")), 1, nil, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A need that cannot be met must not cost the others.
func TestUnmetNeeds(t *testing.T) {
	const size = MaxShards + 1
	unmet := []Need{{Algorithm: SHA256, ShardSize: 1}, {Algorithm: "md5"}, {Algorithm: SHA256, ShardSize: -1}}
	met := Need{Algorithm: BLAKE3, ShardSize: 2}
	input := make([]byte, size)
	sums, err := File(context.Background(), bytes.NewReader(input), size, append(unmet, met), nil)
	if err != nil || sums.SHA256() == "" {
		t.Fatal(err)
	}
	for _, need := range unmet {
		if _, ok := sums.Hex(need, 0); ok {
			t.Errorf("%v was answered", need)
		}
	}
	if _, ok := sums.Hex(met, size/2); !ok {
		t.Error("last shard is missing")
	}
}

func TestSet(t *testing.T) {
	var s Set
	s.Put("b", 3, hashString(t, "abc"))
	s.Put("a", 9, Sums{})
	if got := s.Names(); len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("names %v", got)
	}
	if s.Size("b") != 3 || s.Sums("b").SHA256() == "" {
		t.Error("b is not the file that was put")
	}
	for _, name := range []string{"a", "c"} {
		if _, ok := s.Hex(name, Need{Algorithm: SHA256}, 0); ok {
			t.Errorf("digest of %s, which was not read", name)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("size of an unknown file")
		}
	}()
	s.Size("c")
}

type zeros struct{ size int64 }

func (z zeros) ReadAt(p []byte, off int64) (int, error) {
	if off >= z.size {
		return 0, io.EOF
	}
	return int(min(int64(len(p)), z.size-off)), nil
}

func BenchmarkFile(b *testing.B) {
	const size = 64 << 20
	buf := make([]byte, BufferSize)
	for name, needs := range map[string][]Need{
		"sha256":        nil,
		"sha256+blake3": {{Algorithm: BLAKE3}},
		"sha256+shards": {{Algorithm: SHA256, ShardSize: 1 << 20}},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := File(context.Background(), zeros{size}, size, needs, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("bare", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			h := sha256.New()
			for range size / BufferSize {
				h.Write(buf)
			}
			h.Sum(nil)
		}
	})
}
