package oms

import (
	"crypto/x509"
	"encoding/base64"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/sigstoretest"
)

// stampOf puts a timestamp over the bundle's signature, or over another one, into
// the bundle.
func stampOf(t *testing.T, v *sigstoretest.Virtual, bundle string, over []byte) string {
	t.Helper()
	var b struct {
		Envelope struct {
			Signatures []struct {
				Sig []byte `json:"sig"`
			} `json:"signatures"`
		} `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal([]byte(bundle), &b); err != nil {
		t.Fatal(err)
	}
	if over == nil {
		over = b.Envelope.Signatures[0].Sig
	}
	response := base64.StdEncoding.EncodeToString(v.Stamp(t, over))
	return replace(t, bundle, `"tlogEntries":[]`,
		`"tlogEntries":[],"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"`+response+`"}]}`)
}

// TestTimestamps: a certificate that has expired since counts when a timestamp
// proves that it had not, and only then.
func TestTimestamps(t *testing.T) {
	v, other := sigstoretest.New(t), sigstoretest.New(t)
	later := time.Now().AddDate(2, 0, 0)
	for name, c := range map[string]struct {
		valid func(*x509.Certificate)
		by    *sigstoretest.Virtual
		root  *sigstoretest.Virtual
		over  []byte
		want  string
	}{
		"valid then":                     {valid: aroundNow, by: v, root: v},
		"no timestamp":                   {valid: aroundNow, root: v, want: envelope.CodeExpiredCertificate},
		"timestamp of another authority": {valid: aroundNow, by: other, root: v, want: envelope.CodeExpiredCertificate},
		"no trusted root":                {valid: aroundNow, by: v, want: envelope.CodeExpiredCertificate},
		"over another signature":         {valid: aroundNow, by: v, root: v, over: []byte("x"), want: envelope.CodeExpiredCertificate},
		"expired before": {valid: func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = time.Now().AddDate(-2, 0, 0), time.Now().AddDate(-1, 0, 0)
		}, by: v, root: v, want: envelope.CodeExpiredCertificate},
	} {
		t.Run(name, func(t *testing.T) {
			top := newAuthority(t, "root", aroundNow)
			f := newFixture(t, baseFiles(), nil)
			f.config = Config{Now: later, CertificateRoots: top.certs}
			if c.root != nil {
				f.config.TrustedRoot = c.root.TrustedRoot(t, sigstoretest.Parts{})
			}
			f.signBy(top.issue(t, "signer", c.valid))
			if c.by != nil {
				f.bundle = func(text string) string { return stampOf(t, c.by, text, c.over) }
			}
			if got := f.claim(); c.want == "" {
				want(t, got, verify.Verified)
				if got.Time == "" || got.TimeSource == "" {
					t.Errorf("no time: %+v", got)
				}
			} else {
				want(t, got, verify.Failed, c.want)
			}
		})
	}
	f := keyFixture(t)
	f.editBundle(`"tlogEntries":[]`, `"tlogEntries":[],"timestampVerificationData":{"rfc3161Timestamps":{}}`)
	want(t, f.claim(), verify.Failed, envelope.CodeBadBundle)
}

// aroundNow is valid for a year before and after the clock, which timestamps use.
func aroundNow(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().AddDate(-1, 0, 0), time.Now().AddDate(1, 0, 0)
}
