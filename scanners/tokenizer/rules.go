package tokenizer

import "assay/scanners"

var (
	tamper   = []string{"AML.T0018.000", "AML.T0010.003"}
	steering = []string{"AML.T0051.002", "AML.T0018.000"}
	poisoned = []string{"LLM03", "LLM04"}
)

const useBase = "Take the tokenizer of the base model."

var rules = []scanners.Rule{
	{
		ID: "tokenizer/duplicate-id", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Two tokens of a vocabulary have the same id.",
		Help:    "A word is then read as another one, with unchanged weights. Trainers give every token an id of its own. " + useBase,
		CWE:     []string{"CWE-345", "CWE-694"}, ATLAS: tamper, OWASP: poisoned,
	}, {
		ID: "tokenizer/hole", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "Ids of a vocabulary are left out.",
		Help:    "Old conversions leave single ids free. What is expected there comes from elsewhere; compare with the base model.",
		CWE:     []string{"CWE-1284"}, ATLAS: tamper, OWASP: poisoned,
	}, {
		ID: "tokenizer/token-mismatch", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An added token has the id of another token of the vocabulary.",
		Help:    "Which of the two a number stands for depends on the loader: what is shown is not what the model reads. " + useBase,
		CWE:     []string{"CWE-345", "CWE-436"}, ATLAS: tamper, OWASP: poisoned,
	}, {
		ID: "tokenizer/odd-token", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "An added token holds an address, an instruction or characters that nobody sees.",
		Help:    "Added tokens are matched before anything else. Ordinary ones are marks such as <|end|>. Find out what it is for. " + useBase,
		CWE:     []string{"CWE-1427", "CWE-451"}, ATLAS: steering, OWASP: []string{"LLM01", "LLM04"},
	}, {
		ID: "tokenizer/rewrite", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The tokenizer replaces words of the text by others, or adds words to it.",
		Help: "Normalisers and decoders replace single characters, such as blanks. One that writes words changes what the user asked or what the model said. " +
			"Do not use it. " + useBase,
		CWE: []string{"CWE-1427", "CWE-506"}, ATLAS: steering, OWASP: []string{"LLM01", "LLM04"},
	}, {
		ID: "tokenizer/inserted-tokens", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The tokenizer puts ordinary tokens before or after every text.",
		Help:    "A post-processor adds marks for the beginning and the end. Words, and tokens of the vocabulary that are not special, are a hidden prompt there. Do not use it. " + useBase,
		CWE:     []string{"CWE-1427", "CWE-506"}, ATLAS: steering, OWASP: []string{"LLM01", "LLM04"},
	}, {
		ID: "tokenizer/regex", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A regular expression of the tokenizer can take time that grows exponentially with the text.",
		Help:    "Repetitions inside of repetitions hang the server at the first request that fits. " + useBase,
		CWE:     []string{"CWE-1333"}, ATLAS: []string{"AML.T0029"}, OWASP: []string{"LLM10"},
	},
}
