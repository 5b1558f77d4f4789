// Package flax checks parameters that Flax saved as MessagePack
// (flax.serialization.to_bytes): nested maps whose leaves are arrays, numbers and
// texts.
//
// Arrays are extension 1, complex numbers 2, scalars of NumPy 3; the content of each
// is MessagePack again: shape, name of the type, bytes. The loader gives name and
// bytes to numpy.frombuffer. Arrays over 1 GiB are split into chunks
// (__msgpack_chunked_array__).
//
// # Security
//
// The file is a stream. No allocation follows a declared length: keys are kept up to
// 4 KiB, values of arrays are counted as data and not read. Containers nest 512 deep.
// A count beyond what the file can hold ends the walk with a gap.
package flax
