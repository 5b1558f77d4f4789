package torchscript

import (
	_ "embed"
	"strings"
)

//go:embed aten.txt
var atenList string

// operators of a namespace that only compute. A nil set means all of them.
type operatorSet map[string]bool

func (s operatorSet) has(name string) bool { return s == nil || s[name] }

// wordSet is the set of the words of a text; lines that begin with # are comments.
func wordSet(text string) map[string]bool {
	set := make(map[string]bool)
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			set[word] = true
		}
	}
	return set
}

// namespaces are the namespaces of operators that PyTorch and its sister projects
// register, with what is known to only compute in each. Sources: the schemas of
// PyTorch 1.13.1 (torch._C._jit_get_all_schemas); torchvision/csrc/ops;
// torchaudio/csrc; torchvision's file operators are in the namespace image.
var namespaces = map[string]operatorSet{
	"aten": wordSet(atenList),
	// What the serializer prints of prim (torch/csrc/jit/serialization/python_print.cpp),
	// and what optimised and frozen models hold.
	"prim": wordSet(`
		AddStatValue AutogradAdd AutogradAllNonZero AutogradAllZero AutogradAnyNonZero AutogradZero BroadcastSizes
		BroadcastMKLDNNTensors ChunkSizes ConstantChunk ConstantMKLDNNTensor EnumName EnumValue FusedConcat
		MKLDNNClamp MKLDNNClamp_ MKLDNNHardSigmoid MKLDNNHardSigmoid_ MKLDNNHardSwish MKLDNNHardSwish_
		MKLDNNHardTanh MKLDNNHardTanh_ MKLDNNLayerNorm MKLDNNLayerNorm_ MKLDNNScalarMul MKLDNNScalarMul_
		MMBatchSide MMTreeReduce NumToTensor Print RaiseException ReductionSizes StringIndex TimePoint TupleIndex
		TupleUnpack Uninitialized VarConcat VarStack abs data device dtype grad id index is_cpu is_cuda is_ipu is_meta
		is_mkldnn is_mps is_mtia is_nested is_ort is_maia is_quantized is_sparse is_sparse_csr is_vulkan is_xla is_xpu itemsize layout max min
		mkldnn_convolution name names nbytes rangelist requires_grad squeeze_copy tolist type unchecked_cast
		unchecked_unwrap_optional unsqueeze_copy view_copy reshape_copy flatten_copy expand_copy expand_as_copy
		infer_squeeze_size infer_unsqueeze_size add_optional H T mT mH`),
	"quantized":        nil,                                                                                                                                                                                               // integer arithmetic
	"_quantized":       nil,                                                                                                                                                                                               // the same, older names
	"quantization":     nil,                                                                                                                                                                                               // bfloat16 packing
	"sparse":           nil,                                                                                                                                                                                               // sparse linear layers
	"prepacked":        nil,                                                                                                                                                                                               // XNNPACK layers of mobile models
	"mkldnn_prepacked": nil,                                                                                                                                                                                               // oneDNN layers
	"metal_prepack":    nil,                                                                                                                                                                                               // layers of iOS models
	"vulkan_prepack":   nil,                                                                                                                                                                                               // layers of Android models
	"profiler":         nil,                                                                                                                                                                                               // marks for the profiler
	"torchvision":      nil,                                                                                                                                                                                               // regions of interest, suppression, deformable convolution
	"image":            wordSet("decode_image decode_png decode_jpeg decode_jpegs_cuda decode_gif decode_webp decode_avif decode_heic encode_png encode_jpeg encode_jpegs_cuda _jpeg_version _is_compiled_against_turbo"), // torchvision/csrc/io/image
	"torchaudio":       wordSet("_lfilter lfilter _lfilter_core_loop overdrive_core_loop _overdrive_core_loop rnnt_loss rnnt_loss_alphas rnnt_loss_betas rnnt_loss_forward forced_align"),
}

// extensions are namespaces of published libraries whose operators compute, with
// where they are registered. Loading a model does not load the library: whoever has
// it installed chose it.
var extensions = map[string]string{
	"torch_scatter":     "github.com/rusty1s/pytorch_scatter csrc/scatter.cpp",
	"torch_sparse":      "github.com/rusty1s/pytorch_sparse csrc/sparse.h",
	"torch_cluster":     "github.com/rusty1s/pytorch_cluster csrc/cluster.h",
	"torch_spline_conv": "github.com/rusty1s/pytorch_spline_conv csrc/basis.cpp",
	"pyg":               "github.com/pyg-team/pyg-lib pyg_lib/csrc/ops",
	"torchtext":         "github.com/pytorch/text torchtext/csrc/register_torchbindings.cpp",
	"fbgemm":            "github.com/pytorch/FBGEMM fbgemm_gpu/src",
	"torch_ipex":        "github.com/intel/intel-extension-for-pytorch csrc/cpu/aten",
	"ipex_prepack":      "github.com/intel/intel-extension-for-pytorch csrc/cpu/jit",
	"detectron2":        "github.com/facebookresearch/detectron2 layers/csrc/vision.cpp",
	"xformers":          "github.com/facebookresearch/xformers xformers/csrc",
	"torchao":           "github.com/pytorch/ao torchao/csrc",
}

// extensionClasses are the same for custom classes.
var extensionClasses = map[string]string{
	"torchtext":    "github.com/pytorch/text torchtext/csrc/register_torchbindings.cpp",
	"ipex_prepack": "github.com/intel/intel-extension-for-pytorch csrc/cpu/jit",
}

// classSpaces are the namespaces of custom classes that PyTorch itself registers
// for packed parameters and the like.
var classSpaces = wordSet("quantized sparse xnnpack rnn mkldnn profiler metal vulkan mkl")

// known are the names that TorchScript has without a definition: constants, types,
// and the functions of torch/csrc/jit/frontend/ir_emitter.cpp (Environment) and
// torch/csrc/jit/serialization/import_source.cpp.
var known = wordSet(`
	True False None inf nan infj nanj NotImplemented CONSTANTS __torch__ self
	Tensor int float bool complex str number List Dict Tuple Optional Union Future RRef Await NoneType Any Device Final
	Module ModuleInterface Interface NamedTuple Enum Generator Stream Storage QScheme Layout ScalarType MemoryFormat
	AnyClassType AnyEnumType AnyListType AnyTupleType PyObject Capsule SymInt SymBool t
	annotate unchecked_cast uninitialized unwrap_optional fork awaitable awaitable_nowait awaitable_wait getattr hasattr isinstance range len print
	tuple list dict zip enumerate rangelist sorted min max abs all any divmod sum ord chr bin hex oct hash pow round
	super reversed
	__parameters__ __buffers__ __annotations__ __forward_hooks__ __forward_pre_hooks__ __torch_mangle_0__`)

// dunders are the special names that classes of a model may have.
var dunders = wordSet(`
	__init__ __new__ __getstate__ __setstate__ __len__ __contains__ __getitem__ __setitem__ __delitem__ __iter__ __next__
	__enter__ __exit__ __call__ __str__ __repr__ __bool__ __int__ __float__ __hash__ __eq__ __ne__ __lt__ __le__ __gt__
	__ge__ __add__ __sub__ __mul__ __truediv__ __floordiv__ __mod__ __pow__ __matmul__ __and__ __or__ __xor__
	__lshift__ __rshift__ __neg__ __invert__ __abs__ __radd__ __rsub__ __rmul__ __rtruediv__ __iadd__ __isub__ __imul__
	__itruediv__ __is__ __isnot__ __not__ __interpolate __range_length __derive_index __upsample __upsample_bilinear
	__round_to_zero_floordiv`)
