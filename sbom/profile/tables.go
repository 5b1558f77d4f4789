package profile

var ntiaElements = []Element{
	{ID: "supplier", Name: "supplier name", From: []string{"subject/supplier", factDeveloper}, Fill: fillRemote},
	{ID: "component", Name: "component name", From: []string{"subject/name"}, Fill: fillRemote},
	{ID: "version", Name: "version of the component", From: []string{"subject/version"}, Fill: "pin the reference to a revision"},
	{ID: "identifiers", Name: "other unique identifiers", From: []string{"subject/purl", "subject/content-id", "subject/repository"}, Fill: "read every file whole"},
	{ID: "dependencies", Name: "dependency relationship", From: []string{"relations"}, Fill: "read every file, so that the list is complete"},
	{ID: "author", Name: "author of SBOM data", From: []string{"making/author"}, Fill: "name who made the bill"},
	{ID: "timestamp", Name: "timestamp", From: []string{"making/created"}, Fill: "set SOURCE_DATE_EPOCH"},
}

var ntia = Profile{
	ID: "ntia", Title: "NTIA minimum elements for an SBOM",
	Source:   "NTIA: The Minimum Elements for a Software Bill of Materials, 12 July 2021",
	Elements: ntiaElements,
}

var cisa2025 = Profile{
	ID: "cisa-2025", Title: "CISA minimum elements for an SBOM, 2025",
	Source: "CISA: 2025 Minimum Elements for a Software Bill of Materials, draft of 22 August 2025",
	Elements: append(append([]Element(nil), ntiaElements...),
		Element{ID: "hash", Name: "component hash with its algorithm", From: []string{"files/sha256"}, Fill: "read every file whole"},
		Element{ID: "license", Name: "license", From: []string{"license/declared", "license/found"}, Fill: "name the license in the card"},
		Element{ID: "tool", Name: "tool name", From: []string{"making/tool"}, Fill: "name the tool"},
		Element{ID: "context", Name: "generation context", From: []string{"making/context"}, Fill: "say at which stage of the life cycle the bill was made"},
	),
}

var bsi = Profile{
	ID: "bsi-tr-03183-2", Title: "BSI TR-03183-2, cyber resilience requirements, part 2: SBOM",
	Source: "BSI TR-03183-2 v2.1.0, 20 August 2025, sections 4 and 5",
	Elements: []Element{
		{ID: "4-format", Name: "CycloneDX 1.6 or SPDX 3.0.1 at least", From: []string{"making/accepted-format"}, Fill: "write spdx3-json or cyclonedx-json"},
		{ID: "3.1-no-vulnerabilities", Name: "no vulnerability information", From: []string{"no-findings"}, Fill: "leave findings out with --no-findings, and give them in a document of their own"},
		{ID: "5.2.1-creator", Name: "creator of the SBOM, as e-mail address or URL", From: []string{"making/contact"}, Fill: "name the creator with --author"},
		{ID: "5.2.1-timestamp", Name: "timestamp", From: []string{"making/created"}, Fill: "set SOURCE_DATE_EPOCH"},
		{ID: "5.2.3-uri", Name: "SBOM-URI", From: []string{"making/uri"}, Fill: "give the document an identity of its own", Optional: true},
		{ID: "5.2.2-creator", Name: "component creator", From: []string{"subject/supplier", factDeveloper}, Fill: fillRemote},
		{ID: "5.2.2-name", Name: "component name", From: []string{"subject/name"}, Fill: fillRemote},
		{ID: "5.2.2-version", Name: "component version", From: []string{"subject/version"}, Fill: "pin the reference to a revision"},
		{ID: "5.2.2-filename", Name: "filename of the component", From: []string{"files/names"}, Fill: "list the files"},
		{ID: "5.2.2-dependencies", Name: "dependencies on other components, with completeness", From: []string{"relations"}, Fill: "read every file, so that the list is complete"},
		{ID: "5.2.2-license", Name: "distribution licenses", From: []string{"license/declared"}, Fill: "name the license in the card"},
		{ID: "5.2.2-sha512", Name: "SHA-512 of the deployable component", From: []string{"files/sha512"}, Fill: "have the SHA-512 of every file computed"},
		{ID: "5.2.2-properties", Name: "executable, archive and structured properties", From: []string{"files/kinds"}, Fill: "use formats that are recognised"},
		{ID: "5.2.4-source", Name: "source code URI", From: []string{"text/card/label/repository", "subject/location"}, Fill: "link the repository in the card", Optional: true},
		{ID: "5.2.4-deployable", Name: "URI of the deployable form", From: []string{"subject/location"}, Fill: fillRemote, Optional: true},
		{ID: "5.2.4-identifiers", Name: "other unique identifiers", From: []string{"subject/purl", "subject/content-id"}, Fill: "read every file whole", Optional: true},
		{ID: "5.2.4-original", Name: "original licenses", From: []string{"license/declared"}, Fill: "name the license in the card", Optional: true},
		{ID: "5.2.5-effective", Name: "effective license", From: []string{"license/effective"}, Fill: "keep the text of the license in LICENSE", Optional: true},
		{ID: "5.2.5-security-txt", Name: "URL of security.txt", From: []string{"text/card/section/security-contact"}, Fill: "write a section \"Security\" into the card", Optional: true},
	},
}

var annexXI = Profile{
	ID: "eu-ai-act-annex-xi", Title: "EU AI Act, Annex XI section 1: general-purpose AI models",
	Source: "Regulation (EU) 2024/1689, Annex XI, section 1; in force since 2 August 2025",
	Elements: []Element{
		{ID: "1(a)", Name: "tasks, and systems it can be integrated in", Scope: Model, From: []string{factUses, factTask}, Fill: "write a section \"Uses\" into the card"},
		{ID: "1(b)", Name: "acceptable use policies", Scope: Model, From: []string{"text/card/section/acceptable-use", "text/card/section/out-of-scope", "text/card/extra_gated_prompt", "license/use-restricted"}, Fill: "write a section \"Acceptable Use Policy\" into the card"},
		{ID: "1(c)-date", Name: "date of release", Scope: Model, From: []string{"subject/created"}, Fill: fillRemote},
		{ID: "1(c)-distribution", Name: "methods of distribution", Scope: Model, From: []string{"subject/location"}, Fill: fillRemote},
		{ID: "1(d)-architecture", Name: "architecture", Scope: Model, From: []string{factArchitecture, factFamily, factClass, "text/card/section/architecture"}, Fill: "keep config.json with the weights"},
		{ID: "1(d)-parameters", Name: "number of parameters", Scope: Model, From: []string{factParameters}, Fill: "use a format whose header counts them"},
		{ID: "1(e)", Name: "modality and format of inputs and outputs", Scope: Model, From: []string{factTask}, Fill: "name the pipeline_tag in the card"},
		{ID: "1(f)", Name: "license", Scope: Model, From: []string{"license/effective", "license/declared", "license/found"}, Fill: "name the license in the card and keep its text in LICENSE"},
		{ID: "2(a)", Name: "technical means to integrate it", Scope: Model, From: []string{"text/card/section/usage", factLibrary}, Fill: "write a section \"How to use\" into the card"},
		{ID: "2(b)", Name: "design specifications and training process", Scope: Model, From: []string{factTraining}, Fill: "write a section \"Training Procedure\" into the card"},
		{ID: "2(c)", Name: "data: type, provenance, curation, bias", Scope: Model, From: []string{factTrainingData, "datasets"}, Fill: "name the datasets in the card"},
		{ID: "2(d)", Name: "computational resources and training time", Scope: Model, From: []string{"text/card/section/infrastructure", "text/card/label/hours", "text/card/label/hardware", "text/card/section/hardware"}, Fill: fillPublisher + ": compute and time are in no file"},
		{ID: "2(e)", Name: "energy consumption", Scope: Model, From: []string{"text/card/section/environment", "text/card/co2_eq_emissions/emissions", "text/card/co2_eq_emissions"}, Fill: "give co2_eq_emissions in the card"},
	},
}

var spdx301 = Profile{
	ID: "spdx-3.0.1", Title: "SPDX 3.0.1, conformance with the AI and Dataset profiles",
	Source: "SPDX 3.0.1, AIPackage and DatasetPackage, external property restrictions; AI and Dataset profile, conformance",
	Elements: []Element{
		{ID: "ai/releaseTime", Name: "releaseTime", Scope: Model, From: []string{"subject/created"}, Fill: fillRemote},
		{ID: "ai/suppliedBy", Name: "suppliedBy", Scope: Model, From: []string{"subject/supplier"}, Fill: fillRemote},
		{ID: "ai/downloadLocation", Name: "software_downloadLocation", Scope: Model, From: []string{"subject/location"}, Fill: fillRemote},
		{ID: "ai/packageVersion", Name: "software_packageVersion", Scope: Model, From: []string{"subject/version"}, Fill: "pin the reference to a revision"},
		{ID: "ai/primaryPurpose", Name: "software_primaryPurpose", Scope: Model, From: []string{"subject/kind", "subject/purpose"}, Fill: fillRemote},
		{ID: "dataset/builtTime", Name: "builtTime", Scope: Dataset, From: []string{"text/croissant/dateCreated"}, Fill: fillPublisher + ": no store tells when a dataset was built"},
		{ID: "dataset/originatedBy", Name: "originatedBy", Scope: Dataset, From: []string{"text/croissant/creator/name", factDeveloper, "subject/supplier"}, Fill: "name the creator in Croissant or the card"},
		{ID: "dataset/releaseTime", Name: "releaseTime", Scope: Dataset, From: []string{"subject/created", "text/croissant/datePublished"}, Fill: fillRemote},
		{ID: "dataset/downloadLocation", Name: "software_downloadLocation", Scope: Dataset, From: []string{"subject/location", "text/croissant/url"}, Fill: fillRemote},
		{ID: "dataset/primaryPurpose", Name: "software_primaryPurpose", Scope: Dataset, From: []string{"subject/kind"}, Fill: fillRemote},
		{ID: "declared-license", Name: "hasDeclaredLicense", From: []string{"license/declared"}, Fill: "name the license in the card"},
		{ID: "concluded-license", Name: "hasConcludedLicense", From: []string{"license/effective"}, Fill: "keep the text of the license in LICENSE"},
	},
}
