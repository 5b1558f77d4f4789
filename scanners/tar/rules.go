package tar

import "assay/scanners"

// differential is a rule about readers that see different things (CWE-436).
func differential(id string, severity scanners.Severity, summary, help string) scanners.Rule {
	return scanners.Rule{
		ID: id, Severity: severity, Class: scanners.Suspicious, Summary: summary,
		Help: help + " Readers that disagree about an archive are how a payload passes a scanner and still reaches a loader." +
			" Do not use the file; ask its publisher for one that was written by an ordinary tool.",
		CWE: []string{"CWE-436"}, ATLAS: []string{"AML.T0076", "AML.T0107", "AML.T0074"}, OWASP: []string{"LLM03"},
	}
}

var (
	ruleEscape = scanners.Rule{
		ID: "tar/path-escape", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "An entry, or where it links to, lies outside the folder it is unpacked into.",
		Help: "Unpacking writes or reads wherever the name points: over a shell profile, a cron table, a Python module. " +
			"A link to the outside does the same for the entries written through it. Do not unpack or use the file.",
		CWE: []string{"CWE-22", "CWE-59", "CWE-62"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}
	ruleLink = scanners.Rule{
		ID: "tar/link", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "An entry is a link to another entry.",
		Help:    "The link stays inside the archive. Repack with regular files if the model is to be unpacked by other tools.",
		CWE:     []string{"CWE-59"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}
	ruleSpecial = scanners.Rule{
		ID: "tar/special-file", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An entry is a device or a pipe.",
		Help:    "A model has no devices. Whoever unpacks the archive with enough rights creates one. Do not unpack it.",
		CWE:     []string{"CWE-73"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}
	ruleSetuid = scanners.Rule{
		ID: "tar/setuid", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "An entry runs with the rights of its owner (setuid or setgid).",
		Help:    "No file of a model needs that. Clear the bit, or ask the publisher for an archive without it.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}
	ruleTorch = scanners.Rule{
		ID: "tar/torch-archive", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The archive is a model of PyTorch 0.1.1.",
		Help: "torch.load unpacks such a file to disk and unpickles three streams without any restriction, and it is the first " +
			"format it tries. Nobody has written it since 2017. Load it in isolation, and save it as safetensors.",
		CWE: []string{"CWE-502", "CWE-22"}, ATLAS: []string{"AML.T0011.000", "AML.T0010.003"}, OWASP: []string{"LLM03"},
	}
	ruleDuplicate = differential("tar/duplicate-name", scanners.High,
		"Two entries have the same name.",
		"The last one wins when the archive is unpacked, the first for tools that look for a name.")
	ruleName = differential("tar/name-mismatch", scanners.High,
		"An extended header gives an entry another name than its plain header.",
		"Readers that do not know extended headers see the other name.")
	ruleSize = differential("tar/size-mismatch", scanners.High,
		"Two sizes are stated for an entry, or a size for one that has no data.",
		"Readers then look for the next header in different places, and entries hidden in the data appear (CVE-2025-62518).")
	ruleGlobal = differential("tar/global-header", scanners.High,
		"A global header sets the name or the size of all entries.",
		"Readers that ignore global headers see other entries.")
	ruleAfterEnd = differential("tar/data-after-end", scanners.High,
		"Something follows the end of the archive.",
		"Python stops at the first zero block, GNU tar at the second, and both can be told to go on.")
	rulePadding = scanners.Rule{
		ID: "tar/hidden-padding", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The padding after an entry is not zero.",
		Help:    "Some old writers leave what was in memory there; it may also be hidden on purpose. No reader looks at it. Repack the archive.",
		CWE:     []string{"CWE-506"}, ATLAS: []string{"AML.T0074"}, OWASP: []string{"LLM03"},
	}
)

var rules = []scanners.Rule{
	ruleEscape, ruleLink, ruleSpecial, ruleSetuid, ruleTorch, ruleDuplicate, ruleName, ruleSize, ruleGlobal,
	ruleAfterEnd, rulePadding,
}
