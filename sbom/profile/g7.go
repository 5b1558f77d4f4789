package profile

// Fact keys that several elements use.
const (
	factDescription  = "text/card/section/description"
	factUses         = "text/card/section/uses"
	factLimitations  = "text/card/section/limitations"
	factTraining     = "text/card/section/training"
	factTrainingData = "text/card/section/training-data"
	factTask         = "text/card/pipeline_tag"
	factArchitecture = "text/config/architectures"
	factFamily       = "text/config/model_type"
	factClass        = "text/config/_class_name"
	factPeft         = "text/config/peft_type"
	factParameters   = "safetensors/parameters"
	factMetric       = "text/card/metric"
	factEvaluation   = "text/card/section/evaluation"
	factDeveloper    = "text/card/label/developer"
	factContext      = "text/config/max_position_embeddings"
	factLibrary      = "text/card/library_name"
)

const (
	fillCard      = "write it into the card"
	fillSystem    = ""
	fillPublisher = "ask the publisher"
	fillRemote    = "name the artifact by its place in a store instead of a folder"
)

// g7 is the list of the G7 working group. Ids and wording follow the vocabulary
// of openregtech/sbom (2026-06-15), a paraphrase of the publication.
var g7 = Profile{
	ID: "g7", Title: "G7 SBOM for AI, Minimum Elements",
	Source: "BSI, ACN, ANSSI, CSE, CISA, NCSC, NCO and European Commission: SBOM for AI - Minimum Elements, 12 May 2026",
	Elements: []Element{
		{ID: "MD-01", Name: "SBOM author", From: []string{"making/author"}, Fill: "name who made the bill"},
		{ID: "MD-02", Name: "SBOM version", From: []string{"making/uri"}, Fill: "give the document an identity of its own"},
		{ID: "MD-03", Name: "data format name", From: []string{"making/format"}, Fill: "choose a format"},
		{ID: "MD-04", Name: "data format version", From: []string{"making/format-version"}, Fill: "choose a format with a version"},
		{ID: "MD-05", Name: "author signature", From: []string{"making/signature"}, Fill: "sign the bill and keep the signature beside it"},
		{ID: "MD-06", Name: "tool name", From: []string{"making/tool"}, Fill: "name the tool"},
		{ID: "MD-07", Name: "tool version", From: []string{"making/tool"}, Fill: "name the version of the tool"},
		{ID: "MD-08", Name: "generation context", From: []string{"making/context"}, Fill: "say at which stage of the life cycle the bill was made"},
		{ID: "MD-09", Name: "timestamp", From: []string{"making/created"}, Fill: "set SOURCE_DATE_EPOCH"},
		{ID: "MD-10", Name: "dependency relationship", From: []string{"relations"}, Fill: "read every file, so that the list is complete"},

		{ID: "SLP-01", Name: "system name", Scope: System, Fill: fillSystem},
		{ID: "SLP-02", Name: "system components", Scope: System, Fill: fillSystem},
		{ID: "SLP-03", Name: "system producer", Scope: System, Fill: fillSystem},
		{ID: "SLP-04", Name: "system version", Scope: System, Fill: fillSystem},
		{ID: "SLP-05", Name: "system timestamp", Scope: System, Fill: fillSystem},
		{ID: "SLP-06", Name: "system data flow", Scope: System, Fill: fillSystem},
		{ID: "SLP-07", Name: "system data usage", Scope: System, Fill: fillSystem},
		{ID: "SLP-08", Name: "input and output properties of the system", Scope: System, Fill: fillSystem},
		{ID: "SLP-09", Name: "intended application area",
			From: []string{factUses, factTask, "text/mlmodel/task", "text/croissant/rai:dataUseCases", "text/card/task_categories"},
			Fill: "write a section \"Uses\" into the card"},

		{ID: "MDL-01", Name: "model name", Scope: Model, From: []string{"subject/name"}, Fill: fillRemote},
		{ID: "MDL-02", Name: "model identifier", Scope: Model,
			From: []string{"subject/purl", "subject/content-id"},
			Fill: "read every file whole, or name the artifact by its place in a store"},
		{ID: "MDL-03", Name: "model version", Scope: Model, From: []string{"subject/version"}, Fill: "pin the reference to a revision"},
		{ID: "MDL-04", Name: "model timestamp", Scope: Model, From: []string{"subject/created"}, Fill: fillRemote},
		{ID: "MDL-05", Name: "model producer", Scope: Model,
			From: []string{"subject/supplier", factDeveloper, "gguf/organization", "gguf/author", "text/kitfile/author", "text/oci-config/descriptor/vendor", "text/oci-config/descriptor/authors", "text/oci-config/package/authors"},
			Fill: "name the developer in the card, or the artifact by its place in a store"},
		{ID: "MDL-06", Name: "model description", Scope: Model, From: []string{factDescription, "text/kitfile/description", "text/oci-config/descriptor/description", "text/oci-config/package/description", "text/oci-config/model/description"}, Fill: "write a section \"Model Description\" into the card"},
		{ID: "MDL-07", Name: "hash value", Scope: Model, From: []string{"weights/sha256"}, Fill: "read the weights whole"},
		{ID: "MDL-08", Name: "hash algorithm", Scope: Model, From: []string{"weights/sha256"}, Fill: "read the weights whole"},
		{ID: "MDL-09", Name: "model properties", Scope: Model,
			From: []string{factParameters, "gguf/parameters", factArchitecture, factFamily, factClass, "gguf/architecture", factPeft},
			Fill: "keep config.json with the weights, or use a format with a header"},
		{ID: "MDL-10", Name: "model input and output", Scope: Model, From: []string{factTask, "text/mlmodel/task", "text/oci-config/config/capabilities/inputTypes", factContext, "gguf/context-length"}, Fill: "name the pipeline_tag in the card"},
		{ID: "MDL-11", Name: "training properties", Scope: Model,
			From: []string{factTraining, factTrainingData, "text/merge/method"},
			Fill: "write a section \"Training Details\" into the card"},
		{ID: "MDL-12", Name: "model license", Scope: Model,
			From: []string{"license/effective", "license/declared", "license/found"},
			Fill: "name the license in the card and keep its text in LICENSE"},
		{ID: "MDL-13", Name: "external references", Scope: Model,
			From: []string{"subject/location", "text/card/label/paper", "text/card/label/repository", "gguf/repository", "gguf/url"},
			Fill: "link paper and repository in the card"},

		{ID: "DP-01", Name: "dataset name",
			From: []string{"datasets", "text/croissant/name", "text/card/pretty_name", "subject/dataset-name"},
			Fill: "name the datasets in the card"},
		{ID: "DP-02", Name: "dataset description", From: []string{"dataset/description"}, Fill: "make a bill of the dataset and merge it"},
		{ID: "DP-03", Name: "dataset content", From: []string{"dataset/content"}, Fill: "make a bill of the dataset and merge it"},
		{ID: "DP-04", Name: "dataset identifier", From: []string{"dataset/identifier"}, Fill: "make a bill of the dataset, pinned to a revision, and merge it"},
		{ID: "DP-05", Name: "dataset hash", From: []string{"dataset/hash"}, Fill: "make a bill of the dataset and merge it"},
		{ID: "DP-06", Name: "dataset provenance", From: []string{"dataset/provenance"}, Fill: "say in the dataset's card how the data was collected"},
		{ID: "DP-07", Name: "dataset statistical properties", From: []string{"dataset/statistics"}, Fill: "give dataset_info in the dataset's card"},
		{ID: "DP-08", Name: "dataset sensitivity",
			From: []string{"dataset/sensitivity"},
			Fill: "write a section \"Personal and Sensitive Information\" into the dataset's card"},
		{ID: "DP-09", Name: "dataset dependency relationship", From: []string{"datasets", "dataset/self"}, Fill: "name the datasets in the card"},
		{ID: "DP-10", Name: "dataset license", From: []string{"dataset/license"}, Fill: "make a bill of the dataset and merge it"},

		{ID: "INF-01", Name: "infrastructure software",
			From: []string{factLibrary, "text/kitfile/framework", "text/oci-config/model/framework", "text/mlmodel/loader_module", "text/config/transformers_version", "text/config/_diffusers_version", "text/card/section/software"},
			Fill: "name library_name in the card"},
		{ID: "INF-02", Name: "infrastructure hardware",
			From: []string{"text/card/label/hardware", "text/card/section/hardware", "text/card/section/infrastructure", "text/card/co2_eq_emissions/hardware_used"},
			Fill: "write a section \"Hardware\" into the card"},

		{ID: "SP-01", Name: "security controls", Scope: System, Fill: fillSystem},
		{ID: "SP-02", Name: "security compliance", Scope: System, Fill: fillSystem},
		{ID: "SP-03", Name: "cybersecurity policy",
			From: []string{"text/card/section/security-contact"},
			Fill: "write a section \"Security\" with a contact into the card"},
		{ID: "SP-04", Name: "vulnerability referencing", From: []string{"findings"}, Fill: "read every file whole"},

		{ID: "KPI-01", Name: "security metrics", From: []string{"findings"}, Fill: "read every file whole"},
		{ID: "KPI-02", Name: "operational KPIs", Scope: Model,
			From: []string{factMetric, factEvaluation},
			Fill: "give a model-index or a section \"Evaluation\" in the card"},
	},
}
