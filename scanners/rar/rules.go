package rar

import "assay/scanners"

var (
	supply  = []string{"LLM03"}
	evasion = []string{"AML.T0076", "AML.T0107", "AML.T0074"}
)

var rules = []scanners.Rule{
	{
		ID: "rar/wrong-name", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A rar archive has the name of a model file.",
		Help:    "No loader opens it as what its name says; programs that look into archives by content do. Find out what is in it, and ask for the model in its own format.",
		CWE:     []string{"CWE-434", "CWE-436"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "rar/path-escape", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "An entry's name leads out of the folder it is unpacked into.",
		Help:    "Unpacking writes wherever the name points: over a shell profile, a cron table, a Python module (CVE-2023-38831 and its like in WinRAR). Do not unpack or use the file.",
		CWE:     []string{"CWE-22"}, ATLAS: []string{"AML.T0011.000"}, OWASP: supply,
	}, {
		ID: "rar/special-file", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An entry is a link.",
		Help:    "Some tools create the link when they unpack, and a later entry is then written through it. A model needs none. Do not unpack it.",
		CWE:     []string{"CWE-59"}, ATLAS: []string{"AML.T0011.000"}, OWASP: supply,
	}, {
		ID: "rar/duplicate-name", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Two entries have the same name.",
		Help:    "The last one wins when the archive is unpacked, and another one for tools that look for a name. Do not use the file.",
		CWE:     []string{"CWE-436"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "rar/trailing-data", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Bytes follow the end of the archive.",
		Help:    "Other formats are recognised by their end, so that the same bytes are two files. Find out what follows the archive.",
		CWE:     []string{"CWE-436", "CWE-434"}, ATLAS: evasion, OWASP: supply,
	},
}
