// Package numpy checks .npy files: a magic, a header that is a Python dict
// literal, and the elements of one array. Several arrays may follow one another.
//
// An array of Python objects has a pickle where the elements would be
// (CVE-2019-6446). That pickle is handed to the core as a member, so that the
// scanner of pickles judges it. An .npz file is a zip archive and none of this
// package's business.
//
// # Security
//
// The header is parsed by a small reader of the literals that numpy writes, not
// by anything that evaluates; it is bounded in size and depth. Sizes are
// multiplied with overflow checks and compared with the file. Elements are never
// read: they count as opaque when type and shape account for them.
package numpy
