// Package tflite checks TensorFlow Lite models (LiteRT): FlatBuffers with the
// identifier TFL3 (schema.fbs of TensorFlow 2.18).
//
// The built-in operators compute. What can do more: custom operators, which a
// native library provides; Flex operators, which are TensorFlow's own and read and
// write files as these do; programs compiled for an accelerator. An archive behind
// the model is ordinary: label files travel there.
//
// # Security
//
// Tables are walked by a schema with package flatbuffers and its bounds. Indices of
// buffers, tensors, operators and subgraphs are compared with what there is, since
// runtimes that trust them read foreign memory. Bytes that no table reaches stay
// uncovered, but for zeros that align.
package tflite
