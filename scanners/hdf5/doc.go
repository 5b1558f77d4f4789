// Package hdf5 checks HDF5 files: Keras weights and legacy models, PyTables,
// AnnData, MATLAB 7.3, and datasets of h5py, after the HDF5 File Format
// Specification 3.0.
//
// An HDF5 file is a file system in a file. Its structures are followed from the
// superblock: groups of both generations, object headers, every index of chunks,
// heaps, attributes. What a dataset holds is data and is not read. What makes a
// reader leave the file, or run something, is a finding: external links, external
// storage, virtual datasets, plug-in filters, pickled attributes. Texts that
// configure a model and pickles are handed on as members, so that their own
// scanners judge them.
//
// Ordinary, and no finding: space that nothing refers to any more (the library
// leaves it behind when it rewrites a structure), as long as nothing that could run
// lies in it.
//
// # Security
//
// Every address and size is a claim: it is checked against the file before it is
// read, no allocation follows a declared length beyond 16 MiB, no structure is read
// twice, and there are at most 1,048,576 structures and 8,388,608 chunks. Depth is
// not bounded by recursion: objects are a work list. What cannot be followed leaves a gap,
// and everything found before stays.
package hdf5
