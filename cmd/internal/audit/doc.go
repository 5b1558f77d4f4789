// Package audit judges every model below a directory, in an order that does not
// depend on the number of workers, and goes on where it was interrupted.
//
// A directory is a shelf when it holds only directories and companions (README,
// LICENSE, hidden files); otherwise it is one model, with everything below it.
// That holds for the audited directory too, whose name is then ".". A companion
// on a shelf is audited as a model of one file: nothing is left unlooked. A snapshot of the Hugging Face cache
// ("models--org--name/snapshots/<commit>") is a model although it holds links
// only; whether they can be followed is for the judge to say, and where it
// cannot the snapshot is incomplete, never empty and never clean.
//
// The journal is a file to which one record is appended for each judged model
// and synced before the next. A run that finds an unfinished journal believes
// the records of models whose files look unchanged, and its output is byte for
// byte that of a run that was never interrupted. A journal is bound to
// directory, rule set and policy; a run under others refuses it. A finished
// journal is begun anew, unless Config.Reuse says otherwise.
//
// # Security
//
// Trusted: the judge, and whoever can write the journal, which is private to its
// owner. Not trusted: the directory. Links are reported and not followed; what
// is no regular file, cannot be read, or lies deeper than maxDepth is a line of
// its own with the outcome incomplete. A model whose files change while it is
// judged is incomplete. "Looks unchanged" compares names, sizes, modification
// and change times and inodes: a hint for one interrupted run, not evidence.
// Directories, lines and the number of results that wait for an earlier one are
// bounded; memory is some 100 bytes for each model of the journal.
package audit
