package tensorops

import "testing"

func TestOf(t *testing.T) {
	for name, want := range map[string]Capability{
		"MatMul": Computes, "ReadFile": Reads, "WriteFile": Writes, "EagerPyFunc": Code, "SaveV2": Saves, "RestoreV2": Restores,
		"DatasetFromGraph": NestsGraph, "ImmutableConst": Reads, "XlaDotV2": Computes, "ShellExecute": Unknown, "": Unknown, "#": Unknown,
		"SentencepieceOp": Library, "VariableV2": Computes, "_FusedMatMul": Computes, "CaseFoldUTF8": Library, "PrintV2": Prints,
	} {
		if got := Of(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
	if len(known()) < 1600 {
		t.Errorf("%d operators", len(known()))
	}
}
