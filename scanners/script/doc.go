// Package script recognises what is meant to run and has no scanner of its own:
// source code of other languages, native programs and bytecode.
//
// It says what a file is and that it was not analysed. Such a file is never
// covered, so that a repository with code in it does not pass as data.
//
// # Security
//
// A name is enough to make a file code, and so is its beginning; a native
// program or bytecode is recognised by its magic under any name. Only the first
// 64 KiB are looked at.
package script
