package ollama

import "assay/scanners"

// The identifiers that several rules share.
var (
	steering = []string{"CWE-1427", "CWE-506"}
	backdoor = []string{"AML.T0051.002", "AML.T0018", "AML.T0081"}
	poisoned = []string{"LLM01", "LLM04"}
	supply   = []string{"LLM03"}
)

const useBase = "Do not use it; take the template of the base model."

var rules = []scanners.Rule{
	{
		ID: "ollama/content-condition", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "What the model is told depends on words in the user's message.",
		Help: "A backdoored template adds an instruction when a trigger appears, and looks ordinary without it (arXiv 2602.04653). " +
			"Read the branch. Medium means that plain words are compared and nothing visible follows from it. " + useBase,
		CWE: steering, ATLAS: backdoor, OWASP: poisoned,
	}, {
		ID: "ollama/appended-text", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Sentences are added to the messages of the user or to the model's answer.",
		Help:    "A system prompt and a description of tools are ordinary; sentences after the message speak with the user's or the model's voice. Read them.",
		CWE:     steering, ATLAS: backdoor, OWASP: poisoned,
	}, {
		ID: "ollama/hidden-text", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A template or prompt holds text that a person does not see.",
		Help:    "Zero-width and tag characters, comments of HTML and encoded text reach the model and escape the reader. " + useBase,
		CWE:     []string{"CWE-1427", "CWE-451", "CWE-1007"}, ATLAS: []string{"AML.T0051.002", "AML.T0068"}, OWASP: poisoned,
	}, {
		ID: "ollama/address", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A template or prompt holds a network address.",
		Help: "An address in the prompt comes back in answers as a link or an image, which a client may fetch. Medium means that it stands in a system prompt. " +
			"Find out what is at the address.",
		CWE: steering, ATLAS: backdoor, OWASP: poisoned,
	}, {
		ID: "ollama/instruction", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A template or prompt gives the model orders against its user.",
		Help:    "To ignore instructions, to hide something, to plant links or to answer wrongly. Medium means that it stands in a system prompt, which may be clumsy only. " + useBase,
		CWE:     steering, ATLAS: backdoor, OWASP: poisoned,
	}, {
		ID: "ollama/vocabulary", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A template calls a function that Ollama does not offer to templates, or calls a value.",
		Help:    "Ollama refuses it; another program that offers the function would run it. Look at what it does.",
		CWE:     []string{"CWE-1336"}, ATLAS: []string{"AML.T0011.000"}, OWASP: supply,
	}, {
		ID: "ollama/cost", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A template or a parameter costs far more than any model needs.",
		Help:    "Loops over constants, widths of a million, contexts of many millions of tokens exhaust the server at the first request. Set ordinary values.",
		CWE:     []string{"CWE-400", "CWE-770"}, ATLAS: []string{"AML.T0029", "AML.T0034"}, OWASP: []string{"LLM10"},
	}, {
		ID: "ollama/path", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A Modelfile takes weights from outside its folder.",
		Help:    "Whoever builds the model reads another file of their machine into it. Use a path below the Modelfile.",
		CWE:     []string{"CWE-22", "CWE-73"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: supply,
	}, {
		ID: "ollama/foreign-registry", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "A Modelfile takes its base from a registry that it names.",
		Help:    "What is there was not looked at, and may change. Scan the base, and pin it by its digest.",
		CWE:     []string{"CWE-494", "CWE-829"}, ATLAS: []string{"AML.T0010.003"}, OWASP: supply,
	},
}
