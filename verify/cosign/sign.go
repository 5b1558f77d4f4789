package cosign

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"

	"assay/registry"
	"assay/verify/internal/envelope"
	"assay/verify/internal/ociref"
)

// Sign signs the manifest that a reference is pinned to, as cosign does since
// version 3, and returns the document to be kept beside it.
func Sign(ctx context.Context, pinned string, signer envelope.Signer) (registry.Attachment, error) {
	digest := ociref.PinnedDigest(pinned)
	if digest == "" {
		return registry.Attachment{}, fmt.Errorf("sign: %s is not pinned to the SHA-256 of a manifest", pinned)
	}
	payload, err := json.Marshal(map[string]any{
		"_type": statementType, "predicateType": PredicateType, "predicate": map[string]any{},
		"subject": []map[string]any{{"digest": map[string]any{"sha256": digest}}},
	}, json.Deterministic(true))
	if err != nil {
		return registry.Attachment{}, fmt.Errorf("sign: %w", err)
	}
	bundle, err := signer.Sign(ctx, payload)
	return Attachment(bundle, PredicateType), err
}

// Attachment is a bundle as registries keep it. The annotations help others to
// find it and are not signed.
func Attachment(bundle []byte, predicateType string) registry.Attachment {
	return registry.Attachment{MediaType: envelope.MediaType, Data: bundle, Annotations: map[string]string{
		"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicateType,
	}}
}
