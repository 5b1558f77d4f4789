package xgboost

import "assay/scanners"

const again = "Take the file from the original publisher, or save it again with a current version."

var rules = []scanners.Rule{
	{
		ID: "xgboost/tree-structure", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A tree points outside of itself, or back into itself.",
		Help:    "The library follows the indices of children without a check, and reads foreign memory or never ends. A trained model never has such a tree. " + again,
		CWE:     []string{"CWE-125", "CWE-1284", "CWE-835"}, ATLAS: []string{"AML.T0011.000", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "xgboost/array-claim", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An array or text claims more than the file holds.",
		Help:    "The library allocates by the claim before it reads. A file that was only cut off is reported as incomplete instead. " + again,
		CWE:     []string{"CWE-789", "CWE-1284"}, ATLAS: []string{"AML.T0029"}, OWASP: []string{"LLM10"},
	}, {
		ID: "xgboost/duplicate-key", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "An object has the same key twice.",
		Help:    "Readers differ in which one they take. XGBoost never writes such a file. " + again,
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107"}, OWASP: []string{"LLM03"},
	},
}
