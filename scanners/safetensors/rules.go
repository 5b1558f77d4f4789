package safetensors

import "assay/scanners"

// The identifiers that several rules share.
var (
	conflict = []string{"CWE-436"}
	hidden   = []string{"CWE-436", "CWE-434"}
	evasion  = []string{"AML.T0076", "AML.T0107"}
	supply   = []string{"LLM03"}
)

const reject = "The reference reader refuses such a file, and a more lenient one may read something else than what was reviewed. " +
	"Do not use it; ask its author to save it again with an official safetensors library."

var rules = []scanners.Rule{
	{
		ID: "safetensors/header-size", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The declared header length exceeds 100 MB.",
		Help:    "The file is made to exhaust memory (HeaderTooLarge). " + reject,
		CWE:     []string{"CWE-1284", "CWE-789"}, ATLAS: []string{"AML.T0029", "AML.T0076"}, OWASP: []string{"LLM03", "LLM10"},
	}, {
		ID: "safetensors/header-start", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The header does not begin with an opening brace.",
		Help:    "The format demands '{' as the first byte of the header, so that the file cannot pass for another format. " + reject,
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "safetensors/header-json", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The header is not one JSON object in UTF-8.",
		Help:    "InvalidHeader or InvalidHeaderDeserialization. " + reject,
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "safetensors/padding-bytes", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The padding after the header contains bytes other than spaces.",
		Help:    "Only 0x20 may pad the header. Other bytes are a place to hide data, and readers disagree about them. Ask for a clean file.",
		CWE:     hidden, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "safetensors/duplicate-key", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The header has the same key twice.",
		Help: "The format forbids it, yet readers differ: some keep the first, some the last tensor of that name. " +
			"What was reviewed may not be what is loaded. Do not use the file.",
		CWE: conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "safetensors/tensor-entry", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A tensor's description has a missing, unknown or mistyped field.",
		Help:    "A tensor is described by dtype, shape and data_offsets, the numbers being plain non-negative integers. " + reject,
		CWE:     []string{"CWE-20", "CWE-436"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "safetensors/unknown-dtype", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "A tensor has an element type that the format does not define.",
		Help:    "Its size cannot be checked. It may come from a newer version of the format: update assay, or convert the file.",
		CWE:     []string{"CWE-20"}, OWASP: supply,
	}, {
		ID: "safetensors/overlap", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Two tensors share bytes.",
		Help:    "InvalidOffset: every byte belongs to one tensor. Overlaps make a small file expand in memory, or hide one tensor in another. " + reject,
		CWE:     []string{"CWE-436", "CWE-400"}, ATLAS: []string{"AML.T0076", "AML.T0029"}, OWASP: []string{"LLM03", "LLM10"},
	}, {
		ID: "safetensors/hole", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Bytes between the tensors belong to none of them.",
		Help:    "InvalidOffset: unclaimed bytes are a place to hide a second file. " + reject,
		CWE:     hidden, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "safetensors/size-mismatch", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A tensor's byte range does not have the size that its type and shape demand.",
		Help:    "TensorInvalidInfo or MisalignedSlice: a reader that trusts the shape reads beyond the data. " + reject,
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0011.000", "AML.T0076"}, OWASP: supply,
	}, {
		ID: "safetensors/overflow", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A size in the header does not fit 64 bits.",
		Help:    "ValidationOverflow: a reader without this check wraps around and accepts a tiny buffer for a huge tensor. " + reject,
		CWE:     []string{"CWE-190"}, ATLAS: []string{"AML.T0011.000", "AML.T0076"}, OWASP: supply,
	}, {
		ID: "safetensors/trailing-data", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Bytes follow the last tensor.",
		Help:    "MetadataIncompleteBuffer: appended bytes can be a second file, such as a zip archive, in the same bytes. " + reject,
		CWE:     hidden, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "safetensors/truncated", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The file ends before its header or its last tensor does.",
		Help: "HeaderTooSmall, InvalidHeaderLength or MetadataIncompleteBuffer: most often an interrupted download. Fetch the file again. " +
			"It is high when the tensors contradict each other too, for then the numbers are made up.",
		CWE: []string{"CWE-125"}, ATLAS: []string{"AML.T0076"}, OWASP: supply,
	}, {
		ID: "safetensors/metadata-type", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The free metadata is not a map from text to text.",
		Help:    "InvalidHeaderDeserialization: __metadata__ may hold strings only. " + reject,
		CWE:     []string{"CWE-20"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "safetensors/metadata-size", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The free metadata is larger than 1 MiB.",
		Help:    "Metadata of this size is a place to hide a payload. Look at what it holds, or save the file without it.",
		CWE:     []string{"CWE-400", "CWE-434"}, ATLAS: []string{"AML.T0076"}, OWASP: supply,
	}, {
		ID: "safetensors/metadata-content", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The free metadata holds something that a program may execute.",
		Help: "Tools show metadata in web pages, and some build Python objects from it (Hydra's _target_). " +
			"Read the value; remove it unless you know what uses it.",
		CWE: []string{"CWE-94", "CWE-79", "CWE-829"}, ATLAS: []string{"AML.T0011.000", "AML.T0010.003"}, OWASP: []string{"LLM03", "LLM05"},
	}, {
		ID: "safetensors/padding-size", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The header has far more padding than alignment needs.",
		Help:    "Writers pad to 8 bytes. A long padding is room that can be overwritten later without moving a tensor. Save the file again.",
		CWE:     []string{"CWE-436"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "safetensors/wrong-content", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file name and the content disagree about the format.",
		Help: "A file named .safetensors is trusted because that format cannot run code. This one holds something else, or the reverse: " +
			"a name that loaders unpickle. Find out which program made it before you load it.",
		CWE: hidden, ATLAS: []string{"AML.T0074", "AML.T0107"}, OWASP: supply,
	}, {
		ID: "safetensors/tensor-name", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A tensor's name contains characters that do not belong in a name.",
		Help: "Control characters and text-direction marks deceive a reader; parent folders and backslashes leave the folder when a " +
			"converter writes one file per tensor. Do not convert the file; ask its author.",
		CWE: []string{"CWE-22", "CWE-451"}, ATLAS: []string{"AML.T0011.000", "AML.T0076"}, OWASP: supply,
	}, {
		ID: "safetensors/depth", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The header is nested deeper than the format ever needs.",
		Help:    "Three levels describe every tensor. More is ignored by some readers and exhausts the stack of others. " + reject,
		CWE:     []string{"CWE-674", "CWE-436"}, ATLAS: []string{"AML.T0029", "AML.T0076"}, OWASP: []string{"LLM03", "LLM10"},
	},
}

// marker is text in metadata that some program executes.
type marker struct{ text, why string }

// markers are compared in lower case. Sources: uni2TS and FlexTok read _target_
// from safetensors metadata (Unit 42, January 2026); web user interfaces of
// image generators show metadata.
var markers = []marker{
	{"_target_", "Hydra imports and calls what this names"},
	{"__import__(", "Python code"},
	{"os.system(", "Python code that starts a program"},
	{"subprocess.", "Python code that starts a program"},
	{"exec(", "code"},
	{"eval(", "code"},
	{"<script", "script in a web page"},
	{"<iframe", "active content in a web page"},
	{"javascript:", "script in a web page"},
	{"onerror=", "script in a web page"},
}
