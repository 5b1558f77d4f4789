package sigstoretest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"

	"assay/verify/trust"
)

// Instance is a Virtual whose services answer over HTTP: a certificate authority
// (Fulcio's second interface), a log (Rekor's first) and a timestamp authority. It
// believes every identity token.
type Instance struct {
	*Virtual
	URL string

	t               testing.TB
	caRoot, ca, tsa *x509.Certificate
	caKey, tsaKey   *ecdsa.PrivateKey
	tsaRoot         *x509.Certificate
}

// Paths of the services below URL.
const (
	AuthorityPath = "/fulcio"
	StampPath     = "/tsa"
)

// Start starts an instance, until the test ends.
func Start(t testing.TB) *Instance {
	t.Helper()
	i := &Instance{Virtual: New(t), t: t}
	rootKey := i.key()
	i.caRoot = i.certificate(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, rootKey.Public(), rootKey)
	i.caKey = i.key()
	i.ca = i.certificate(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}}, i.caRoot, i.caKey.Public(), rootKey)
	stampKey := i.key()
	i.tsaRoot = i.certificate(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}, nil, stampKey.Public(), stampKey)
	i.tsaKey = i.key()
	stamping, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	i.check(err)
	i.tsa = i.certificate(&x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{
		{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: stamping}}}, i.tsaRoot, i.tsaKey.Public(), stampKey)

	mux := http.NewServeMux()
	mux.HandleFunc("POST "+AuthorityPath+"/api/v2/signingCert", i.sign)
	mux.HandleFunc("POST /api/v1/log/entries", i.log)
	mux.HandleFunc("POST "+StampPath, i.stampIt)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

func (i *Instance) check(err error) {
	if err != nil {
		i.t.Helper()
		i.t.Error(err)
		panic(err)
	}
}

func (i *Instance) key() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	i.check(err)
	return key
}

// certificate issues a template, by itself without a parent.
func (i *Instance) certificate(template, parent *x509.Certificate, public crypto.PublicKey, key *ecdsa.PrivateKey) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	i.check(err)
	template.SerialNumber, template.NotBefore, template.NotAfter = serial, time.Now().Add(-time.Minute), time.Now().Add(10*time.Minute)
	if template.IsCA {
		template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
		template.Subject = pkix.Name{CommonName: "authority " + serial.String()}
	}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	i.check(err)
	c, err := x509.ParseCertificate(der)
	i.check(err)
	return c
}

// Keys are the ids of the keys of its certificate authority and its timestamp
// authority, as deny lists name them.
func (i *Instance) Keys() (authority, stamper string) {
	return trust.CertificateKeyID(i.ca), trust.CertificateKeyID(i.tsa)
}

// TrustedRoot is the instance's trusted_root.json.
func (i *Instance) TrustedRoot() []byte {
	from, to := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	r, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: i.caRoot, Intermediates: []*x509.Certificate{i.ca}, ValidityPeriodStart: from, ValidityPeriodEnd: to, URI: i.URL}},
		nil, []root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{Root: i.tsaRoot, Leaf: i.tsa, ValidityPeriodStart: from, ValidityPeriodEnd: to, URI: i.URL}},
		byID(i.t, i.Virtual.ca.RekorLogs()))
	i.check(err)
	data, err := r.MarshalJSON()
	i.check(err)
	return data
}

// SigningConfig is the instance's signing_config.json.
func (i *Instance) SigningConfig() []byte {
	service := func(url string) string {
		return fmt.Sprintf(`[{"url":%q,"majorApiVersion":1,"validFor":{"start":"2020-01-01T00:00:00Z"},"operator":"test"}]`, url)
	}
	return fmt.Appendf(nil, `{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":%s,"oidcUrls":[],"rekorTlogUrls":%s,"tsaUrls":%s,"rekorTlogConfig":{"selector":"ANY"},"tsaConfig":{"selector":"ANY"}}`,
		service(i.URL+AuthorityPath), service(i.URL), service(i.URL+StampPath))
}

// Token is an identity token, signed by nobody.
func Token(subject, issuer string) string {
	part := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return part(map[string]string{"alg": "none"}) + "." +
		part(map[string]any{"iss": issuer, "sub": subject, "email": subject, "email_verified": true, "aud": "sigstore"}) + ".c2ln"
}

// sign issues a certificate for the key of a request to the subject of its token.
func (i *Instance) sign(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Key struct {
			Public struct {
				Content string `json:"content"`
			} `json:"publicKey"`
			Proof []byte `json:"proofOfPossession"`
		} `json:"publicKeyRequest"`
	}
	var claims struct{ Iss, Email string }
	parts := strings.Split(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), ".")
	if json.NewDecoder(r.Body).Decode(&request) != nil || len(parts) != 3 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	i.check(err)
	i.check(json.Unmarshal(text, &claims))
	block, _ := pem.Decode([]byte(request.Key.Public.Content))
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	i.check(err)
	if sum := sha256.Sum256([]byte(claims.Email)); !ecdsa.VerifyASN1(public.(*ecdsa.PublicKey), sum[:], request.Key.Proof) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	leaf := i.certificate(fulcioLeaf(claims.Email, claims.Iss), i.ca, public, i.caKey)
	var chain []string
	for _, c := range []*x509.Certificate{leaf, i.ca, i.caRoot} {
		chain = append(chain, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})))
	}
	i.check(json.NewEncoder(w).Encode(map[string]any{"signedCertificateEmbeddedSct": map[string]any{"chain": map[string]any{"certificates": chain}}}))
}

// fulcioLeaf has the issuer in the extensions that Fulcio writes.
func fulcioLeaf(subject, issuer string) *x509.Certificate {
	text, _ := asn1.MarshalWithParams(issuer, "utf8")
	leaf := &x509.Certificate{KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{
			{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}, Value: []byte(issuer)},
			{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: text},
		}}
	if u, err := url.Parse(subject); err == nil && u.Scheme != "" {
		leaf.URIs = []*url.URL{u}
	} else {
		leaf.EmailAddresses = []string{subject}
	}
	return leaf
}

// log takes a proposed entry for a DSSE envelope.
func (i *Instance) log(w http.ResponseWriter, r *http.Request) {
	var proposed struct {
		Spec struct {
			Content struct {
				Envelope  string   `json:"envelope"`
				Verifiers [][]byte `json:"verifiers"`
			} `json:"proposedContent"`
		} `json:"spec"`
	}
	i.check(json.NewDecoder(r.Body).Decode(&proposed))
	var envelope dsse.Envelope
	i.check(json.Unmarshal([]byte(proposed.Spec.Content.Envelope), &envelope))
	block, _ := pem.Decode(proposed.Spec.Content.Verifiers[0])
	leaf, err := x509.ParseCertificate(block.Bytes)
	i.check(err)
	sig, err := base64.StdEncoding.DecodeString(envelope.Signatures[0].Sig)
	i.check(err)
	entry, err := i.Virtual.ca.GenerateTlogEntry(leaf, &envelope, sig, time.Now().Unix(), true)
	i.check(err)
	e := entry.TransparencyLogEntry()
	i.promise(i.t, e)
	w.Header().Set("Content-Type", "application/json")
	id := strings.Repeat("ab", 32)
	w.Header().Set("Etag", id)
	w.Header().Set("Location", "/api/v1/log/entries/"+id)
	w.WriteHeader(http.StatusCreated)
	i.check(json.NewEncoder(w).Encode(map[string]any{id: answer(e)}))
}

// answer is an entry as the first interface of Rekor writes it.
func answer(e *protorekor.TransparencyLogEntry) map[string]any {
	proof := e.InclusionProof
	hashes := []string{}
	for _, h := range proof.Hashes {
		hashes = append(hashes, hex.EncodeToString(h))
	}
	return map[string]any{
		"body": e.CanonicalizedBody, "integratedTime": e.IntegratedTime, "logIndex": e.LogIndex, "logID": hex.EncodeToString(e.LogId.KeyId),
		"verification": map[string]any{"signedEntryTimestamp": e.InclusionPromise.SignedEntryTimestamp, "inclusionProof": map[string]any{
			"checkpoint": proof.Checkpoint.Envelope, "hashes": hashes, "logIndex": proof.LogIndex, "rootHash": hex.EncodeToString(proof.RootHash), "treeSize": proof.TreeSize,
		}},
	}
}

// stampIt answers a timestamp query (RFC 3161).
func (i *Instance) stampIt(w http.ResponseWriter, r *http.Request) {
	query, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	i.check(err)
	request, err := timestamp.ParseRequest(query)
	i.check(err)
	stamp := timestamp.Timestamp{
		HashAlgorithm: request.HashAlgorithm, HashedMessage: request.HashedMessage, Time: time.Now(), Nonce: request.Nonce,
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}, AddTSACertificate: request.Certificates,
	}
	response, err := stamp.CreateResponseWithOpts(i.tsa, i.tsaKey, crypto.SHA256)
	i.check(err)
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(response)
}
