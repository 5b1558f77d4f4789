package keras

import "assay/scanners"

const publisher = "Ask the publisher for a model of standard layers only, or for weights with code that you can read. "

var rules = []scanners.Rule{
	{
		ID: "keras/lambda", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A layer is Python code.",
		Help: "A Lambda layer holds a function, as marshalled byte code or by its name, and runs it when the model is built or called. Keras below 2.13 runs it always (CVE-2024-3660), " +
			"later versions with safe_mode=False and for .h5 files whatever safe_mode says (CVE-2025-9905). " + publisher,
		CWE: []string{"CWE-94", "CWE-502"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.002"}, OWASP: []string{"LLM03"},
	}, {
		ID: "keras/foreign-module", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The configuration refers to a module that is not of Keras.",
		Help:    "Keras 3.0 to 3.8 import the module and call what is named in it, in spite of safe mode (CVE-2025-1550); later versions refuse the model. " + publisher,
		CWE:     []string{"CWE-94", "CWE-470"}, ATLAS: []string{"AML.T0011.000", "AML.T0010.003"}, OWASP: []string{"LLM03"},
	}, {
		ID: "keras/dangerous-reference", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The configuration refers to a part of Keras that reaches the disk, the network or other code.",
		Help: "The class or function is called with arguments from the configuration when the model is loaded, also in safe mode of the versions named. No model needs it for its computation. " +
			publisher,
		CWE: []string{"CWE-94", "CWE-73", "CWE-829"}, ATLAS: []string{"AML.T0011.000", "AML.T0010.003"}, OWASP: []string{"LLM03"},
	}, {
		ID: "keras/unlisted-reference", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The configuration refers to a name in Keras that is no known layer, loss, metric, optimizer or function.",
		Help: "Keras looks the name up in the module and builds or calls what it finds there, whatever it is (CVE-2025-8747). " +
			"A class of a companion package that is not on the list is reported as low. Tell us about a public class that is missing.",
		CWE: []string{"CWE-470", "CWE-94"}, ATLAS: []string{"AML.T0011.000", "AML.T0010.003"}, OWASP: []string{"LLM03"},
	}, {
		ID: "keras/custom-object", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The model needs a class or function of its own.",
		Help:    "It does not load until code from elsewhere registers the name, and does then what that code does. The code is not in the model: look for it, and read it.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0010.003"}, OWASP: []string{"LLM03"},
	}, {
		ID: "keras/tensorflow-call", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A layer calls a function of TensorFlow that does more than compute.",
		Help:    "Keras 2 saves operators as layers that call a function by its name in the TensorFlow API: reading and writing files and running Python among them. " + publisher,
		CWE:     []string{"CWE-94", "CWE-73"}, ATLAS: []string{"AML.T0018.001", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "keras/vocabulary-file", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A layer takes its vocabulary from a path or an address.",
		Help: "Keras below 3.12 reads the file, or fetches it, when the model is loaded, and keeps its lines in the model (CVE-2025-12058). " +
			"A saved model has its vocabulary inside. " + publisher,
		CWE: []string{"CWE-73", "CWE-918", "CWE-200"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: []string{"LLM03", "LLM02"},
	}, {
		ID: "keras/name-path", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The name of a layer is a path that leaves its folder.",
		Help:    "Programs that write a file or a group for each layer join the name to a folder (CVE-2026-12479). No layer has such a name by itself. " + publisher,
		CWE:     []string{"CWE-22"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "keras/duplicate-key", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An object has the same key twice.",
		Help:    "Python takes the last one, other readers the first: what was reviewed is not what is loaded. Keras never writes such a file.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107", "AML.T0076"}, OWASP: []string{"LLM03"},
	}, {
		ID: "keras/encoding", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The configuration is not in UTF-8.",
		Help:    "Python reads UTF-16 and UTF-32 where it expects JSON, and most scanners do not. Keras writes plain ASCII.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0107"}, OWASP: []string{"LLM03"},
	},
}
