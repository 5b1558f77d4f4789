package spdx

import (
	"fmt"
	"strings"

	"github.com/spdx/tools-golang/spdx/v3/v3_0"

	"assay/sbom"
)

// file writes one file with all that is said about it.
func (b *builder) file(i int, f sbom.File) {
	id := fileID(i)
	role, media := b.doc.Role(f)
	b.graph.add(&v3_0.File{
		ID:                 b.id(id),
		Name:               f.Name,
		Comment:            fileComment(f),
		Kind:               v3_0.FileKindType_File,
		ContentType:        media,
		PrimaryPurpose:     b.purpose(role),
		VerifiedUsing:      hashes(f.Digests),
		ContentIdentifiers: gitoids(f.Digests),
	})
	b.annotate(id, f.Notes())
}

// purposes are what a role is called in SPDX.
var purposes = map[sbom.Role]v3_0.SoftwarePurpose{
	sbom.RoleWeights:       v3_0.SoftwarePurpose_Model,
	sbom.RoleCode:          v3_0.SoftwarePurpose_Source,
	sbom.RoleArchive:       v3_0.SoftwarePurpose_Archive,
	sbom.RoleConfiguration: v3_0.SoftwarePurpose_Configuration,
	sbom.RoleDocumentation: v3_0.SoftwarePurpose_Documentation,
	sbom.RoleEvidence:      v3_0.SoftwarePurpose_Evidence,
}

// purpose turns the weights of a model into the data of a dataset.
func (b *builder) purpose(r sbom.Role) v3_0.SoftwarePurpose {
	if r == sbom.RoleWeights && b.doc.Subject.Kind == sbom.KindDataset {
		return v3_0.SoftwarePurpose_Data
	}
	return purposes[r]
}

// fileComment tells what SPDX has no property for: the size, what recognised the
// file, and how much of it was looked at.
func fileComment(f sbom.File) string {
	formats := "format not recognised"
	if len(f.Formats) > 0 {
		formats = "recognised as " + strings.Join(f.Formats, ", ")
	}
	hash := "no digest computed: the file was not read whole"
	if f.Hashed() {
		hash = "digest computed from all bytes"
	}
	comment := fmt.Sprintf("%d bytes; %s; classification %s; %d parsed, %d opaque, %d hashed only, %d not looked at; %s",
		f.Size, formats, f.Classification, f.Coverage.Parsed, f.Coverage.Opaque, f.Coverage.Hashed, f.Coverage.Skipped, hash)
	if f.Members > 0 {
		comment += fmt.Sprintf("; %d files inside", f.Members)
	}
	return comment
}

// hashAlgorithms are the digests that SPDX has an algorithm for.
var hashAlgorithms = map[string]v3_0.HashAlgorithm{
	"sha256":  v3_0.HashAlgorithm_Sha256,
	"sha384":  v3_0.HashAlgorithm_Sha384,
	"sha512":  v3_0.HashAlgorithm_Sha512,
	"blake2b": v3_0.HashAlgorithm_Blake2b512,
	"blake3":  v3_0.HashAlgorithm_Blake3,
}

// hashes are the computed digests, and the declared ones where nothing was
// computed, marked as such. A broken promise is no hash of the file.
func hashes(list []sbom.Digest) v3_0.IntegrityMethodList {
	var out v3_0.IntegrityMethodList
	for _, d := range list {
		algorithm, ok := hashAlgorithms[d.Algorithm]
		if !ok || d.Broken {
			continue
		}
		h := &v3_0.Hash{Algorithm: algorithm, Value: d.Hex}
		if d.Standing != sbom.Verified {
			h.Comment = "declared by " + d.Source + ", not computed from the bytes"
		}
		out = append(out, h)
	}
	return out
}

// gitoids writes Git blob ids that were computed: they are how a Git-backed
// store names the bytes.
func gitoids(list []sbom.Digest) v3_0.ContentIdentifierList {
	var out v3_0.ContentIdentifierList
	for _, d := range list {
		if d.Algorithm == "sha1-git" && d.Standing == sbom.Verified {
			out = append(out, &v3_0.ContentIdentifier{
				Type: v3_0.ContentIdentifierType_Gitoid, Value: v3_0.URI("gitoid:blob:sha1:" + d.Hex)})
		}
	}
	return out
}
