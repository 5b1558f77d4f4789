// Package torchexport reads the JSON files of an archive of torch.export (.pt2): the
// programs (models/*.json, serialized_exported_program.json) and the descriptions of
// raw weights and constants (data/weights/*.json, data/constants/*.json). Layout:
// PyTorch 2.8, torch/export/pt2_archive/_package.py; schema: torch/_export/serde.
//
// A program is data to the reader of JSON and code to its loader: a target such as
// "torch.hub.load" is looked up by attribute from torch and called when the program
// runs, and the text of a symbolic size goes through sympy, which evaluates it as
// Python while the file is loaded.
//
// The pickles and native libraries of such an archive have their own scanners.
//
// # Security
//
// Targets are compared with a list of operator name spaces, expressions with an
// alphabet and a list of functions; everything else is reported. Raw weights count
// as plain data only in an archive that declares itself one of torch.export, under
// the names that its writer gives, and when the tensor fits into the member. The
// JSON is read token by token; the text scanner accounts for its bytes.
package torchexport
