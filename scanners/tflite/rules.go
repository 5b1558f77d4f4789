package tflite

import "assay/scanners"

const (
	review  = "Do not use the model unless you know why it needs the operator."
	convert = "Convert the model again from a source that you trust."
)

var rules = []scanners.Rule{
	{
		ID: "tflite/malformed", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A table of the file is one that no writer makes.",
		Help:    "Runtimes that follow its offsets read foreign memory. " + convert,
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0076", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tflite/index", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An operator, tensor or buffer is referred to that does not exist.",
		Help:    "Runtimes that trust the index read or write foreign memory. " + convert,
		CWE:     []string{"CWE-125", "CWE-787", "CWE-129"}, ATLAS: []string{"AML.T0076", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tflite/tensor-size", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A tensor has more or fewer bytes than its shape says.",
		Help:    "Runtimes that trust the shape read foreign memory. " + convert,
		CWE:     []string{"CWE-125", "CWE-190"}, ATLAS: []string{"AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tflite/flex-operator", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A TensorFlow operator of the model runs code, or reads or writes files.",
		Help:    "Flex operators are TensorFlow's own, with all that these can do. " + review,
		CWE:     []string{"CWE-94", "CWE-73"}, ATLAS: []string{"AML.T0018.001", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tflite/custom-operator", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The model needs an operator that is not part of the runtime.",
		Help:    "A native library provides it. Take that from its publisher, never from the model's repository. " + review,
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.001", "AML.T0010.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tflite/compiled-operator", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The model holds a program for one accelerator.",
		Help:    "Its driver runs it, and nobody can look inside. Compile it yourself from the portable model.",
		CWE:     []string{"CWE-829", "CWE-506"}, ATLAS: []string{"AML.T0018.002"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tflite/custom-call", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "An operator calls a function of the runtime by its name.",
		Help:    "StableHLO's custom calls and delegates run what the process has registered. " + review,
		CWE:     []string{"CWE-829", "CWE-470"}, ATLAS: []string{"AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tflite/unknown-operator", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The model uses a built-in operator or a field that is not known.",
		Help:    "It is newer than this list, or no runtime has it. " + convert,
		CWE:     []string{"CWE-1287"}, ATLAS: []string{"AML.T0018.001"}, OWASP: []string{"LLM03"},
	},
}
