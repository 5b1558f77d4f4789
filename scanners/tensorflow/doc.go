// Package tensorflow checks what TensorFlow writes as Protocol Buffers:
// saved_model.pb, frozen graphs (.pb), meta graphs (.meta), keras_metadata.pb and
// fingerprint.pb. Checkpoints, TFLite and TensorFlow.js have scanners of their own.
//
// A graph is a program: its operators read and write files, call Python and talk
// to other machines, in the main graph, in the functions of its library, and in
// graphs that lie serialised in a string and run when a dataset is made of them.
// Every operator is looked up in a list of what TensorFlow itself registers; any
// other one needs a native library.
//
// Ordinary and no finding: the operators that save and restore a checkpoint at a
// path that the caller gives, and lookup tables that read an asset.
//
// # Security
//
// The file is walked by a schema, every field that it names is accounted for, and
// strings that are graphs are walked too, four deep. Kept in memory are one window
// of 256 KiB, one entry for each of at most 16,384 operators, and of one graph at
// a time at most 20,000 short constants and the names that lead to a path.
package tensorflow
