// Package template reads chat templates in the language of Jinja 2 into a syntax
// tree, and works out what constant expressions in them yield.
//
// The language is that of the templates which transformers, llama.cpp and vLLM
// render: Jinja 2 with the loop controls, the do statement and the generation
// block. Whatever the parser does not know is an error at a byte, never skipped.
//
// # Security
//
// The input is hostile. Nothing is rendered: no loop runs, no name is looked up
// in anything but the template itself. The source, the nesting, the length of
// chains and the number of nodes are bounded, so that both parsing and walking
// the tree take memory in proportion to the source. Constants are computed with
// bounded lengths and a bounded number of steps; beyond them a value is unknown.
package template
