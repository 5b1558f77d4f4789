package envelope

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/sigstore/sigstore-go/pkg/root"
	sigsign "github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"
)

// Signer makes a bundle of a statement.
type Signer interface {
	Sign(ctx context.Context, payload []byte) ([]byte, error)
}

// KeySigner signs with a key, and with the certificates above it when there are
// any, leaf first.
type KeySigner struct {
	Key   crypto.Signer
	Chain []*x509.Certificate
	Now   time.Time
}

// Sign implements Signer.
func (s KeySigner) Sign(_ context.Context, payload []byte) ([]byte, error) {
	if len(s.Chain) == 0 {
		return SignWithKey(payload, s.Key)
	}
	return SignWithCertificate(payload, s.Key, s.Chain, s.Now)
}

// Services of a Sigstore instance.
type Services struct {
	Authority  string   // URL of Fulcio
	Log        string   // URL of Rekor; "" for none
	LogVersion uint32   // 1 or 2; 0 for 1
	Stampers   []string // URLs of timestamp authorities, with their path
}

// PublicServices are those of the public instance (docs.sigstore.dev).
func PublicServices() Services {
	return Services{
		Authority: "https://fulcio.sigstore.dev", Log: "https://rekor.sigstore.dev",
		Stampers: []string{"https://timestamp.sigstore.dev/api/v1/timestamp"},
	}
}

// ServicesFrom reads a signing_config.json and picks what is in use now.
func ServicesFrom(config []byte, now time.Time) (Services, error) {
	c, err := root.NewSigningConfigFromJSON(config)
	if err != nil {
		return Services{}, fmt.Errorf("signing config: %w", err)
	}
	var out Services
	authority, err := root.SelectService(c.FulcioCertificateAuthorityURLs(), sigsign.FulcioAPIVersions, now)
	if err != nil {
		return out, fmt.Errorf("signing config: no certificate authority: %w", err)
	}
	out.Authority = authority.URL
	if len(c.RekorLogURLs()) > 0 {
		log, err := root.SelectService(c.RekorLogURLs(), sigsign.RekorAPIVersions, now)
		if err != nil {
			return out, fmt.Errorf("signing config: no transparency log: %w", err)
		}
		out.Log, out.LogVersion = log.URL, log.MajorAPIVersion
	}
	if len(c.TimestampAuthorityURLs()) > 0 {
		stampers, err := root.SelectServices(c.TimestampAuthorityURLs(), c.TimestampAuthorityURLsConfig(), sigsign.TimestampAuthorityAPIVersions, now)
		if err != nil {
			return out, fmt.Errorf("signing config: no timestamp authority: %w", err)
		}
		for _, s := range stampers {
			out.Stampers = append(out.Stampers, s.URL)
		}
	}
	return out, nil
}

// Keyless signs with a key that is thrown away, for which the authority gives a
// certificate to whoever holds the identity token. Subject and issuer of the token
// become public when the log is.
type Keyless struct {
	Services  Services
	Token     string            // OpenID Connect, with the audience "sigstore"
	Transport http.RoundTripper // to authority and timestamps; nil for the default
	// TrustedRoot, if not nil, is what the new bundle is verified against before it
	// is given out.
	TrustedRoot []byte
}

// signTimeout is for one request to a service.
const signTimeout = 60 * time.Second

// Sign implements Signer. Errors never hold the token.
func (k Keyless) Sign(ctx context.Context, payload []byte) (bundle []byte, err error) {
	// The library takes a field of an answer for granted here and there.
	defer func() {
		if r := recover(); r != nil {
			bundle, err = nil, errors.New("sign keyless: a service did not answer as its interface says")
		}
	}()
	if strings.Count(k.Token, ".") != 2 {
		return nil, errors.New("sign keyless: the identity token is no JSON web token")
	}
	pair, err := sigsign.NewEphemeralKeypair(nil)
	if err != nil {
		return nil, fmt.Errorf("sign keyless: %w", err)
	}
	options := sigsign.BundleOptions{
		Context:                    ctx,
		CertificateProvider:        sigsign.NewFulcio(&sigsign.FulcioOptions{BaseURL: strings.TrimSuffix(k.Services.Authority, "/"), Timeout: signTimeout, Retries: 1, Transport: k.Transport}),
		CertificateProviderOptions: &sigsign.CertificateProviderOptions{IDToken: k.Token},
	}
	if k.Services.Log != "" {
		options.TransparencyLogs = []sigsign.Transparency{sigsign.NewRekor(&sigsign.RekorOptions{BaseURL: k.Services.Log, Timeout: signTimeout, Retries: 1, Version: k.Services.LogVersion})}
	}
	for _, url := range k.Services.Stampers {
		options.TimestampAuthorities = append(options.TimestampAuthorities,
			sigsign.NewTimestampAuthority(&sigsign.TimestampAuthorityOptions{URL: url, Timeout: signTimeout, Retries: 1, Transport: k.Transport}))
	}
	if k.TrustedRoot != nil {
		if options.TrustedRoot, err = root.NewTrustedRootFromJSON(k.TrustedRoot); err != nil {
			return nil, fmt.Errorf("trusted root: %w", err)
		}
	}
	b, err := sigsign.Bundle(&sigsign.DSSEData{Data: payload, PayloadType: PayloadType}, pair, options)
	if err != nil {
		return nil, fmt.Errorf("sign keyless: %s", k.presentable(err))
	}
	return protojson.MarshalOptions{}.Marshal(b)
}

// presentable keeps the beginning of what a service answered, without the token.
func (k Keyless) presentable(err error) string {
	text := strings.ReplaceAll(err.Error(), k.Token, "[token]")
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "") + " ..."
	}
	return text
}
