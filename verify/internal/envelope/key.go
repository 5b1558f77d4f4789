package envelope

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	_ "crypto/sha256" // for crypto.Hash.New
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"assay/verify/trust"
)

// CurveHash is the hash that belongs to a curve (specification, 4.2), 0 for keys
// that the specification does not have.
func CurveHash(key crypto.PublicKey) crypto.Hash {
	k, ok := key.(*ecdsa.PublicKey)
	if !ok {
		return 0
	}
	switch k.Curve {
	case elliptic.P256():
		return crypto.SHA256
	case elliptic.P384():
		return crypto.SHA384
	case elliptic.P521():
		return crypto.SHA512
	}
	return 0
}

// signed is what a signature is checked against.
type signed struct {
	payload []byte
	sig     []byte
	old     bool   // made by model_signing 0.2.0: its own encoding, always SHA-256
	digest  []byte // of the payload, when bare
	bare    bool   // over the payload itself, without an envelope
}

// by reports whether key made the signature.
func (s signed) by(key crypto.PublicKey) bool {
	if s.bare {
		return s.byBare(key)
	}
	public, ok := key.(*ecdsa.PublicKey)
	hash := CurveHash(key)
	if !ok || hash == 0 {
		return false
	}
	if s.old {
		hash = crypto.SHA256
	}
	h := hash.New()
	if s.old {
		WriteOldPAE(h, s.payload)
	} else {
		WritePAE(h, s.payload)
	}
	return ecdsa.VerifyASN1(public, h.Sum(nil), s.sig)
}

// checkKey finds the given key that made the signature. Without keys it checks
// the key that old bundles carry, which proves nothing about the signer but can
// prove that the bundle was changed.
func (d *Signed) checkKey(keys []trust.PublicKey, pub *keyMaterial, s signed) error {
	d.Signer.Method = MethodKey
	own, err := pub.embedded()
	if err != nil {
		return Error{Code: CodeBadBundle, What: "the key in the bundle: " + err.Error()}
	}
	if own != nil && !s.by(own.Key) {
		return Error{Code: CodeBadSignature, What: "the signature does not match the key in the bundle: the bundle was changed"}
	}
	for _, key := range keys {
		if s.by(key.Key) {
			d.Trusted, d.Signer.KeyID = true, key.ID
			if pub.Hint != "" && pub.Hint != key.Hint {
				d.Notes = append(d.Notes, "the bundle's hint names another key than the one that made the signature")
			}
			return nil
		}
	}
	if len(keys) > 0 {
		return noKey(keys, pub, own, s)
	}
	if own != nil {
		d.Signer.KeyID = own.ID
	}
	return nil
}

// noKey explains why none of the keys fits.
func noKey(keys []trust.PublicKey, pub *keyMaterial, own *trust.PublicKey, s signed) error {
	usable := false
	for _, key := range keys {
		usable = usable || s.fits(key.Key)
		if pub.Hint == key.Hint || own != nil && own.ID == key.ID {
			return Error{Code: CodeBadSignature, What: "the signature does not match key " + key.ID + " that the bundle names: the bundle was changed"}
		}
	}
	if !usable {
		return Error{Code: CodeUnsupportedKey, What: fmt.Sprintf("key type %s: model signatures are made with ECDSA P-256, P-384 or P-521", trust.Algorithm(keys[0].Key))}
	}
	return Error{Code: CodeWrongKey, What: fmt.Sprintf("not signed by any of the %d given keys%s", len(keys), hintText(pub))}
}

func hintText(pub *keyMaterial) string {
	if pub.Hint == "" {
		return ""
	}
	return fmt.Sprintf(": the bundle names the key with hint %.64q", pub.Hint)
}

// embedded is the key of bundles before 1.1.0: PEM text in publicKey.rawBytes.
func (p *keyMaterial) embedded() (*trust.PublicKey, error) {
	if len(p.RawBytes) == 0 {
		return nil, nil
	}
	if block, _ := pem.Decode(p.RawBytes); block != nil || !bytes.HasPrefix(p.RawBytes, []byte{0x30}) {
		key, err := trust.ParsePublicKey(p.RawBytes)
		return &key, err
	}
	key, err := x509.ParsePKIXPublicKey(p.RawBytes)
	if err != nil {
		return nil, err
	}
	described, err := trust.NewPublicKey(key)
	return &described, err
}
