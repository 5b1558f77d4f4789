// Package parquet checks Apache Parquet files: columns of a table in pages, described
// by a footer in Thrift's compact protocol (apache/parquet-format, parquet.thrift).
//
// The values are data. What is not: a column chunk may lie in another file; the
// metadata may hold a schema of Arrow whose extension types PyArrow before 14.0.1
// unpickled (CVE-2023-47248); and offsets and sizes are claims that readers in C++
// follow. Every byte of a file belongs to a page, an index, a filter or the footer.
// Bytes that do not are left to other readers, which is why they are not covered.
//
// Encrypted files (PARE) and columns cannot be looked at, and say so.
//
// # Security
//
// The footer has 64 MiB at most and is walked as a stream of fields; a list is never
// allocated by its declared length, and structures nest 64 deep. Kept are the column
// chunks, 1,048,576 at most. Pages are counted as data and not read.
package parquet
