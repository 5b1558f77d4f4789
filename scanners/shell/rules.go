package shell

import "assay/scanners"

var (
	supply = []string{"LLM03"}
	atlas  = []string{"AML.T0011.001", "AML.T0050"}
)

var rules = []scanners.Rule{
	{
		ID: "shell/code", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "The file is a list of commands, and was analysed.",
		Help:    "It runs when somebody starts it, or builds with it. Read it before you do.",
		CWE:     []string{"CWE-829"}, ATLAS: atlas, OWASP: supply,
	}, {
		ID: "shell/dangerous-command", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A command runs what it downloads or decodes, opens a shell to another machine, stays on the machine or takes credentials.",
		Help:    "The finding shows the command. Do not start the file. What only runs a published installer is high: fetch that, check its digest, and read it first.",
		CWE:     []string{"CWE-494", "CWE-506", "CWE-78"}, ATLAS: append([]string{"AML.T0072", "AML.T0025"}, atlas...), OWASP: supply,
	}, {
		ID: "shell/obfuscation", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The script hides the words of its commands.",
		Help:    "Words in escapes, carets, reversed or put together from numbers serve to get past a reader. Do not start the file.",
		CWE:     []string{"CWE-506"}, ATLAS: append([]string{"AML.T0107"}, atlas...), OWASP: supply,
	}, {
		ID: "shell/hidden-characters", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Characters that nobody sees, or that reorder text, stand in the script.",
		Help:    "Trojan Source (CVE-2021-42574): a reviewer sees another script than the shell. Look at it with these characters shown, and remove them.",
		CWE:     []string{"CWE-1007", "CWE-451"}, ATLAS: []string{"AML.T0068"}, OWASP: supply,
	}, {
		ID: "shell/unpinned-image", Severity: scanners.Low, Class: scanners.Clean,
		Summary: "A container is built on an image that is not pinned to a digest.",
		Help:    "A tag can be moved to another image at any time. Name the image with @sha256:.",
		CWE:     []string{"CWE-1357", "CWE-494"}, ATLAS: []string{"AML.T0010.004"}, OWASP: supply,
	}, {
		ID: "shell/remote-add", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A container recipe adds a file from an address without its digest.",
		Help:    "Whoever serves the address decides what gets into the image. Use ADD --checksum=sha256:..., or copy a file of the repository.",
		CWE:     []string{"CWE-494", "CWE-829"}, ATLAS: []string{"AML.T0010.001"}, OWASP: supply,
	}, {
		ID: "shell/secret", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A key or token was left in the file.",
		Help: "Whoever has the file can use it, also to change this repository. The finding shows its last characters only. " +
			"Revoke it where it was issued; deleting the line is not enough.",
		CWE: []string{"CWE-798", "CWE-312"}, ATLAS: []string{"AML.T0055"}, OWASP: []string{"LLM02"},
	},
}
