// Package sbomtest has the reports that every writer of a bill of materials is
// tested with: ordinary ones, one with everything that can go wrong, and hostile
// ones.
//
// # Security
//
// For tests only. The hostile texts are inert: they are never executed or
// interpreted, only written.
package sbomtest

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"assay/registry"
	"assay/sbom"
	"assay/scanners"
	"assay/verify"
)

// Created is the time that the golden documents are made at.
var Created = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

const commit = "0123456789abcdef0123456789abcdef01234567"

// Reports are the reports behind the golden documents.
func Reports() map[string]verify.Report {
	return map[string]verify.Report{
		"clean-model":    CleanModel(),
		"dataset":        Dataset(),
		"findings-model": FindingsModel(),
		"empty":          {Evidence: verify.Evidence{Artifact: verify.ArtifactInfo{Ref: "/home/someone/empty", Ignored: []string{".git"}}}},
	}
}

// Documents are the documents of all reports.
func Documents() map[string]sbom.Document {
	out := make(map[string]sbom.Document)
	for name, r := range Reports() {
		out[name] = sbom.FromReport(r)
	}
	out["merged"] = Merged()
	return out
}

// Merged is a model with the bills of its dataset, of its base, and of a neighbour.
func Merged() sbom.Document {
	base, dataset := sbom.FromReport(CleanModel()), sbom.FromReport(Dataset())
	base.Subject.Name.Text, base.Subject.PURL = "example/large", sbom.Value{}
	dataset.Subject.Name.Text = "example/rows"
	d := sbom.FromReport(CleanModel())
	d.Datasets = []sbom.Value{sbom.DeclaredBy("example/rows", "README.md"), sbom.DeclaredBy("example/unknown", "README.md")}
	return d.Merge(dataset).Merge(base).Merge(sbom.FromReport(FindingsModel()))
}

// CleanModel is a small model of the Hub in which everything was understood.
func CleanModel() verify.Report {
	r := verify.Report{Evidence: verify.Evidence{Ruleset: "sha256:" + Hash("rules")}}
	r.Artifact = verify.ArtifactInfo{
		Ref: "hf://example/tiny@main", Pinned: "hf://example/tiny@" + commit, Kind: registry.KindModel,
		Repository: "repo-1", Name: "example/tiny", Owner: "example", Created: "2025-06-07T08:09:10.123+02:00", Revision: commit,
	}
	r.Files = []verify.FileEvidence{
		parsed("README.md", "text", 120, 0),
		parsed("config.json", "text", 300, 0),
		parsed("model-00001.safetensors", "safetensors", 800, 9200),
		parsed("model-00002.safetensors", "safetensors", 700, 5200),
	}
	r.Files[0].Declared = []verify.DeclaredDigest{
		{Digest: "sha1-git:" + strings.Repeat("ab", 20), By: "hf-git", Match: verify.MatchKept}}
	r.Files[0].Facts = []verify.Fact{
		{Key: "text/card/base_model", Value: "example/large"}, {Key: "text/card/license", Value: "apache-2.0"},
		{Key: "text/card/library_name", Value: "transformers"}, {Key: "text/card/pipeline_tag", Value: "text-generation"}}
	r.Files[1].Facts = []verify.Fact{
		{Key: "text/config/architectures", Value: "LlamaForCausalLM"}, {Key: "text/config/hidden_size", Value: "64"},
		{Key: "text/config/model_type", Value: "llama"}}
	r.Files[2].Declared = []verify.DeclaredDigest{
		{Digest: "sha256:" + r.Files[2].SHA256, By: "hf-lfs", Match: verify.MatchKept}}
	r.Files[2].Facts = []verify.Fact{
		{Key: "safetensors/dtypes", Value: "BF16=4500,F32=100"}, {Key: "safetensors/metadata/format", Value: "pt"},
		{Key: "safetensors/parameters", Value: "4600"}, {Key: "safetensors/tensors", Value: "12"}}
	r.Files[3].Facts = []verify.Fact{
		{Key: "safetensors/dtypes", Value: "BF16=2600"}, {Key: "safetensors/parameters", Value: "2600"},
		{Key: "safetensors/tensors", Value: "7"}}
	r.Artifact.ContentID = verify.ContentID(r.Files)
	return r
}

// Dataset is a small dataset of the Hub.
func Dataset() verify.Report {
	r := verify.Report{Evidence: verify.Evidence{Ruleset: "sha256:" + Hash("rules")}}
	r.Artifact = verify.ArtifactInfo{
		Ref: "hf://datasets/example/rows", Pinned: "hf://datasets/example/rows@" + commit, Kind: registry.KindDataset,
		Owner: "example", Created: "2025-06-07T08:09:10Z", Revision: commit,
	}
	r.Files = []verify.FileEvidence{parsed("README.md", "text", 70, 0), parsed("data/train.jsonl", "text", 5000, 0)}
	r.Files[0].Facts = []verify.Fact{{Key: "text/card/license", Value: "odc-by"}}
	r.Artifact.ContentID = verify.ContentID(r.Files)
	return r
}

// FindingsModel has one of everything that is not well, from a registry without
// a revision of its own.
func FindingsModel() verify.Report {
	r := verify.Report{Evidence: verify.Evidence{Ruleset: "sha256:" + Hash("rules")}}
	r.Artifact = verify.ArtifactInfo{
		Ref: "oci://registry.example:5000/team/Model:v1", Kind: registry.KindAdapter,
		Pinned: "oci://registry.example:5000/team/Model@sha256:" + Hash("manifest"),
	}
	pickle := parsed("pytorch_model.bin", "pickle", 400, 0)
	pickle.Formats = []string{"pickle", "zip"}
	pickle.Classification, pickle.Members = scanners.Malicious, 3
	pickle.SHA512 = hash512("pickle")
	pickle.Declared = []verify.DeclaredDigest{{Digest: "sha256:" + Hash("other"), By: "oci-layer", Match: verify.MatchBroken}}
	pickle.Findings = []verify.Finding{
		{Rule: "pickle/dangerous-call", Severity: scanners.Critical, Path: []string{"archive/data.pkl"}, Offset: 17,
			What: "calls os.system('echo assay-test-marker')"},
		{Rule: "zip/duplicate-name", Severity: scanners.Medium, Offset: 44, What: `two members named "data.pkl"`},
	}
	config := parsed("adapter_config.json", "text", 200, 0)
	config.Facts = []verify.Fact{
		{Key: "text/config/base_model_name_or_path", Value: "example/base"}, {Key: "text/config/peft_type", Value: "LORA"},
		{Key: "text/config/r", Value: "8"}}
	card := parsed("README.md", "text", 100, 0)
	card.Facts = []verify.Fact{
		{Key: "text/card/base_model", Value: "example/base"}, {Key: "text/card/license", Value: "other"},
		{Key: "text/card/license_name", Value: "example license++ v2"}}
	r.Files = []verify.FileEvidence{
		card, config,
		{Name: "big.bin", Size: 1 << 40, Formats: []string{}, Coverage: scanners.Coverage{Skipped: 1 << 40},
			Declared: []verify.DeclaredDigest{{Digest: "sha256:" + Hash("big"), By: "oci-layer", Match: verify.MatchUnchecked}}},
		parsed("model.sig", "text", 90, 0), pickle,
	}
	r.Claims = []verify.Claim{
		{Scheme: "oms", Document: "model.sig", PredicateType: "https://model_signing/signature/v1.0", Standing: verify.Failed,
			Identity: verify.Signer{Method: "key", KeyID: Hash("key")}, Covers: []string{"big.bin", "pytorch_model.bin"},
			Problems: []verify.Problem{{Code: "digest-mismatch", File: "pytorch_model.bin", What: "the signature has another digest"}}},
		{Scheme: "sigstore", Document: "model.sigstore.json",
			Identity: verify.Signer{Method: "sigstore", Subject: "ci@example.com", Issuer: "https://issuer.example"}},
	}
	r.Gaps = []verify.Gap{
		{Code: scanners.GapUnreadable, File: "big.bin", Reason: "connection closed"},
		{Code: verify.GapOmitted, File: "link", Reason: "a symbolic link"},
		{Code: verify.GapVerifier, Reason: "sigstore: no trusted root"},
	}
	return r
}

// parsed is a file that was read whole.
func parsed(name, format string, parsed, opaque int64) verify.FileEvidence {
	return verify.FileEvidence{
		Name: name, Size: parsed + opaque, SHA256: Hash(name), Formats: []string{format},
		Coverage: scanners.Coverage{Parsed: parsed, Opaque: opaque}, Classification: scanners.Clean,
	}
}

// Hash is the SHA-256 of a text, in hex.
func Hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func hash512(s string) string {
	sum := sha512.Sum512([]byte(s))
	return hex.EncodeToString(sum[:])
}

// ManyFiles is a dataset of n small files.
func ManyFiles(n int) verify.Report {
	r := Dataset()
	r.Files = make([]verify.FileEvidence, n)
	for i := range r.Files {
		r.Files[i] = parsed(fmt.Sprintf("data/part-%07d.json", i), "text", 5000, 0)
	}
	return r
}
