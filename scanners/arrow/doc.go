// Package arrow checks Apache Arrow files and streams, which Feather 2 and the caches
// of Hugging Face datasets are too: messages of a schema and batches, each a
// FlatBuffer with a body, and in a file a footer that repeats where they are
// (apache/arrow format: Message.fbs, Schema.fbs, File.fbs).
//
// The bodies are data. What is not: extension types that PyArrow before 14.0.1
// unpickled (CVE-2023-47248), ranges that leave a body, and a footer that leads to
// other batches than the ones that a reader of the stream meets.
//
// Feather 1 (FEA1) is recognised and not read.
//
// # Security
//
// The messages are read one after the other; see package flatbuffers for the bounds
// of each. Metadata of a message has 64 MiB at most, and there are at most 1,048,576
// messages. Bodies are counted as data and not read.
package arrow
