package torchexport

import (
	"slices"
	"strings"

	"assay/scanners"
	"assay/scanners/internal/clip"
)

// spaces are the beginnings of targets that exporters write, each a name space of
// operators or of arithmetic on sizes. Source: PyTorch 2.8,
// torch/_export/serde/serialize.py _SYM_OPS and serialize_operator;
// torch/_higher_order_ops.
var spaces = []string{
	"torch.ops.aten.", "torch.ops.prim.", "torch.ops.prims.", "torch.ops.higher_order.", "torch.ops.quantized_decomposed.",
	"torch.ops.quantized.", "torch.ops._quantized.", "torch.ops.onednn.", "torch.ops.mkldnn.", "torch.ops.torchvision.",
	"torch.ops.torchaudio.", "torch.ops._c10d_functional.", "torch.ops.export.", "torch.ops.rngprims.", "torch.ops.torchao.",
	"_operator.", "math.", "torch.sym_", "torch._sym_", "torch.fx.experimental.sym_node.",
	"torch.autograd.grad_mode.set_grad_enabled", "torch._higher_order_ops.wrap.",
}

// spoiled are operators that reach files, whatever their name space.
var spoiled = []string{"torch.ops.aten.save", "torch.ops.aten.from_file", "_operator.attrgetter", "_operator.methodcaller", "_operator.itemgetter", "_operator.call"}

// target judges the name of a call.
func (s *scan) target(name string, off int64) {
	switch {
	case slices.ContainsFunc(spoiled, func(p string) bool { return name == p || strings.HasPrefix(name, p+".") }):
		s.found.AddAs(scanners.Critical, ruleTarget, off, "calls %s", clip.Quote(name, 200))
	case slices.ContainsFunc(spaces, func(p string) bool { return strings.HasPrefix(name, p) }) && !strings.Contains(name, "__"):
	case strings.HasPrefix(name, "torch.ops.") && strings.Count(name, ".") >= 3 && !strings.Contains(name, "__"):
		s.found.AddAs(scanners.Medium, ruleTarget, off, "calls %s, an operator of another library", clip.Quote(name, 200))
	default:
		s.found.Add(ruleTarget, off, "calls %s", clip.Quote(name, 200))
	}
}

// functions are what exporters write before a parenthesis. Source: PyTorch 2.8,
// torch/utils/_sympy/functions.py __all__, and the functions of sympy in sizes.
var functions = []string{
	"FloorDiv", "ModularIndexing", "Where", "PythonMod", "Mod", "CleanDiv", "CeilToInt", "FloorToInt", "CeilDiv", "IntTrueDiv", "FloatTrueDiv",
	"LShift", "RShift", "IsNonOverlappingAndDenseIndicator", "TruncToFloat", "TruncToInt", "RoundToInt", "RoundDecimal", "ToFloat", "FloatPow", "PowByNatural",
	"Identity", "Max", "Min", "Abs", "Eq", "Ne", "Lt", "Le", "Gt", "Ge", "And", "Or", "Not", "ceiling", "floor", "sqrt", "log", "exp", "sign", "Piecewise", "ExprCondPair",
	"Integer", "Float", "Rational", "Symbol", "Pow", "Add", "Mul", "BitwiseFn_bitwise_and", "BitwiseFn_bitwise_or", "StrictLessThan", "LessThan", "GreaterThan", "StrictGreaterThan",
}

// isArithmetic reports an expression of numbers, names, operators and the
// functions above: no text, no attribute, no item.
func isArithmetic(text string) bool {
	if strings.Contains(text, "__") {
		return false
	}
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case isLetter(c):
			n := i
			for n < len(text) && (isLetter(text[n]) || isDigit(text[n])) {
				n++
			}
			word, rest := text[i:n], strings.TrimLeft(text[n:], " ")
			if strings.HasPrefix(rest, "(") && !slices.Contains(functions, word) && !strings.HasPrefix(word, "OpaqueUnaryFn_") {
				return false
			}
			i = n
		case c == '.' && i+1 < len(text) && isLetter(text[i+1]):
			return false
		case isDigit(c) || strings.IndexByte(" +-*/%()<>=&|~!.,", c) >= 0:
			i++
		default:
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
