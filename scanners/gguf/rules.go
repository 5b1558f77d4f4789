package gguf

import "assay/scanners"

// The identifiers that several rules share.
var (
	memory   = []string{"CWE-190", "CWE-125", "CWE-787", "CWE-1284"}
	conflict = []string{"CWE-436"}
	hidden   = []string{"CWE-436", "CWE-434"}
	evasion  = []string{"AML.T0076", "AML.T0107"}
	exploit  = []string{"AML.T0011.000", "AML.T0112.001"}
	supply   = []string{"LLM03"}
)

const convert = "Do not load it; convert the original weights again with a current llama.cpp."

var rules = []scanners.Rule{
	{
		ID: "gguf/tensor-bounds", Severity: scanners.Critical, Class: scanners.Suspicious,
		Summary: "A tensor lies where no writer puts it: apart from the one before, inside another, beyond any file; or its size overflows.",
		Help:    "Loaders that trust these numbers read or write foreign memory (CVE-2025-53630, CVE-2026-27940 in llama.cpp before b8146). " + convert,
		CWE:     memory, ATLAS: exploit, OWASP: supply,
	}, {
		ID: "gguf/truncated", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The file ends before its last tensor does, and is in order until there.",
		Help: "Most often an interrupted download: fetch the file again. Do not load it as it is: a loader that trusts the sizes reads " +
			"foreign memory (CVE-2026-7482 in Ollama before 0.17.1).",
		CWE: memory, ATLAS: exploit, OWASP: supply,
	}, {
		ID: "gguf/limits", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A count, length or type in the header is beyond what the format or the file allows.",
		Help: "Such numbers overflowed the buffers of loaders (CVE-2024-21802, CVE-2024-21825, CVE-2024-21836, CVE-2024-23496, CVE-2024-23605, CVE-2024-25664 to CVE-2024-25668). " +
			convert,
		CWE: []string{"CWE-1284", "CWE-190", "CWE-789", "CWE-787"}, ATLAS: exploit, OWASP: supply,
	}, {
		ID: "gguf/tensor-shape", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The shape of a tensor is impossible for its type.",
		Help:    "Loaders refuse negative sizes and rows that are no whole number of blocks; those that do not, compute a wrong size. " + convert,
		CWE:     memory, ATLAS: exploit, OWASP: supply,
	}, {
		ID: "gguf/version", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file has a version that loaders refuse.",
		Help:    "Versions 2 and 3 are in use. Version 1 was short-lived and is no longer read; others do not exist. " + convert,
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "gguf/duplicate-name", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file has the same key or the same tensor twice.",
		Help:    "Some readers take the first, others the last: two programs see two models. " + convert,
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "gguf/alignment", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The alignment is no power of two, or a tensor does not keep to it.",
		Help:    "Readers that assume the standard alignment of 32 read other bytes than those that obey. " + convert,
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "gguf/trailing-data", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Bytes follow the last tensor.",
		Help:    "Loaders ignore them, so that another file can hide there: many formats are recognised by their end. Cut them off, and find out what they are.",
		CWE:     hidden, ATLAS: []string{"AML.T0076", "AML.T0107", "AML.T0074"}, OWASP: supply,
	}, {
		ID: "gguf/padding", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The bytes that fill up between tensors are not zero.",
		Help:    "Writers fill up with zeros. Bytes that no tensor owns are a place to hide something. " + convert,
		CWE:     hidden, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "gguf/large-value", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A metadata value is larger than any in use.",
		Help:    "More than 16 MiB in one key hide something, or exhaust a loader that keeps all keys. Find out what the key holds.",
		CWE:     []string{"CWE-770", "CWE-434"}, ATLAS: []string{"AML.T0029", "AML.T0076"}, OWASP: []string{"LLM03", "LLM10"},
	}, {
		ID: "gguf/vocabulary", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The vocabulary does not agree with itself or with the embeddings.",
		Help: "Lists of different length, or ids beyond the vocabulary, make a loader read past the end of one (CVE-2025-49847), or give tokens another meaning. " +
			convert,
		CWE: []string{"CWE-1284", "CWE-125"}, ATLAS: []string{"AML.T0018.000", "AML.T0011.000"}, OWASP: []string{"LLM03", "LLM04"},
	}, {
		ID: "gguf/metadata", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A key has a value of the wrong type, or a name that is not printable.",
		Help:    "Loaders stop at it, or read the number as something else. " + convert,
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "gguf/split", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The numbers of a split file do not agree with each other or with its name.",
		Help:    "Loaders find the other parts by these numbers. Compare with the parts that the publisher lists, and join them again with llama-gguf-split.",
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "gguf/adapter", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "An adapter holds tensors that no adapter has.",
		Help:    "Besides pairs of low-rank matrices it brings whole weights, which may replace those of the base. Ask what they are for.",
		CWE:     []string{"CWE-345"}, ATLAS: []string{"AML.T0018.000", "AML.T0058"}, OWASP: []string{"LLM03", "LLM04"},
	}, {
		ID: "gguf/sampler", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The file chooses the order of the samplers.",
		Help:    "general.sampling.sequence overrides what the operator set up, and can switch safeguards of the sampling off. Set the samplers on the command line.",
		CWE:     []string{"CWE-15"}, ATLAS: []string{"AML.T0081"}, OWASP: []string{"LLM03", "LLM04"},
	}, {
		ID: "gguf/text", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A text in the metadata holds hidden characters, or orders for a model.",
		Help:    "Names, descriptions and prompt prefixes are shown to people and to models. Read it with the characters shown, and remove it.",
		CWE:     []string{"CWE-1427", "CWE-451"}, ATLAS: []string{"AML.T0051.002", "AML.T0068"}, OWASP: []string{"LLM01", "LLM04"},
	}, {
		ID: "gguf/unknown-type", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A tensor has a type that is not known, or was removed from the format.",
		Help:    "The size of such a tensor is not known, so that nothing after it can be checked. If it is new, update assay; otherwise convert the model again.",
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "gguf/legacy", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The file is in a format that GGUF replaced in 2023.",
		Help:    "GGML, GGMF and GGJT have no lengths to check against, and their loaders are no longer maintained. Convert the original weights to GGUF.",
		CWE:     []string{"CWE-1104", "CWE-1284"}, ATLAS: exploit, OWASP: supply,
	}, {
		ID: "gguf/wrong-content", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The name promises GGUF and the content is something else, or the other way round.",
		Help:    "A loader that goes by content opens it as what it is, which may run code. Find out what it is before you load it.",
		CWE:     hidden, ATLAS: []string{"AML.T0074", "AML.T0076"}, OWASP: supply,
	}, {
		ID: "gguf/unknown-architecture", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "The architecture is not one that this version knows.",
		Help:    "A new one, or a typing error: the loader will say so. Nothing needs to be done.",
	},
}
