package sbom

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// DefaultCreated stands for "no time was given", in formats that demand one: the
// same artifact then gives the same bytes.
var DefaultCreated = time.Unix(0, 0).UTC()

// CreationTime returns t as bills of materials write it: UTC, whole seconds, a
// year of four digits. The zero time becomes DefaultCreated.
func CreationTime(t time.Time) (time.Time, error) {
	if t.IsZero() {
		return DefaultCreated, nil
	}
	t = t.UTC().Truncate(time.Second)
	if y := t.Year(); y < 1 || y > 9999 {
		return t, fmt.Errorf("the year %d has no four digits: choose another creation time", y)
	}
	return t, nil
}

// Digest is over everything that the document says, and over the strings that a
// writer adds. It names documents: two that say different things have different
// names. It is made file by file, so that no second copy is held in memory.
func (d Document) Digest(added ...string) ([sha256.Size]byte, error) {
	h := sha256.New()
	for _, s := range added {
		fmt.Fprintf(h, "%d:%s,", len(s), s)
	}
	enc := json.NewEncoder(h)
	for _, f := range d.Files {
		if err := enc.Encode(f); err != nil {
			return [sha256.Size]byte{}, err
		}
	}
	d.Files = nil
	if err := enc.Encode(d); err != nil {
		return [sha256.Size]byte{}, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}

// Making is how a bill was made. What this program does itself is Verified; what
// another bill says of itself is Declared.
type Making struct {
	Author        Value // who answers for the bill
	AuthorContact Value // where to write to them: an e-mail address or URL
	Tool          Value // with its version
	Created       Value // RFC 3339
	Format        Value // "SPDX", "CycloneDX"
	FormatVersion Value
	URI           Value // what names this document and no other
	Signature     Value
	Context       Value // the stage of the life cycle: "analyzed", "post-build"
}

// DeclaredBy is a value that source declares, bounded and without characters that
// deceive; an empty text is Absent.
func DeclaredBy(text, source string) Value { return value(text, Declared, source) }

// DeclaredURI is DeclaredBy for what must be a URI, with a scheme; anything else
// is Absent.
func DeclaredURI(text, source string) Value {
	uri, err := url.Parse(text)
	if err != nil || uri.Scheme == "" || len(text) > maxURI || escapeURI(text) != text || clean(text, maxURI) != text {
		return Value{}
	}
	return value(text, Declared, source)
}

// DeclaredTime is DeclaredBy for what must be a time of RFC 3339.
func DeclaredTime(text, source string) Value { return value(utcSeconds(text), Declared, source) }

// DeclaredVersion is DeclaredBy for a version, which formats bound more tightly.
func DeclaredVersion(text, source string) Value { return version(text, Declared, source) }

// Clean makes a text of somebody else's bill fit for a document.
func Clean(text string) string { return clean(text, maxName) }

// Valid reports whether the digest is what one of its algorithm looks like.
func (d Digest) Valid() bool { return isDigest(d.Algorithm, d.Hex) }
