// Package sigstoretest is a Sigstore of a test's own: authority, log and
// timestamps in memory, with the trusted root that goes with them.
//
// # Security
//
// For tests only: the private keys live in the process, and nothing that it
// signs is trusted by any root but its own.
package sigstoretest

import (
	"encoding/base64"
	"encoding/hex"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"github.com/sigstore/sigstore-go/pkg/tlog"
	"google.golang.org/protobuf/encoding/protojson"

	"assay/verify/internal/envelope"
)

// Virtual is one instance.
type Virtual struct {
	ca *ca.VirtualSigstore
}

// New makes an instance with new keys.
func New(t testing.TB) *Virtual {
	t.Helper()
	instance, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	return &Virtual{instance}
}

// Parts are what a trusted root may be without.
type Parts struct {
	NoLog        bool // no transparency log, as GitHub's instance for private repositories
	NoTimestamps bool // no timestamp authority
	LogEnded     bool // the log's key was valid until half an hour ago
	CTLog        bool // a certificate log, whose promises the instance's certificates lack
}

// TrustedRoot is the instance's trusted_root.json.
func (v *Virtual) TrustedRoot(t testing.TB, p Parts) []byte {
	t.Helper()
	logs, ctLogs, stamps := byID(t, v.ca.RekorLogs()), byID(t, v.ca.CTLogs()), v.ca.TimestampingAuthorities()
	if p.NoLog {
		logs = nil
	}
	for _, log := range logs {
		if p.LogEnded {
			log.ValidityPeriodEnd = time.Now().Add(-30 * time.Minute)
		}
	}
	if !p.CTLog {
		ctLogs = nil
	}
	if p.NoTimestamps {
		stamps = nil
	}
	r, err := root.NewTrustedRoot(root.TrustedRootMediaType01, v.ca.FulcioCertificateAuthorities(), ctLogs, stamps, logs)
	if err != nil {
		t.Fatal(err)
	}
	data, err := r.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// byID gives logs their id in bytes, as files have it; in memory it is text.
func byID(t testing.TB, logs map[string]*root.TransparencyLog) map[string]*root.TransparencyLog {
	t.Helper()
	for id, log := range logs {
		raw, err := hex.DecodeString(id)
		if err != nil {
			t.Fatal(err)
		}
		log.ID = raw
		log.SignatureHashFunc = log.HashFunc
	}
	return logs
}

// Rekor is the version of the log that an entry looks like.
type Rekor int

// The versions: the second has no time of its own.
const (
	RekorV1 Rekor = 1
	RekorV2 Rekor = 2
)

// Sign makes a keyless bundle of a statement, and lets the caller change it.
func (v *Virtual) Sign(t testing.TB, version Rekor, subject, issuer string, statement []byte, changes ...func(*protobundle.Bundle)) []byte {
	t.Helper()
	var entity *ca.TestEntity
	var err error
	if version == RekorV2 {
		entity, err = v.ca.AttestHashedRekordV2(subject, issuer, statement)
	} else {
		entity, err = v.ca.AttestAtTime(subject, issuer, statement, time.Now().Add(time.Minute), true)
	}
	if err != nil {
		t.Fatal(err)
	}
	b := bundleOf(t, entity)
	if version == RekorV1 {
		v.promise(t, b.VerificationMaterial.TlogEntries[0])
	}
	for _, change := range changes {
		change(b)
	}
	data, err := protojson.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func bundleOf(t testing.TB, entity *ca.TestEntity) *protobundle.Bundle {
	t.Helper()
	content, err := entity.VerificationContent()
	if err != nil {
		t.Fatal(err)
	}
	signature, err := entity.SignatureContent()
	if err != nil {
		t.Fatal(err)
	}
	entries, err := entity.TlogEntries()
	if err != nil {
		t.Fatal(err)
	}
	stamps, err := entity.Timestamps()
	if err != nil {
		t.Fatal(err)
	}
	raw := signature.EnvelopeContent().RawEnvelope()
	payload, err := base64.StdEncoding.DecodeString(raw.Payload)
	if err != nil {
		t.Fatal(err)
	}
	material := &protobundle.VerificationMaterial{
		Content: &protobundle.VerificationMaterial_Certificate{
			Certificate: &protocommon.X509Certificate{RawBytes: content.Certificate().Raw},
		},
		TimestampVerificationData: &protobundle.TimestampVerificationData{},
	}
	for _, e := range entries {
		material.TlogEntries = append(material.TlogEntries, e.TransparencyLogEntry())
	}
	for _, s := range stamps {
		material.TimestampVerificationData.Rfc3161Timestamps = append(material.TimestampVerificationData.Rfc3161Timestamps,
			&protocommon.RFC3161SignedTimestamp{SignedTimestamp: s})
	}
	return &protobundle.Bundle{
		MediaType: envelope.MediaType, VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: payload, PayloadType: raw.PayloadType,
			Signatures: []*protodsse.Signature{{Sig: signature.Signature()}},
		}},
	}
}

// Stamp is an RFC 3161 response over a signature, of now.
func (v *Virtual) Stamp(t testing.TB, signature []byte) []byte {
	t.Helper()
	response, err := v.ca.TimestampResponse(signature)
	if err != nil {
		t.Fatal(err)
	}
	return response
}

// promise completes an entry of the first version, of which the library keeps
// only what it needs in memory.
func (v *Virtual) promise(t testing.TB, e *protorekor.TransparencyLogEntry) {
	t.Helper()
	set, err := v.ca.RekorSignPayload(tlog.RekorPayload{
		Body: base64.StdEncoding.EncodeToString(e.CanonicalizedBody), IntegratedTime: e.IntegratedTime,
		LogIndex: e.LogIndex, LogID: hex.EncodeToString(e.LogId.KeyId),
	})
	if err != nil {
		t.Fatal(err)
	}
	e.KindVersion = &protorekor.KindVersion{Kind: "dsse", Version: "0.0.1"}
	e.InclusionPromise = &protorekor.InclusionPromise{SignedEntryTimestamp: set}
}

// Entries are the log entries of a bundle, to be exchanged.
func Entries(t testing.TB, bundle []byte) []*protorekor.TransparencyLogEntry {
	t.Helper()
	var b protobundle.Bundle
	if err := protojson.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	return b.VerificationMaterial.TlogEntries
}
