package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

func (d *signedByDocument) check(signers map[string]Signer) (SignedBy, error) {
	if d == nil {
		return SignedBy{}, nil
	}
	for i, name := range d.Of {
		if _, ok := signers[name]; !ok {
			return SignedBy{}, fmt.Errorf("no signer is called %q: define it under signers", name)
		}
		if slices.Contains(d.Of[:i], name) {
			return SignedBy{}, fmt.Errorf("%s is named twice", name)
		}
	}
	if d.AtLeast < 1 || d.AtLeast > len(d.Of) {
		return SignedBy{}, fmt.Errorf("atLeast is %d: 1 to %d are possible with the signers that it names", d.AtLeast, len(d.Of))
	}
	for _, kind := range d.Including {
		if err := oneOf("including", kind, attestedKinds...); err != nil || kind == "" {
			return SignedBy{}, fmt.Errorf("including: %q: one of %s", kind, strings.Join(attestedKinds, ", "))
		}
	}
	return SignedBy{AtLeast: d.AtLeast, Of: d.Of, Including: d.Including}, nil
}

// attestedKinds are the kinds of attestations that a policy can ask for.
var attestedKinds = []string{"provenance", "vsa", "svr", "test-result", "spdx", "cyclonedx", "commit"}

func (d attestedDocument) attested(signers map[string]Signer) (Attested, error) {
	want := Attested{Kind: d.Kind, By: d.By, Result: d.Result, AtLeast: d.AtLeast}
	if d.AtLeast < 0 || d.AtLeast > len(d.By) {
		return want, fmt.Errorf("atLeast is %d: 1 to %d are possible with the signers that it names", d.AtLeast, len(d.By))
	}
	if d.Kind == "" || len(d.By) == 0 {
		return want, errors.New("needs kind and by")
	}
	err := errors.Join(
		oneOf("kind", d.Kind, attestedKinds...),
		oneOf("result", d.Result, "PASSED", "WARNED", "FAILED"))
	for _, name := range d.By {
		if _, ok := signers[name]; !ok {
			err = errors.Join(err, fmt.Errorf("no signer is called %q: define it under signers", name))
		}
	}
	var e error
	if d.Builder != "" {
		want.Builder, e = ParseGlob(d.Builder)
		err = errors.Join(err, e)
	}
	if d.Source != "" {
		want.Source, e = ParseGlob(d.Source)
		err = errors.Join(err, e)
	}
	return want, err
}

// instant reads a time of RFC 3339; "" is none.
func instant(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%q: write it like 2026-01-01T00:00:00Z", text)
	}
	return t, nil
}
