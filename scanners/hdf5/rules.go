package hdf5

import "assay/scanners"

const source = "Take the file from the original publisher, or write it again with the data inside. "

var rules = []scanners.Rule{
	{
		ID: "hdf5/external-storage", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "A dataset takes its values from another file on the reader's disk.",
		Help: "Whoever loads the model reads the named file into a tensor, which then leaves with outputs or a saved copy (CVE-2026-1669 in Keras). " +
			"No framework that saves models writes external storage. " + source,
		CWE: []string{"CWE-73", "CWE-200"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: []string{"LLM03", "LLM02"},
	}, {
		ID: "hdf5/external-link", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A link leads to an object in another file.",
		Help: "The library opens the named file, with any path that the reader may read, as soon as the link is followed. " +
			"What is in this file is then not what is loaded. " + source,
		CWE: []string{"CWE-73", "CWE-59"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: []string{"LLM03"},
	}, {
		ID: "hdf5/virtual-dataset", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A virtual dataset takes its values from another file.",
		Help:    "The library opens the named files when the dataset is read. What is in this file is then not what is loaded. " + source,
		CWE:     []string{"CWE-73"}, ATLAS: []string{"AML.T0011.000", "AML.T0037"}, OWASP: []string{"LLM03"},
	}, {
		ID: "hdf5/user-link", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A link is of a kind that only a program's own code can follow.",
		Help:    "User-defined links call a function that the reader registered. No known framework uses them. Ask the publisher what reads it.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "hdf5/filter-plugin", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A dataset needs a filter that is in no registry.",
		Help: "The library looks for a shared object in its plug-in folder and runs it to decode the data. " +
			"A filter of a known plug-in is reported as low: it still needs that plug-in installed. Unknown numbers are nobody's: ask the publisher what they are.",
		CWE: []string{"CWE-829", "CWE-426"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "hdf5/size-claim", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A dataset claims far more values than the file can hold.",
		Help: "A reader that allocates by the claimed shape runs out of memory (CVE-2026-0897 in Keras). " +
			"Such a dataset holds fill values only; a saved model stores its values. " + source,
		CWE: []string{"CWE-789", "CWE-190"}, ATLAS: []string{"AML.T0029"}, OWASP: []string{"LLM10"},
	}, {
		ID: "hdf5/user-block", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "There is something before the HDF5 file.",
		Help: "The library skips these bytes, and other programs take the whole for what stands there: a script, an archive, a program. " +
			"MATLAB alone writes a text header there. Remove it: `h5unjam` separates the two.",
		CWE: []string{"CWE-436", "CWE-434"}, ATLAS: []string{"AML.T0076", "AML.T0107"}, OWASP: []string{"LLM03"},
	}, {
		ID: "hdf5/pickled-value", Severity: scanners.Low, Class: scanners.Unknown,
		Summary: "A value is a pickle.",
		Help: "PyTables and pandas unpickle attributes and object arrays when they open the file. The pickle is judged by its own rules; " +
			"where they find nothing it only holds data. Save plain types instead.",
		CWE: []string{"CWE-502"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}, {
		ID: "hdf5/link-cycle", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The structure of the file leads back into itself.",
		Help:    "A reader that walks all objects never ends, and different readers see different objects. No framework writes such a file. " + source,
		CWE:     []string{"CWE-835", "CWE-674"}, ATLAS: []string{"AML.T0029"}, OWASP: []string{"LLM10"},
	}, {
		ID: "hdf5/trailing-data", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "There is something after the end of the HDF5 file.",
		Help:    "The library ignores these bytes, and other programs may read the file from there: a second file in one. " + source,
		CWE:     []string{"CWE-436", "CWE-434"}, ATLAS: []string{"AML.T0076", "AML.T0107"}, OWASP: []string{"LLM03"},
	}, {
		ID: "hdf5/hidden-content", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A program or an archive lies in unused space, or in place of values.",
		Help:    "Unused space holds remains of older structures in an ordinary file, and a dataset holds numbers. Something that another program can run or unpack was put there. " + source,
		CWE:     []string{"CWE-506", "CWE-434"}, ATLAS: []string{"AML.T0018.002", "AML.T0074"}, OWASP: []string{"LLM03"},
	}, {
		ID: "hdf5/unused-space", Severity: scanners.Informational, Class: scanners.Unknown,
		Summary: "Bytes of the file belong to no object.",
		Help:    "The library leaves them behind when it rewrites a structure; `h5repack` removes them. No reader looks at them.",
	},
}
