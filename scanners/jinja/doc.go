// Package jinja checks chat templates in the language of Jinja: files of their
// own, and members that other scanners cut out of GGUF keys and out of tokenizer
// and processor configurations.
//
// A template is a program: it decides what a model is told. It is read into a
// syntax tree (package template), and three questions are asked. Does it reach
// for the interpreter behind the template engine, directly or by names that it
// puts together? Does it steer the model: by text that depends on what the user
// wrote, by hidden text, addresses, orders against the user? Does rendering it
// cost more than its size?
//
// Templates that serve their purpose do look at content: whether it is a string,
// which kind a part has, whether a thought ends in it. Such comparisons with
// tags, commands and kinds are no finding by themselves; they become one when
// natural language depends on them.
//
// The checks of the reference list of template checks, by their ids:
//
//	JT-01 sandbox escape        jinja/sandbox-escape, jinja/internal-name
//	JT-02 include and import    jinja/load
//	JT-03 content conditions    jinja/content-condition, jinja/appended-text
//	JT-04 hidden text, URLs     jinja/hidden-text, jinja/address, jinja/instruction
//	JT-05 denial of service     jinja/cost
//	JT-06 differs from base     not here: one file is seen at a time. The fact
//	                            jinja/sha256 names the template with its white
//	                            space normalised, so that copies and bases can be
//	                            compared
//	JT-07 vocabulary            jinja/vocabulary, jinja/unknown-variable
//
// Not done: a list of the hashes of known templates, which would be trust by
// reputation; and the cost of macros that call themselves, which ordinary
// templates do to print schemas.
//
// # Security
//
// Nothing is rendered. Sources beyond 1 MiB and trees beyond the bounds of
// package template are reported as not analysed. What cannot be parsed is
// searched for the names of Python's internals, and is a gap.
package jinja
