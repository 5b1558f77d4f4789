package dependencies

import "assay/scanners"

var (
	supply = []string{"LLM03"}
	atlas  = []string{"AML.T0010.001"}
)

var rules = []scanners.Rule{
	{
		ID: "dependencies/unpinned", Severity: scanners.Low, Class: scanners.Clean,
		Summary: "A package is asked for without its exact version.",
		Help:    "What is installed tomorrow is not what was looked at today. Pin each package with == and, better, with --hash.",
		CWE:     []string{"CWE-1357", "CWE-1104"}, ATLAS: atlas, OWASP: supply,
	}, {
		ID: "dependencies/foreign-index", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "Packages come from an index that is not one everybody uses.",
		Help: "With --extra-index-url the higher version wins, whoever serves it (dependency confusion, PyTorch nightly of December 2022). " +
			"Ask who runs the index, or install from PyPI.",
		CWE: []string{"CWE-427", "CWE-829"}, ATLAS: atlas, OWASP: supply,
	}, {
		ID: "dependencies/unverified-host", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Packages come over a connection that anybody can change.",
		Help:    "Without TLS, or with --trusted-host, whoever is on the way chooses what is installed. Use https and remove the option.",
		CWE:     []string{"CWE-494", "CWE-295", "CWE-319"}, ATLAS: atlas, OWASP: supply,
	}, {
		ID: "dependencies/direct-address", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A package comes from an address instead of an index.",
		Help:    "A branch or a file at an address can change at any time. Pin a commit or a hash, and scan what is there.",
		CWE:     []string{"CWE-494", "CWE-829"}, ATLAS: atlas, OWASP: supply,
	}, {
		ID: "dependencies/look-alike", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The name of a package is one letter away from one that everybody uses.",
		Help:    "Malicious packages wait for slips of the hand. Check the name on the index before you install.",
		CWE:     []string{"CWE-1357", "CWE-494"}, ATLAS: []string{"AML.T0010.001", "AML.T0073", "AML.T0060"}, OWASP: supply,
	}, {
		ID: "dependencies/own-build", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "Installing runs a build backend that lies in the repository.",
		Help:    "backend-path in pyproject.toml makes pip import and call code of the folder (PEP 517). Review that code, or do not install.",
		CWE:     []string{"CWE-829"}, ATLAS: atlas, OWASP: supply,
	}, {
		ID: "dependencies/path-escape", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A requirement names a file outside of the repository.",
		Help:    "pip would read, or install from, a place on the machine. Do not install from this file.",
		CWE:     []string{"CWE-22"}, ATLAS: atlas, OWASP: supply,
	},
}
