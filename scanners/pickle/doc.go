// Package pickle finds out what loading a Python pickle would do, without doing
// it. A symbolic machine executes all 68 opcodes of protocols 0 to 5 with the
// semantics of the C unpickler, or of a more permissive reader where they differ.
// Every import, call, state change and method call goes to a judge that allows
// exact names in exact uses and reports everything else.
//
// It follows the loaders that read more than one pickle: the five pickles and raw
// storages of the old PyTorch format, the arrays that joblib writes between
// opcodes, the storages beside the pickle of a PyTorch archive, and pickles inside
// constants.
//
// # Security
//
// Nothing is imported, built or executed. A file is untrusted as a whole: lengths
// are compared with the bytes that are there before anything is read; values are
// eight bytes each and refer to the file instead of copying it; stack, memo,
// names, kept contents and findings are bounded by the constants of this package;
// work is in proportion to the bytes. What was found before a stream breaks is
// kept. The allow lists (package pyglobals) decide by exact name and use; the
// capability table only grades and explains.
package pickle
