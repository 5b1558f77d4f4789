package torchscript

import "assay/scanners"

// danger is an operator that does more than compute.
type danger struct {
	rule     string
	severity scanners.Severity
	reason   string
	source   string // where that can be read
}

const (
	registered  = "torch/csrc/jit/runtime/register_prim_ops.cpp"
	native      = "aten/src/ATen/native/native_functions.yaml"
	distributed = "torch/csrc/jit/runtime/register_distributed_ops.cpp"
	vision      = "torchvision/csrc/io/image/image.cpp"
	audio       = "torchaudio/csrc/sox/pybind, torchaudio/csrc/ffmpeg"
)

// dangers by "namespace::operator", and "class namespace" for custom classes.
var dangers = map[string]danger{
	"aten::save":      {ruleFile.ID, scanners.Critical, "writes a pickle to any path", registered},
	"aten::from_file": {ruleFile.ID, scanners.Critical, "maps any file into memory, and shared=True writes to it", native},

	"image::read_file":                           {ruleFile.ID, scanners.Critical, "reads any file", vision},
	"image::write_file":                          {ruleFile.ID, scanners.Critical, "writes any file", vision},
	"torchaudio::sox_io_load_audio_file":         {ruleFile.ID, scanners.Critical, "reads any file", audio},
	"torchaudio::sox_io_save_audio_file":         {ruleFile.ID, scanners.Critical, "writes any file", audio},
	"torchaudio::sox_io_get_info":                {ruleFile.ID, scanners.Critical, "reads any file", audio},
	"torchaudio::sox_effects_apply_effects_file": {ruleFile.ID, scanners.Critical, "reads any file", audio},

	"prim::PythonOp":        {rulePython.ID, scanners.Critical, "calls a Python function", registered},
	"prim::IgnoredPythonOp": {rulePython.ID, scanners.Critical, "calls a Python function", registered},
	"prim::CallFunction":    {ruleOperator.ID, scanners.Medium, "calls a function that cannot be seen here", registered},
	"prim::CallMethod":      {ruleOperator.ID, scanners.Medium, "calls a method that cannot be seen here", registered},

	"prim::rpc_async":  {ruleNetwork.ID, scanners.High, "calls a function on another machine", distributed},
	"prim::rpc_sync":   {ruleNetwork.ID, scanners.High, "calls a function on another machine", distributed},
	"prim::rpc_remote": {ruleNetwork.ID, scanners.High, "calls a function on another machine", distributed},

	"aten::_reinterpret_tensor":              {ruleMemory.ID, scanners.High, "reads and writes beyond the tensor's memory", native},
	"inductor::_reinterpret_tensor":          {ruleMemory.ID, scanners.High, "reads and writes beyond the tensor's memory", "torch/csrc/inductor/inductor_ops.cpp"},
	"aten::_sparse_bsc_tensor_unsafe":        {ruleMemory.ID, scanners.High, "takes indices or sizes from the file without checking them, and reads or writes outside the tensor", native},
	"aten::_sparse_bsr_tensor_unsafe":        {ruleMemory.ID, scanners.High, "takes indices or sizes from the file without checking them, and reads or writes outside the tensor", native},
	"aten::_sparse_compressed_tensor_unsafe": {ruleMemory.ID, scanners.High, "takes indices or sizes from the file without checking them, and reads or writes outside the tensor", native},
	"aten::_sparse_coo_tensor_unsafe":        {ruleMemory.ID, scanners.High, "takes indices or sizes from the file without checking them, and reads or writes outside the tensor", native},
	"aten::_sparse_csc_tensor_unsafe":        {ruleMemory.ID, scanners.High, "takes indices or sizes from the file without checking them, and reads or writes outside the tensor", native},
	"aten::_sparse_csr_tensor_unsafe":        {ruleMemory.ID, scanners.High, "takes indices or sizes from the file without checking them, and reads or writes outside the tensor", native},
	"aten::_nested_view_from_buffer":         {ruleMemory.ID, scanners.High, "takes indices or sizes from the file without checking them, and reads or writes outside the tensor", native},
	"aten::_index_put_impl_":                 {ruleMemory.ID, scanners.High, "takes indices or sizes from the file without checking them, and reads or writes outside the tensor", native},
	"aten::set_":                             {ruleMemory.ID, scanners.High, "gives a tensor the memory of another", native},
	"aten::set":                              {ruleMemory.ID, scanners.Medium, "gives a tensor the memory of another", native},
	"aten::_resize_output_":                  {ruleMemory.ID, scanners.High, "changes the size without the memory", native},
	"aten::as_strided":                       {ruleMemory.ID, scanners.Low, "views memory with free strides; attention windows do so too", native},
	"aten::as_strided_":                      {ruleMemory.ID, scanners.Low, "views memory with free strides; attention windows do so too", native},

	"class dist_rpc":   {ruleNetwork.ID, scanners.High, "calls other machines", distributed},
	"class dist_c10d":  {ruleNetwork.ID, scanners.High, "talks to other machines", distributed},
	"class torchaudio": {ruleFile.ID, scanners.High, "reads media from files and addresses", audio},
	"class tensorrt":   {ruleClass.ID, scanners.High, "carries a compiled engine, which is native code", "pytorch/TensorRT core/runtime/register_jit_hooks.cpp"},
}

// sees explains what the rules have in common.
const sees = " TorchScript runs as soon as the model is called, and parts of it while it is loaded."

var (
	ruleFile = scanners.Rule{
		ID: "torchscript/file-access", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The program reads or writes files.",
		Help:    "A model computes; it has no business with the files of the machine it runs on." + sees + " Do not load it.",
		CWE:     []string{"CWE-73", "CWE-94", "CWE-200"}, ATLAS: []string{"AML.T0018.001", "AML.T0011.000", "AML.T0025"}, OWASP: []string{"LLM03"},
	}
	rulePython = scanners.Rule{
		ID: "torchscript/python-call", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The program calls a Python function.",
		Help:    "torch refuses to write such a program, so that somebody made it by hand." + sees + " Do not load it.",
		CWE:     []string{"CWE-94"}, ATLAS: []string{"AML.T0018.002", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	}
	ruleNetwork = scanners.Rule{
		ID: "torchscript/network", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The program calls other machines.",
		Help:    "Remote calls belong to training on a cluster, not to a published model." + sees + " Ask the publisher for a model without them.",
		CWE:     []string{"CWE-94", "CWE-200"}, ATLAS: []string{"AML.T0018.001", "AML.T0025"}, OWASP: []string{"LLM03"},
	}
	ruleMemory = scanners.Rule{
		ID: "torchscript/memory", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The program uses an operator with which memory can be reinterpreted.",
		Help: "Such operators have been used to read and write beyond a tensor, up to running native code." +
			" Some attention layers use as_strided in good faith. Compare with the program text of the model's source.",
		CWE: []string{"CWE-125", "CWE-787"}, ATLAS: []string{"AML.T0018.001", "AML.T0112.001"}, OWASP: []string{"LLM03"},
	}
	ruleOperator = scanners.Rule{
		ID: "torchscript/unknown-operator", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The program uses an operator that is not on the list of those that only compute.",
		Help:    "It may be new, or belong to a special build of PyTorch. Look the operator up; update assay if it is part of a release.",
		CWE:     []string{"CWE-829"}, ATLAS: []string{"AML.T0018.001"}, OWASP: []string{"LLM03"},
	}
	ruleNamespace = scanners.Rule{
		ID: "torchscript/custom-operator", Severity: scanners.High, Class: scanners.Unknown,
		Summary: "The program uses operators of an extension.",
		Help:    "What they do depends on a native library that must be installed beside PyTorch. Find out which one, and judge it as a dependency.",
		CWE:     []string{"CWE-829", "CWE-1104"}, ATLAS: []string{"AML.T0018.001", "AML.T0010.001"}, OWASP: []string{"LLM03"},
	}
	ruleClass = scanners.Rule{
		ID: "torchscript/custom-class", Severity: scanners.High, Class: scanners.Unknown,
		Summary: "The program uses a class of an extension.",
		Help:    "Its objects are restored by native code of a library beside PyTorch. Find out which one, and judge it as a dependency.",
		CWE:     []string{"CWE-829", "CWE-1104"}, ATLAS: []string{"AML.T0018.001", "AML.T0010.001"}, OWASP: []string{"LLM03"},
	}
	ruleAlias = scanners.Rule{
		ID: "torchscript/alias", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The program uses the root of all operators as a value.",
		Help:    "torch never writes that. Under another name, operators can be called without being seen. Do not load the model.",
		CWE:     []string{"CWE-94", "CWE-436"}, ATLAS: []string{"AML.T0107", "AML.T0018.001"}, OWASP: []string{"LLM03"},
	}
	ruleName = scanners.Rule{
		ID: "torchscript/unknown-name", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The text uses a name that TorchScript does not know.",
		Help:    "The text may be Python that only looks like TorchScript. Do not run it; ask the publisher where the file comes from.",
		CWE:     []string{"CWE-94"}, ATLAS: []string{"AML.T0074", "AML.T0011.000"}, OWASP: []string{"LLM03"},
	}
)

var rules = []scanners.Rule{
	ruleFile, rulePython, ruleNetwork, ruleMemory, ruleOperator, ruleNamespace, ruleClass, ruleAlias, ruleName,
}
