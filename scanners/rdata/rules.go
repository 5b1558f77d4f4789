package rdata

import "assay/scanners"

const again = "Ask the publisher for an object without code: coefficients, tables, or the native format of the library. "

var onLoad = []string{"AML.T0011.000", "AML.T0018.002"}

var rules = []scanners.Rule{
	{
		ID: "rdata/promise", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The file holds a promise that runs an expression when the object is used.",
		Help: "R below 4.4.0 evaluates it when the object is printed, passed on or assigned (CVE-2024-27322); later versions refuse it. No object has one by itself. " +
			"In the environment of a function it is an argument that was not used yet, which models keep: that is reported as low, and its calls are judged. " + again,
		CWE: []string{"CWE-502", "CWE-94"}, ATLAS: onLoad, OWASP: []string{"LLM03"},
	}, {
		ID: "rdata/dangerous-call", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "Code in the file calls a function that starts programs, loads native code, or uses the network or files.",
		Help:    "It runs when the function, expression or promise around it does. Read the code (print it in a sandbox). " + again,
		CWE:     []string{"CWE-94", "CWE-78"}, ATLAS: append([]string{"AML.T0050"}, onLoad...), OWASP: []string{"LLM03"},
	}, {
		ID: "rdata/function", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The object holds functions, as source or byte code.",
		Help:    "They run when a method of the object calls them, and nobody sees them in the numbers. Many packages save fitted models with functions inside. " + again,
		CWE:     []string{"CWE-829"}, ATLAS: onLoad, OWASP: []string{"LLM03"},
	}, {
		ID: "rdata/external-pointer", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "The object holds a pointer to memory that no longer exists.",
		Help:    "It is empty when loaded; a package that does not check it crashes. Save the model with the package's own function.",
		CWE:     []string{"CWE-825"}, ATLAS: []string{"AML.T0029"}, OWASP: []string{"LLM03"},
	}, {
		ID: "rdata/length-claim", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A vector claims an impossible length.",
		Help:    "R allocates by the claim before it reads. R never writes such a file. " + again,
		CWE:     []string{"CWE-789", "CWE-1284"}, ATLAS: []string{"AML.T0029"}, OWASP: []string{"LLM10"},
	},
}

// dangerous are functions of the packages that every R session has (base, utils,
// tools, parallel), by what they reach. Evaluating is not among them: model functions
// do it all the time.
var dangerous = map[string]string{
	"system": "starts a program", "system2": "starts a program", "shell": "starts a program", "shell.exec": "starts a program", "pipe": "starts a program",
	"makeCluster": "starts processes", "mcparallel": "starts processes", "fifo": "opens a pipe",
	"source": "runs a file", "sys.source": "runs a file", "Rscript": "runs a file",
	"dyn.load": "loads native code", "library.dynam": "loads native code", ".External": "calls native code", ".C": "calls native code", ".Call": "calls native code",
	"download.file": "uses the network", "url": "uses the network", "socketConnection": "uses the network", "make.socket": "uses the network",
	"serverSocket": "uses the network", "curlGetHeaders": "uses the network", "browseURL": "opens a browser", "install.packages": "installs software",
	"install_github": "installs software", "unlink": "deletes files", "file.remove": "deletes files", "file.rename": "moves files", "file.copy": "copies files",
	"writeLines": "writes files", "writeBin": "writes files", "saveRDS": "writes files", "readRDS": "reads objects", "unserialize": "reads objects",
	"parse": "turns text into code", "str2lang": "turns text into code", "str2expression": "turns text into code",
	"loadNamespace": "loads a package", "Sys.setenv": "changes the environment", "q": "ends the session", "quit": "ends the session", "reg.finalizer": "runs code later",
}

// plainly are those of dangerous that are no names for variables: byte code that
// mentions one calls it.
var plainly = map[string]bool{
	"system": true, "system2": true, "shell.exec": true, "download.file": true, "dyn.load": true, "sys.source": true, "socketConnection": true, "make.socket": true,
	"install.packages": true, "install_github": true, "unlink": true, "file.remove": true, "library.dynam": true, "browseURL": true,
}

// byName are functions that take the name of a function as a text.
var byName = map[string]bool{"do.call": true, "get": true, "get0": true, "match.fun": true, "getExportedValue": true, "getFromNamespace": true, "as.name": true, "call": true}

// common are those of dangerous that ordinary model functions call too: they count in
// a promise only.
var common = map[string]bool{"parse": true, "str2lang": true, "str2expression": true, ".External": true, ".C": true, ".Call": true, "loadNamespace": true, "writeLines": true, "readRDS": true, "saveRDS": true, "unserialize": true, "url": true, "reg.finalizer": true}
