// Package rar reads the headers of rar archives, versions 1.5 to 4 and 5
// (RAR 5.0 archive format, rarlab.com; technote of RAR 4).
//
// Files that are stored as they are become members. Compressed and encrypted ones
// are a gap: the method is proprietary, nobody publishes models in it, and such an
// archive is refused, by its name where it poses as a model.
//
// # Security
//
// Headers are read one by one, at most 2 MiB each, and no size is believed beyond
// the end of the file. Names are bounded by the number of members.
package rar
