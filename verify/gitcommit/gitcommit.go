// Package gitcommit tells who signed the commit that a Git reference is pinned to,
// and checks signatures by SSH keys.
//
// A commit names the trees and files below it by SHA-1, with detection of the
// known way to make collisions; a file in LFS by the SHA-256 in its pointer. Its
// signature says that somebody committed these, and not that they are a release.
// It is therefore told as an attestation of kind "commit", which a policy can ask
// for, and never makes a model signed.
//
// # Security
//
// Trusted: the public keys in Config. Not trusted: the commit. It is hashed again,
// and must have the id that the reference is pinned to; what is verified are its
// raw bytes without the signature (CVE-2026-44309). The signature must be for the
// namespace "git". OpenPGP and X.509 signatures are named and not verified.
// Bounded: the size of a commit.
package gitcommit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pjbgf/sha1cd"
	"golang.org/x/crypto/ssh"

	"assay/registry"
	"assay/verify"
	"assay/verify/trust"
)

// Scheme is the scheme's name in claims.
const Scheme = "git-commit"

// Kind is that of the attestation.
const Kind = "commit"

// MediaType is that of a raw commit object.
const MediaType = "application/x-git-commit"

// maxCommit bounds a commit, in bytes.
const maxCommit = 1 << 20

// Codes of problems.
const (
	CodeBadSignature = "bad-signature"
	CodeDenied       = "denied"
	CodeOtherCommit  = "other-subject"
)

// Config says whose signatures count.
type Config struct {
	PublicKeys []trust.PublicKey
	Denied     trust.DenyList
}

// Verifier implements verify.Verifier.
type Verifier struct{ config Config }

// New returns a Verifier.
func New(c Config) *Verifier { return &Verifier{c} }

// Scheme implements verify.Verifier.
func (*Verifier) Scheme() string { return Scheme }

// Prepare implements verify.Verifier. A commit without a signature is no claim.
func (v *Verifier) Prepare(ctx context.Context, a *registry.Artifact) (verify.Check, error) {
	if a.Attached == nil {
		return nil, nil
	}
	documents, err := a.Attached(ctx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(documents, func(d registry.Attachment) bool { return d.MediaType == MediaType })
	if i < 0 {
		return nil, nil
	}
	signed, armor, ok := split(documents[i].Data)
	if !ok {
		return nil, nil
	}
	c := check{claim: verify.Claim{
		Scheme: Scheme, Document: documents[i].Name, Covers: []string{}, Problems: []verify.Problem{},
		Attestation: &verify.Attestation{Kind: Kind, Files: []string{}},
	}}
	v.judge(&c.claim, a.Pinned, documents[i].Data, signed, armor)
	return c, nil
}

func (v *Verifier) judge(claim *verify.Claim, pinned string, commit, signed, armor []byte) {
	fail := func(code, what string) {
		claim.Standing, claim.Problems = verify.Failed, append(claim.Problems, verify.Problem{Code: code, What: what})
	}
	note := func(text string) { claim.Notes = append(claim.Notes, text) }
	if id, err := idOf(commit); err != nil || !isPinned(pinned, id) {
		fail(CodeOtherCommit, "the commit is not the one that the reference is pinned to")
		return
	}
	claim.Attestation.Whole = true
	note("a commit names files by SHA-1 and says that somebody committed them, not that they are a release")
	switch {
	case bytes.HasPrefix(armor, []byte("-----BEGIN PGP SIGNATURE-----")):
		note("signed with OpenPGP, which is not verified here")
		return
	case !bytes.HasPrefix(armor, []byte("-----BEGIN SSH SIGNATURE-----")):
		note("signed in a form that is not verified here")
		return
	}
	claim.Identity.Method = "key"
	s, err := parse(armor)
	if err != nil {
		note("the SSH signature cannot be read: " + err.Error())
		return
	}
	claim.Identity.KeyID = s.keyID()
	known := slices.ContainsFunc(v.config.PublicKeys, func(k trust.PublicKey) bool { return k.ID == claim.Identity.KeyID })
	err = s.verify(signed)
	reason, denied := v.config.Denied.Key(claim.Identity.KeyID)
	switch {
	case denied && err == nil:
		fail(CodeDenied, fmt.Sprintf("key %s is denied: %s", claim.Identity.KeyID, reason))
	case err != nil && known:
		fail(CodeBadSignature, "the commit was changed after it was signed: "+err.Error())
	case err != nil:
		note("the SSH signature does not match: " + err.Error())
		claim.Identity.KeyID = ""
	case known:
		claim.Standing = verify.Verified
	}
}

// isPinned looks for the commit id at the end of the pinned reference.
func isPinned(pinned, id string) bool {
	i := strings.LastIndexByte(pinned, '@')
	revision, _, _ := strings.Cut(pinned[i+1:], "?")
	return i >= 0 && revision == id
}

var errCollision = errors.New("the commit is part of a SHA-1 collision")

// idOf is the object id of a commit (SHA-1 or, with 64 digits, SHA-256 of the other
// object format is not supported).
func idOf(commit []byte) (string, error) {
	h := sha1cd.New()
	fmt.Fprintf(h, "commit %d\x00", len(commit))
	_, _ = h.Write(commit) // never fails
	careful, ok := h.(sha1cd.CollisionResistantHash)
	if !ok {
		return "", errCollision // never: the package exists for this
	}
	sum, collision := careful.CollisionResistantSum(nil)
	if collision {
		return "", errCollision
	}
	return hex.EncodeToString(sum), nil
}

// split takes the signature out of a commit: the header gpgsig with the lines that
// continue it, each after a blank (git, signature-format).
func split(commit []byte) (signed, armor []byte, ok bool) {
	if len(commit) > maxCommit {
		return nil, nil, false
	}
	headers, body, found := bytes.Cut(commit, []byte("\n\n"))
	if !found {
		return nil, nil, false
	}
	var out, sig bytes.Buffer
	inside := ""
	for line := range bytes.Lines(append(headers, '\n')) {
		name, value, _ := bytes.Cut(line, []byte(" "))
		switch {
		case len(name) == 0 && inside == "gpgsig":
			sig.Write(value)
		case len(name) == 0 && inside == "gpgsig-sha256":
		case string(name) == "gpgsig":
			if sig.Len() > 0 {
				return nil, nil, false // which of two would be meant is not said
			}
			inside = "gpgsig"
			sig.Write(value)
		case string(name) == "gpgsig-sha256":
			inside = "gpgsig-sha256"
		default:
			if len(name) > 0 {
				inside = string(name)
			}
			out.Write(line)
		}
	}
	out.WriteByte('\n')
	out.Write(body)
	return out.Bytes(), sig.Bytes(), sig.Len() > 0
}

// check implements verify.Check.
type check struct{ claim verify.Claim }

// Needs implements verify.Check.
func (check) Needs() []verify.HashNeed { return nil }

// Claims implements verify.Check. The source has hashed all files up to the
// commit, so it is about all of them.
func (c check) Claims(files verify.Digests) []verify.Claim {
	claim, about := c.claim, *c.claim.Attestation
	if about.Whole {
		about.Files = append(about.Files, files.Names()...)
	}
	claim.Attestation = &about
	return []verify.Claim{claim}
}

// signature is an SSH signature (openssh, PROTOCOL.sshsig).
type signature struct {
	key       ssh.PublicKey
	namespace string
	reserved  string
	hash      string
	sig       ssh.Signature
}

const magic = "SSHSIG"

func parse(armor []byte) (*signature, error) {
	block, _ := pem.Decode(armor)
	var raw []byte
	if block != nil {
		raw = block.Bytes
	} else {
		text := strings.TrimSpace(string(armor))
		text = strings.TrimSuffix(strings.TrimPrefix(text, "-----BEGIN SSH SIGNATURE-----"), "-----END SSH SIGNATURE-----")
		var err error
		if raw, err = base64.StdEncoding.DecodeString(strings.ReplaceAll(strings.TrimSpace(text), "\n", "")); err != nil {
			return nil, errors.New("no base64")
		}
	}
	rest, ok := bytes.CutPrefix(raw, []byte(magic))
	if !ok {
		return nil, errors.New("no SSHSIG")
	}
	var w struct {
		Version                              uint32
		Key, Namespace, Reserved, Hash, Sign string
	}
	if err := ssh.Unmarshal(rest, &w); err != nil || w.Version != 1 {
		return nil, errors.New("no SSHSIG of version 1")
	}
	s := &signature{namespace: w.Namespace, reserved: w.Reserved, hash: w.Hash}
	var err error
	if s.key, err = ssh.ParsePublicKey([]byte(w.Key)); err != nil {
		return nil, errors.New("a key of another kind")
	}
	return s, ssh.Unmarshal([]byte(w.Sign), &s.sig)
}

// keyID is that of the key in the form of all others, "" for a hardware key, which
// has none.
func (s *signature) keyID() string {
	k, ok := s.key.(ssh.CryptoPublicKey)
	if !ok {
		return ""
	}
	key, err := trust.NewPublicKey(k.CryptoPublicKey())
	if err != nil {
		return ""
	}
	return key.ID
}

func (s *signature) verify(message []byte) error {
	var sum []byte
	switch s.hash {
	case "sha256":
		h := sha256.Sum256(message)
		sum = h[:]
	case "sha512":
		h := sha512.Sum512(message)
		sum = h[:]
	default:
		return fmt.Errorf("hash %.40q", s.hash)
	}
	switch {
	case s.namespace != "git":
		return fmt.Errorf("made for %.40q and not for git", s.namespace)
	case s.sig.Format == ssh.KeyAlgoRSA:
		return errors.New("RSA with SHA-1")
	}
	signed := append([]byte(magic), ssh.Marshal(struct{ Namespace, Reserved, Hash, Sum string }{s.namespace, s.reserved, s.hash, string(sum)})...)
	return s.key.Verify(signed, &s.sig)
}
