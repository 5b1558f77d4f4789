package envelope

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"assay/verify/trust"
)

// Bounds on a certificate from a bundle: checking a signature with a key of any
// size the sender likes would take as long as the sender likes (CVE-2023-29409).
const (
	MaxCertificate = 32 << 10 // bytes
	MaxRSA         = 8192     // bits
)

// parseChain parses the certificates of a bundle, leaf first.
func parseChain(raw []certificate) ([]*x509.Certificate, error) {
	parsed := make([]*x509.Certificate, len(raw))
	for i, c := range raw {
		cert, err := parseCertificate(c.RawBytes)
		if err != nil {
			return nil, Error{Code: CodeBadCertificate, What: fmt.Sprintf("certificate %d of the bundle: %v", i+1, err)}
		}
		parsed[i] = cert
	}
	return parsed, nil
}

func parseCertificate(der []byte) (*x509.Certificate, error) {
	if len(der) > MaxCertificate {
		return nil, fmt.Errorf("larger than %d bytes", MaxCertificate)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if key, ok := cert.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > MaxRSA {
		return nil, fmt.Errorf("RSA key of %d bits, at most %d are checked", key.N.BitLen(), MaxRSA)
	}
	return cert, nil
}

// checkLeaf checks the signature with the key of the leaf. It proves that the
// holder of that key signed, and nothing about who that is.
func (d *Signed) checkLeaf(leaf *x509.Certificate, s signed) error {
	if !s.fits(leaf.PublicKey) {
		return Error{Code: CodeUnsupportedKey, What: fmt.Sprintf(
			"key type %s in the certificate: model signatures are made with ECDSA P-256, P-384 or P-521", trust.Algorithm(leaf.PublicKey))}
	}
	if !s.by(leaf.PublicKey) {
		return Error{Code: CodeBadSignature, What: "the signature does not match the certificate in the bundle: the bundle was changed"}
	}
	d.Signer.KeyID = trust.CertificateKeyID(leaf)
	return nil
}

// checkCertificate checks signature, purpose and path, which must be valid at the
// time of the signature when a timestamp proves it, else now. Without roots it
// stops after the signature.
func (d *Signed) checkCertificate(c *Trust, certs []*x509.Certificate, s signed, at time.Time) error {
	d.Signer.Method = MethodCertificate
	leaf := certs[0]
	if err := d.checkLeaf(leaf, s); err != nil {
		return err
	}
	if len(c.Roots) == 0 {
		d.Notes = append(d.Notes, fmt.Sprintf("the certificate claims to be %q; no root was given to check that", leaf.Subject.String()))
		return nil
	}
	if err := checkUsage(leaf); err != nil {
		return err
	}
	if err := checkPath(c.Roots, slices.Concat(certs[1:], c.Intermediates), leaf, at); err != nil {
		return err
	}
	d.Trusted = true
	d.Signer.Subject, d.Signer.Issuer = leaf.Subject.String(), leaf.Issuer.String()
	return nil
}

// checkUsage wants a certificate that says it is for signatures: key usage
// digitalSignature or extended key usage codeSigning. One that has an extension
// and leaves signing out of it, like that of a web server, is refused.
func checkUsage(leaf *x509.Certificate) error {
	canSign := leaf.KeyUsage&x509.KeyUsageDigitalSignature != 0
	canCode := slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageCodeSigning) || slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny)
	hasExt := len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) > 0
	switch {
	case leaf.KeyUsage != 0 && !canSign:
		return Error{Code: CodeCertificateUsage, What: "key usage of the certificate does not include digitalSignature"}
	case hasExt && !canCode:
		return Error{Code: CodeCertificateUsage, What: "extended key usage of the certificate does not include codeSigning"}
	case !canSign && !canCode:
		return Error{Code: CodeCertificateUsage, What: "the certificate does not say that it is for signing"}
	}
	return nil
}

// checkPath builds a path from leaf to a root that is valid at one time: never
// that of NotBefore, because then nothing would ever expire, and for all
// certificates of the path (CVE-2026-24122).
func checkPath(roots, others []*x509.Certificate, leaf *x509.Certificate, now time.Time) error {
	err := verifyPath(roots, others, leaf, now)
	if err == nil {
		return nil
	}
	if validOnce(roots, others, leaf) {
		return Error{Code: CodeExpiredCertificate, What: fmt.Sprintf("no path of valid certificates at %s: %v", now.UTC().Format(time.RFC3339), err)}
	}
	return Error{Code: CodeUntrustedCertificate, What: fmt.Sprintf("no path from the certificate of %q to a given root: %v", leaf.Subject.String(), err)}
}

func verifyPath(roots, others []*x509.Certificate, leaf *x509.Certificate, at time.Time) error {
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: pool(roots), Intermediates: pool(others), CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	})
	return err
}

// validOnce tells an expired path from one that never was: it is valid, if ever,
// at the moment when the last of its certificates became so.
func validOnce(roots, others []*x509.Certificate, leaf *x509.Certificate) bool {
	return slices.ContainsFunc(slices.Concat(roots, others, []*x509.Certificate{leaf}), func(c *x509.Certificate) bool {
		return verifyPath(roots, others, leaf, c.NotBefore) == nil
	})
}

func pool(certs []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, c := range certs {
		p.AddCert(c)
	}
	return p
}
