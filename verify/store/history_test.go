package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"assay/verify"
)

// The newest trusted time of signatures on other revisions of the same name.
func TestNewestSigned(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.db"))
	add := func(pinned, at string, standing verify.Standing, attested *verify.Attestation) {
		e := evidence(pinned, 1)
		e.Artifact.Pinned = pinned
		e.Claims = []verify.Claim{{Scheme: "oms", Identity: verify.Signer{Method: "sigstore"}, Standing: standing, Time: at, Covers: []string{}, Problems: []verify.Problem{}, Attestation: attested}}
		put(t, s, e, noon)
	}
	add("hf://org/model@1", "2026-01-01T00:00:00Z", verify.Verified, nil)
	add("hf://org/model@2", "2026-03-01T00:00:00Z", verify.Verified, nil)
	add("hf://org/model@3", "2026-04-01T00:00:00Z", verify.Failed, nil)
	add("hf://org/model@4", "2026-05-01T00:00:00Z", verify.Unchecked, nil)
	add("hf://org/model@5", "2026-06-01T00:00:00Z", verify.Verified, &verify.Attestation{Files: []string{}})
	add("hf://org/model@6", "", verify.Verified, nil)
	add("hf://org/model2@1", "2026-07-01T00:00:00Z", verify.Verified, nil)
	add("hf://org/mode@1", "2026-07-01T00:00:00Z", verify.Verified, nil)
	for pinned, want := range map[string]string{
		"hf://org/model@9": "2026-03-01T00:00:00Z", "hf://org/model@2": "2026-01-01T00:00:00Z", "hf://org/new@1": "", "unpinned": "",
	} {
		at, err := s.NewestSigned(t.Context(), pinned)
		if got := at.UTC().Format(time.RFC3339); err != nil || want == "" && !at.IsZero() || want != "" && got != want {
			t.Errorf("%s: %s, %v, want %q", pinned, got, err, want)
		}
	}
}
