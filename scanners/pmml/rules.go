package pmml

import "assay/scanners"

const again = "Export the model again with the library that trained it, and compare."

var rules = []scanners.Rule{
	{
		ID: "pmml/doctype", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The document has a document type declaration.",
		Help:    "Readers that resolve entities open the files and addresses named there, or grow without end. PMML has had no document type since version 2. " + again,
		CWE:     []string{"CWE-611", "CWE-776"}, ATLAS: []string{"AML.T0011.000", "AML.T0037", "AML.T0029"}, OWASP: []string{"LLM03"},
	}, {
		ID: "pmml/inclusion", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The document includes another one, or brings a transformation or script.",
		Help:    "XInclude reads files; XSLT runs, and calls Java in some processors. No exporter writes them. " + again,
		CWE:     []string{"CWE-611", "CWE-829"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: []string{"LLM03"},
	}, {
		ID: "pmml/java-class", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A function is named by a Java class.",
		Help:    "JPMML loads the class of that name and calls it for every record. The code is not in the model. Ask the publisher for it, and read it.",
		CWE:     []string{"CWE-470", "CWE-829"}, ATLAS: []string{"AML.T0010.003", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "pmml/script-extension", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "An extension holds a script.",
		Help:    "Extensions are for the program of one vendor; a reader that knows this one may run what is in it. Read it, or remove it. " + again,
		CWE:     []string{"CWE-94"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "pmml/encoding", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The document is in an encoding that hides it from other readers.",
		Help:    "XML may be in any encoding, and most programs that look for danger read UTF-8. Exporters write UTF-8. " + again,
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107"}, OWASP: []string{"LLM03"},
	},
}
