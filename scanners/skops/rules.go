package skops

import "assay/scanners"

const again = "Ask the publisher to save the model with a current version of skops, from objects of scikit-learn, NumPy and SciPy only."

var (
	onLoad = []string{"AML.T0011.000", "AML.T0018.002", "AML.T0010.003"}
	differ = []string{"AML.T0107", "AML.T0076"}
)

var rules = []scanners.Rule{
	{
		ID: "skops/dangerous-type", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A node names something that runs code, or reaches files or the network.",
		Help:    "Loading calls it when the user trusts the types, or trusts all of them (CVE-2024-37065). No model consists of it.",
		CWE:     []string{"CWE-502", "CWE-94"}, ATLAS: onLoad, OWASP: []string{"LLM03"},
	}, {
		ID: "skops/operator-module", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "An operator node takes its function from another module than operator.",
		Help:    "skops below 0.12 shows operator.name as the type to trust, and calls what the other module has under that name (CVE-2025-54412).",
		CWE:     []string{"CWE-502", "CWE-451"}, ATLAS: onLoad, OWASP: []string{"LLM03"},
	}, {
		ID: "skops/method-type", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A method node names another type than the object whose method it takes.",
		Help:    "skops below 0.12 shows the named type for trust, and takes the method of the other one (CVE-2025-54413).",
		CWE:     []string{"CWE-502", "CWE-451"}, ATLAS: onLoad, OWASP: []string{"LLM03"},
	}, {
		ID: "skops/foreign-function", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A node names a function or type that is not of scikit-learn, NumPy or SciPy.",
		Help:    "It is imported, and called by what holds it, once the user trusts it. The code is not in the file. " + again,
		CWE:     []string{"CWE-829", "CWE-502"}, ATLAS: onLoad, OWASP: []string{"LLM03"},
	}, {
		ID: "skops/unlisted-type", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "An object is of a type that is in no list of known types.",
		Help:    "The module is imported and the object built once the user trusts it. Look at the code of that type before you do. " + again,
		CWE:     []string{"CWE-829", "CWE-502"}, ATLAS: onLoad, OWASP: []string{"LLM03"},
	}, {
		ID: "skops/unknown-loader", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A node names a loader that skops does not have.",
		Help:    "Nothing is known of what it does. A newer version of skops may have it. " + again,
		CWE:     []string{"CWE-502"}, ATLAS: onLoad, OWASP: []string{"LLM03"},
	}, {
		ID: "skops/missing-file", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A node refers to a member that the archive does not have.",
		Help:    "Loading fails, or another reader takes the file from elsewhere. skops writes every member that it refers to. " + again,
		CWE:     []string{"CWE-436", "CWE-22"}, ATLAS: differ, OWASP: []string{"LLM03"},
	}, {
		ID: "skops/member-path", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A node refers to a member by a path that leaves the archive.",
		Help:    "Programs that unpack the archive first read another file. skops names its members by number. " + again,
		CWE:     []string{"CWE-22"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "skops/old-protocol", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The file asks for an old loader of functions or generators.",
		Help:    "Old protocols keep the old, less strict loaders. Files of skops below 0.6 look like this; so does one that was made to. " + again,
		CWE:     []string{"CWE-757"}, ATLAS: differ, OWASP: []string{"LLM03"},
	}, {
		ID: "skops/not-an-archive", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A .skops file is not an archive.",
		Help:    "skops.card below 0.13 hands such a file to joblib, which unpickles it (CVE-2025-54886). skops writes zip archives only. " + again,
		CWE:     []string{"CWE-502", "CWE-434"}, ATLAS: []string{"AML.T0011.000", "AML.T0074"}, OWASP: []string{"LLM03"},
	}, {
		ID: "skops/duplicate-key", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An object has the same key twice, or the text is not in UTF-8.",
		Help:    "Python reads the last one, and any encoding of Unicode; other readers see another model. skops never writes such a file. " + again,
		CWE:     []string{"CWE-436"}, ATLAS: differ, OWASP: []string{"LLM03"},
	},
}
