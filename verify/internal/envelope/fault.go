package envelope

import (
	"errors"

	"assay/verify"
)

// The codes of problems with a bundle and its signer.
const (
	CodeBadBundle            = "bad-bundle"            // not a bundle, or one that is not allowed
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
	CodeDenied               = "denied"                // the caller's deny list names the signer
)

// Error is a problem on its way up. Its text is that of the problem.
type Error verify.Problem

func (f Error) Error() string { return f.What }

// AsError gives an error a code unless it has one.
func AsError(code string, err error) Error {
	if f, ok := errors.AsType[Error](err); ok {
		return f
	}
	return Error{Code: code, What: err.Error()}
}
