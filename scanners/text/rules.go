package text

import "assay/scanners"

var (
	remote = []string{"AML.T0010.001", "AML.T0010.003", "AML.T0011.000"}
	supply = []string{"LLM03"}
)

var rules = []scanners.Rule{
	{
		ID: "text/lfs-pointer", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A Git LFS pointer stands where the content should be.",
		Help:    "The repository was cloned without its large files, so that nothing could be examined. Run `git lfs pull`, or download the file itself.",
		CWE:     []string{"CWE-345"}, ATLAS: []string{"AML.T0076"}, OWASP: supply,
	}, {
		ID: "text/not-json", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "A file that should be JSON is not.",
		Help:    "Loaders will fail, or parsers that forgive different mistakes will read different things. Correct the file.",
		CWE:     []string{"CWE-436"}, ATLAS: []string{"AML.T0076"}, OWASP: supply,
	}, {
		ID: "text/duplicate-key", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A JSON object has the same key twice.",
		Help: "Some parsers keep the first value, most the last: two programs see two configurations. " +
			"Remove one of the two, and ask how it came about.",
		CWE: []string{"CWE-436"}, ATLAS: []string{"AML.T0076", "AML.T0107"}, OWASP: supply,
	}, {
		ID: "text/remote-code", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A configuration names program code that a loader imports.",
		Help: "With trust_remote_code the loader downloads and runs that code, from another repository if the name has two dashes in it. " +
			"Load without trust_remote_code, or review the code and pin its revision.",
		CWE: []string{"CWE-829", "CWE-94", "CWE-470"}, ATLAS: remote, OWASP: supply,
	}, {
		ID: "text/trust-remote-code", Severity: scanners.Critical, Class: scanners.Suspicious,
		Summary: "A configuration switches trust_remote_code on by itself.",
		Help: "Loaders with CVE-2026-5241 (transformers before 5.3.0) believe the file instead of the user and run remote code. " +
			"Remove the key, and use a fixed version.",
		CWE: []string{"CWE-829", "CWE-94"}, ATLAS: remote, OWASP: supply,
	}, {
		ID: "text/kernel-download", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A configuration makes the loader fetch and run a compute kernel.",
		Help: "transformers 4.56.0 to 5.2 (CVE-2026-4372) downloads native code from the repository named here, without asking. " +
			"Do not load the model; remove the key.",
		CWE: []string{"CWE-829", "CWE-494"}, ATLAS: remote, OWASP: supply,
	}, {
		ID: "text/code-in-config", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A serialised object in JSON brings code, or names a foreign object to import.",
		Help: "Keras and skops rebuild objects by module and class name; a Lambda holds bytecode (CVE-2024-3660, CVE-2025-1550, CVE-2025-9905). " +
			"Load in safe mode with a current version, or ask for weights only.",
		CWE: []string{"CWE-502", "CWE-94"}, ATLAS: []string{"AML.T0011.000", "AML.T0018.002"}, OWASP: supply,
	}, {
		ID: "text/call-target", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A configuration names a Python object that a framework imports and calls.",
		Help: "Hydra's _target_ and the tags of HyperPyYAML call whatever they name, with arguments from the same file (CVE-2025-23304). " +
			"Check every target before loading.",
		CWE: []string{"CWE-470", "CWE-94"}, ATLAS: remote, OWASP: supply,
	}, {
		ID: "text/auto-run", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A settings file makes a tool run a command by itself.",
		Help: "Editors, package managers and coding agents obey such files as soon as the folder is opened or installed. " +
			"A model needs none: remove the file before you open the folder.",
		CWE: []string{"CWE-829", "CWE-506"}, ATLAS: []string{"AML.T0011.001", "AML.T0050"}, OWASP: supply,
	}, {
		ID: "text/command", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A command line in a setting or an instruction runs what it downloads or decodes, or takes credentials.",
		Help: "A tool, or a person who follows the instruction, would run it (Open-OSS/privacy-filter, May 2026). " +
			"Do not; report the repository.",
		CWE: []string{"CWE-494", "CWE-506", "CWE-78"}, ATLAS: []string{"AML.T0011.001", "AML.T0050", "AML.T0072"}, OWASP: supply,
	}, {
		ID: "text/active-content", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A text for people holds markup that acts.",
		Help: "Sites that show cards take scripts, handlers and frames out; other viewers do not. " +
			"Do not open the text as a page outside of a sandbox.",
		CWE: []string{"CWE-79"}, ATLAS: []string{"AML.T0011.003"}, OWASP: []string{"LLM05"},
	}, {
		ID: "text/hidden-instruction", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A text gives instructions to a language model that people do not see, or that turn it against them.",
		Help:    "An assistant that reads the file may obey it. Look at the source of the text before you let one.",
		CWE:     []string{"CWE-1427", "CWE-451"}, ATLAS: []string{"AML.T0051.001", "AML.T0068"}, OWASP: []string{"LLM01"},
	}, {
		ID: "text/agent-instructions", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "A file instructs coding agents that work in the folder, or gives them tools.",
		Help:    "Agents read it without being asked (AML.CS0041, AML.CS0049, AML.CS0053). A model needs none: read it, or remove it, before you open the folder with an agent.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0081", "AML.T0010.005"}, OWASP: supply,
	}, {
		ID: "text/alias-bomb", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Aliases in YAML that repeat each other expand beyond all measure.",
		Help:    "A parser that expands them fills the memory (the billion laughs). Do not load the file.",
		CWE:     []string{"CWE-776", "CWE-400"}, ATLAS: []string{"AML.T0029"}, OWASP: []string{"LLM10"},
	}, {
		ID: "text/git-setting", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A setting of Git names a filter, a remote or a command beyond Git LFS.",
		Help:    "Git runs filters and fetches submodules and large files from where such files say. Look at them before you clone with submodules, or check out.",
		CWE:     []string{"CWE-829", "CWE-77"}, ATLAS: []string{"AML.T0010.001"}, OWASP: supply,
	}, {
		ID: "text/path-escape", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A setting names a file outside of what belongs to the model.",
		Help: "Loaders join these names to the folder of the model without looking: another file of the machine is read, or a request leaves it. " +
			"Do not load the model.",
		CWE: []string{"CWE-22", "CWE-73", "CWE-918"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: supply,
	}, {
		ID: "text/yaml-code-tag", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A YAML tag makes the parser build an object or call a function.",
		Help: "PyYAML's full loaders, SnakeYAML and others run code for such a tag. No model needs it. " +
			"Do not load the file; parse it with a safe loader only.",
		CWE: []string{"CWE-502", "CWE-94"}, ATLAS: []string{"AML.T0011.000"}, OWASP: supply,
	}, {
		ID: "text/bidi-control", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Characters that reorder text make it read differently from what it says.",
		Help: "Trojan Source (CVE-2021-42574): a reviewer sees another order than the program. Look at the file with the characters shown, " +
			"and remove them unless the text is in a right-to-left script.",
		CWE: []string{"CWE-1007", "CWE-451"}, ATLAS: []string{"AML.T0068", "AML.T0051.001"}, OWASP: []string{"LLM01", "LLM04"},
	}, {
		ID: "text/hidden-characters", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Invisible tag characters spell out text that people cannot see.",
		Help:    "A language model reads them, a person does not: they carry hidden instructions. Remove them.",
		CWE:     []string{"CWE-1007", "CWE-1427"}, ATLAS: []string{"AML.T0068", "AML.T0051.001"}, OWASP: []string{"LLM01", "LLM04"},
	}, {
		ID: "text/control-characters", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "The text holds control characters.",
		Help:    "Terminals obey some of them. Do not print the file on a terminal unfiltered.",
		CWE:     []string{"CWE-116"}, ATLAS: []string{"AML.T0068"},
	}, {
		ID: "text/addresses", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "The data of a table is elsewhere, at addresses with digests.",
		Help: "What the addresses serve was not looked at. Compare it with the digests when it is fetched, and scan it " +
			"(split-view poisoning, arXiv 2302.10149). Without digests the table is incomplete.",
		CWE: []string{"CWE-829"}, ATLAS: []string{"AML.T0020"}, OWASP: []string{"LLM04"},
	}, {
		ID: "text/not-utf8", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "The text is not in UTF-8.",
		Help:    "Programs guess its encoding, and may guess differently. Convert it to UTF-8.",
		CWE:     []string{"CWE-436"},
	}, {
		ID: "text/formula", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "A cell of a table is a formula that reaches out.",
		Help: "A spreadsheet that opens the table starts a program (DDE) or fetches an address. Read the table with a program for data, " +
			"or put an apostrophe before the cell.",
		CWE: []string{"CWE-1236"}, ATLAS: []string{"AML.T0011"}, OWASP: []string{"LLM05"},
	}, {
		ID: "text/secret", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A key or token was left in the file.",
		Help: "Whoever has the file can use it, also to change this repository. The finding shows its last characters only. " +
			"Revoke it where it was issued; deleting the line is not enough.",
		CWE: []string{"CWE-798", "CWE-312"}, ATLAS: []string{"AML.T0055"}, OWASP: []string{"LLM02"},
	},
}
