// Package text recognises text that is data: documents, licences, JSON, YAML
// and other configuration, tables, vocabularies, templates.
//
// A file counts as text when all of it is text, whatever it is called. Program
// text is not data and is left to others, and so are the text formats that a
// runtime interprets as a model. Configuration is read for the few keys that
// make a loader import code or leave a folder; chat templates in it are handed on
// as members.
//
// # Security
//
// The file is read once, as a stream; memory does not depend on its size. A
// single NUL, or a control character in a file without a text name, means that
// it is not text. JSON is read by a strict tokenizer that sees both of two equal
// keys. Of chat templates at most 8 MiB are kept. The checks of YAML look for known
// signs and do not parse: a file without a finding is text that was read, not text that every
// loader handles safely. Tags that
// run code are looked for under other names than those of YAML too, but not in documents,
// tables and vocabularies.
package text
