package spdx

import (
	"github.com/spdx/tools-golang/spdx/v3/v3_0"

	"assay/sbom"
)

// shortfall is a mandatory property that a document cannot give.
type shortfall struct{ profile, property string }

// missingFor lists the properties without which a profile may not be claimed.
// They are mandatory by the external property restrictions of the AI profile
// (AIPackage) and the Dataset profile (DatasetPackage); neither the JSON schema
// nor the SHACL shapes check them. The others of those lists are always written:
// suppliedBy, originatedBy, software_downloadLocation, software_packageVersion
// (NOASSERTION at worst), software_primaryPurpose, and the two licenses. Times
// have no such form.
func missingFor(doc sbom.Document) []shortfall {
	var out []shortfall
	profile := "ai"
	if doc.Subject.Kind == sbom.KindDataset {
		profile = "dataset"
		// No store tells when a dataset was built.
		out = append(out, shortfall{profile, "builtTime"})
	}
	if !doc.Subject.Created.Known() {
		out = append(out, shortfall{profile, "releaseTime"})
	}
	return out
}

// profiles are the profiles that the document conforms to.
func (b *builder) profiles() []v3_0.ProfileIdentifierType {
	out := []v3_0.ProfileIdentifierType{
		v3_0.ProfileIdentifierType_Core,
		v3_0.ProfileIdentifierType_Software,
		v3_0.ProfileIdentifierType_SimpleLicensing,
	}
	if len(missingFor(b.doc)) > 0 {
		return out
	}
	if b.doc.Subject.Kind == sbom.KindDataset {
		return append(out, v3_0.ProfileIdentifierType_Dataset)
	}
	return append(out, v3_0.ProfileIdentifierType_Ai)
}
