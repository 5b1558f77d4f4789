package pdf

import "assay/scanners"

var atlas = []string{"AML.T0011.001"}

var rules = []scanners.Rule{
	{
		ID: "pdf/script", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The document holds JavaScript.",
		Help:    "A viewer may run it when the document is opened. A paper needs none: do not open it outside of a sandbox.",
		CWE:     []string{"CWE-829", "CWE-94"}, ATLAS: atlas, OWASP: []string{"LLM03"},
	}, {
		ID: "pdf/launch", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The document starts a program or loads data from a file.",
		Help:    "Viewers ask before they obey, and people agree. Do not open the document.",
		CWE:     []string{"CWE-829", "CWE-78"}, ATLAS: atlas, OWASP: []string{"LLM03"},
	}, {
		ID: "pdf/embedded-file", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A file is embedded in the document.",
		Help:    "What is in it is scanned as a member. Nothing in a model needs to travel in this way: ask why it does.",
		CWE:     []string{"CWE-434"}, ATLAS: atlas, OWASP: []string{"LLM03"},
	}, {
		ID: "pdf/active-content", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The document has forms with a program of their own, rich media, or sends what is filled in.",
		Help:    "XFA forms and rich media are programs that a viewer runs. Do not open the document outside of a sandbox.",
		CWE:     []string{"CWE-829"}, ATLAS: atlas, OWASP: []string{"LLM03"},
	}, {
		ID: "pdf/trailing-data", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "There is data before or behind the document.",
		Help:    "Viewers ignore it; another program may find an archive or a program there. Ask why it is there.",
		CWE:     []string{"CWE-436", "CWE-434"}, ATLAS: []string{"AML.T0107", "AML.T0076"}, OWASP: []string{"LLM03"},
	},
}
