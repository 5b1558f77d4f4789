package sbom

import (
	"path"
	"slices"
	"strings"
)

// Role is what a file is to its artifact. The zero value is RoleOther.
type Role string

// The roles.
const (
	RoleOther         Role = ""
	RoleWeights       Role = "weights" // what a model computes with
	RoleCode          Role = "code"
	RoleArchive       Role = "archive"
	RoleConfiguration Role = "configuration"
	RoleDocumentation Role = "documentation"
	RoleEvidence      Role = "evidence" // a signature was read from it
)

// formatRoles are by what a scanner recognised. The first match wins, so that a
// file of several formats gets the weightiest role.
var formatRoles = []struct {
	format, media string
	role          Role
}{
	{"safetensors", "application/octet-stream", RoleWeights},
	{"gguf", "application/octet-stream", RoleWeights},
	{"pickle", "application/octet-stream", RoleWeights},
	{"numpy", "application/octet-stream", RoleWeights},
	{"script", "text/plain", RoleCode},
	{"sentencepiece", "application/x-protobuf", RoleConfiguration},
	{"zip", "application/zip", RoleArchive},
	{"tar", "application/x-tar", RoleArchive},
	{"compress", "application/octet-stream", RoleArchive},
}

// textRoles are for files that a scanner recognised as text, by the end of their
// names. A name decides nothing but the label: the content is text, whatever it
// is called.
var textRoles = []struct {
	ending, media string
	role          Role
}{
	{"readme.md", "text/markdown", RoleDocumentation},
	{"config.json", "application/json", RoleConfiguration},
	{"model_index.json", "application/json", RoleConfiguration},
	{".jinja", "text/plain", RoleConfiguration},
	{"modelfile", "text/plain", RoleConfiguration},
	{".md", "text/markdown", RoleOther},
	{".json", "application/json", RoleOther},
	{".jsonl", "application/jsonl", RoleOther},
	{".yaml", "application/yaml", RoleOther},
	{".yml", "application/yaml", RoleOther},
	{".csv", "text/csv", RoleOther},
	{"", "text/plain", RoleOther},
}

// Role tells what f is to the artifact, and its media type, "" when unknown.
func (d Document) Role(f File) (role Role, media string) {
	role, media = f.role()
	if slices.ContainsFunc(d.Claims, func(c Claim) bool { return c.Document == f.Name }) {
		role = RoleEvidence
	}
	return role, media
}

func (f File) role() (Role, string) {
	for _, r := range formatRoles {
		if slices.Contains(f.Formats, r.format) {
			return r.role, r.media
		}
	}
	if slices.Contains(f.Formats, "text") {
		base := strings.ToLower(path.Base(f.Name))
		for _, r := range textRoles {
			if strings.HasSuffix(base, r.ending) {
				return r.role, r.media
			}
		}
	}
	return RoleOther, ""
}
