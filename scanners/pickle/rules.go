package pickle

import "assay/scanners"

// ruleID is the index of a rule.
type ruleID uint8

const (
	ruleDangerousCall ruleID = iota
	ruleDangerousImport
	ruleUnknownCall
	ruleUnknownImport
	ruleUnlistedUse
	ruleDynamicImport
	ruleDynamicCall
	ruleBuildOnImport
	ruleProxyCall
	ruleMethodCall
	ruleExtension
	rulePersistentID
	ruleDifferential
	ruleFrameCrossing
	ruleNested
	ruleLocalModule
	ruleStorageMissing
	ruleStorageUnused
	ruleStorageSize
	ruleTensorBounds
	ruleInlineArray
	rulePadding
	ruleOutOfBand
	ruleLimit
	numRules
)

// What can be done about it, in the words that several rules share.
const (
	helpConvert = " Ask the publisher for the weights as safetensors (an estimator of scikit-learn as skops or ONNX), or convert them in a sandbox; load PyTorch files with weights_only=True."
	helpReport  = " Do not load this file; report it to whoever publishes it."
)

var (
	cweDeserialise  = []string{"CWE-502", "CWE-94", "CWE-506"}
	atlasUnsafe     = []string{"AML.T0011.000", "AML.T0018.002", "AML.T0010.003"}
	atlasDisguise   = []string{"AML.T0076", "AML.T0107", "AML.T0074"}
	owaspSupply     = []string{"LLM03"}
	owaspResource   = []string{"LLM10"}
	cweInterpret    = []string{"CWE-436", "CWE-502"}
	cweMemorySafety = []string{"CWE-125", "CWE-787", "CWE-20"}
	atlasMemory     = []string{"AML.T0011.000", "AML.T0112.001"}
)

// ruleTable is every statement that this scanner makes.
var ruleTable = [numRules]scanners.Rule{
	ruleDangerousCall: {
		ID: "pickle/dangerous-call", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "Loading the file calls something that runs code, starts programs, imports, walks attributes, or reaches files, network, native code or another loader.",
		Help:    "A pickle is a program: this call runs as soon as the file is loaded, whatever is done with the model afterwards. No genuine model needs it." + helpReport,
		CWE:     cweDeserialise, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleDangerousImport: {
		ID: "pickle/dangerous-import", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file imports a name that can run code or reach files, network or native code, without calling it.",
		Help:    "The name is stored in the loaded object, where later code may call it; or the call was cut off. Ask the publisher why it is there." + helpConvert,
		CWE:     cweDeserialise, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleUnknownCall: {
		ID: "pickle/unknown-call", Severity: scanners.High, Class: scanners.Unknown,
		Summary: "Loading the file calls a name that is on no allow list.",
		Help:    "Nothing is known of what this call does; it may belong to the code the model was trained with, or to an attack. Review the module it comes from." + helpConvert,
		CWE:     cweDeserialise, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleUnknownImport: {
		ID: "pickle/unknown-import", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "Loading the file imports a name that is on no allow list.",
		Help:    "Importing a module runs its top-level code, and a module of that name may lie beside the model. Review the module it comes from." + helpConvert,
		CWE:     []string{"CWE-502", "CWE-829"}, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleUnlistedUse: {
		ID: "pickle/unlisted-use", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A name on an allow list is used in a way, or with arguments, that its entry does not permit.",
		Help:    "The name is harmless in the use that frameworks make of it; this is another one." + helpConvert,
		CWE:     cweDeserialise, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleDynamicImport: {
		ID: "pickle/dynamic-import", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "The file imports a name that it computes while it is loaded.",
		Help:    "STACK_GLOBAL takes its two names from the stack; every pickler writes them as text. Computing them serves to hide what is imported." + helpReport,
		CWE:     []string{"CWE-502", "CWE-470", "CWE-506"}, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleDynamicCall: {
		ID: "pickle/dynamic-call", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "Loading the file calls an object that it made itself, so that what runs cannot be read from the file.",
		Help:    "Picklers call names only. Calling the result of another call is how attribute walks and curried functions are used in attacks." + helpReport,
		CWE:     cweDeserialise, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleBuildOnImport: {
		ID: "pickle/build-on-import", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "Loading the file sets attributes of an imported class, function or module.",
		Help:    "BUILD on the name itself, not on an object of it, replaces what other code relies on. No pickler does that." + helpReport,
		CWE:     []string{"CWE-502", "CWE-915"}, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleProxyCall: {
		ID: "pickle/proxy-call", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A name that is on no allow list is passed to a call, which may call it.",
		Help:    "Functions such as map, sorted or partial call what they are given, so that passing a function counts as calling it." + helpConvert,
		CWE:     cweDeserialise, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleMethodCall: {
		ID: "pickle/method-call", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "APPEND, SETITEM, ADDITEMS or BUILD calls a method of an object that is no builtin container and not listed for it.",
		Help:    "These opcodes call append, extend, __setitem__, add or __setstate__ of whatever is on the stack, with chosen arguments: a call without a call opcode." + helpConvert,
		CWE:     cweDeserialise, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleExtension: {
		ID: "pickle/extension-registry", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file takes an object from the extension registry of the process that loads it.",
		Help:    "What an extension code stands for is not in the file; an earlier file may have registered it. No machine learning framework uses them." + helpConvert,
		CWE:     cweDeserialise, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	rulePersistentID: {
		ID: "pickle/persistent-id", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The file asks its loader for an object by a persistent id that is no torch storage.",
		Help:    "Only the loader knows what such an id does; old PyTorch files carry source code in them." + helpConvert,
		CWE:     []string{"CWE-502"}, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleDifferential: {
		ID: "pickle/differential", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file has a construct that no pickler writes and that loaders read differently.",
		Help:    "What one reader takes for data another one executes, or one stops where another goes on. Such a file was made by hand to deceive a scanner, or is damaged." + helpReport,
		CWE:     cweInterpret, ATLAS: atlasDisguise, OWASP: owaspSupply,
	},
	ruleFrameCrossing: {
		ID: "pickle/frame-crossing", Severity: scanners.Critical, Class: scanners.Malicious,
		Summary: "An opcode crosses the end of its frame: the file holds two programs, and which one runs depends on how it is opened.",
		Help:    "The C unpickler drops the rest of a frame when an argument does not fit into it, and then executes what other readers take for data. Both readings were analysed. No pickler writes this." + helpReport,
		CWE:     cweInterpret, ATLAS: atlasDisguise, OWASP: owaspSupply,
	},
	ruleNested: {
		ID: "pickle/nested", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A constant in the file is itself a program: a pickle with findings, or byte code of Python.",
		Help:    "It runs when it is handed to a loader, here or by the code that uses the model; some are packed in base64, hex, zlib or gzip to hide them. The findings inside it are listed with it." + helpReport,
		CWE:     cweDeserialise, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleLocalModule: {
		ID: "pickle/local-module", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The file imports a module whose source or binary lies in the same container.",
		Help:    "When the folder is on the module search path, loading the pickle runs that file, even under the name of a well-known package. Review it." + helpConvert,
		CWE:     []string{"CWE-829", "CWE-427"}, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleStorageMissing: {
		ID: "pickle/storage-missing", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A tensor names a storage that the archive does not contain.",
		Help:    "The file is incomplete, or a loader finds the bytes elsewhere (a member whose name differs only in case, for example). Download it again.",
		CWE:     []string{"CWE-20", "CWE-345"}, ATLAS: atlasDisguise, OWASP: owaspSupply,
	},
	ruleStorageUnused: {
		ID: "pickle/storage-unused", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The archive has a storage that no tensor names.",
		Help:    "torch.save writes the storages of its tensors and no others. What lies beside them was put there later, for another loader or to be carried along. Save the model again.",
		CWE:     []string{"CWE-506"}, ATLAS: atlasDisguise, OWASP: owaspSupply,
	},
	ruleStorageSize: {
		ID: "pickle/storage-size", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "The size of a tensor storage differs from the bytes that the archive has for it.",
		Help:    "Loaders that trust the declared size read or write outside the buffer (CVE-2026-24747). The file is damaged or was made to do that.",
		CWE:     cweMemorySafety, ATLAS: atlasMemory, OWASP: owaspSupply,
	},
	ruleTensorBounds: {
		ID: "pickle/tensor-bounds", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A tensor reaches outside its storage.",
		Help:    "Offset, size and stride together name memory that does not belong to the tensor. The file is damaged or was made to read or write there.",
		CWE:     cweMemorySafety, ATLAS: atlasMemory, OWASP: owaspSupply,
	},
	ruleInlineArray: {
		ID: "pickle/inline-array", Severity: scanners.High, Class: scanners.Suspicious,
		Summary: "A joblib array is described in a way that does not tell where its bytes are, or lies in another file.",
		Help:    "What follows can not be told apart from opcodes. joblib writes constants here; arrays in other files are pickles of their own. Save the model again with a current joblib.",
		CWE:     cweInterpret, ATLAS: atlasDisguise, OWASP: owaspSupply,
	},
	rulePadding: {
		ID: "pickle/hidden-padding", Severity: scanners.Medium, Class: scanners.Suspicious,
		Summary: "The padding before a joblib array holds data.",
		Help:    "joblib writes 0xFF and does not look at the bytes when it reads: room for up to 255 hidden bytes per array.",
		CWE:     []string{"CWE-506"}, ATLAS: atlasDisguise, OWASP: owaspSupply,
	},
	ruleOutOfBand: {
		ID: "pickle/out-of-band", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "The file needs buffers from outside it.",
		Help:    "NEXT_BUFFER works only when the loading program supplies buffers; plain loaders fail here. The file is part of a larger transfer, or incomplete.",
		CWE:     []string{"CWE-502"}, ATLAS: atlasUnsafe, OWASP: owaspSupply,
	},
	ruleLimit: {
		ID: "pickle/limit", Severity: scanners.Medium, Class: scanners.Unknown,
		Summary: "A part of the file is beyond a limit of the scanner and was not looked at.",
		Help:    "No genuine model comes near these limits. Treat the file as not scanned.",
		CWE:     []string{"CWE-400", "CWE-770"}, ATLAS: []string{"AML.T0029"}, OWASP: owaspResource,
	},
}
