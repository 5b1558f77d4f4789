package attest

import (
	"crypto"
	"encoding/hex"
	"testing"
	"time"

	svrproto "github.com/in-toto/attestation/go/predicates/svr/v01"
	vsaproto "github.com/in-toto/attestation/go/predicates/vsa/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	sigbundle "github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigverify "github.com/sigstore/sigstore-go/pkg/verify"
	sigkeys "github.com/sigstore/sigstore/pkg/signature"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// TestMadeForOthers: what is made here is what in-toto's own types say, and
// verifies by sigstore-go with the digest of a file.
func TestMadeForOthers(t *testing.T) {
	f := vsaFixture(t)
	s := Summary{Verifier: verifier, Time: testNow}
	vsaPayload, err := MakeVSA(f.report(), s)
	if err != nil {
		t.Fatal(err)
	}
	svrPayload, err := MakeSVR(f.report(), s)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		payload   []byte
		predicate proto.Message
	}{
		"vsa": {vsaPayload, new(vsaproto.VerificationSummary)},
		"svr": {svrPayload, new(svrproto.SimpleVerificationResult)},
	} {
		t.Run(name, func(t *testing.T) {
			var st intoto.Statement
			if err := protojson.Unmarshal(c.payload, &st); err != nil {
				t.Fatal(err)
			}
			if err := st.Validate(); err != nil {
				t.Error(err)
			}
			predicate, err := protojson.Marshal(st.GetPredicate())
			if err != nil {
				t.Fatal(err)
			}
			if err := protojson.Unmarshal(predicate, c.predicate); err != nil {
				t.Error(err)
			}
			bundle, err := SignWithKey(c.payload, f.signer)
			if err != nil {
				t.Fatal(err)
			}
			verifyElsewhere(t, f, bundle)
		})
	}
}

func verifyElsewhere(t *testing.T, f *fixture, bundle []byte) {
	t.Helper()
	var b sigbundle.Bundle
	if err := b.UnmarshalJSON(bundle); err != nil {
		t.Fatal(err)
	}
	key, err := sigkeys.LoadVerifier(f.signer.Public(), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	material := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(key, time.Time{}, time.Time{}), nil
	})
	v, err := sigverify.NewVerifier(material, sigverify.WithNoObserverTimestamps())
	if err != nil {
		t.Fatal(err)
	}
	for name, ok := range map[string]bool{f.sum("config.json"): true, contentOf(f): false} {
		digest, err := hex.DecodeString(name)
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(&b, sigverify.NewPolicy(sigverify.WithArtifactDigest("sha256", digest), sigverify.WithKey()))
		if (err == nil) != ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
