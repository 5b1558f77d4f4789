package sentencepiece

import "assay/scanners"

const again = "Take the file from the original publisher, or train it again."

var rules = []scanners.Rule{
	{
		ID: "sentencepiece/charsmap", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The normalisation table points outside of itself.",
		Help: "Loaders follow its offsets without a check, and read foreign memory while they normalise a text. " +
			"A trained model never has such a table. " + again,
		CWE: []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0011.000", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	}, {
		ID: "sentencepiece/long-piece", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A piece is longer than loaders accept.",
		Help: "From 8,000 bytes on, current loaders refuse the piece; older ones recurse for each byte and overflow the stack. " +
			"The trainer stops at 16 characters unless told otherwise. " + again,
		CWE: []string{"CWE-674", "CWE-1284"}, ATLAS: []string{"AML.T0029", "AML.T0011.000"}, OWASP: []string{"LLM03", "LLM10"},
	}, {
		ID: "sentencepiece/duplicate-piece", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The same piece has two ids.",
		Help: "SentencePiece refuses such a file; programs that read the pieces themselves take the first or the last id, so that two programs see two vocabularies. " +
			again,
		CWE: []string{"CWE-436"}, ATLAS: []string{"AML.T0018.000"}, OWASP: []string{"LLM03", "LLM04"},
	}, {
		ID: "sentencepiece/piece-text", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "A piece is a whole text in natural language.",
		Help:    "One token then stands for sentences that nobody wrote, in what the model reads or says. Read the text, and compare with the vocabulary of the base model.",
		CWE:     []string{"CWE-1427", "CWE-345"}, ATLAS: []string{"AML.T0018.000", "AML.T0051.002"}, OWASP: []string{"LLM01", "LLM04"},
	},
}
