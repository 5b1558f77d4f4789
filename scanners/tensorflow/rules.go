package tensorflow

import "assay/scanners"

const (
	review  = "Do not load the model unless you know why the graph does this; export it again from its source without."
	convert = "Export the model again from a source that you trust."
)

var rules = []scanners.Rule{
	{
		ID: "tensorflow/code-operator", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "An operator runs Python or native code.",
		Help:    "What runs is found by a name in the process that loads the model. A published model cannot bring it along in a harmless way. " + review,
		CWE:     []string{"CWE-94", "CWE-829"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/file-write", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "An operator writes or deletes files.",
		Help:    "It runs with the rights of whoever uses the model, when it is loaded or called: a file in the right place is code. " + review,
		CWE:     []string{"CWE-73", "CWE-94"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/file-read", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An operator reads files.",
		Help:    "Keys and tokens of the user leave with the model's answer. " + review,
		CWE:     []string{"CWE-73", "CWE-200"}, ATLAS: []string{"AML.T0037", "AML.T0025"}, OWASP: []string{"LLM02", "LLM03"},
	}, {
		ID: "tensorflow/remote-address", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "An operator sends tensors to an address in the model.",
		Help:    "Debug operators copy what flows through the graph to a file or a server (debug_urls, output_stream). " + review,
		CWE:     []string{"CWE-200", "CWE-506"}, ATLAS: []string{"AML.T0025", "AML.T0018.001"}, OWASP: []string{"LLM02", "LLM03"},
	}, {
		ID: "tensorflow/network-operator", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An operator talks to other processes or machines.",
		Help:    "A model for inference needs none. " + review,
		CWE:     []string{"CWE-829", "CWE-200"}, ATLAS: []string{"AML.T0025"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/nested-graph", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A string in the model is a graph of its own.",
		Help:    "DatasetFromGraph runs it, and scanners that read only the outer graph do not see its operators. " + review,
		CWE:     []string{"CWE-506", "CWE-436"}, ATLAS: []string{"AML.T0018.001", "AML.T0107"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/unknown-operator", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "TensorFlow has no operator of this name, and the model no function.",
		Help:    "Only a native library can provide it, which would have to come with the model. " + review,
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.001", "AML.T0010.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/library-operator", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The model needs the operators of TensorFlow Text or Decision Forests.",
		Help:    "They compute, in a native library. Install that from its publisher, never from the model's repository.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0010.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/compiled-operator", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "An operator holds a program for another compiler or an accelerator.",
		Help:    "StableHLO may call native code by name, and a TensorRT engine is native code; neither is looked into here. " + review,
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/stop-operator", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "An operator ends the process.",
		Help:    "Abort takes the whole server down when the graph reaches it. " + review,
		CWE:     []string{"CWE-400"}, ATLAS: []string{"AML.T0029"}, OWASP: []string{"LLM10"},
	}, {
		ID: "tensorflow/checkpoint-path", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The graph restores or saves a checkpoint at a fixed place outside of the model.",
		Help:    "The path is that of the machine that exported the model, or of a file that an attacker wants. Export the model without its training initialisers.",
		CWE:     []string{"CWE-73"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/asset-path", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An asset, or the file of a lookup table, lies outside of the model's folder.",
		Help:    "Loading reads it, and its lines come back as the model's answers. " + review,
		CWE:     []string{"CWE-22", "CWE-73"}, ATLAS: []string{"AML.T0037", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/keras-code", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The Keras description of the model has a layer that runs code.",
		Help: "A Lambda layer is marshalled Python bytecode that runs on loading (CVE-2024-3660, CVE-2025-9905); others load pickles or SavedModels. " +
			"Ask for a model without, or rebuild the layer yourself.",
		CWE: []string{"CWE-502", "CWE-94"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.002"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/shadowed-operator", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A function of the model takes the name of an operator.",
		Help:    "TensorFlow runs one of the two, and a reader takes it for the other. " + convert,
		CWE:     []string{"CWE-436", "CWE-1039"}, ATLAS: []string{"AML.T0018.001", "AML.T0107"}, OWASP: []string{"LLM03", "LLM04"},
	}, {
		ID: "tensorflow/duplicate-field", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A field that is there once is there twice.",
		Help:    "Parsers take the last value, or merge the two; a scanner that takes the first sees another model. No exporter writes this. " + convert,
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107", "AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/unknown-field", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The file has a field that TensorFlow does not define.",
		Help:    "Loaders skip it, so that anything can lie there. " + convert,
		CWE:     []string{"CWE-1287", "CWE-506"}, ATLAS: []string{"AML.T0018.002"}, OWASP: []string{"LLM03"},
	}, {
		ID: "tensorflow/tensor-size", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A tensor has more or fewer bytes than its shape says.",
		Help:    "Loaders that trust the shape read foreign memory, or allocate without end. " + convert,
		CWE:     []string{"CWE-125", "CWE-190", "CWE-789"}, ATLAS: []string{"AML.T0076", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	},
}
