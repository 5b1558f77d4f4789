// Package transfer passes a trust store on to machines without network: as an
// in-toto statement in a signed bundle, with the time until it may be used.
//
// # Security
//
// Trusted: the signers that the importing side names. Not trusted: the bundle. It
// is opened only when such a signer signed it, is used until it expires, and is
// not imported over a newer one: a deny list must not get shorter by an old file.
package transfer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"assay/verify"
	"assay/verify/internal/envelope"
	"assay/verify/trust"
)

// predicateType names the content.
const predicateType = "urn:assay:trust:v1"

const statementType = "https://in-toto.io/Statement/v1"

type statement struct {
	Type          string         `json:"_type"`
	Subject       []subject      `json:"subject"`
	PredicateType string         `json:"predicateType"`
	Predicate     jsontext.Value `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// Errors of an import.
var (
	ErrUntrusted = errors.New("trust bundle: not by a signer that was named")
	ErrOlder     = errors.New("trust bundle: older than what was imported before")
)

// Export signs a store, to be used until it expires.
func Export(ctx context.Context, s trust.Store, signer envelope.Signer, made, expires time.Time) ([]byte, error) {
	if !made.Before(expires) {
		return nil, errors.New("trust bundle: it would have expired already")
	}
	s.Made, s.Expires = made.UTC().Truncate(time.Second), expires.UTC().Truncate(time.Second)
	content, err := json.Marshal(s, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	payload, err := json.Marshal(statement{
		Type: statementType, PredicateType: predicateType, Predicate: content,
		Subject: []subject{{Name: "trust", Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}}},
	}, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	return signer.Sign(ctx, payload)
}

// Import opens a bundle. Before is the store that it will replace.
func Import(data []byte, by envelope.Trust, before trust.Store) (trust.Store, verify.Signer, error) {
	checker, err := envelope.NewChecker(by)
	if err != nil {
		return trust.Store{}, verify.Signer{}, err
	}
	b, err := envelope.Decode(data, false)
	if err != nil {
		return trust.Store{}, verify.Signer{}, fmt.Errorf("trust bundle: %w", err)
	}
	d, err := checker.Check(b, data, false)
	if err != nil {
		return trust.Store{}, d.Signer, fmt.Errorf("%w: %w", ErrUntrusted, err)
	}
	if !d.Trusted {
		return trust.Store{}, d.Signer, ErrUntrusted
	}
	s, err := open(b.Envelope.Payload)
	if err != nil {
		return trust.Store{}, d.Signer, fmt.Errorf("trust bundle: %w", err)
	}
	if s.Made.Before(before.Made) {
		return trust.Store{}, d.Signer, fmt.Errorf("%w: made %s, and that one %s", ErrOlder, s.Made.Format(time.RFC3339), before.Made.Format(time.RFC3339))
	}
	return s, d.Signer, s.Usable(by.Now)
}

func open(payload []byte) (trust.Store, error) {
	var st statement
	if err := envelope.DecodeWide(payload, &st, json.RejectUnknownMembers(true)); err != nil {
		return trust.Store{}, err
	}
	if st.Type != statementType || st.PredicateType != predicateType {
		return trust.Store{}, fmt.Errorf("signed is a %.80q and no trust", st.PredicateType)
	}
	s, err := trust.ParseStore(st.Predicate)
	if err == nil && (s.Made.IsZero() || s.Expires.IsZero()) {
		err = errors.New("it does not say when it was made and until when it is good")
	}
	return s, err
}
