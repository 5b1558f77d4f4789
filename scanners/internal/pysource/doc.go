// Package pysource reads Python source text into a syntax tree.
//
// It follows the grammar of CPython 3.13 (Grammar/python.gram) and its tokenizer,
// and takes in the statements of Python 2 that differ (print, exec, raise and
// except with a comma): old scripts lie in many repositories. Names are brought
// into the form in which Python compares them (PEP 3131, NFKC), so that "ｅｘｅｃ"
// is exec.
//
// # Security
//
// The text is hostile. Nothing is executed or imported. The size of the text, the
// number of nodes, the depth of the tree and of blocks are bounded, and a bound
// that is reached is an error of the Tree, as is a statement that cannot be
// read: what was read is kept, and the caller knows that it is not all.
package pysource
