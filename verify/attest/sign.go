package attest

import (
	"time"

	"assay/verify/internal/envelope"
)

// Signer makes a bundle of a statement: with a key, under certificates, or
// keyless.
type Signer = envelope.Signer

// KeySigner signs with a key, and with the certificates above it.
type KeySigner = envelope.KeySigner

// Keyless signs with a certificate for the holder of an identity token.
type Keyless = envelope.Keyless

// Services of a Sigstore instance.
type Services = envelope.Services

// PublicServices are those of the public instance.
func PublicServices() Services { return envelope.PublicServices() }

// ServicesFrom reads a signing_config.json.
func ServicesFrom(config []byte, now time.Time) (Services, error) {
	return envelope.ServicesFrom(config, now)
}

// MediaType is that of a bundle, as registries keep it.
const MediaType = envelope.MediaType
