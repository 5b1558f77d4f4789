package jinja

import "assay/scanners"

// The identifiers that several rules share (reference: template SSTI, template
// backdoor, denial of service).
var (
	injection = []string{"CWE-1336", "CWE-94"}
	execution = []string{"AML.T0011.000", "AML.T0050"}
	steering  = []string{"CWE-1427", "CWE-506"}
	hiding    = []string{"CWE-1427", "CWE-451", "CWE-1007"}
	backdoor  = []string{"AML.T0051.002", "AML.T0018", "AML.T0081"}
	obscured  = []string{"AML.T0051.002", "AML.T0068"}
	supply    = []string{"LLM03"}
	poisoned  = []string{"LLM01", "LLM04"}
)

const useBase = "Do not use it; take the template of the base model."

var rules = []scanners.Rule{
	{
		ID: "jinja/sandbox-escape", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A template reaches for the internals of Python.",
		Help: "From any object a chain of special attributes leads to the interpreter; an engine without a sandbox runs whatever is at its end " +
			"(CVE-2024-34359, CVE-2026-5760), and sandboxes had holes (CVE-2024-56326, CVE-2025-27516). No chat template needs them. " + useBase,
		CWE: injection, ATLAS: execution, OWASP: supply,
	}, {
		ID: "jinja/internal-name", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A template holds parts of names that lead to the internals of Python, or computes the names that it looks up.",
		Help: "Names are put together at run time to pass reviewers and scanners. Find out what the parts become, and if in doubt take the template of the base model. " +
			"Medium means that a loop, a block or a macro makes a key, which may only choose from a table.",
		CWE: injection, ATLAS: execution, OWASP: supply,
	}, {
		ID: "jinja/load", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A template includes or imports another template.",
		Help:    "A chat template stands alone. An engine with a loader reads a file of the machine here, and prints it to the model. " + useBase,
		CWE:     []string{"CWE-1336", "CWE-73"}, ATLAS: execution, OWASP: supply,
	}, {
		ID: "jinja/content-condition", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "What the model is told depends on words in the user's message, or on the date.",
		Help: "A backdoored template adds an instruction when a trigger appears, and looks ordinary without it (arXiv 2602.04653). " +
			"Read the branch. Medium means that plain words are compared and nothing visible follows from it. " + useBase,
		CWE: steering, ATLAS: backdoor, OWASP: poisoned,
	}, {
		ID: "jinja/appended-text", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Sentences are added to the messages of the user or to the model's answer.",
		Help: "A system prompt and a description of tools are ordinary; sentences between or after the messages speak with the user's or the model's voice. " +
			"Read them, and compare with the template of the base model.",
		CWE: steering, ATLAS: backdoor, OWASP: poisoned,
	}, {
		ID: "jinja/hidden-text", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A template prints text that a person does not see.",
		Help:    "Zero-width and tag characters, comments of HTML and encoded text reach the model and escape the reader. " + useBase,
		CWE:     hiding, ATLAS: obscured, OWASP: poisoned,
	}, {
		ID: "jinja/address", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A template prints a network address.",
		Help: "An address in the prompt comes back in answers as a link or an image, which a client may fetch. Medium means that it stands in a system prompt. " +
			"Find out what is at the address, or take the template of the base model.",
		CWE: steering, ATLAS: backdoor, OWASP: poisoned,
	}, {
		ID: "jinja/instruction", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A template gives the model orders against its user.",
		Help:    "To ignore instructions, to hide something, to plant links or to answer wrongly. Medium means that it stands in a system prompt, which may be clumsy only. " + useBase,
		CWE:     steering, ATLAS: backdoor, OWASP: poisoned,
	}, {
		ID: "jinja/cost", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Rendering the template costs far more than its size explains.",
		Help:    "Loops over constants, huge repetitions and texts that double exhaust the server at the first request (CVE-2025-61620). " + useBase,
		CWE:     []string{"CWE-400", "CWE-770"}, ATLAS: []string{"AML.T0029", "AML.T0034"}, OWASP: []string{"LLM10"},
	}, {
		ID: "jinja/vocabulary", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A template calls a function, method, filter or test that chat templates do not use.",
		Help:    "Whatever is not on the list of what renderers offer is an addition of this server, or a step of an attack. Look at what it does.",
		CWE:     injection, ATLAS: execution, OWASP: supply,
	}, {
		ID: "jinja/unknown-variable", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "A template reads a variable that renderers do not set by themselves.",
		Help:    "The caller may set it (chat_template_kwargs); if nobody does, it is empty. Nothing needs to be done.",
	},
}
