package envelope

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MediaType is the bundle version that is written, and the only one that was
// ever used for models.
const MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// oldMediaTypes are those of attestations by earlier tools. Their keyless
// bundles carry the certificate in a chain.
var oldMediaTypes = []string{
	"application/vnd.dev.sigstore.bundle+json;version=0.1",
	"application/vnd.dev.sigstore.bundle+json;version=0.2",
	"application/vnd.dev.sigstore.bundle+json;version=0.3",
}

// Bundle is the Sigstore bundle as far as the specification of OMS uses it, with
// the two members (publicKey.rawBytes, publicKey.keyDetails) that bundles before
// 1.1.0 have.
type Bundle struct {
	MediaType string   `json:"mediaType"`
	Material  material `json:"verificationMaterial"`
	Envelope  Envelope `json:"dsseEnvelope"`
}

type material struct {
	PublicKey   *keyMaterial   `json:"publicKey"`
	Chain       *chain         `json:"x509CertificateChain"`
	Certificate *certificate   `json:"certificate"`
	LogEntries  jsontext.Value `json:"tlogEntries"`
	Timestamps  jsontext.Value `json:"timestampVerificationData"`
}

type keyMaterial struct {
	Hint       string  `json:"hint"`
	RawBytes   Encoded `json:"rawBytes"`
	KeyDetails string  `json:"keyDetails"`
}

type chain struct {
	Certificates certificates `json:"certificates"`
}

type certificate struct {
	RawBytes Encoded `json:"rawBytes"`
}

type certificates []certificate

func (c *certificates) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return DecodeList(dec, MaxCertificates, (*[]certificate)(c))
}

// Envelope is a DSSE envelope.
type Envelope struct {
	Payload     Encoded    `json:"payload"`
	PayloadType string     `json:"payloadType"`
	Signatures  signatures `json:"signatures"`
}

type signature struct {
	Sig   Encoded `json:"sig"`
	KeyID *string `json:"keyid"` // never used: it is not signed
}

type signatures []signature

// UnmarshalJSONFrom takes exactly one: which of several would have to be good
// is not said anywhere.
func (s *signatures) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return DecodeList(dec, 1, (*[]signature)(s))
}

// Decode decodes a bundle and checks everything that does not need a key. Only
// MediaType is taken, and the old ones when old is set.
func Decode(data []byte, old bool) (*Bundle, error) {
	var b Bundle
	if err := DecodeStrict(data, &b, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	if b.MediaType != MediaType && !(old && slices.Contains(oldMediaTypes, b.MediaType)) {
		return nil, fmt.Errorf("media type %.80q, want %q", b.MediaType, MediaType)
	}
	if err := b.checkEnvelope(); err != nil {
		return nil, err
	}
	return &b, b.Material.check()
}

func (b *Bundle) checkEnvelope() error {
	switch e := b.Envelope; {
	case e.PayloadType != PayloadType:
		return fmt.Errorf("payload type %.80q, want %q", e.PayloadType, PayloadType)
	case len(e.Signatures) != 1 || len(e.Signatures[0].Sig) == 0:
		return errors.New("exactly one signature is wanted")
	case len(e.Payload) == 0:
		return errors.New("no payload")
	}
	return nil
}

func (m *material) check() error {
	n := 0
	if m.PublicKey != nil {
		n++
	}
	if m.Certificate != nil {
		n++
	}
	if m.Chain != nil {
		n++
		if len(m.Chain.Certificates) == 0 {
			return errors.New("empty certificate chain")
		}
	}
	if n != 1 {
		return fmt.Errorf("%d kinds of verification material, want exactly one of publicKey, certificate, x509CertificateChain", n)
	}
	return nil
}

// IsEmpty reports a member that is absent, null or an empty array or object.
func IsEmpty(v jsontext.Value) bool {
	if len(v) == 0 {
		return true
	}
	v = v.Clone()
	return v.Compact() == nil && slices.Contains([]string{"null", "[]", "{}"}, string(v))
}
