package arrow

import "assay/scanners"

const again = "Take the file from the original publisher, or write it again with a current version of the library."

var rules = []scanners.Rule{
	{
		ID: "arrow/pickled-type", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The schema has an extension type that is a pickle.",
		Help:    "PyArrow 0.14 to 14.0.0 unpickles it when the file is opened (CVE-2023-47248). " + again,
		CWE:     []string{"CWE-502"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.002"}, OWASP: []string{"LLM03"},
	}, {
		ID: "arrow/range", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A buffer lies outside of the body of its batch.",
		Help:    "Readers map buffers by these offsets, and some do not check them. No writer makes such a file. " + again,
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0011.000", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "arrow/footer-differs", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The footer leads to batches that the messages do not have, or leaves some out.",
		Help:    "Who reads the file from its end sees other data than who reads it from its beginning. No writer makes such a file. " + again,
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107"}, OWASP: []string{"LLM03"},
	}, {
		ID: "arrow/malformed", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A table of a message points outside of itself.",
		Help:    "A reader that does not verify the tables reads foreign memory. No writer makes such a file. " + again,
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0011.000", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	},
}
