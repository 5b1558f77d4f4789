// Package image walks the structure of pictures: PNG, JPEG, GIF, WebP, BMP, ICO
// and SVG, and of WAV sound, which is built like WebP.
//
// A picture in a repository is data. What is worth knowing is whether all of the
// file is picture: an archive or a program behind the end of the image shares
// its bytes with it (a polyglot).
//
// # Security
//
// Structure is walked with lengths checked against the file and every step moves
// forward, so that the work is bounded by the size. Pixels are not decoded: they
// count as opaque, and are read only where nothing but their end mark says how
// long they are (JPEG). What follows the end of the image is covered by nobody. An
// SVG is parsed as XML without entities; script in it is reported.
package image
