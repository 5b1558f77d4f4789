package sevenzip

import "assay/scanners"

var (
	supply  = []string{"LLM03"}
	evasion = []string{"AML.T0076", "AML.T0107", "AML.T0074"}
)

var rules = []scanners.Rule{
	{
		ID: "sevenzip/wrong-name", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A 7z archive has the name of a model file.",
		Help: "No loader opens it as what its name says; programs that look into archives by content do. Malicious models of 2025 were packed like this, " +
			"because scanners did not open them. Find out what is in it, and ask for the model in its own format.",
		CWE: []string{"CWE-434", "CWE-436"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "sevenzip/path-escape", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "An entry's name leads out of the folder it is unpacked into.",
		Help:    "Unpacking writes wherever the name points: over a shell profile, a cron table, a Python module. Do not unpack or use the file.",
		CWE:     []string{"CWE-22"}, ATLAS: []string{"AML.T0011.000"}, OWASP: supply,
	}, {
		ID: "sevenzip/special-file", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An entry is a link, a device or a pipe, or deletes a file.",
		Help:    "Some tools create the link when they unpack, and a later entry is then written through it. A model needs none. Do not unpack it.",
		CWE:     []string{"CWE-59"}, ATLAS: []string{"AML.T0011.000"}, OWASP: supply,
	}, {
		ID: "sevenzip/duplicate-name", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Two entries have the same name, or a name has control characters.",
		Help:    "The last one wins when the archive is unpacked, and another one for tools that look for a name. Do not use the file.",
		CWE:     []string{"CWE-436"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "sevenzip/trailing-data", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Bytes of the archive belong to no part of it.",
		Help:    "Other formats are recognised by their end, so that the same bytes are two files. Find out what follows the archive.",
		CWE:     []string{"CWE-436", "CWE-434"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "sevenzip/header", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The list of files is larger than that of any archive.",
		Help:    "It is made to exhaust memory. Do not open it.",
		CWE:     []string{"CWE-789", "CWE-1284"}, ATLAS: []string{"AML.T0029"}, OWASP: []string{"LLM03", "LLM10"},
	},
}
