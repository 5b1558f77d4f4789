// Package script recognises what is meant to run: source code, notebooks, pages
// with scripts, native programs and bytecode.
//
// It says what a file is and that it was not analysed. Such a file is never
// covered, so that a repository with code in it does not pass as data. The one
// exception is a Python file without a statement, which a package needs to exist.
//
// # Security
//
// A name is enough to make a file code, and so is its beginning; a native
// program or bytecode is recognised by its magic under any name. Only the first
// 64 KiB are looked at, and all of a Python file of up to 1 MiB to see whether
// there is a statement in it.
package script
