package license

// listed are the ids of the SPDX license list (3.28) that the Hub uses in lower
// case. Source: huggingface.co/docs/hub/repositories-licenses, compared with
// spdx.org/licenses.
var listed = []string{
	"AFL-3.0", "Apache-2.0", "Artistic-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Clear", "BSL-1.0",
	"CC-BY-2.0", "CC-BY-2.5", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-NC-2.0", "CC-BY-NC-3.0", "CC-BY-NC-4.0",
	"CC-BY-NC-ND-3.0", "CC-BY-NC-ND-4.0", "CC-BY-NC-SA-2.0", "CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", "CC-BY-ND-4.0",
	"CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC0-1.0", "CDLA-Permissive-1.0", "CDLA-Permissive-2.0", "CDLA-Sharing-1.0",
	"ECL-2.0", "EPL-1.0", "EPL-2.0", "EUPL-1.1", "EUPL-1.2", "ISC", "LPPL-1.3c", "MIT", "MPL-2.0", "MS-PL", "NCSA",
	"OFL-1.1", "OpenMDW-1.0", "OSL-3.0", "PostgreSQL", "Unlicense", "WTFPL", "Zlib", "etalab-2.0",
}

const orLater = "whether a later version may be chosen is not said; the narrower reading is written"

// special are the ids of the Hub that are spelt differently in SPDX, or that name
// no single text.
var special = map[string]License{
	"agpl-3.0": {"AGPL-3.0-only", orLater},
	"gpl-2.0":  {"GPL-2.0-only", orLater},
	"gpl-3.0":  {"GPL-3.0-only", orLater},
	"lgpl-2.1": {"LGPL-2.1-only", orLater},
	"lgpl-3.0": {"LGPL-3.0-only", orLater},

	"odc-by":  {Expression: "ODC-By-1.0"},
	"odbl":    {Expression: "ODbL-1.0"},
	"pddl":    {Expression: "PDDL-1.0"},
	"c-uda":   {Expression: "C-UDA-1.0"},
	"lgpl-lr": {Expression: "LGPLLR"},

	// Families: the id leaves open which of several texts is meant.
	"bsd":  {"LicenseRef-hf-bsd", "a family of licenses; which one is not said"},
	"cc":   {"LicenseRef-hf-cc", "a family of licenses; which one is not said"},
	"gfdl": {"LicenseRef-hf-gfdl", "no version is given"},
	"gpl":  {"LicenseRef-hf-gpl", "no version is given"},
	"lgpl": {"LicenseRef-hf-lgpl", "no version is given"},
}
