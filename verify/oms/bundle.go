package oms

import (
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// mediaType is the only bundle version that was ever used for models.
const mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"

// bundle is the Sigstore bundle as far as the specification of OMS uses it, with
// the two members (publicKey.rawBytes, publicKey.keyDetails) that bundles before
// 1.1.0 have.
type bundle struct {
	MediaType string   `json:"mediaType"`
	Material  material `json:"verificationMaterial"`
	Envelope  envelope `json:"dsseEnvelope"`
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
	RawBytes   encoded `json:"rawBytes"`
	KeyDetails string  `json:"keyDetails"`
}

type chain struct {
	Certificates certificates `json:"certificates"`
}

type certificate struct {
	RawBytes encoded `json:"rawBytes"`
}

type certificates []certificate

func (c *certificates) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return decodeList(dec, maxCertificates, (*[]certificate)(c))
}

type envelope struct {
	Payload     encoded    `json:"payload"`
	PayloadType string     `json:"payloadType"`
	Signatures  signatures `json:"signatures"`
}

type signature struct {
	Sig   encoded `json:"sig"`
	KeyID *string `json:"keyid"` // never used: it is not signed
}

type signatures []signature

// UnmarshalJSONFrom takes exactly one: which of several would have to be good
// is not said anywhere.
func (s *signatures) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	return decodeList(dec, 1, (*[]signature)(s))
}

// decodeBundle decodes and checks everything that does not need a key.
func decodeBundle(data []byte) (*bundle, error) {
	var b bundle
	if err := decodeStrict(data, &b, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	switch {
	case b.MediaType != mediaType:
		return nil, fmt.Errorf("media type %.80q, want %q", b.MediaType, mediaType)
	case b.Envelope.PayloadType != payloadType:
		return nil, fmt.Errorf("payload type %.80q, want %q", b.Envelope.PayloadType, payloadType)
	case len(b.Envelope.Signatures) != 1 || len(b.Envelope.Signatures[0].Sig) == 0:
		return nil, errors.New("exactly one signature is wanted")
	case len(b.Envelope.Payload) == 0:
		return nil, errors.New("no payload")
	}
	return &b, b.Material.check()
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

// isEmpty reports a member that is absent, null or an empty array or object.
func isEmpty(v jsontext.Value) bool {
	if len(v) == 0 {
		return true
	}
	v = v.Clone()
	return v.Compact() == nil && slices.Contains([]string{"null", "[]", "{}"}, string(v))
}
