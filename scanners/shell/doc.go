// Package shell analyses lists of commands: shell scripts, batch files,
// PowerShell, Makefiles and Dockerfiles.
//
// Each logical line is judged by package commands: what downloads and runs, what
// decodes and runs, what opens a shell to elsewhere, what stays. A script that
// hides its words is a finding too, because then nothing can be said about them. An
// ordinary installation, training or conversion script has nothing above low.
//
// # Security
//
// The text is held whole, at most 1 MiB of it, and matched in linear time. Nothing
// is expanded or run, so that a name that is put together from variables is not
// seen: that nothing was found is no proof.
package shell
