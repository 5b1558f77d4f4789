package pickle

import (
	"fmt"
	"slices"
	"strings"

	"assay/scanners"
)

// weightsOpcodes are those that torch.load(weights_only=True) knows, and weightsAlso
// the names outside torch on its list: PyTorch 2.8, torch/_weights_only_unpickler.py.
const weightsOpcodes = "GLOBAL NEWOBJ REDUCE BUILD APPEND APPENDS SETITEM SETITEMS MARK TUPLE TUPLE1 TUPLE2 TUPLE3 NONE NEWFALSE NEWTRUE " +
	"EMPTY_TUPLE EMPTY_LIST EMPTY_DICT EMPTY_SET BININT BININT1 BININT2 BINFLOAT BINUNICODE SHORT_BINSTRING BINPERSID BINGET LONG_BINGET " +
	"BINPUT LONG_BINPUT LONG1 PROTO STOP"

var weightsAlso = []string{"collections.OrderedDict", "collections.Counter", "_codecs.encode", "builtins.bytearray", "builtins.set", "builtins.complex"}

// maxBlockers is how many reasons of one kind are told.
const maxBlockers = 3

// blockers are the reasons why torch.load(weights_only=True) refuses the file, none
// when it takes it.
func (a *analysis) blockers() []string {
	var list []string
	for _, g := range a.judge.names.list {
		if name := g.module + "." + g.name; !weightsName(g, name) {
			list = append(list, fmt.Sprintf("%s, imported at byte %d, is not on its list", name, g.off))
		}
	}
	list = someOf(list, "names")
	var opcodes []string
	for op, used := range a.used {
		if name := mnemonic(byte(op)); used && name != "" && !strings.Contains(" "+weightsOpcodes+" ", " "+name+" ") {
			opcodes = append(opcodes, name)
		}
	}
	if len(opcodes) > 0 {
		list = append(list, "it does not know the opcodes of this pickle: "+strings.Join(someOf(opcodes, "opcodes"), ", "))
	}
	for _, f := range a.judge.sink.list {
		switch f.Rule {
		case ruleTable[ruleDynamicCall].ID, ruleTable[ruleMethodCall].ID, ruleTable[ruleBuildOnImport].ID, ruleTable[rulePersistentID].ID:
			if f.Severity.AtLeast(scanners.Medium) {
				list = append(list, fmt.Sprintf("it takes no %s, as at byte %d", strings.TrimPrefix(f.Rule, "pickle/"), f.Offset))
			}
		}
	}
	return list
}

func weightsName(g *global, name string) bool {
	return g.entry != nil && g.entry.Profile == "torch_weights" || slices.Contains(weightsAlso, name)
}

func mnemonic(op byte) string { return opcodes[op].name }

// someOf cuts a list off, and says how much is left out.
func someOf(list []string, what string) []string {
	if len(list) <= maxBlockers {
		return list
	}
	return append(list[:maxBlockers:maxBlockers], fmt.Sprintf("and %d more %s", len(list)-maxBlockers, what))
}
