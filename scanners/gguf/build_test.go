package gguf

import (
	"bytes"
	"encoding/binary"
)

// builder assembles a GGUF file from parts: it knows nothing of what is allowed,
// so that it can build every wrong file too.
type builder struct {
	order         binary.AppendByteOrder
	version       uint32
	keys, tensors [][]byte
	counts        [2]int64 // of tensors and keys, when they lie
	align         int
	data          []byte
}

func newFile() *builder { return &builder{order: binary.LittleEndian, version: 3, align: 32} }

func (b *builder) text(s string) []byte {
	return append(b.order.AppendUint64(nil, uint64(len(s))), s...)
}

// kv adds a key with a value: of a Go type that has a type of GGUF, or raw bytes
// that bring their type along.
func (b *builder) kv(key string, value any) *builder {
	b.keys = append(b.keys, append(b.text(key), b.value(value)...))
	return b
}

func (b *builder) value(v any) []byte {
	kind := func(k uint32, p []byte) []byte { return append(b.order.AppendUint32(nil, k), p...) }
	switch v := v.(type) {
	case bool:
		if v {
			return kind(typeBool, []byte{1})
		}
		return kind(typeBool, []byte{0})
	case int:
		return kind(typeUint32, b.order.AppendUint32(nil, uint32(v)))
	case int32:
		return kind(typeInt32, b.order.AppendUint32(nil, uint32(v)))
	case uint64:
		return kind(typeUint64, b.order.AppendUint64(nil, v))
	case string:
		return kind(typeString, b.text(v))
	case []string:
		out := b.head(typeString, uint64(len(v)))
		for _, s := range v {
			out = append(out, b.text(s)...)
		}
		return out
	case []float32:
		return append(b.head(typeFloat32, uint64(len(v))), make([]byte, 4*len(v))...)
	case []int32:
		return append(b.head(typeInt32, uint64(len(v))), make([]byte, 4*len(v))...)
	}
	return v.([]byte)
}

// head is the head of an array.
func (b *builder) head(kind uint32, n uint64) []byte {
	out := b.order.AppendUint32(nil, typeArray)
	return b.order.AppendUint64(b.order.AppendUint32(out, kind), n)
}

// tensor describes a tensor at an offset of the data.
func (b *builder) tensor(name string, kind uint32, offset uint64, shape ...uint64) *builder {
	out := b.order.AppendUint32(b.text(name), uint32(len(shape)))
	for _, n := range shape {
		out = b.order.AppendUint64(out, n)
	}
	b.tensors = append(b.tensors, b.order.AppendUint64(b.order.AppendUint32(out, kind), offset))
	return b
}

// bytes sets the size of the data.
func (b *builder) bytes(n int) *builder {
	b.data = bytes.Repeat([]byte{0xa5}, n)
	return b
}

func (b *builder) claim(tensors, keys int64) *builder {
	b.counts = [2]int64{tensors, keys}
	return b
}

func (b *builder) header() []byte {
	out := b.order.AppendUint32([]byte(magic), b.version)
	counts := [2]int64{int64(len(b.tensors)), int64(len(b.keys))}
	if b.counts != [2]int64{} {
		counts = b.counts
	}
	out = b.order.AppendUint64(b.order.AppendUint64(out, uint64(counts[0])), uint64(counts[1]))
	out = append(out, bytes.Join(b.keys, nil)...)
	return append(out, bytes.Join(b.tensors, nil)...)
}

func (b *builder) build() []byte {
	out := b.header()
	if len(b.tensors) > 0 {
		out = append(out, make([]byte, (b.align-len(out)%b.align)%b.align)...)
	}
	return append(out, b.data...)
}

const chatTemplate = "{% for message in messages %}{{ '<|' + message.role + '|>' + message.content }}{% endfor %}"

// ordinary is what a converter and a quantiser write for a small model.
func ordinary() *builder {
	return newFile().kv("general.architecture", "llama").kv("general.type", "model").kv("general.name", "Tiny Test").kv("general.license", "apache-2.0").
		kv("general.base_model.count", 1).kv("general.base_model.0.name", "Base").kv("general.base_model.0.repo_url", "https://example.org/org/base").
		kv("general.tags", []string{"chat", "text-generation"}).kv("general.file_type", 15).kv("general.quantization_version", 2).
		kv("llama.context_length", 2048).kv("llama.embedding_length", 256).kv("llama.rope.freq_base", append([]byte{6, 0, 0, 0}, 0, 0, 0, 0)).
		kv("tokenizer.ggml.model", "llama").kv("tokenizer.ggml.tokens", []string{"<s>", "</s>", "a", "b"}).kv("tokenizer.ggml.scores", make([]float32, 4)).
		kv("tokenizer.ggml.token_type", make([]int32, 4)).kv("tokenizer.ggml.bos_token_id", 0).kv("tokenizer.ggml.eos_token_id", 1).
		kv("tokenizer.ggml.padding_token_id", int32(-1)).kv("tokenizer.ggml.add_bos_token", true).kv("tokenizer.chat_template", chatTemplate).
		tensor("token_embd.weight", 12, 0, 256, 4).tensor("output_norm.weight", 0, 576, 256).bytes(576 + 1024)
}
