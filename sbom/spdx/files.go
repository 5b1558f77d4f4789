package spdx

import "assay/sbom"

// file writes one file with all that is said about it.
func (b *builder) file(i int, f sbom.File) {
	id := fileID(i)
	role, media := b.doc.Role(f)
	b.graph.addPlain(b.id(id), fileElement{
		Comment:            f.Summary(),
		ContentType:        media,
		CreationInfo:       "_:" + creationID,
		Name:               f.Name,
		ContentIdentifiers: gitoids(f.Digests),
		FileKind:           "file",
		PrimaryPurpose:     b.purpose(role),
		ID:                 b.id(id),
		Type:               "software_File",
		VerifiedUsing:      hashes(f.Digests),
	})
	b.annotate(id, f.Notes())
}

// fileElement is a software_File as the library writes it, with the names in
// order. Files are written without the library because an artifact has a hundred
// thousand of them, and it takes twenty times as long.
type fileElement struct {
	Comment            string              `json:"comment,omitempty"`
	ContentType        string              `json:"contentType,omitempty"`
	CreationInfo       string              `json:"creationInfo"`
	Name               string              `json:"name,omitempty"`
	ContentIdentifiers []contentIdentifier `json:"software_contentIdentifier,omitempty"`
	FileKind           string              `json:"software_fileKind"`
	PrimaryPurpose     string              `json:"software_primaryPurpose,omitempty"`
	ID                 string              `json:"spdxId"`
	Type               string              `json:"type"`
	VerifiedUsing      []hash              `json:"verifiedUsing,omitempty"`
}

type contentIdentifier struct {
	Kind  string `json:"software_contentIdentifierType"`
	Value string `json:"software_contentIdentifierValue"`
	Type  string `json:"type"`
}

type hash struct {
	Algorithm string `json:"algorithm"`
	Comment   string `json:"comment,omitempty"`
	Value     string `json:"hashValue"`
	Type      string `json:"type"`
}

// purposes are what a role is called in SPDX.
var purposes = map[sbom.Role]string{
	sbom.RoleWeights:       "model",
	sbom.RoleCode:          "source",
	sbom.RoleArchive:       "archive",
	sbom.RoleConfiguration: "configuration",
	sbom.RoleDocumentation: "documentation",
	sbom.RoleEvidence:      "evidence",
}

// purpose turns the weights of a model into the data of a dataset.
func (b *builder) purpose(r sbom.Role) string {
	if r == sbom.RoleWeights && b.doc.Subject.Kind == sbom.KindDataset {
		return "data"
	}
	return purposes[r]
}

// hashAlgorithms are the digests that SPDX has an algorithm for.
var hashAlgorithms = map[string]string{
	"sha256": "sha256", "sha384": "sha384", "sha512": "sha512", "blake2b": "blake2b512", "blake3": "blake3",
}

// hashes are the computed digests, and the declared ones where nothing was
// computed, marked as such. A broken promise is no hash of the file.
func hashes(list []sbom.Digest) []hash {
	var out []hash
	for _, d := range list {
		algorithm, ok := hashAlgorithms[d.Algorithm]
		if !ok || d.Broken {
			continue
		}
		h := hash{Algorithm: algorithm, Value: d.Hex, Type: "Hash"}
		if d.Standing != sbom.Verified {
			h.Comment = "declared by " + d.Source + ", not computed from the bytes"
		}
		out = append(out, h)
	}
	return out
}

// gitoids writes Git blob ids that were computed: they are how a Git-backed
// store names the bytes.
func gitoids(list []sbom.Digest) []contentIdentifier {
	var out []contentIdentifier
	for _, d := range list {
		if d.Algorithm == "sha1-git" && d.Standing == sbom.Verified {
			out = append(out, contentIdentifier{Kind: "gitoid", Value: "gitoid:blob:sha1:" + d.Hex, Type: "software_ContentIdentifier"})
		}
	}
	return out
}
