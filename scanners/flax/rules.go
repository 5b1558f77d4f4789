package flax

import "assay/scanners"

const again = "Take the file from the original publisher, or save it again as safetensors."

var rules = []scanners.Rule{
	{
		ID: "flax/array-type", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An array has a type that is no number.",
		Help:    "The loader gives the name to NumPy with bytes from the file: objects would be addresses of memory. Flax saves numbers and Booleans only. " + again,
		CWE:     []string{"CWE-502", "CWE-843"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "flax/array-size", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The bytes of an array do not fit its shape.",
		Help:    "Readers that do not compare the two read past the end, or leave bytes that nobody sees. Flax never writes such a file. " + again,
		CWE:     []string{"CWE-1284", "CWE-125"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "flax/unknown-extension", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A value is of an extension type that Flax does not have.",
		Help:    "A reader with hooks of its own builds something else from it: msgpack-numpy and others unpickle objects there. " + again,
		CWE:     []string{"CWE-502"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "flax/duplicate-key", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A map has the same key twice.",
		Help:    "Python takes the last one; other readers the first. Flax never writes such a file. " + again,
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107"}, OWASP: []string{"LLM03"},
	},
}
