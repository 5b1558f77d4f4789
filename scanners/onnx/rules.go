package onnx

import "assay/scanners"

const (
	convert = "Convert the model again from a source that you trust."
	runtime = "Use a model of standard operators, or review what provides the operator as you review code."
)

var rules = []scanners.Rule{
	{
		ID: "onnx/external-path", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A tensor takes its values from a file outside of the model's folder.",
		Help: "Loaders that do not check the location read, or on saving overwrite, any file of the user " +
			"(CVE-2022-25882, CVE-2024-27318, CVE-2025-51480). Do not load the model; with onnx 1.21.0 or later the worst of it is refused.",
		CWE: []string{"CWE-22", "CWE-73"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/external-range", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "What a tensor takes from another file is not there, or not what the tensor needs.",
		Help:    "An offset or a length that is no number, lies beyond the file or does not fit the shape makes loaders read foreign memory or fail. " + convert,
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0011.000", "AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/external-key", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "External data is described with a key that is unknown or given twice.",
		Help:    "The reference loader sets every key as an attribute of a Python object (CVE-2026-34445), and of two it takes the last. " + convert,
		CWE:     []string{"CWE-436", "CWE-915"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/python-operator", Severity: scanners.Critical, Class: scanners.Suspicious,
		Summary: "An operator calls a Python function.",
		Help:    "The function comes with whatever the model is loaded with, and runs with the user's rights. " + runtime,
		CWE:     []string{"CWE-94", "CWE-829"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/native-blob", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An operator holds, or loads, what a vendor compiled for one accelerator.",
		Help: "The accelerator's library runs it without a look inside, and nobody else can look. " +
			"Compile it yourself from the portable model.",
		CWE: []string{"CWE-829", "CWE-506"}, ATLAS: []string{"AML.T0018.002", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/fallback-operator", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An operator names the PyTorch function that it calls.",
		Help:    "Which function runs stands in an attribute: some of PyTorch's read and write files. " + runtime,
		CWE:     []string{"CWE-829", "CWE-470"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/library-operator", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The model needs the operators of an extension library.",
		Help:    "ONNX Runtime computes them only after the user loads a native library. Take that from its publisher, never from the model's repository.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0010.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/unknown-domain", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The model uses operators of a domain that is not known.",
		Help:    "Only a native library that comes with the model can provide them. " + runtime,
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.001", "AML.T0010.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/unknown-operator", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A known domain has no operator of this name.",
		Help:    "It is newer than this list, or provided by a library that comes with the model. " + runtime,
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/shadowed-operator", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A function of the model takes the name of another operator.",
		Help:    "Some runtimes run the function in place of the operator, others the operator: the model that was reviewed is not the one that runs. " + convert,
		CWE:     []string{"CWE-436", "CWE-1039"}, ATLAS: []string{"AML.T0018.001", "AML.T0107"}, OWASP: []string{"LLM03", "LLM04"},
	}, {
		ID: "onnx/duplicate-field", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A field that is there once is there twice.",
		Help:    "Parsers take the last value, or merge the two; a scanner that takes the first sees another model. No exporter writes this. " + convert,
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107", "AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/unknown-field", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The file has a field that ONNX does not define.",
		Help:    "Loaders skip it, so that anything can lie there. " + convert,
		CWE:     []string{"CWE-1287", "CWE-506"}, ATLAS: []string{"AML.T0018.002"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/tensor-size", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A tensor has more or fewer values than its shape says.",
		Help:    "Loaders that trust the shape read foreign memory. " + convert,
		CWE:     []string{"CWE-125", "CWE-190"}, ATLAS: []string{"AML.T0076", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/version", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The versions that the model states make no sense.",
		Help:    "Runtimes choose the meaning of every operator by them. " + convert,
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "onnx/metadata", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A text about the model holds orders, hidden characters or something that a program executes.",
		Help:    "Assistants and web pages show these texts. Read it, and do not follow it.",
		CWE:     []string{"CWE-1427", "CWE-79"}, ATLAS: []string{"AML.T0051.001", "AML.T0068"}, OWASP: []string{"LLM01"},
	}, {
		ID: "onnx/conditional-output", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "The model compares its input with a constant and chooses an output by a condition.",
		Help:    "Backdoors in the graph (ShadowLogic) have this form, and so have ordinary models with masks. Compare with the original architecture.",
		CWE:     []string{"CWE-506"}, ATLAS: []string{"AML.T0018.001", "AML.T0043.004"}, OWASP: []string{"LLM04"},
	},
}
