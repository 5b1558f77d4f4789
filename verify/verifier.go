package verify

import (
	"context"

	"assay/registry"
	"assay/verify/hashing"
)

// Verifier knows one signature or attestation scheme.
//
// Prepare finds the scheme's documents in the artifact (or was given them) and
// reads only those. It returns nil when there is nothing of its scheme. The
// digests that the returned Check asks for are then computed in the one pass
// over the files, so that checking a signature never reads a file twice.
type Verifier interface {
	Scheme() string
	Prepare(ctx context.Context, a *registry.Artifact) (Check, error)
}

// Check is a signature document that has been read and waits for digests.
type Check interface {
	// Needs lists the digests to compute for every file, beyond SHA-256.
	Needs() []HashNeed
	// Claims compares the document with the computed digests. A problem is
	// told in the claim; it never fails.
	Claims(files Digests) []Claim
}

// Declarer is a Check that knows digests which documents of the artifact list for
// its files. A mismatch is a gap (GapDigest).
type Declarer interface {
	Declared(files Digests) []Declaration
}

// Declaration is a digest that is listed for a file of the artifact.
type Declaration struct {
	File   string
	Digest DeclaredDigest
}

// HashNeed asks for one digest of every file: the algorithm ("sha256",
// "blake2b", "blake3") and the shard size in bytes, 0 for the whole file.
type HashNeed = hashing.Need

// Digests gives the computed digests of the artifact's files.
type Digests interface {
	// Names are all files, sorted.
	Names() []string
	// Size is in bytes. It panics on an unknown name.
	Size(name string) int64
	// Hex returns the whole-file digest; shard is ignored when need.ShardSize
	// is 0, else it is the index of the shard. False when the file was not
	// read to its end or the need was not declared.
	Hex(name string, need HashNeed, shard int) (string, bool)
}

// Standing says whether a claim may be believed. The zero value is Unchecked.
type Standing string

// The standings of a claim.
const (
	Unchecked Standing = ""         // there was no key or root to check it against
	Verified  Standing = "verified" // the signature is good, by a trusted signer, and the files match
	Failed    Standing = "failed"   // it is present, and it does not hold
)

// Claim is what somebody signed.
type Claim struct {
	Scheme        string   `json:"scheme"`        // "oms", "in-toto"
	Document      string   `json:"document"`      // file the claim was read from
	PredicateType string   `json:"predicateType"` // in-toto predicate type
	Standing      Standing `json:"standing"`
	Identity      Signer   `json:"identity"`
	Time          string   `json:"time,omitempty"` // trusted time, RFC 3339
	TimeSource    string   `json:"timeSource,omitempty"`
	Covers        []string `json:"covers"` // files, sorted
	// Exempt are files that are there and need not be covered: the document
	// itself, and what signer or caller left out by name. Sorted. A policy may
	// count them as signed when the claim is verified.
	Exempt []string `json:"exempt,omitempty"`
	// Attestation is nil for a signature, and for nothing else. An attestation
	// has no files in Covers: that somebody tested a model does not make it signed.
	Attestation *Attestation `json:"attestation,omitempty"`
	// Problems say why it must not be believed, each naming the file it is
	// about. Empty exactly when Standing is not Failed.
	Problems []Problem `json:"problems"`
	// Notes are oddities that do not change the standing.
	Notes []string `json:"notes,omitempty"`
}

// Signer is who made a claim, as far as the key or certificate proves it.
type Signer struct {
	Method  string `json:"method"`            // "key", "certificate", "sigstore"
	KeyID   string `json:"keyId,omitempty"`   // SHA-256 of the SubjectPublicKeyInfo, hex
	Subject string `json:"subject,omitempty"` // of the certificate
	Issuer  string `json:"issuer,omitempty"`
	// Of a build that signed keyless, as its certificate says.
	Repository string `json:"repository,omitempty"`
	Workflow   string `json:"workflow,omitempty"` // that was started, with its ref
	Ref        string `json:"ref,omitempty"`
	Trigger    string `json:"trigger,omitempty"`
	Runner     string `json:"runner,omitempty"`
}

// Problem is one reason why a claim fails.
type Problem struct {
	Code string `json:"code"` // stable word: "digest-mismatch", "file-missing", ...
	File string `json:"file,omitempty"`
	What string `json:"what"`
}
