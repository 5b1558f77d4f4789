package oms

import "assay/verify/internal/envelope"

// The codes of problems, beside those of package envelope about bundle and
// signer.
const (
	CodeBadStatement   = "bad-statement"   // the signed statement is malformed
	CodeUnsafeName     = "unsafe-name"     // a signed name that is no safe file name
	CodeDuplicateName  = "duplicate-name"  // a file is listed twice
	CodeRootDigest     = "root-digest"     // it is not that of the listed digests
	CodeDigestMismatch = "digest-mismatch" // the file has other content
	CodeSizeMismatch   = "size-mismatch"   // the shards do not cover the file exactly
	CodeFileMissing    = "file-missing"    // signed, and not there
	CodeFileUnsigned   = "file-unsigned"   // there, and not signed
	CodeSymlink        = "symlink"         // there as symbolic link
	CodeNotRegular     = "not-regular"     // there, and no regular file
)

// fault is a problem on its way up.
type fault = envelope.Error
