package parquet

import "assay/scanners"

const again = "Take the file from the original publisher, or write it again with a current version of the library."

var rules = []scanners.Rule{
	{
		ID: "parquet/external-column", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A column lies in another file.",
		Help:    "A reader opens the path and takes the values from there: what is in this file is not what is loaded. Only summary files (_metadata) do this, with names of files beside them. " + again,
		CWE:     []string{"CWE-73", "CWE-22"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: []string{"LLM03"},
	}, {
		ID: "parquet/pickled-type", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The schema has an extension type that is a pickle.",
		Help:    "PyArrow 0.14 to 14.0.0 unpickles it when the file is opened (CVE-2023-47248). " + again,
		CWE:     []string{"CWE-502"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.002"}, OWASP: []string{"LLM03"},
	}, {
		ID: "parquet/range", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A column chunk lies outside of the file, or on top of another one.",
		Help:    "Readers take offsets and sizes from the footer. Two readers that check differently see different values. No writer makes such a file. " + again,
		CWE:     []string{"CWE-125", "CWE-436"}, ATLAS: []string{"AML.T0107", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	},
}
