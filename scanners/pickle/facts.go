package pickle

import (
	"slices"
	"strconv"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

const maxNameFacts = 200

// facts are what the bill of materials says about the file.
func (a *analysis) facts() []scanners.Fact {
	facts := []scanners.Fact{{Key: "pickle/protocol", Value: strconv.Itoa(int(a.judge.proto))}}
	if a.legacy {
		facts = append(facts, scanners.Fact{Key: "pickle/layout", Value: "torch legacy stream"})
	}
	var list []string
	for _, g := range a.judge.names.list {
		list = append(list, clip.Bytes(clean(g.module+"."+g.name), 256))
	}
	slices.Sort(list)
	list = slices.Compact(list)
	for _, name := range list[:min(len(list), maxNameFacts)] {
		facts = append(facts, scanners.Fact{Key: "pickle/global", Value: name})
	}
	facts = append(facts, scanners.Fact{Key: "pickle/weights-only", Value: strconv.FormatBool(len(a.blockers()) == 0)})
	return facts
}
