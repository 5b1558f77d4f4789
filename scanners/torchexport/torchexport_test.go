package torchexport

import (
	"fmt"
	"strings"
	"testing"

	"assay/scanners/scannertest"
)

// model is a program as torch.export.save writes it, with one call, one symbolic
// size and one guard.
func model(target, expression, guard string) []byte {
	return fmt.Appendf(nil, `{"graph_module": {"graph": {"inputs": [{"as_tensor": {"name": "x"}}], "outputs": [], "nodes": [{"target": %q, "inputs": [],
 "outputs": [], "metadata": {"stack_trace": "File \"m.py\", line 1", "torch_fn": "linear_1;builtin_function_or_method.linear"}}],
 "tensor_values": {"x": {"dtype": 7, "sizes": [{"as_expr": {"expr_str": %q, "hint": {"as_int": 2}}}, {"as_int": 4}], "requires_grad": false}},
 "sym_int_values": {}}, "signature": {"input_specs": [], "output_specs": []}, "module_call_graph": []},
 "opset_version": {"aten": 10}, "range_constraints": {"s0": {"min_val": 2, "max_val": null}}, "guards_code": [%q], "schema_version": {"major": 8, "minor": 8}}`,
		target, expression, guard)
}

// weights describes one tensor of 3 by 5 floats in a member.
func weights(member string, columns int, pickled bool) []byte {
	return fmt.Appendf(nil, `{"config": {"linear.weight": {"path_name": %q, "is_param": true, "use_pickle": %v, "tensor_meta": {"dtype": 7,
 "sizes": [{"as_int": 3}, {"as_int": %d}], "requires_grad": true, "device": {"type": "cpu", "index": null},
 "strides": [{"as_int": %d}, {"as_int": 1}], "storage_offset": {"as_int": 0}, "layout": 7}}}}`, member, pickled, columns, columns)
}

const (
	modelName   = "m/models/model.json"
	weightsName = "m/data/weights/model_weights_config.json"
)

func siblings(name string) (int64, bool) {
	size, ok := map[string]int64{"m/archive_format": 3, "m/data/weights/weight_0": 60, "m/secret.bin": 60}[name]
	return size, ok
}

func TestRules(t *testing.T) {
	good := model("torch.ops.aten.linear.default", "2*s0 + Mod(s1, 3)", "L['x'].size()[0] >= 2 and L['x'].stride()[1] == 1")
	const add = "torch.ops.aten.add.Tensor"
	samples := []scannertest.Sample{
		{Rule: ruleSize, Name: weightsName, Hit: weights("weight_0", 6, false), Miss: weights("weight_0", 5, false), Sibling: siblings},
		{Rule: ruleSize, Name: weightsName, Hit: weights("weight_1", 5, false), Sibling: siblings},
	}
	for _, target := range []string{"torch.hub.load", "torch.save", "torch.ops.load_library", "torch.ops.aten.save.default", "torch.ops.aten.from_file.default",
		"os.system", "torch.ops.evil.op.default", "_operator.attrgetter", "torch.ops.aten.__class__", "math", "_operator.methodcaller"} {
		samples = append(samples, scannertest.Sample{Rule: ruleTarget, Name: modelName, Hit: model(target, "s0", "")})
	}
	for _, target := range []string{add, "_operator.mul", "math.ceil", "torch.sym_max", "torch.ops.higher_order.cond"} {
		samples = append(samples, scannertest.Sample{Rule: ruleTarget, Name: modelName, Miss: model(target, "s0", "")})
	}
	for _, text := range []string{"__import__('os').system('echo assay-test-marker')", "eval(s0)", "s0.func", "s0[0]", "'a'", "lambda: 1", "exec (s0)", "().x"} {
		samples = append(samples, scannertest.Sample{Rule: ruleExpression, Name: modelName, Hit: model(add, text, ""), Miss: good})
		if text != "s0[0]" { // a guard may take an item of a size
			samples = append(samples, scannertest.Sample{Rule: ruleExpression, Name: modelName, Hit: model(add, "s0", text)})
		}
	}
	key := []byte(strings.Replace(string(good), `"s0": {"min_val"`, `"open('x')": {"min_val"`, 1))
	samples = append(samples, scannertest.Sample{Rule: ruleExpression, Name: modelName, Hit: key})
	scannertest.CheckRules(t, Scanner{}, samples)
}

// TestUses: only what the writer names is plain data, and only in such an archive.
func TestUses(t *testing.T) {
	for _, c := range []struct {
		name    string
		data    []byte
		sibling func(string) (int64, bool)
		uses    string
	}{
		{weightsName, weights("weight_0", 5, false), siblings, "m/data/weights/weight_0"},
		{weightsName, weights("weight_0", 5, true), siblings, ""},
		{weightsName, weights("../../secret.bin", 5, false), siblings, ""},
		{weightsName, weights("custom_obj_0", 5, false), siblings, ""},
		{"other/weights.json", weights("weight_0", 5, false), siblings, ""},
		{weightsName, weights("weight_0", 5, false), func(name string) (int64, bool) { return 60, name == "m/data/weights/weight_0" }, ""},
	} {
		f := scannertest.File(c.name, c.data)
		f.Sibling = c.sibling
		r, _ := scannertest.RunFile(Scanner{}, f, scannertest.Head(c.name, c.data))
		got := ""
		for _, u := range r.Uses {
			got += u.Name
		}
		if got != c.uses {
			t.Errorf("%s: %q, want %q", c.data, got, c.uses)
		}
	}
}

// TestDeclined: other JSON is none of this scanner's business.
func TestDeclined(t *testing.T) {
	for _, text := range []string{`{"target": "os.system", "nodes": [{"target": "os.system"}]}`, `{"config": {"a": 1}}`, `[]`, `{`} {
		if r, err := scannertest.Run(Scanner{}, "config.json", []byte(text)); err == nil || len(r.Findings) > 0 {
			t.Errorf("%s: %+v", text, r)
		}
	}
}

func FuzzScan(f *testing.F) {
	f.Add(modelName, model("torch.ops.aten.add.Tensor", "s0", "L['x'].size()[0] >= 2"))
	f.Add(weightsName, weights("weight_0", 5, false))
	f.Add(weightsName, []byte(`{"config": {"config": {"config": []}}}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		scannertest.Properties(t, Scanner{}, name, data)
		file := scannertest.File(name, data)
		file.Sibling = siblings
		r, _ := scannertest.RunFile(Scanner{}, file, scannertest.Head(name, data))
		for _, u := range r.Uses {
			if size, ok := siblings(u.Name); !ok || size != u.Size {
				t.Errorf("uses %+v", u)
			}
		}
	})
}
