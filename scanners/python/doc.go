// Package python analyses Python source text: what a file does when it is
// imported, when a framework uses its classes, and when somebody starts it.
//
// The text is read into a syntax tree (package pysource) and followed like an
// interpreter would, with sets of possible values in place of values: names
// through aliases, imports by name, getattr and dictionaries of modules; texts
// through concatenation, formatting, slices and decoders, so that hidden code in
// a constant is read like any other. What a call does is looked up in effects.txt
// by its full name. Who makes it happen decides about its severity: judge.go.
//
// Modelling code, tokenizers, processors, dataset scripts, handlers and training
// scripts have nothing above low.
//
// # Security
//
// Nothing is executed. The work is bounded by a number of steps in proportion to
// the text, texts that are computed by 1 MiB each, code inside of code by four
// levels. The analysis is neither sound nor complete, as none of a language like
// this one can be: what comes out of another file is not followed; a call of what configuration
// names, and a text that is not computed here as Python does, count as anything. That nothing was found is no proof, which is why the key auto_map and
// the rule text/remote-code stay findings of their own.
package python
