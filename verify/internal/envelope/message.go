package envelope

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"

	"assay/registry"
)

// Annotations in which cosign kept the signature, the certificate and the log
// entry of a document (cosign, specs/SIGNATURE_SPEC.md).
const (
	annotationSignature   = "dev.cosignproject.cosign/signature"
	annotationCertificate = "dev.sigstore.cosign/certificate"
	annotationChain       = "dev.sigstore.cosign/chain"
	annotationBundle      = "dev.sigstore.cosign/bundle"
	annotationTimestamp   = "dev.sigstore.cosign/rfc3161timestamp"
)

// maxAnnotation bounds one annotation, in bytes.
const maxAnnotation = 1 << 20

// Message is a signature over bytes that are in no envelope: a Sigstore bundle
// with a message signature, or cosign's form from before bundles.
type Message struct {
	Payload []byte // that was signed; nil when only its digest is known
	digest  []byte // SHA-256 of it
	sig     []byte
	certs   []certificate // leaf first; none for a key
	bundle  []byte        // Sigstore bundle with the same signature, for keyless ones
}

// oldBundle is how cosign kept a log entry.
type oldBundle struct {
	SET     Encoded `json:"SignedEntryTimestamp"`
	Payload struct {
		Body           Encoded `json:"body"`
		IntegratedTime int64   `json:"integratedTime"`
		LogIndex       int64   `json:"logIndex"`
		LogID          string  `json:"logID"`
	} `json:"Payload"`
}

// DecodeMessage reads a document whose signature is in its annotations.
func DecodeMessage(doc registry.Attachment) (*Message, error) {
	sig, err := base64.StdEncoding.Strict().DecodeString(doc.Annotations[annotationSignature])
	if err != nil || len(sig) == 0 {
		return nil, errors.New("no signature beside the document")
	}
	sum := sha256.Sum256(doc.Data)
	m := &Message{Payload: doc.Data, digest: sum[:], sig: sig}
	if m.certs, err = certificatesOf(doc); err != nil || len(m.certs) == 0 {
		return m, err
	}
	m.bundle, err = m.toBundle(doc, func(b map[string]any) {
		b["messageSignature"] = map[string]any{
			"messageDigest": map[string]any{"algorithm": "SHA2_256", "digest": sum[:]}, "signature": sig,
		}
	})
	return m, err
}

// DecodeAttached reads a DSSE envelope whose certificate and log entry are in its
// annotations, and returns it as a bundle with the text of that bundle. Without
// a certificate it is an envelope that can be checked with a key.
func DecodeAttached(doc registry.Attachment) (*Bundle, []byte, error) {
	certs, err := certificatesOf(doc)
	if err != nil {
		return nil, nil, err
	}
	if len(certs) == 0 {
		b, err := DecodeAny(doc.Data)
		return b, doc.Data, err
	}
	var e Envelope
	if err := DecodeStrict(doc.Data, &e, json.RejectUnknownMembers(true)); err != nil {
		return nil, nil, err
	}
	if err := (&Bundle{Envelope: e}).checkEnvelope(); err != nil {
		return nil, nil, err
	}
	m := &Message{certs: certs}
	text, err := m.toBundle(doc, func(b map[string]any) {
		b["dsseEnvelope"] = map[string]any{
			"payload": []byte(e.Payload), "payloadType": e.PayloadType,
			"signatures": []map[string]any{{"sig": []byte(e.Signatures[0].Sig)}},
		}
	})
	if err != nil {
		return nil, nil, err
	}
	b, err := Decode(text, true)
	return b, text, err
}

func certificatesOf(doc registry.Attachment) ([]certificate, error) {
	var list []certificate
	for _, key := range []string{annotationCertificate, annotationChain} {
		text := doc.Annotations[key]
		if len(text) > maxAnnotation {
			return nil, fmt.Errorf("annotation %s is larger than %d bytes", key, maxAnnotation)
		}
		for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
			if len(list) == MaxCertificates {
				return nil, fmt.Errorf("more than %d certificates", MaxCertificates)
			}
			list = append(list, certificate{RawBytes: block.Bytes})
		}
		if key == annotationCertificate && len(list) == 0 {
			return nil, nil // a chain without a leaf is of no use
		}
	}
	return list, nil
}

// toBundle writes the same as a Sigstore bundle of version 0.1, which is the one
// whose log entries have a promise and need no proof.
func (m *Message) toBundle(doc registry.Attachment, content func(map[string]any)) ([]byte, error) {
	chain := make([]map[string]any, 0, len(m.certs))
	for _, c := range m.certs {
		chain = append(chain, map[string]any{"rawBytes": []byte(c.RawBytes)})
	}
	material := map[string]any{"x509CertificateChain": map[string]any{"certificates": chain}}
	if entry, err := entryOf(doc.Annotations[annotationBundle]); err != nil {
		return nil, err
	} else if entry != nil {
		material["tlogEntries"] = []any{entry}
	}
	if text := doc.Annotations[annotationTimestamp]; text != "" {
		var stamp struct {
			Response Encoded `json:"SignedRFC3161Timestamp"`
		}
		if err := DecodeStrict([]byte(text), &stamp); err != nil {
			return nil, fmt.Errorf("timestamp: %w", err)
		}
		material["timestampVerificationData"] = map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": []byte(stamp.Response)}}}
	}
	b := map[string]any{"mediaType": oldMediaTypes[0], "verificationMaterial": material}
	content(b)
	return json.Marshal(b, json.Deterministic(true))
}

func entryOf(text string) (map[string]any, error) {
	if text == "" || text == "null" {
		return nil, nil
	}
	if len(text) > maxAnnotation {
		return nil, fmt.Errorf("log entry is larger than %d bytes", maxAnnotation)
	}
	var b oldBundle
	if err := DecodeStrict([]byte(text), &b); err != nil {
		return nil, fmt.Errorf("log entry: %w", err)
	}
	id, err := hex.DecodeString(b.Payload.LogID)
	if err != nil {
		return nil, fmt.Errorf("log entry: %w", err)
	}
	kind := struct {
		Kind    string `json:"kind"`
		Version string `json:"apiVersion"`
	}{}
	if err := DecodeWide(b.Payload.Body, &kind); err != nil {
		return nil, fmt.Errorf("log entry: %w", err)
	}
	return map[string]any{
		"logIndex": strconv.FormatInt(b.Payload.LogIndex, 10), "logId": map[string]any{"keyId": id},
		"kindVersion": map[string]any{"kind": kind.Kind, "version": kind.Version}, "integratedTime": strconv.FormatInt(b.Payload.IntegratedTime, 10),
		"inclusionPromise": map[string]any{"signedEntryTimestamp": []byte(b.SET)}, "canonicalizedBody": []byte(b.Payload.Body),
	}, nil
}

// messageBundle is a Sigstore bundle with a message signature.
type messageBundle struct {
	MediaType string   `json:"mediaType"`
	Material  material `json:"verificationMaterial"`
	Signature struct {
		Digest struct {
			Algorithm string  `json:"algorithm"`
			Digest    Encoded `json:"digest"`
		} `json:"messageDigest"`
		Signature Encoded `json:"signature"`
	} `json:"messageSignature"`
}

// IsMessageBundle reports a Sigstore bundle over bytes that are not in it.
func IsMessageBundle(data []byte) bool {
	return bytes.Contains(data, []byte(`"messageSignature"`)) && !bytes.Contains(data, []byte(`"dsseEnvelope"`))
}

// DecodeMessageBundle reads a bundle over what has this SHA-256, in hex.
func DecodeMessageBundle(data []byte, digest string) (*Message, error) {
	sum, err := hex.DecodeString(digest)
	if err != nil || len(sum) != sha256.Size {
		return nil, errors.New("no SHA-256 of what should be signed")
	}
	var b messageBundle
	if err := DecodeStrict(data, &b, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	if b.MediaType != MediaType && !slices.Contains(oldMediaTypes, b.MediaType) {
		return nil, fmt.Errorf("media type %.80q, want %q", b.MediaType, MediaType)
	}
	if err := b.Material.check(); err != nil {
		return nil, err
	}
	m := &Message{digest: sum, sig: b.Signature.Signature, bundle: data}
	switch {
	case b.Material.Certificate != nil:
		m.certs = []certificate{*b.Material.Certificate}
	case b.Material.Chain != nil:
		m.certs = b.Material.Chain.Certificates
	}
	if len(m.sig) == 0 {
		return nil, errors.New("no signature")
	}
	return m, nil
}

// CheckMessage is Check for a message.
func (c *Checker) CheckMessage(m *Message) (Signed, error) {
	var d Signed
	if err := c.checkMessage(&d, m); err != nil {
		d.Trusted = false
		return d, AsError(CodeBadBundle, err)
	}
	return d, nil
}

func (c *Checker) checkMessage(d *Signed, m *Message) error {
	s := signed{payload: m.Payload, digest: m.digest, sig: m.sig, bare: true}
	certs, err := parseChain(m.certs)
	if err != nil {
		return err
	}
	method := MethodKey
	switch {
	case len(certs) > 0 && isFulcio(certs[0]) && c.trust.Method != MethodCertificate:
		method = MethodSigstore
	case len(certs) > 0:
		method = MethodCertificate
	}
	if c.trust.Method != "" && c.trust.Method != method {
		d.Signer.Method = method
		return Error{Code: CodeWrongMethod, What: fmt.Sprintf("signed with method %s, wanted is %s", method, c.trust.Method)}
	}
	switch method {
	case MethodKey:
		err = d.checkKey(c.trust.PublicKeys, &keyMaterial{}, s)
	case MethodCertificate:
		err = d.checkCertificate(&c.trust, certs, s, c.trust.Now)
	default:
		err = d.checkSigstore(c.keyless, certs[0], s, m.bundle)
	}
	if err != nil {
		return err
	}
	return c.denied(d, certs)
}

// byBare checks a signature over the payload itself. cosign hashes with SHA-256
// whatever the curve is; others follow the curve.
func (s signed) byBare(key crypto.PublicKey) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if ecdsa.VerifyASN1(k, s.digest, s.sig) {
			return true
		}
		hash := CurveHash(k)
		if hash == 0 || s.payload == nil {
			return false
		}
		h := hash.New()
		h.Write(s.payload)
		return ecdsa.VerifyASN1(k, h.Sum(nil), s.sig)
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSA && k.N.BitLen() <= MaxRSA &&
			(rsa.VerifyPKCS1v15(k, crypto.SHA256, s.digest, s.sig) == nil || rsa.VerifyPSS(k, crypto.SHA256, s.digest, s.sig, nil) == nil)
	case ed25519.PublicKey:
		return s.payload != nil && ed25519.Verify(k, s.payload, s.sig)
	}
	return false
}

// minRSA is what NIST SP 800-131A still lets pass, in bits.
const minRSA = 2048

// fits reports a kind of key that this signature can be checked with.
func (s signed) fits(key crypto.PublicKey) bool {
	if !s.bare {
		return CurveHash(key) != 0
	}
	switch key.(type) {
	case *rsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return CurveHash(key) != 0
}
