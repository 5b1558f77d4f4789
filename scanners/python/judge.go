package python

import (
	"cmp"
	"slices"

	"assay/scanners"
)

// whoRuns says in words how an effect comes about.
var whoRuns = map[reach]string{
	atImport: "whoever imports the file runs this", atEntry: "a framework that uses the class or function runs this",
	asMain: "whoever starts the file runs this", idle: "a function of the file does this",
}

// verdict is the rule and the severity of an effect.
type verdict struct {
	rule     string
	severity scanners.Severity
}

// grades are the severities of an effect by who makes it happen: import, entry,
// program, function. Formats.md 17: reachable code, file or network effects at load
// are critical when they have one purpose; what ordinary scripts do too is high
// when it happens without being asked for, and low where a person calls it.
var grades = map[effect]struct {
	rule   string
	levels [4]scanners.Severity // by reach: idle, asMain, atEntry, atImport
}{
	process:     {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Low, scanners.High, scanners.High}},
	execute:     {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Low, scanners.Medium, scanners.High}},
	network:     {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Low, scanners.Medium, scanners.High}},
	send:        {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Low, scanners.Medium, scanners.High}},
	fetch:       {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Low, scanners.Low, scanners.Medium}},
	remote:      {"python/remote-code", [4]scanners.Severity{scanners.Informational, scanners.Low, scanners.Medium, scanners.Medium}},
	native:      {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Low, scanners.Medium, scanners.High}},
	shellcode:   {"python/dangerous-chain", [4]scanners.Severity{scanners.High, scanners.Critical, scanners.Critical, scanners.Critical}},
	deserialise: {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Informational, scanners.Low, scanners.Medium}},
	remove:      {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Informational, scanners.Low, scanners.Medium}},
	start:       {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Low, scanners.Medium, scanners.Medium}},
	dynamic:     {"python/obfuscation", [4]scanners.Severity{scanners.Medium, scanners.High, scanners.High, scanners.High}},
	unread:      {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Low, scanners.High, scanners.High}},
	anything:    {"python/effect", [4]scanners.Severity{scanners.Informational, scanners.Low, scanners.High, scanners.High}},
	keys:        {"python/credential-access", [4]scanners.Severity{scanners.Medium, scanners.High, scanners.High, scanners.High}},
	persist:     {"python/persistence", [4]scanners.Severity{scanners.Medium, scanners.High, scanners.Critical, scanners.Critical}},
	leak:        {"python/exfiltration", [4]scanners.Severity{scanners.High, scanners.Critical, scanners.Critical, scanners.Critical}},
	chain:       {"python/dangerous-chain", [4]scanners.Severity{scanners.Medium, scanners.High, scanners.Critical, scanners.Critical}},
	command:     {"python/dangerous-chain", [4]scanners.Severity{scanners.High, scanners.High, scanners.Critical, scanners.Critical}},
	address:     {"python/suspicious-address", [4]scanners.Severity{scanners.Medium, scanners.High, scanners.High, scanners.High}},
}

func judge(e event, how reach) verdict {
	g := grades[e.effect]
	v := verdict{g.rule, g.levels[how]}
	if e.grade == harmless {
		v.severity = max(v.severity, scanners.Low)
		if how >= atEntry {
			v.severity = scanners.Medium
		}
	}
	return v
}

// all returns the effects of the file with how each is reached, in order.
func (f *flow) all() []reached {
	var out []reached
	for _, s := range f.scopes {
		for _, e := range s.events {
			out = append(out, reached{e, s.reach})
		}
	}
	slices.SortStableFunc(out, func(a, b reached) int {
		return cmp.Or(cmp.Compare(a.off, b.off), cmp.Compare(a.effect, b.effect), cmp.Compare(a.what, b.what), cmp.Compare(b.how, a.how))
	})
	return out
}

type reached struct {
	event
	how reach
}
