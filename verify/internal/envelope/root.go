package envelope

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
)

// RootPart is one authority or log of a Sigstore trusted root.
type RootPart struct {
	Kind     string // "certificate authority", "transparency log", ...
	URI      string
	From, To time.Time // validity; To is zero while it is in use
}

// DescribeRoot lists what a trusted_root.json holds, by kind and age.
func DescribeRoot(data []byte) ([]RootPart, error) {
	r, err := root.NewTrustedRootFromJSON(data)
	if err != nil {
		return nil, fmt.Errorf("trusted root: %w", err)
	}
	var parts []RootPart
	for _, ca := range r.FulcioCertificateAuthorities() {
		if f, ok := ca.(*root.FulcioCertificateAuthority); ok {
			parts = append(parts, RootPart{"certificate authority", f.URI, f.ValidityPeriodStart, f.ValidityPeriodEnd})
		}
	}
	for _, ta := range r.TimestampingAuthorities() {
		if t, ok := ta.(*root.SigstoreTimestampingAuthority); ok {
			parts = append(parts, RootPart{"timestamp authority", t.URI, t.ValidityPeriodStart, t.ValidityPeriodEnd})
		}
	}
	for kind, logs := range map[string]map[string]*root.TransparencyLog{"transparency log": r.RekorLogs(), "certificate log": r.CTLogs()} {
		for _, l := range logs {
			parts = append(parts, RootPart{kind, l.BaseURL, l.ValidityPeriodStart, l.ValidityPeriodEnd})
		}
	}
	slices.SortFunc(parts, func(a, b RootPart) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), a.From.Compare(b.From), strings.Compare(a.URI, b.URI))
	})
	return parts, nil
}
