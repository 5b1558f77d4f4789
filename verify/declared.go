package verify

import (
	"fmt"

	"assay/registry"
)

// declared are the promises of the store, not compared yet.
func declared(f registry.File) []DeclaredDigest {
	var list []DeclaredDigest
	for _, d := range f.Declared {
		strength := StrengthStore
		if d.Digest.Algorithm == "sha1-git" {
			strength = StrengthGit
		}
		list = append(list, DeclaredDigest{Digest: d.Digest.String(), By: d.By, Match: MatchUnchecked, Strength: strength})
	}
	return list
}

// declare adds what documents of the artifact list.
func (e *Evidence) declare(list []Declaration) {
	index := make(map[string]int, len(e.Files))
	for i, f := range e.Files {
		index[f.Name] = i
	}
	for _, d := range list {
		i, ok := index[d.File]
		if !ok {
			continue
		}
		e.Files[i].Declared = append(e.Files[i].Declared, d.Digest)
		if d.Digest.Match == MatchBroken {
			e.Gaps = append(e.Gaps, Gap{Code: GapDigest, File: d.File, Reason: fmt.Sprintf("%s lists %s, the bytes are others", d.Digest.By, d.Digest.Digest)})
		}
	}
}
