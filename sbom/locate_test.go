package sbom

import "testing"

func TestReferences(t *testing.T) {
	const (
		commit = "0123456789abcdef0123456789abcdef01234567"
		digest = "sha256:aa"
	)
	for ref, want := range map[string]struct{ name, purl, location string }{
		"hf://Org/Name@" + commit: {"Org/Name", "pkg:huggingface/Org/Name@" + commit, "hf://Org/Name@" + commit},
		"hf://gpt2@" + commit:     {"gpt2", "pkg:huggingface/gpt2@" + commit, "hf://gpt2@" + commit},
		"hf://org/name@main":      {"org/name", "", "hf://org/name@main"},
		"hf://org/name@0123456789ABCDEF0123456789abcdef01234567": {"org/name", "", "hf://org/name@0123456789ABCDEF0123456789abcdef01234567"},
		"hf://datasets/org/name@" + commit:                       {"org/name", "", "hf://datasets/org/name@" + commit},
		"hf://a b/ü@" + commit:                                   {"a b/ü", "pkg:huggingface/a%20b/%C3%BC@" + commit, ""},
		"oci://host:5000/Team/Model@" + digest:                   {"Team/Model", "pkg:oci/model@sha256%3Aaa?repository_url=host%3A5000/team/model", "oci://host:5000/Team/Model@" + digest},
		"oci://host/team/model:v1@" + digest:                     {"team/model", "pkg:oci/model@sha256%3Aaa?repository_url=host/team/model", "oci://host/team/model:v1@" + digest},
		"oci://host/model:v1":                                    {"model", "", "oci://host/model:v1"},
		"s3://bucket/p%20q?X-Amz-Signature=s":                    {"bucket/p%20q", "", "s3://bucket/p%20q"},
		"https://u:secret@host/m#f":                              {"host/m", "", "https://host/m"},
		"hf://org/é b@" + commit:                                 {"org/é b", "pkg:huggingface/org/%C3%A9%20b@" + commit, "hf://org/%C3%A9%20b@" + commit},
		"ollama://library/llama@sha256:aa":                       {"library/llama", "", "ollama://library/llama@sha256:aa"},
		"x://host/100%/%zz":                                      {"host/100%/%zz", "", "x://host/100%25/%25zz"},
		"ollama://llama@sha256:aa":                               {"llama", "", ""},
		"oci://host:port/m":                                      {"m", "", ""}, // no URI
		"oci://[::1/m":                                           {"m", "", ""},
		"/home/me/model":                                         {"model", "", ""},
		`C:\models\m`:                                            {"m", "", ""},
		"file:///home/me/model/":                                 {"model", "", ""},
		".":                                                      {"", "", ""},
		"/":                                                      {"", "", ""},
		"../..":                                                  {"", "", ""},
		"":                                                       {"", "", ""},
	} {
		p := splitReference(ref)
		if p.name != want.name || p.purl() != want.purl || location(ref) != want.location {
			t.Errorf("%q: name %q, purl %q, location %q; want %q", ref, p.name, p.purl(), location(ref), want)
		}
	}
}
