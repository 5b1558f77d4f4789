package torchexport

import "assay/scanners"

const (
	ruleTarget     = "torchexport/target"
	ruleExpression = "torchexport/expression"
	ruleSize       = "torchexport/weight-size"
)

var atlas = []string{"AML.T0011.000", "AML.T0018.002", "AML.T0010.003"}

var rules = []scanners.Rule{
	{
		ID: ruleTarget, Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The exported program calls something that is no operator of PyTorch.",
		Help: "The loader finds a target by its name below the package torch and calls it when the program runs: torch.hub.load or torch.save is as good as any operator. " +
			"Operators of other libraries run their native code. Export the model again without it, or ask the publisher what it is for.",
		CWE: []string{"CWE-502", "CWE-470", "CWE-94"}, ATLAS: atlas, OWASP: []string{"LLM03"},
	}, {
		ID: ruleExpression, Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A symbolic size in the exported program is no arithmetic.",
		Help:    "The loader gives this text to sympy, which evaluates it as Python while the file is loaded. Exporters write numbers, names, arithmetic and a few functions. Do not load this file; report it to whoever publishes it.",
		CWE:     []string{"CWE-95", "CWE-502", "CWE-94"}, ATLAS: atlas, OWASP: []string{"LLM03"},
	}, {
		ID: ruleSize, Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A tensor reaches outside the member that holds its bytes, or the member is missing.",
		Help:    "A loader that trusts the described size reads memory that does not belong to the tensor. The file is damaged or was made to do that; download it again.",
		CWE:     []string{"CWE-125", "CWE-20", "CWE-345"}, ATLAS: []string{"AML.T0011.000", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	},
}
