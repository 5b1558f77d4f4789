package lightgbm

import "assay/scanners"

const again = "Take the file from the original publisher, or save it again with a current version."

var rules = []scanners.Rule{
	{
		ID: "lightgbm/tree-structure", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A tree points outside of itself, or back into itself.",
		Help:    "The library follows the indices of children without a check, and reads foreign memory or never ends. A trained model never has such a tree. " + again,
		CWE:     []string{"CWE-125", "CWE-1284", "CWE-835"}, ATLAS: []string{"AML.T0011.000", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "lightgbm/tree-sizes", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The sizes of the trees in the head are not those of the trees.",
		Help: "Readers that use the sizes see other trees than readers that look for the marks. A file that was edited by hand, or whose line ends were changed, looks like this. " +
			again,
		CWE: []string{"CWE-436"}, ATLAS: []string{"AML.T0107"}, OWASP: []string{"LLM03"},
	}, {
		ID: "lightgbm/local-path", Severity: scanners.Informational, Class: scanners.Unknown,
		Summary: "The parameters hold paths of the machine where the model was trained.",
		Help:    "Names of users and of data sets become public with the model. Remove the lines from the parameters before you publish.",
		CWE:     []string{"CWE-200"}, ATLAS: []string{"AML.T0057"}, OWASP: []string{"LLM02"},
	},
}
