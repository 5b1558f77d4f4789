package verify

// Attestation is what an in-toto statement says about an artifact. Who says it is
// in the claim; all text in here is that signer's word, cut to a bounded length.
type Attestation struct {
	Kind string `json:"kind"` // "provenance", "vsa", "svr", "test-result", "spdx", "cyclonedx", "commit", "other"; "" when it could not be read
	// Whole tells that a subject is the whole artifact with the names of its
	// files: by ContentID, or by the digest that the reference was pinned to.
	Whole bool `json:"whole"`
	// Files are those that a subject has by digest and name, all when Whole.
	// Sorted. A digest under another name is in the claim's notes only.
	Files []string `json:"files"`

	// Of provenance.
	Builder   string `json:"builder,omitempty"`   // builder id, URI
	BuildType string `json:"buildType,omitempty"` // URI
	Source    string `json:"source,omitempty"`    // repository URI without "git+" and ".git"
	Ref       string `json:"ref,omitempty"`       // "refs/heads/main"
	Trigger   string `json:"trigger,omitempty"`   // "push", "workflow_dispatch"

	// Of summaries and results.
	Verifier   string   `json:"verifier,omitempty"`   // verifier id, URI
	Resource   string   `json:"resource,omitempty"`   // URI of what was verified
	Policy     string   `json:"policy,omitempty"`     // "sha256:..." of the policy, else its URI
	Result     string   `json:"result,omitempty"`     // "PASSED", "WARNED", "FAILED"
	Properties []string `json:"properties,omitempty"` // verified levels or properties

	Time string `json:"time,omitempty"` // RFC 3339, as the signer says
}
