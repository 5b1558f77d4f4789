package cyclonedx

import (
	"cmp"
	"fmt"
	"strconv"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"assay/sbom"
)

// file is one file.
func (b *builder) file(i int, f sbom.File) cdx.Component {
	_, media := b.doc.Role(f)
	return cdx.Component{
		BOMRef:     fileRef(i),
		Type:       cdx.ComponentTypeFile,
		Name:       cmp.Or(f.Name, unknownName),
		MIMEType:   media,
		Hashes:     list(hashes(f.Digests)),
		OmniborID:  list(gitoids(f.Digests)),
		Properties: list(b.fileProperties(f)),
	}
}

// aboutFile says what was found in a file, and the notes about it.
func (b *builder) aboutFile(i int, f sbom.File) error {
	ref := fileRef(i)
	for n, x := range f.Findings {
		b.findings = append(b.findings, vulnerability(fmt.Sprintf("%s-finding-%d", ref, n+1), ref, x))
	}
	return b.annotate(ref, f.Notes())
}

func fileRef(i int) string { return fmt.Sprintf("file-%d", i+1) }

// algorithms are the digests that CycloneDX has a name for.
var algorithms = map[string]cdx.HashAlgorithm{
	"sha256": cdx.HashAlgoSHA256, "sha384": cdx.HashAlgoSHA384, "sha512": cdx.HashAlgoSHA512,
	"blake2b": cdx.HashAlgoBlake2b_512, "blake3": cdx.HashAlgoBlake3,
}

// hashes are the computed digests only: a hash of CycloneDX has no place to say
// that nobody checked it.
func hashes(digests []sbom.Digest) []cdx.Hash {
	var out []cdx.Hash
	for _, d := range digests {
		if name, ok := algorithms[d.Algorithm]; ok && d.Standing == sbom.Verified {
			out = append(out, cdx.Hash{Algorithm: name, Value: d.Hex})
		}
	}
	return out
}

func gitoids(digests []sbom.Digest) []string {
	var out []string
	for _, d := range digests {
		if d.Algorithm == "sha1-git" && d.Standing == sbom.Verified {
			out = append(out, "gitoid:blob:sha1:"+d.Hex)
		}
	}
	return out
}

func (b *builder) fileProperties(f sbom.File) []cdx.Property {
	number := func(name string, n int64) cdx.Property { return property(name, strconv.FormatInt(n, 10)) }
	role, _ := b.doc.Role(f)
	out := []cdx.Property{
		number("size", f.Size),
		property("classification", f.Classification),
		number("bytes:parsed", f.Coverage.Parsed), number("bytes:opaque", f.Coverage.Opaque),
		number("bytes:hashed", f.Coverage.Hashed), number("bytes:skipped", f.Coverage.Skipped),
	}
	if role != sbom.RoleOther {
		out = append(out, property("role", string(role)))
	}
	for _, format := range f.Formats {
		out = append(out, property("format", format))
	}
	if f.Members > 0 {
		out = append(out, number("members", int64(f.Members)))
	}
	for _, d := range f.Digests {
		if d.Standing == sbom.Declared && !d.Broken {
			out = append(out, property("digest:declared", fmt.Sprintf("%s:%s by %s", d.Algorithm, d.Hex, d.Source)))
		}
	}
	return out
}

// vulnerability is a finding. Its id is the rule; where it was found is in the
// properties.
func vulnerability(id, ref string, f sbom.Finding) cdx.Vulnerability {
	source := &cdx.Source{Name: "assay"}
	v := cdx.Vulnerability{
		BOMRef: id, ID: f.Rule, Source: source, Description: f.What,
		Ratings:    &[]cdx.VulnerabilityRating{{Source: source, Severity: cdx.Severity(f.Severity), Method: cdx.ScoringMethodOther}},
		Affects:    &[]cdx.Affects{{Ref: ref}},
		Properties: &[]cdx.Property{property("offset", strconv.FormatInt(f.Offset, 10))},
	}
	for _, member := range f.Path { // from the file inwards
		*v.Properties = append(*v.Properties, property("path", member))
	}
	return v
}
