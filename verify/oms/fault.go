package oms

import "assay/verify"

// The codes of problems.
const (
	CodeBadBundle            = "bad-bundle"            // not a bundle, or one that is not allowed
	CodeBadStatement         = "bad-statement"         // the signed statement is malformed
	CodeBadSignature         = "bad-signature"         // the signature does not match the bundle's own key
	CodeWrongKey             = "wrong-key"             // it is by none of the given keys
	CodeUnsupportedKey       = "unsupported-key"       // a kind of key outside the specification
	CodeWrongMethod          = "wrong-method"          // the caller asked for another method
	CodeBadCertificate       = "bad-certificate"       // cannot be parsed
	CodeUntrustedCertificate = "untrusted-certificate" // no path to a given root
	CodeExpiredCertificate   = "expired-certificate"   // a path, but not at this time
	CodeCertificateUsage     = "certificate-usage"     // the certificate is not for signing
	CodeSigstore             = "sigstore"              // certificate, log entry or timestamp is not Sigstore's
	CodeWrongIdentity        = "wrong-identity"        // signed by somebody else
	CodeUnsafeName           = "unsafe-name"           // a signed name that is no safe file name
	CodeDuplicateName        = "duplicate-name"        // a file is listed twice
	CodeRootDigest           = "root-digest"           // it is not that of the listed digests
	CodeDigestMismatch       = "digest-mismatch"       // the file has other content
	CodeSizeMismatch         = "size-mismatch"         // the shards do not cover the file exactly
	CodeFileMissing          = "file-missing"          // signed, and not there
	CodeFileUnsigned         = "file-unsigned"         // there, and not signed
	CodeSymlink              = "symlink"               // there as symbolic link
	CodeNotRegular           = "not-regular"           // there, and no regular file
)

// fault is a problem on its way up. Its text is that of the problem.
type fault verify.Problem

func (f fault) Error() string { return f.What }
