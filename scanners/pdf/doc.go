// Package pdf reads PDF documents (ISO 32000-2): papers and data sheets that come
// with a model.
//
// Every dictionary is read, those in compressed object streams too, for what a
// viewer does by itself or at a click: script, programs, embedded files. Embedded
// files are handed on. All other streams (pages, fonts, pictures) are data that a
// viewer draws; they are stepped over and counted as opaque.
//
// # Security
//
// At most 32 MiB are read, and object streams expand to at most 8 MiB each and 64
// MiB together. Objects are found by going through the file, not by its tables,
// because viewers repair broken tables. An encrypted document is incomplete.
package pdf
