package envelope

import (
	"bytes"

	"github.com/go-json-experiment/json"
)

// DecodeAny decodes a bundle of any version, or a DSSE envelope without one,
// which can be checked with a key only.
func DecodeAny(data []byte) (*Bundle, error) {
	if bytes.Contains(data, []byte(`"dsseEnvelope"`)) || !bytes.Contains(data, []byte(`"payloadType"`)) {
		return Decode(data, true)
	}
	b := Bundle{MediaType: MediaType, Material: material{PublicKey: &keyMaterial{}}}
	if err := DecodeStrict(data, &b.Envelope, json.RejectUnknownMembers(true)); err != nil {
		return nil, err
	}
	return &b, b.checkEnvelope()
}
