package script

import "assay/scanners"

var supply = []string{"LLM03"}

var rules = []scanners.Rule{
	{
		ID: "script/source-code", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The file is program text.",
		Help: "Code is not analysed. A loader runs Python files of a repository with trust_remote_code, and a README may ask a person to run others. " +
			"Review it, or leave it out: weights and configuration do not need it.",
		CWE: []string{"CWE-829", "CWE-94"}, ATLAS: []string{"AML.T0010.001", "AML.T0011.000"}, OWASP: supply,
	}, {
		ID: "script/native-code", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file is a native program or library.",
		Help: "A model is data and needs no machine code. Whatever loads or starts this file runs it with all rights of the user. " +
			"Do not use it; build the program from reviewed sources if you need it.",
		CWE: []string{"CWE-829", "CWE-506", "CWE-426"}, ATLAS: []string{"AML.T0018.002", "AML.T0011.000", "AML.T0112.001"}, OWASP: supply,
	}, {
		ID: "script/bytecode", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file is compiled code for a virtual machine.",
		Help: "Bytecode runs like the source it came from, and cannot be reviewed like it: Python imports a .pyc in place of the .py beside it. " +
			"Do not use it; ask for the source.",
		CWE: []string{"CWE-829", "CWE-506"}, ATLAS: []string{"AML.T0018.002", "AML.T0011.000"}, OWASP: supply,
	},
}
