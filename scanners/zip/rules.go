package zip

import "assay/scanners"

// What all contradictions have in common: two readers see two things.
const differ = " Readers that disagree about an archive are how a payload passes a scanner and still reaches a loader." +
	" Do not use the file; ask its publisher for one that was written by an ordinary tool."

// differential is a rule about readers that see different things (CWE-436).
func differential(id string, severity scanners.Severity, summary, help string) scanners.Rule {
	return scanners.Rule{
		ID: id, Severity: severity, Class: scanners.Suspicious, Summary: summary, Help: help + differ,
		CWE: []string{"CWE-436"}, ATLAS: []string{"AML.T0076", "AML.T0107", "AML.T0074"}, OWASP: []string{"LLM03"},
	}
}

var (
	rulePathEscape = scanners.Rule{
		ID: "zip/path-escape", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "An entry's name leads out of the folder it is unpacked into.",
		Help: "Unpacking writes wherever the name points: over a shell profile, a cron table, a Python module. " +
			"No ordinary tool writes such a name. Do not unpack or use the file.",
		CWE: []string{"CWE-22", "CWE-23", "CWE-36"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}
	ruleLink = scanners.Rule{
		ID: "zip/special-file", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "An entry is a symbolic link, a device or a pipe.",
		Help: "Some tools create the link when they unpack, and a later entry is then written through it. " +
			"A model needs no links. Repack it with regular files.",
		CWE: []string{"CWE-59", "CWE-22"}, ATLAS: []string{"AML.T0011.000"}, OWASP: []string{"LLM03"},
	}
	ruleAmbiguousName = differential("zip/ambiguous-name", scanners.Medium,
		"Tools read an entry's name in different ways.",
		"A zero byte ends the name for some readers, a backslash is a folder on Windows only, a second name in an extra field replaces the first for others.")
	ruleNameMismatch = differential("zip/name-mismatch", scanners.High,
		"The local header and the central directory name one entry differently.",
		"PyTorch and Go use the name of the directory, Python refuses, streaming readers use the local one (CVE-2025-1944).")
	ruleHeaderMismatch = differential("zip/header-mismatch", scanners.High,
		"The local header and the central directory contradict each other.",
		"Method, sizes, checksum and flags are stored twice and must agree.")
	ruleDuplicate = differential("zip/duplicate-name", scanners.High,
		"Two entries have the same name.",
		"Python takes the last, others the first or either.")
	ruleCaseDuplicate = differential("zip/case-duplicate", scanners.High,
		"Two names differ only in case or spelling of the path.",
		"PyTorch looks entries up without regard to case, and so do the file systems of Windows and macOS: DATA.PKL may stand in for data.pkl.")
	ruleOverlap = differential("zip/overlap", scanners.High,
		"Two structures claim the same bytes.",
		"Overlapping entries hide one thing inside another, and are how archive bombs reach any expansion.")
	ruleGap = differential("zip/gap", scanners.Medium,
		"Bytes between the entries belong to nothing.",
		"No reader of the archive sees them, but the file carries them.")
	rulePrefix = differential("zip/prefix", scanners.High,
		"The file begins with bytes that are not part of the archive.",
		"It is two things at once: whatever its first bytes say, and an archive for every reader that looks at the end.")
	ruleTrailing = differential("zip/trailing", scanners.High,
		"Bytes follow the end of the archive.",
		"Some readers ignore them, some refuse, and some find another archive there.")
	ruleDirectory = differential("zip/ambiguous-directory", scanners.High,
		"There is more than one central directory to be found, or it does not have the size it should.",
		"Which entries exist then depends on the reader.")
	ruleZip64 = differential("zip/zip64-mismatch", scanners.High,
		"The 64-bit records contradict the 32-bit ones.",
		"Readers with and without zip64 look for entries in different places.")
	ruleUnlisted = differential("zip/unlisted-entry", scanners.High,
		"An entry is not in the central directory.",
		"Only readers that go from entry to entry see it.")
	ruleEncrypted = differential("zip/encrypted", scanners.Medium,
		"An entry is marked as encrypted.",
		"What is encrypted cannot be examined. When the data are in truth plain, the finding is high: Python refuses such an entry and PyTorch loads it (CVE-2025-1945).")
	ruleFlags = differential("zip/flags", scanners.High,
		"An entry has flag bits that make some readers refuse it.",
		"Bits 5 (patched data) and 13 (masked headers) stop Python's reader; PyTorch ignores them and loads the entry (CVE-2025-1945).")
	ruleBadCRC = differential("zip/bad-crc", scanners.High,
		"The checksum of an entry is wrong.",
		"Python refuses the entry, PyTorch does not look at the checksum and loads it (CVE-2025-10156).")
	ruleSize = differential("zip/size-mismatch", scanners.High,
		"An entry's content does not have the size that the archive states.",
		"Readers cut it in different places, and what lies behind is seen by some only.")
	ruleExtra = scanners.Rule{
		ID: "zip/hidden-extra", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "A field that no reader looks at carries data.",
		Help: "Padding repeats one byte (PyTorch aligns tensors with such a field), extra fields are small, comments are text. " +
			"Anything else in them is carried along unseen. Save the model again with an unmodified tool.",
		CWE: []string{"CWE-506"}, ATLAS: []string{"AML.T0074"}, OWASP: []string{"LLM03"},
	}
)

var rules = []scanners.Rule{
	rulePathEscape, ruleLink, ruleAmbiguousName, ruleNameMismatch, ruleHeaderMismatch, ruleDuplicate,
	ruleCaseDuplicate, ruleOverlap, ruleGap, rulePrefix, ruleTrailing, ruleDirectory, ruleZip64, ruleUnlisted,
	ruleEncrypted, ruleFlags, ruleBadCRC, ruleSize, ruleExtra,
}
