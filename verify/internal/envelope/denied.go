package envelope

import (
	"crypto/x509"
	"slices"

	"github.com/sigstore/sigstore-go/pkg/root"

	"assay/verify/trust"
)

// undenied is a trusted root without the authorities that the deny list names by
// the key of one of their certificates. They are in no bundle, so that looking at
// the bundle alone would not find them (CVE-2024-56138: the certificates of a
// timestamp authority can be revoked too).
type undenied struct {
	root.TrustedMaterial
	list trust.DenyList
}

// FulcioCertificateAuthorities implements root.TrustedMaterial.
func (u undenied) FulcioCertificateAuthorities() []root.CertificateAuthority {
	return slices.DeleteFunc(slices.Clone(u.TrustedMaterial.FulcioCertificateAuthorities()), func(a root.CertificateAuthority) bool {
		f, ok := a.(*root.FulcioCertificateAuthority)
		return ok && u.denies(append([]*x509.Certificate{f.Root}, f.Intermediates...))
	})
}

// TimestampingAuthorities implements root.TrustedMaterial.
func (u undenied) TimestampingAuthorities() []root.TimestampingAuthority {
	return slices.DeleteFunc(slices.Clone(u.TrustedMaterial.TimestampingAuthorities()), func(a root.TimestampingAuthority) bool {
		t, ok := a.(*root.SigstoreTimestampingAuthority)
		return ok && u.denies(append([]*x509.Certificate{t.Root, t.Leaf}, t.Intermediates...))
	})
}

func (u undenied) denies(certs []*x509.Certificate) bool {
	return slices.ContainsFunc(certs, func(c *x509.Certificate) bool {
		if c == nil {
			return false
		}
		_, denied := u.list.Key(trust.CertificateKeyID(c))
		return denied
	})
}
