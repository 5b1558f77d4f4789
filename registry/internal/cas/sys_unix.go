//go:build linux || darwin

package cas

import (
	"math"
	"math/bits"
)

// clampMul multiplies without overflow: some file systems declare as much space
// as a number can say.
func clampMul(blocks, size uint64) int64 {
	high, low := bits.Mul64(blocks, size)
	if high != 0 || low > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(low)
}
