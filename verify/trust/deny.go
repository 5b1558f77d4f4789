package trust

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"strings"

	"assay/registry"
	"assay/verify"
	"assay/verify/hashing"
)

// maxDenied is the number of entries in one deny list.
const maxDenied = 1 << 20

// DenyList names what must not be used, whoever signed it: files and whole
// artifacts by digest, signers by key or identity. The zero value denies nothing.
type DenyList struct {
	digests    map[string]string // hex SHA-256 of a file, or of verify.ContentID -> reason
	keys       map[string]string // PublicKey.ID -> reason
	identities map[string]string // subject of a certificate -> reason
}

// Len is the number of entries.
func (d DenyList) Len() int { return len(d.digests) + len(d.keys) + len(d.identities) }

// ParseDenyList reads one entry on each line and a reason after it:
//
//	sha256:HEX      a file, or an artifact's content id
//	key:HEX         SHA-256 of a SubjectPublicKeyInfo: a signer, or an authority
//	identity:NAME   subject of a signer's certificate
//
// Empty lines and lines that begin with # say nothing. Any other line is an
// error: a misspelled entry would deny nothing.
func ParseDenyList(data []byte) (DenyList, error) {
	d := DenyList{digests: make(map[string]string), keys: make(map[string]string), identities: make(map[string]string)}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		entry, reason, _ := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		if entry == "" || strings.HasPrefix(entry, "#") {
			continue
		}
		if d.Len() == maxDenied {
			return DenyList{}, fmt.Errorf("deny list: more than %d entries", maxDenied)
		}
		if err := d.add(entry, cmp.Or(strings.TrimSpace(reason), "no reason is given")); err != nil {
			return DenyList{}, fmt.Errorf("deny list, line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return DenyList{}, fmt.Errorf("deny list: %w", err)
	}
	return d, nil
}

func (d DenyList) add(entry, reason string) error {
	kind, value, _ := strings.Cut(entry, ":")
	isDigest := len(value) == 64 && strings.Trim(value, "0123456789abcdef") == ""
	switch {
	case kind == "sha256" && isDigest:
		d.digests[value] = reason
	case kind == "key" && isDigest:
		d.keys[value] = reason
	case kind == "identity" && value != "":
		d.identities[value] = reason
	default:
		return fmt.Errorf("%.80q: write sha256:HEX or key:HEX with 64 lower-case hex digits, or identity:NAME", entry)
	}
	return nil
}

// Key tells why a key is denied, by its PublicKey.ID.
func (d DenyList) Key(id string) (reason string, denied bool) {
	reason, denied = d.keys[id]
	return reason, denied
}

// Identity tells why the subject of a certificate is denied.
func (d DenyList) Identity(subject string) (reason string, denied bool) {
	reason, denied = d.identities[subject]
	return reason, denied
}

// Scheme of the claims about denied content.
const denyScheme = "deny-list"

// Verifier looks for denied files and artifacts. Its claims are failed ones; what
// is not on the list is no claim.
func (d DenyList) Verifier(name string) verify.Verifier { return denyVerifier{d, name} }

type denyVerifier struct {
	list DenyList
	name string
}

func (v denyVerifier) Scheme() string { return denyScheme }

// Prepare implements verify.Verifier. An entry that is no file is not read, and
// says nothing here: it is a gap already.
func (v denyVerifier) Prepare(context.Context, *registry.Artifact) (verify.Check, error) {
	return v, nil
}

func (v denyVerifier) Needs() []verify.HashNeed { return nil }

// Claims implements verify.Check.
func (v denyVerifier) Claims(files verify.Digests) []verify.Claim {
	var problems []verify.Problem
	deny := func(file, sum string) {
		if reason, ok := v.list.digests[sum]; ok {
			problems = append(problems, verify.Problem{Code: "denied", File: file, What: fmt.Sprintf("sha256:%s is denied: %s", sum, reason)})
		}
	}
	all := make([]verify.FileEvidence, 0, len(files.Names()))
	for _, name := range files.Names() {
		sum, _ := files.Hex(name, hashing.Need{Algorithm: hashing.SHA256}, 0)
		all = append(all, verify.FileEvidence{Name: name, Size: files.Size(name), SHA256: sum})
		deny(name, sum)
	}
	deny("", strings.TrimPrefix(verify.ContentID(all), "sha256:"))
	if len(problems) == 0 {
		return nil
	}
	return []verify.Claim{{
		Scheme: denyScheme, Document: v.name, Standing: verify.Failed, Covers: []string{}, Problems: problems,
		Attestation: &verify.Attestation{Files: []string{}},
	}}
}
