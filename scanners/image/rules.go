package image

import "assay/scanners"

var supply = []string{"LLM03"}

var rules = []scanners.Rule{
	{
		ID: "image/trailing-data", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Bytes follow the end of the picture.",
		Help: "Viewers ignore them, other programs do not: an archive is read from its end. " +
			"Save the picture again, or find out what the bytes are.",
		CWE: []string{"CWE-436", "CWE-434"}, ATLAS: []string{"AML.T0076", "AML.T0107"}, OWASP: supply,
	}, {
		ID: "image/broken", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The structure of the picture is damaged.",
		Help:    "The file is truncated, or not a picture all the way. Fetch it again, or remove it: the model does not need it.",
		CWE:     []string{"CWE-20"}, ATLAS: []string{"AML.T0076"}, OWASP: supply,
	}, {
		ID: "image/active-content", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "An SVG picture contains script, or refers to something outside.",
		Help: "A browser that opens the file runs the script with the rights of the page's site. " +
			"Remove the script, or use a PNG.",
		CWE: []string{"CWE-79"}, ATLAS: []string{"AML.T0011.003"}, OWASP: []string{"LLM05"},
	}, {
		ID: "image/xml-entity", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "An SVG picture declares XML entities.",
		Help:    "Entities make parsers read other files (XXE) or expand a few bytes to gigabytes. No picture needs them: remove the declaration.",
		CWE:     []string{"CWE-611", "CWE-776"}, ATLAS: []string{"AML.T0011.000", "AML.T0029"}, OWASP: []string{"LLM03", "LLM10"},
	},
}
