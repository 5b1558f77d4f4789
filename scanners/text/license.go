package text

import (
	"bytes"
	"strings"
)

// licenseNames are base names, without extension, of files with a license.
var licenseNames = []string{"license", "licence", "copying", "unlicense", "use_policy"}

func isLicenseName(base string) bool {
	for _, name := range licenseNames {
		if rest, ok := strings.CutPrefix(base, name); ok && (rest == "" || strings.ContainsAny(rest[:1], ".-_")) {
			return true
		}
	}
	return false
}

// licensePhrases identify a license by sentences that only it has. All of them
// must occur, in the text in lower case with single blanks. The more demanding
// of two related texts comes first. Sources: spdx.org/licenses for the listed
// ones; the licenses that the model families publish for the others.
var licensePhrases = []struct {
	id      string
	phrases []string
}{
	{"Apache-2.0", []string{"apache license version 2.0, january 2004", "grant of patent license"}},
	{"MIT", []string{"permission is hereby granted, free of charge, to any person obtaining a copy of this software",
		`the software is provided "as is"`, "and/or sell copies"}},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "neither the name of"}},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms", "redistributions in binary form must reproduce"}},
	{"AGPL-3.0-only", []string{"gnu affero general public license version 3, 19 november 2007"}},
	{"LGPL-3.0-only", []string{"gnu lesser general public license version 3, 29 june 2007"}},
	{"GPL-3.0-only", []string{"gnu general public license version 3, 29 june 2007"}},
	{"GPL-2.0-only", []string{"gnu general public license version 2, june 1991"}},
	{"MPL-2.0", []string{"mozilla public license version 2.0", "1.1. \"contributor\""}},
	{"CC-BY-NC-SA-4.0", []string{"attribution-noncommercial-sharealike 4.0 international"}},
	{"CC-BY-NC-ND-4.0", []string{"attribution-noncommercial-noderivatives 4.0 international"}},
	{"CC-BY-NC-4.0", []string{"attribution-noncommercial 4.0 international"}},
	{"CC-BY-SA-4.0", []string{"attribution-sharealike 4.0 international"}},
	{"CC-BY-ND-4.0", []string{"attribution-noderivatives 4.0 international"}},
	{"CC-BY-4.0", []string{"attribution 4.0 international"}},
	{"CC0-1.0", []string{"cc0 1.0 universal", "no copyright"}},
	{"Unlicense", []string{"this is free and unencumbered software released into the public domain"}},
	{"ISC", []string{"permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted"}},
	{"LicenseRef-hf-llama2", []string{"llama 2 community license agreement"}},
	{"LicenseRef-hf-llama3.1", []string{"llama 3.1 community license agreement"}},
	{"LicenseRef-hf-llama3.2", []string{"llama 3.2 community license agreement"}},
	{"LicenseRef-hf-llama3.3", []string{"llama 3.3 community license agreement"}},
	{"LicenseRef-hf-llama4", []string{"llama 4 community license agreement"}},
	{"LicenseRef-hf-llama3", []string{"meta llama 3 community license agreement"}},
	{"LicenseRef-hf-gemma", []string{"gemma terms of use"}},
	{"LicenseRef-hf-creativeml-openrail-m", []string{"creativeml open rail-m"}},
	{"LicenseRef-hf-bigscience-bloom-rail-1.0", []string{"bigscience rail license"}},
	{"LicenseRef-hf-bigcode-openrail-m", []string{"bigcode open rail-m"}},
	{"LicenseRef-hf-openrail", []string{"open rail"}},
}

// licenseText names the license that the text is. A text that is none of the
// known ones says nothing.
func (s *scan) licenseText(text []byte) {
	normal := strings.ToLower(string(bytes.Join(bytes.Fields(text), []byte(" "))))
	for _, l := range licensePhrases {
		found := true
		for _, phrase := range l.phrases {
			found = found && strings.Contains(normal, phrase)
		}
		if found {
			s.fact("text/license", l.id, maxValue)
			return
		}
	}
}
