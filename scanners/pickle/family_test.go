package pickle

import (
	"testing"

	"assay/scanners/scannertest"
)

// TestFamily: a listed call takes constants, containers and what its own library and
// those below it have; an object of another library would have its methods called.
func TestFamily(t *testing.T) {
	array := []string{"GLOBAL numpy.core.multiarray _reconstruct", "GLOBAL numpy ndarray", "BININT1 0", "TUPLE1", `SHORT_BINBYTES "b"`, "TUPLE3", "REDUCE"}
	call := func(name string, argument ...string) []string {
		lines := append([]string{"PROTO 3", "GLOBAL " + name}, argument...)
		return append(lines, "TUPLE1", "REDUCE", "STOP")
	}
	estimator := []string{"GLOBAL sklearn.svm._classes SVC", "EMPTY_TUPLE", "NEWOBJ"}
	for name, c := range map[string]struct {
		lines []string
		fine  bool
	}{
		"frame of an array":            {call("pandas.core.frame DataFrame", array...), true},
		"frame of an estimator":        {call("pandas.core.frame DataFrame", estimator...), false},
		"time from bytes":              {call("datetime datetime", `SHORT_BINBYTES "\x07\xe8\x02\x1d\x0c\x00\x00\x00\x00\x00"`), true},
		"time from a torch module":     {call("datetime datetime", "GLOBAL torch.nn.modules.linear Linear", "EMPTY_TUPLE", "NEWOBJ"), false},
		"parameter of an estimator":    {call("torch._utils _rebuild_parameter", estimator...), false},
		"array over an object":         {[]string{"PROTO 3", "GLOBAL numpy.core.numeric _frombuffer", "MARK", "GLOBAL collections UserDict", "EMPTY_TUPLE", "NEWOBJ", "GLOBAL numpy dtype", `BINUNICODE "f8"`, "TUPLE1", "REDUCE", "BININT1 1", "TUPLE1", `BINUNICODE "C"`, "TUPLE", "REDUCE", "STOP"}, false},
		"array over bytes":             {[]string{"PROTO 3", "GLOBAL numpy.core.numeric _frombuffer", "MARK", `SHORT_BINBYTES "12345678"`, "GLOBAL numpy dtype", `BINUNICODE "f8"`, "TUPLE1", "REDUCE", "BININT1 1", "TUPLE1", `BINUNICODE "C"`, "TUPLE", "REDUCE", "STOP"}, true},
		"member from a computed value": {call("transformers.trainer_utils IntervalStrategy", estimator...), false},
		"iterator over an object":      {call("builtins iter", estimator...), false},
		"iterator with a callable":     {[]string{"PROTO 3", "GLOBAL builtins iter", "GLOBAL builtins len", "NONE", "TUPLE2", "REDUCE", "STOP"}, false},
		"method of text":               {[]string{"PROTO 3", "GLOBAL builtins getattr", "GLOBAL builtins str", `BINUNICODE "lower"`, "TUPLE2", "REDUCE", "STOP"}, true},
		"other attribute of text":      {[]string{"PROTO 3", "GLOBAL builtins getattr", "GLOBAL builtins str", `BINUNICODE "__class__"`, "TUPLE2", "REDUCE", "STOP"}, false},
		"function of torch":            {[]string{"PROTO 3", "GLOBAL builtins getattr", "GLOBAL torch._C _VariableFunctionsClass", `BINUNICODE "relu"`, "TUPLE2", "REDUCE", "STOP"}, true},
		"function that maps a file":    {[]string{"PROTO 3", "GLOBAL builtins getattr", "GLOBAL torch._C _VariableFunctionsClass", `BINUNICODE "from_file"`, "TUPLE2", "REDUCE", "STOP"}, false},
	} {
		r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, c.lines...))
		if err != nil || hasGrave(r.Findings) == c.fine {
			t.Errorf("%s: %+v, %v", name, r.Findings, err)
		}
	}
}
