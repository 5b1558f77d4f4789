package trust

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"assay/scanners"
)

// deniedContent is the rule of a denied file inside a container. As a file of its
// own it is a failed claim.
var deniedContent = scanners.Rule{
	ID: denyScheme + "/denied-content", Severity: scanners.Critical, Class: scanners.Malicious,
	Summary: "A file inside this one is on the deny list.",
	Help: "Somebody you trust denied these bytes by their SHA-256, whatever they are called and wherever they lie. " +
		"Do not use the file; the reason stands beside the digest on the list.",
	CWE: []string{"CWE-506"}, ATLAS: []string{"AML.T0010"}, OWASP: []string{"LLM03"},
}

// Scanner looks for denied files inside containers, at any depth. It reads every
// member whole, and is nil when no file is denied.
func (d DenyList) Scanner() scanners.Scanner {
	if len(d.digests) == 0 {
		return nil
	}
	return denyScanner{d}
}

// RulesetSuffix names the list in the name of a rule set: evidence that was
// gathered under another list says nothing about this one.
func (d DenyList) RulesetSuffix() string {
	if len(d.digests) == 0 {
		return ""
	}
	sums := make([]string, 0, len(d.digests))
	for s := range d.digests {
		sums = append(sums, s)
	}
	slices.Sort(sums)
	return "+denied:" + sum([]byte(strings.Join(sums, "\n")))[:16]
}

type denyScanner struct{ list DenyList }

func (denyScanner) Info() scanners.Info {
	return scanners.Info{Name: denyScheme, Title: "deny list", Version: 1, Rules: []scanners.Rule{deniedContent}}
}

func (denyScanner) Match(scanners.Head) bool { return true }

// Scan recognises nothing but what is denied. A file that is in no container has
// its digest compared without being read again.
func (s denyScanner) Scan(ctx context.Context, f scanners.File, _ scanners.Limits) (scanners.Result, error) {
	if f.Sibling == nil {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	h := sha256.New()
	buf := make([]byte, 256<<10)
	for r := io.NewSectionReader(f, 0, f.Size); ; {
		if err := ctx.Err(); err != nil {
			return scanners.Result{}, err
		}
		n, err := r.Read(buf)
		h.Write(buf[:n])
		if err == io.EOF {
			break
		}
		if err != nil {
			return scanners.Result{}, fmt.Errorf("hash: %w", err)
		}
	}
	reason, denied := s.list.digests[hex.EncodeToString(h.Sum(nil))]
	if !denied {
		return scanners.Result{}, scanners.ErrNotRecognised
	}
	return scanners.Result{Findings: []scanners.Finding{{
		Rule: deniedContent.ID, Severity: deniedContent.Severity, What: fmt.Sprintf("denied: %.300s", reason),
	}}}, nil
}
