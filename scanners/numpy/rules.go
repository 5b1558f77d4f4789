package numpy

import "assay/scanners"

var (
	evasion = []string{"AML.T0076", "AML.T0107"}
	supply  = []string{"LLM03"}
)

var rules = []scanners.Rule{
	{
		ID: "numpy/header", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The header is not what numpy writes.",
		Help:    "Two readers may see two different arrays in it, and numpy itself may refuse it. Do not use the file; save the array again.",
		CWE:     []string{"CWE-436", "CWE-20"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "numpy/long-header", Severity: scanners.Informational, Class: scanners.Unknown,
		Summary: "The header is longer than numpy reads by default.",
		Help: "numpy refuses headers of more than 10,000 bytes unless it may unpickle, because parsing them can exhaust the stack. " +
			"An array with very many named columns needs one; raise max_header_size, and do not allow pickles for it.",
		CWE: []string{"CWE-400"}, ATLAS: []string{"AML.T0029"}, OWASP: []string{"LLM10"},
	}, {
		ID: "numpy/object-array", Severity: scanners.Informational, Class: scanners.Unknown,
		Summary: "The array holds Python objects, stored as a pickle.",
		Help:    "numpy unpickles it only with allow_pickle=True; the pickle itself is judged apart. Save numbers and strings with their own types instead.",
		CWE:     []string{"CWE-502"}, ATLAS: []string{"AML.T0011.000", "AML.T0010.003"}, OWASP: supply,
	}, {
		ID: "numpy/size-mismatch", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The file ends before the array does.",
		Help:    "Most often an interrupted download; a reader that maps the file into memory reads beyond its end. Fetch it again.",
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0076"}, OWASP: supply,
	}, {
		ID: "numpy/overflow", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The size of the array does not fit 64 bits.",
		Help:    "A reader that multiplies without a check allocates too little and writes beyond it. Do not use the file.",
		CWE:     []string{"CWE-190", "CWE-787"}, ATLAS: []string{"AML.T0011.000", "AML.T0076"}, OWASP: supply,
	}, {
		ID: "numpy/trailing-data", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Bytes follow the array that are no further array.",
		Help:    "numpy ignores them, so they are a place to hide a second file. Save the array again.",
		CWE:     []string{"CWE-436", "CWE-434"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "numpy/unknown-dtype", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The element type is not one that numpy writes.",
		Help:    "The size of the array cannot be checked, so that its bytes stay uncovered. Save it with a plain type.",
		CWE:     []string{"CWE-20"}, OWASP: supply,
	}, {
		ID: "numpy/wrong-content", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The file is named .npy and is no array.",
		Help: "numpy.load tries a zip archive, and with allow_pickle a pickle, when the magic is missing: the name promises data and the content " +
			"decides. Find out what the file is before you load it.",
		CWE: []string{"CWE-436", "CWE-434"}, ATLAS: []string{"AML.T0074", "AML.T0107"}, OWASP: supply,
	},
}
