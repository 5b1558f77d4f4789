package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// file assembles a safetensors file from text: it knows nothing of the format
// but the length in front, so that it can build every wrong file too.
func file(header string, data int) []byte {
	var b bytes.Buffer
	_ = binary.Write(&b, binary.LittleEndian, uint64(len(header)))
	b.WriteString(header)
	b.Write(bytes.Repeat([]byte{0xa5}, data))
	return b.Bytes()
}

// padded pads a header with spaces to a multiple of eight, as writers do.
func padded(header string) string {
	return header + strings.Repeat(" ", (8-len(header)%8)%8)
}

// entry describes one tensor.
func entry(name, dtype, shape string, begin, end int) string {
	return fmt.Sprintf(`%q:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dtype, shape, begin, end)
}

// withTensors is a file of the entries with data bytes behind them.
func withTensors(data int, entries ...string) []byte {
	return file(padded("{"+strings.Join(entries, ",")+"}"), data)
}

// ordinary is what a converter writes for a small layer.
func ordinary() []byte {
	return withTensors(40,
		`"__metadata__":{"format":"pt"}`,
		entry("model.layers.0.mlp.weight", "BF16", "[4,4]", 0, 32),
		entry("model.layers.0.mlp.bias", "BF16", "[4]", 32, 40))
}
