// Package pmml checks models in PMML, the Predictive Model Markup Language: XML that
// describes trees, regressions, networks and the transformations before them.
//
// The models are declarations. What is not: a document type with entities, which
// makes a Java reader open files and addresses (XXE); inclusions and style sheets;
// function names with dots, which JPMML loads as Java classes; and extensions with a
// script of some vendor.
//
// An XML parser chooses the encoding by the byte order mark, then by the declaration.
// Only UTF-8, ASCII and Latin-1 are read here; others are findings, because a scanner
// that searches bytes sees nothing in them.
//
// # Security
//
// The document is a stream of tokens; no entity is expanded but the five of XML, no
// address is opened. One token has 16 MiB at most, and elements nest 256 deep.
package pmml
