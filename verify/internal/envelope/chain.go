package envelope

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"time"

	"assay/verify/trust"
)

// CheckChain says whose certificates these are, leaf first, of a signature that
// has been checked with the key of the leaf elsewhere. The path is valid at the
// time of a timestamp token (RFC 3161) over sig by an authority of the trusted
// root, else now.
func (c *Checker) CheckChain(certs []*x509.Certificate, sig, token []byte) (Signed, error) {
	var d Signed
	if err := c.checkChain(&d, certs, sig, token); err != nil {
		d.Trusted = false
		return d, AsError(CodeBadCertificate, err)
	}
	return d, nil
}

func (c *Checker) checkChain(d *Signed, certs []*x509.Certificate, sig, token []byte) error {
	d.Signer.Method = MethodCertificate
	leaf := certs[0]
	d.Signer.KeyID = trust.CertificateKeyID(leaf)
	switch {
	case c.trust.Method != "" && c.trust.Method != MethodCertificate:
		return Error{Code: CodeWrongMethod, What: fmt.Sprintf("signed with method %s, wanted is %s", MethodCertificate, c.trust.Method)}
	case len(c.trust.Roots) == 0:
		d.Notes = append(d.Notes, fmt.Sprintf("the certificate claims to be %q; no root was given to check that", leaf.Subject.String()))
		return c.denied(d, certs)
	}
	if err := checkUsage(leaf); err != nil {
		return err
	}
	at := c.trust.Now
	if stamped, ok := c.tokenTime(sig, token); ok {
		at = stamped
		d.Time, d.TimeSource = at.UTC().Format(time.RFC3339), "TimestampAuthority"
	} else if len(token) > 0 {
		d.Notes = append(d.Notes, "the timestamp was not checked: it is by no authority of the trusted root")
	}
	if err := checkPath(c.trust.Roots, slices.Concat(certs[1:], c.trust.Intermediates), leaf, at); err != nil {
		return err
	}
	d.Trusted = true
	d.Signer.Subject, d.Signer.Issuer = leaf.Subject.String(), leaf.Issuer.String()
	return c.denied(d, certs)
}

// tokenTime wraps a bare token into the response that the library takes.
func (c *Checker) tokenTime(sig, token []byte) (time.Time, bool) {
	if c.keyless == nil || len(token) == 0 {
		return time.Time{}, false
	}
	type status struct{ Status int }
	response, err := asn1.Marshal(struct {
		Status status
		Token  asn1.RawValue
	}{Token: asn1.RawValue{FullBytes: token}})
	if err != nil {
		return time.Time{}, false
	}
	for _, authority := range c.keyless.stampers {
		if at, ok := checkStamp(authority, response, sig); ok {
			return at, true
		}
	}
	return time.Time{}, false
}

// IsStranger reports the codes for a signer whom nobody in Trust knows. Anybody
// may sign anything: lying beside a model, such a document is no reason to
// refuse it.
func IsStranger(code string) bool {
	return slices.Contains([]string{
		CodeWrongKey, CodeWrongMethod, CodeWrongIdentity, CodeUntrustedCertificate,
		CodeUnsupportedKey, CodeExpiredCertificate, CodeCertificateUsage, CodeSigstore,
	}, code)
}
