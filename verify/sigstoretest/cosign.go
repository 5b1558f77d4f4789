package sigstoretest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"assay/registry"
)

// Media types of documents that cosign kept in registries before bundles.
const (
	MediaSimple   = "application/vnd.dev.cosign.simplesigning.v1+json"
	MediaEnvelope = "application/vnd.dsse.envelope.v1+json"
)

// SignMessage signs a document as cosign did before bundles: signature,
// certificate and log entry are its annotations.
func (v *Virtual) SignMessage(t testing.TB, subject, issuer string, document []byte) registry.Attachment {
	t.Helper()
	entity, err := v.ca.SignAtTime(subject, issuer, document, time.Now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := entity.SignatureContent()
	if err != nil {
		t.Fatal(err)
	}
	content, err := entity.VerificationContent()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := entity.TlogEntries()
	if err != nil {
		t.Fatal(err)
	}
	e := entries[0].TransparencyLogEntry()
	v.promise(t, e)
	return registry.Attachment{MediaType: MediaSimple, Data: document, Annotations: map[string]string{
		"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(signature.Signature()),
		"dev.sigstore.cosign/certificate":    string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: content.Certificate().Raw})),
		"dev.sigstore.cosign/bundle":         logAnnotation(t, e.InclusionPromise.SignedEntryTimestamp, e.CanonicalizedBody, e.IntegratedTime, e.LogIndex, e.LogId.KeyId),
	}}
}

// Annotated is a bundle of Sign in the form that cosign gave attestations before
// bundles.
func Annotated(t testing.TB, bundle []byte) registry.Attachment {
	t.Helper()
	var b protobundle.Bundle
	if err := protojson.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	envelope, err := protojson.Marshal(b.GetDsseEnvelope())
	if err != nil {
		t.Fatal(err)
	}
	e := b.VerificationMaterial.TlogEntries[0]
	return registry.Attachment{MediaType: MediaEnvelope, Data: envelope, Annotations: map[string]string{
		"dev.sigstore.cosign/certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.VerificationMaterial.GetCertificate().RawBytes})),
		"dev.sigstore.cosign/bundle":      logAnnotation(t, e.InclusionPromise.SignedEntryTimestamp, e.CanonicalizedBody, e.IntegratedTime, e.LogIndex, e.LogId.KeyId),
	}}
}

func logAnnotation(t testing.TB, promise, body []byte, at, index int64, id []byte) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"SignedEntryTimestamp": promise,
		"Payload":              map[string]any{"body": body, "integratedTime": at, "logIndex": index, "logID": hex.EncodeToString(id)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
