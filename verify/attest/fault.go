package attest

import "assay/verify/internal/envelope"

// The codes of problems, beside those about bundle and signer.
const (
	CodeBadStatement  = "bad-statement"   // the signed statement is malformed
	CodeBadSubject    = "bad-subject"     // its subjects are
	CodeBadPredicate  = "bad-predicate"   // its predicate is
	CodeOtherSubject  = "other-subject"   // it is about something else
	CodeMismatch      = "digest-mismatch" // it names a file with other content
	CodeFileMissing   = "file-missing"    // a verdict on several files, of which one is not here
	CodePredicateType = "predicate-type"  // a type that cannot be checked against what is expected
	CodeBuilder       = "builder"         // built by another builder
	CodeBuildType     = "build-type"
	CodeSource        = "source"                 // from another repository
	CodeRef           = "ref"                    // from another branch or tag
	CodeTrigger       = "trigger"                // by another event
	CodeParameter     = "parameter"              // with other parameters
	CodeVerifier      = "verifier"               // verified by another verifier
	CodeResource      = "resource"               // about another resource
	CodePolicy        = "policy"                 // under another policy
	CodeResult        = "result"                 // it says that the artifact failed
	CodeLevel         = "level"                  // a level or property is missing
	CodeTime          = "time"                   // no time, or one in the future
	CodeTooOld        = "too-old"                // older than what is accepted
	CodeMissing       = "attestation-missing"    // asked for, and not there
	CodeIncomplete    = "attestation-incomplete" // there, and silent about a file
)

// fault is a problem on its way up.
type fault = envelope.Error
