// Package onnx checks ONNX models: one ModelProto (onnx.proto) with its graph, the
// graphs inside of attributes, model-local functions, training steps, tensors
// dense and sparse, and the texts around them.
//
// An ONNX model is a program of operators. Those of the standard and of ONNX
// Runtime compute; what can do more is looked for: tensors whose values lie in
// another file (CVE-2022-25882, CVE-2024-27318, CVE-2025-51480 and their
// successors), operators that run Python or hold a vendor's machine code,
// operators of libraries that a user must load, and functions that take the name
// of a standard operator.
//
// # Security
//
// The file is walked by a schema: every field that it names is accounted for,
// what it does not name is a finding and stays uncovered. Messages nest 100 deep
// at most, as in every parser. Kept in memory are one window of 256 KiB, one
// entry for each of at most 4,096 operators, and the merged ranges of external
// data. Paths are judged as the least careful system reads them.
package onnx
