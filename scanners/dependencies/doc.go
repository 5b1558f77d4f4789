// Package dependencies looks at where the packages come from that a repository asks
// to install: requirements and constraints of pip, environments of conda and
// MLflow, Pipfile, pyproject.toml, setup.cfg and settings of pip.
//
// What is installed runs with all rights of the user, and is not part of what is
// scanned. An index, an address or a host that is not verified decides about it as
// much as the name does (AML.CS0015, torchtriton). Names and versions are facts for
// the bill of materials; that a version is not pinned is low.
//
// # Security
//
// The file is held whole, at most 1 MiB of it, and read line by line. Nothing is
// resolved or fetched.
package dependencies
