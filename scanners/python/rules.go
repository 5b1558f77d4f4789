package python

import "assay/scanners"

var (
	supply = []string{"LLM03"}
	atlas  = []string{"AML.T0010.001", "AML.T0011.000"}
)

var rules = []scanners.Rule{
	{
		ID: "python/code", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "The file is Python, and was analysed.",
		Help: "Whoever starts, installs or imports it runs it; so does a loader with trust_remote_code, when a configuration names the file. What it does has findings of its own; " +
			"what the files do that it imports is judged with them.",
		CWE: []string{"CWE-829"}, ATLAS: atlas, OWASP: supply,
	}, {
		ID: "python/effect", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The code starts programs, runs text, loads native code or uses the network.",
		Help: "The finding says who makes it happen. While a file is only imported, or a framework only makes an object of its class, nothing of this is needed. " +
			"Read the line before you install or start the file, or let a loader import it (trust_remote_code).",
		CWE: []string{"CWE-829", "CWE-94", "CWE-78"}, ATLAS: append([]string{"AML.T0050"}, atlas...), OWASP: supply,
	}, {
		ID: "python/dangerous-chain", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The code runs what it downloads or decodes, or opens a shell to another machine.",
		Help:    "This is how malicious loaders work (Open-OSS/privacy-filter, May 2026; the dataset scripts of arXiv 2409.09368). Do not run the file; report the repository.",
		CWE:     []string{"CWE-506", "CWE-494", "CWE-95"}, ATLAS: []string{"AML.T0011.000", "AML.T0050", "AML.T0072"}, OWASP: supply,
	}, {
		ID: "python/obfuscation", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The code hides what it calls.",
		Help: "A name that is put together at run time, or a walk through the object model, serves to get past a reader or a filter. " +
			"The finding names what is reached. Do not run the file.",
		CWE: []string{"CWE-506", "CWE-470"}, ATLAS: []string{"AML.T0011.000", "AML.T0107"}, OWASP: supply,
	}, {
		ID: "python/exfiltration", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The code sends credentials or the environment to another machine.",
		Help:    "Do not run the file. If it ran, renew every key and token that the process could read.",
		CWE:     []string{"CWE-200", "CWE-506"}, ATLAS: []string{"AML.T0025", "AML.T0055"}, OWASP: []string{"LLM02", "LLM03"},
	}, {
		ID: "python/credential-access", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The code opens files in which keys and sessions are kept.",
		Help:    "A model needs no key of its user. Read the line, and do not run the file until you know why it is there.",
		CWE:     []string{"CWE-522", "CWE-200"}, ATLAS: []string{"AML.T0055", "AML.T0037"}, OWASP: []string{"LLM02", "LLM03"},
	}, {
		ID: "python/persistence", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The code writes where programs are started from.",
		Help:    "What is written there runs at the next login, or whenever a tool is started. Do not run the file.",
		CWE:     []string{"CWE-506", "CWE-73"}, ATLAS: []string{"AML.T0011.000", "AML.T0112.001"}, OWASP: supply,
	}, {
		ID: "python/suspicious-address", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The code names an address that serves to take data or to bring programs.",
		Help:    "Web hooks, paste services, tunnels and machines without a name are where stealers send to and load from. Ask why the address is there before you run the file.",
		CWE:     []string{"CWE-506", "CWE-494"}, ATLAS: []string{"AML.T0025", "AML.T0011.001"}, OWASP: supply,
	}, {
		ID: "python/remote-code", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The code loads more code from another repository.",
		Help:    "What is loaded was not looked at, and can change at any time. Pin its revision and scan it too.",
		CWE:     []string{"CWE-829", "CWE-494"}, ATLAS: atlas, OWASP: supply,
	}, {
		ID: "python/dataset-script", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The file is a loading script of a dataset.",
		Help: "The datasets library before 4.0.0 runs it with trust_remote_code; later versions refuse. " +
			"Prefer a dataset in Parquet, or review the script and pin its revision.",
		CWE: []string{"CWE-829"}, ATLAS: atlas, OWASP: supply,
	}, {
		ID: "python/encoding", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file declares an encoding under which it is another program than it looks.",
		Help:    "Python decodes the file as its first lines say (PEP 263): a comment can become code. Convert the file to UTF-8 and read it again; it was not analysed whole.",
		CWE:     []string{"CWE-436", "CWE-506"}, ATLAS: []string{"AML.T0107", "AML.T0068"}, OWASP: supply,
	}, {
		ID: "python/deceptive-name", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A name is written with characters that look like others or become others.",
		Help:    "Python reads compatibility characters as the plain ones (PEP 3131), and keeps look-alikes apart that people do not. Write the name in plain letters.",
		CWE:     []string{"CWE-1007", "CWE-451"}, ATLAS: []string{"AML.T0068", "AML.T0107"}, OWASP: supply,
	}, {
		ID: "python/hidden-characters", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Characters that nobody sees, or that reorder text, stand in the code.",
		Help:    "Trojan Source (CVE-2021-42574): a reviewer sees another program than Python. Look at the file with these characters shown, and remove them.",
		CWE:     []string{"CWE-1007", "CWE-451"}, ATLAS: []string{"AML.T0068"}, OWASP: supply,
	}, {
		ID: "python/null-byte", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A NUL byte stands in the source text.",
		Help:    "Versions of Python before 3.12 stop at it, or leave out the rest of the line; later ones refuse the file. Remove it.",
		CWE:     []string{"CWE-436", "CWE-158"}, ATLAS: []string{"AML.T0107", "AML.T0076"}, OWASP: supply,
	}, {
		ID: "python/auto-start", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "Every start of Python would run this file.",
		Help: "A line of a .pth file that begins with import, sitecustomize.py and usercustomize.py run whenever an interpreter starts that has their folder on its path " +
			"(LiteLLM 1.82.7 and 1.82.8). A model needs none: remove the file before anything is installed from here.",
		CWE: []string{"CWE-506", "CWE-829"}, ATLAS: []string{"AML.T0011.001", "AML.T0010.001"}, OWASP: supply,
	}, {
		ID: "python/secret", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A key or token was left in the file.",
		Help: "Whoever has the file can use it, also to change this repository. The finding shows its last characters only. " +
			"Revoke it where it was issued; deleting the line is not enough.",
		CWE: []string{"CWE-798", "CWE-312"}, ATLAS: []string{"AML.T0055"}, OWASP: []string{"LLM02"},
	},
}
