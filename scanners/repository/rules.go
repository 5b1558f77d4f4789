package repository

import "assay/scanners"

// The identifiers that several rules share.
var (
	conflict = []string{"CWE-436"}
	evasion  = []string{"AML.T0076", "AML.T0107"}
	tamper   = []string{"AML.T0010.003", "AML.T0018.000", "AML.T0058"}
	supply   = []string{"LLM03"}
	poisoned = []string{"LLM03", "LLM04"}
)

const compare = "Compare with the publisher's own copy of the repository, and fetch it again."

var rules = []scanners.Rule{
	{
		ID: "repository/index-missing-shard", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "An index names a file that is not there, or parts of a split model are missing.",
		Help:    "The model is not complete: a loader stops, or fetches the file from elsewhere. " + compare,
		CWE:     []string{"CWE-345"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "repository/index-tensor", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An index says that a tensor is in another file than it is.",
		Help: "Loaders that go by the index and loaders that read all files get two different models. Medium means that no file has the tensor: " +
			"it is then filled with random numbers. " + compare,
		CWE: conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "repository/index-format", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An index of one format names files of another.",
		Help:    "Who asks for safetensors gets a file that is unpickled, which runs what is in it. Do not use the repository; " + "ask its publisher.",
		CWE:     []string{"CWE-436", "CWE-502"}, ATLAS: []string{"AML.T0074", "AML.T0107"}, OWASP: supply,
	}, {
		ID: "repository/unlisted-tensor", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A shard has a tensor that the index does not list.",
		Help:    "Some loaders take every tensor of a shard, others only what the index lists. " + compare,
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "repository/unlisted-shard", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A file is numbered like the shards of a model, and its index does not name it.",
		Help:    "A loader that takes all files by their pattern loads it too. Remove it, or find out why it is there.",
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "repository/duplicate-tensor", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Two shards of a model have the same tensor.",
		Help:    "Which one counts depends on the order in which a loader reads. Medium means that both have the same type and shape. " + compare,
		CWE:     conflict, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "repository/missing-module", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "A configuration names a Python module that is not in the repository.",
		Help:    "With trust_remote_code the loader asks for it, and gets whatever is put there later. Remove the entry, or pin the revision.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0010.001"}, OWASP: supply,
	}, {
		ID: "repository/token-mismatch", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Two files of the tokenizer do not agree on the id of a token, or on which token begins or ends a text.",
		Help: "One edited line makes a model read another word than the user wrote, with unchanged weights. Which file counts depends on the loader. " +
			"Medium means that so many differ that they are vocabularies of two models, that one of the files is an old list of added tokens, " +
			"or that eos_token or bos_token is another one in two files. Take the tokenizer of the base model.",
		CWE: []string{"CWE-345", "CWE-436"}, ATLAS: tamper, OWASP: poisoned,
	}, {
		ID: "repository/vocabulary-size", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The tokenizer, the configuration and the embeddings do not agree on the number of tokens.",
		Help:    "A token without an embedding is an error when it comes up, or a read past the end of a table. High means that the vocabulary itself is larger than the embeddings. " + compare,
		CWE:     []string{"CWE-1284", "CWE-125"}, ATLAS: tamper, OWASP: poisoned,
	}, {
		ID: "repository/template-differs", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The chat template in the model is not the one that the repository shows.",
		Help: "What people review on the page is not what the program uses: so are backdoored templates published. Read both. " +
			"Medium means that two files of the same kind differ, of which one may only be old.",
		CWE: []string{"CWE-1427", "CWE-436"}, ATLAS: []string{"AML.T0051.002", "AML.T0018", "AML.T0081"}, OWASP: []string{"LLM01", "LLM04"},
	}, {
		ID: "repository/adapter-tensor", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "An adapter holds a whole weight that its configuration does not announce.",
		Help:    "It replaces the weight of the base model, and with it whatever the base was reviewed for. High means that it is the input or output table. Ask what it is for.",
		CWE:     []string{"CWE-345", "CWE-506"}, ATLAS: tamper, OWASP: poisoned,
	}, {
		ID: "repository/adapter-pair", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The matrices of an adapter do not fit each other or its configuration.",
		Help:    "A loader stops, or leaves half of the adapter out. " + compare,
		CWE:     []string{"CWE-1284"}, ATLAS: tamper, OWASP: supply,
	}, {
		ID: "repository/adapter-shape", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An adapter does not fit the base model beside it.",
		Help:    "It was made for another model, or the base was exchanged. Do not use them together.",
		CWE:     []string{"CWE-1284", "CWE-345"}, ATLAS: tamper, OWASP: poisoned,
	}, {
		ID: "repository/adapter-scaling", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "An adapter counts far more than is usual.",
		Help:    "lora_alpha divided by the rank is the factor with which the adapter is added; values up to 4 are common. Look at what it was trained for.",
		CWE:     []string{"CWE-1284"}, ATLAS: tamper, OWASP: poisoned,
	}, {
		ID: "repository/adapter-base", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "The base model of an adapter is not pinned.",
		Help: "The adapter is added to whatever the name means on the day it is loaded; revision in adapter_config.json is nearly always null. " +
			"Pin the commit that you reviewed, or pull the base with it: assay pull --with-base.",
		CWE: []string{"CWE-829", "CWE-494"}, ATLAS: []string{"AML.T0010.003"}, OWASP: supply,
	}, {
		ID: "repository/several-formats", Severity: scanners.Informational, Class: scanners.Clean,
		Summary: "The same weights are here in several formats.",
		Help:    "Transformers and diffusers take safetensors where they find it; use_safetensors=False, and other programs, take the other file. Nothing needs to be done.",
	}, {
		ID: "repository/conversion", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The safetensors file does not have the weights of the file it was converted from.",
		Help: "A conversion keeps every number. Either the two files are of two versions, or somebody exchanged the weights on the way " +
			"(the conversion service of the Hub could be abused so). Convert the original yourself.",
		CWE: []string{"CWE-345", "CWE-353"}, ATLAS: []string{"AML.T0010.003", "AML.T0018.000"}, OWASP: poisoned,
	}, {
		ID: "repository/claim", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The card names another base model than the files do.",
		Help:    "The weights were made for what the files name. Find out which of the two is right before you combine them.",
		CWE:     []string{"CWE-345"}, ATLAS: []string{"AML.T0073", "AML.T0010.003"}, OWASP: supply,
	}, {
		ID: "repository/data-missing", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A graph keeps tensors in a file that is not there.",
		Help:    "The model is not complete, or reads a file from elsewhere. " + compare,
		CWE:     []string{"CWE-345"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "repository/data-range", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A graph reads tensors beyond the end of a file.",
		Help:    "A loader that maps the file reads foreign memory. " + compare,
		CWE:     []string{"CWE-125", "CWE-1284"}, ATLAS: []string{"AML.T0011.000", "AML.T0112.001"}, OWASP: supply,
	}, {
		ID: "repository/data-unclaimed", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A file of tensors has bytes that no graph reads.",
		Help:    "No alignment explains them: a place to hide something. Save the model again, and compare the sizes.",
		CWE:     []string{"CWE-434", "CWE-506"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "repository/embedded-program", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The weights hold a native program.",
		Help: "No training gives numbers that are a program with a valid header. Something else writes the bytes to a file and starts it: look for that, " +
			"and do not use the model. Weights are searched when every byte is read, and not when only headers are.",
		CWE: []string{"CWE-506", "CWE-829"}, ATLAS: []string{"AML.T0018.002", "AML.T0011.000"}, OWASP: supply,
	}, {
		ID: "repository/wrong-content", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A file that is named like weights is a web page or another text.",
		Help: "A server sent an error or a login page, and it was saved instead of the model; or the name is to pass for a model. Download the file again, " +
			"and compare its size with the one that the publisher states.",
		CWE: []string{"CWE-436", "CWE-345"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "repository/case-folded", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "Two files have names that many file systems take for one.",
		Help:    "On Windows and macOS one overwrites the other: what was reviewed is not what is loaded. Rename one of them.",
		CWE:     []string{"CWE-178", "CWE-436"}, ATLAS: evasion, OWASP: supply,
	}, {
		ID: "repository/deceptive-name", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The name of a file has characters that hide what it is.",
		Help:    "Control characters and marks of text direction make a program look like a picture. Do not use the repository.",
		CWE:     []string{"CWE-451", "CWE-1007"}, ATLAS: []string{"AML.T0074", "AML.T0068"}, OWASP: supply,
	},
}
