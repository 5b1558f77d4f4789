package pickle

import (
	"fmt"
	"strings"
	"testing"

	"assay/scanners"
	"assay/scanners/scannertest"
)

// advisories are the names that were reported against other scanners, by advisory
// (pickle.md 9): a deny list lacked each of them at some time.
const advisories = `
CVE-2025-1716 pip:main
CVE-2025-71351 timeit:timeit
CVE-2025-71355 numpy.testing._private.utils:runstring
CVE-2025-46417 ssl:get_server_certificate
CVE-2025-71366 torch.utils.bottleneck.__main__:run_cprofile
CVE-2025-71353 torch._dynamo.guards:GuardBuilder.get
CVE-2025-71356 torch.fx.experimental.symbolic_shapes:ShapeEnv.evaluate_guards_expression
GHSA-f745-w6jp-hpxx torch.utils.collect_env:run
GHSA-jhph-76pp-mggw torch.utils.collect_env:run
GHSA-h3qp-7fh3-f8h4 torch.utils.data.datapipes.utils.decoder:basichandlers
CVE-2025-71370 torch.jit.unsupported_tensor_ops:execWrapper
CVE-2025-71348 torch.utils._config_module:ConfigModule.load_config
GHSA-5qwp-399c-mjwf trace:Trace.run
CVE-2025-71352 trace:Trace.runctx
GHSA-x696-vm39-cp64 profile:Profile.run
GHSA-6vqj-c2q5-j97w profile:Profile.runctx
GHSA-f54q-57x4-jg88 lib2to3.pgen2.grammar:Grammar.loads
GHSA-3vg9-h568-4w9m idlelib.debugobj:ObjectTreeItem.SetText
CVE-2025-71358 idlelib.autocomplete:AutoComplete.get_entity
GHSA-7cq8-mj8x-j263 idlelib.autocomplete:AutoComplete.fetch_completions
CVE-2025-71371 code:InteractiveInterpreter.runcode
CVE-2025-71361 idlelib.calltip:get_entity
GHSA-9xph-j2h6-g47v idlelib.calltip:Calltip.fetch_tip
CVE-2025-71345 torch.utils.bottleneck.__main__:run_autograd_prof
CVE-2025-71344 ensurepip:_run_pip
CVE-2025-71343 lib2to3.pgen2.pgen:ParserGenerator.make_label
CVE-2025-71342 idlelib.run:Executive.runcode
CVE-2025-71357 idlelib.pyshell:ModifiedInterpreter.runcode
CVE-2025-71340 idlelib.pyshell:ModifiedInterpreter.runcommand
CVE-2025-71368 doctest:debug_script
CVE-2025-71378 cProfile:run
GHSA-49gj-c84q-6qm9 cProfile:runctx
CVE-2025-71364 asyncio.unix_events:_UnixSubprocessTransport._start
CVE-2025-10157 asyncio.unix_events:_UnixSubprocessTransport
CVE-2025-71321 distutils.file_util:write_file
CVE-2025-71323 ctypes:CDLL
CVE-2025-71320 pydoc:locate
CVE-2025-71322 pty:spawn
GHSA-hgrh-qx5j-jfwx socket:create_connection
GHSA-hgrh-qx5j-jfwx ftplib:FTP
GHSA-hgrh-qx5j-jfwx smtplib:SMTP
GHSA-hgrh-qx5j-jfwx telnetlib:Telnet
GHSA-hgrh-qx5j-jfwx http.client:HTTPSConnection
CVE-2025-71362 numpy.f2py.crackfortran:getlincoef
CVE-2025-71372 numpy.f2py.crackfortran:getlincoef
CVE-2025-71339 numpy.f2py.crackfortran:_eval_length
CVE-2025-71365 numpy.f2py.crackfortran:myeval
CVE-2025-71347 numpy.f2py.crackfortran:param_eval
CVE-2025-71373 operator:methodcaller
GHSA-955r-x9j8-7rhh _operator:methodcaller
CVE-2025-71367 _operator:attrgetter
GHSA-9726-w42j-3qjr _io:FileIO
GHSA-9726-w42j-3qjr urllib.request:urlopen
GHSA-9m3x-qqw2-h32h types:CodeType
GHSA-9m3x-qqw2-h32h cloudpickle.cloudpickle:_make_function
CVE-2026-56304 logging:FileHandler
CVE-2026-3490 pkgutil:resolve_name
CVE-2026-53873 profile:run
CVE-2026-56315 uuid:_get_command_stdout
CVE-2026-56315 imaplib:IMAP4_stream
CVE-2026-56315 _pyrepl.pager:pipe_pager
CVE-2026-56315 _osx_support:_read_output
CVE-2026-56315 _aix_support:_read_cmd_output
CVE-2026-56315 test.support.script_helper:assert_python_ok
picklescan#69 mailcap:findmatch
picklescan#74 importlib:import_module
picklescan#74 marshal:loads
CVE-2025-67747 marshal:loads
CVE-2025-67747 types:FunctionType
CVE-2025-67748 pty:spawn
CVE-2026-22606 runpy:run_path
CVE-2026-22607 cProfile:run
CVE-2026-22608 pydoc:pipepager
CVE-2026-22608 ctypes:cdll.LoadLibrary
CVE-2026-22609 multiprocessing.util:spawnv_passfds
CVE-2026-22612 __builtin__:eval
GHSA-mhc9-48gj-9gp3 signal:signal
GHSA-mhc9-48gj-9gp3 shutil:rmtree
GHSA-5cxw-w2xg-2m8h platform:popen
GHSA-r48f-3986-4f9c linecache:getlines
GHSA-r48f-3986-4f9c gc:get_objects
CVE-2026-14534 _posixsubprocess:fork_exec
CVE-2026-14534 site:addsitedir
CVE-2026-14534 atexit:register
GHSA-5j3x-jp52-966f os:path.os.system
GHSA-6ggj-6f2q-f7mx _interpreters:exec
modelscan#330 numpy:__builtins__
modelscan#311 torch.hub:load
modelscan#346 mailcap:findmatch
PickleBall pickle:loads
PickleBall numpy:load
PickleBall IPython.core.display:display
PickleBall _pydev_execfile:execfile
PickleBall commands:run
CVE-2024-34997 joblib:load
CVE-2025-32434 torch.jit:load
CVE-2022-45907 torch.jit.annotations:parse_type_line
CVE-2024-5480 torch.distributed.rpc:rpc_sync
CVE-2024-48063 torch.distributed.nn.api.remote_module:RemoteModule
pickle.md-7 sympy.utilities.lambdify:lambdify
pickle.md-7 torch._inductor.codecache:compile_file
pickle.md-7 typing:get_type_hints
pickle.md-7 unittest.mock:_importer
pickle.md-7 xmlrpc.server:resolve_dotted_attribute
pickle.md-7 cgitb:lookup
pickle.md-7 torch.storage:_load_from_bytes
pickle.md-7 sqlite3:connect
pickle.md-7 tempfile:NamedTemporaryFile
pickle.md-7 shelve:open
pickle.md-7 yaml:unsafe_load
pickle.md-7 pandas:read_csv
pickle.md-7 weakref:finalize
pickle.md-7 pathlib:Path.touch
pickle.md-7 picklescan.scanner:scan_file_path
`

// TestAdvisories: a call of each is high at least, an import of each is not silent,
// under the names of Python 3 and, before protocol 3, of Python 2.
func TestAdvisories(t *testing.T) {
	count := 0
	for line := range strings.Lines(strings.TrimSpace(advisories)) {
		id, pair, _ := strings.Cut(strings.TrimSpace(line), " ")
		module, name, _ := strings.Cut(pair, ":")
		count++
		for _, protocol := range []int{2, 4} {
			global := []string{fmt.Sprintf("PROTO %d", protocol)}
			if protocol == 4 {
				global = append(global, fmt.Sprintf("SHORT_BINUNICODE %q", module), fmt.Sprintf("SHORT_BINUNICODE %q", name), "STACK_GLOBAL")
			} else {
				global = append(global, "GLOBAL "+module+" "+name)
			}
			call := append(append([]string{}, global...), `BINUNICODE "`+marker+`"`, "TUPLE1", "REDUCE", "STOP")
			r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, call...))
			if err != nil || !hasGrave(r.Findings) {
				t.Errorf("%s: a call of %s at protocol %d: %+v, %v", id, pair, protocol, r.Findings, err)
			}
			r, err = scannertest.Run(Scanner{}, "model.pkl", program(t, append(global, "STOP")...))
			if err != nil || len(r.Findings) == 0 || !r.Findings[0].Severity.AtLeast(scanners.Medium) {
				t.Errorf("%s: an import of %s at protocol %d: %+v, %v", id, pair, protocol, r.Findings, err)
			}
		}
	}
	if count < 100 {
		t.Errorf("%d advisories", count)
	}
}

// popular are the names that the pickles of 1,584 popular models of the Hub import, with
// the use that they make of them (pickle.md 6.4). Names of __main__ and of embedded
// code are unknown by nature and left out.
const popular = `
persistent torch:FloatStorage torch:LongStorage torch:HalfStorage torch:BFloat16Storage torch:ByteStorage torch:BoolStorage torch:IntStorage
call collections:OrderedDict collections:defaultdict transformers.trainer_utils:SchedulerType transformers.trainer_utils:IntervalStrategy
call transformers.trainer_utils:HubStrategy transformers.trainer_utils:EvaluationStrategy transformers.training_args:OptimizerNames
call accelerate.utils.dataclasses:DistributedType torch:device torch:Size torch.torch_version:TorchVersion
call pyannote.audio.core.task:Problem pyannote.audio.core.task:Resolution
new transformers.training_args:TrainingArguments transformers.training_args_seq2seq:Seq2SeqTrainingArguments accelerate.state:PartialState
new torch.nn.modules.container:ModuleList torch.nn.modules.container:Sequential torch.nn.modules.activation:SiLU torch.nn.modules.pooling:MaxPool2d
new torch.nn.modules.conv:Conv2d torch.nn.modules.batchnorm:BatchNorm2d torch.nn.modules.upsampling:Upsample argparse:Namespace flair.data:Dictionary
new pyannote.audio.core.task:Specifications ultralytics.nn.tasks:DetectionModel ultralytics.nn.modules.conv:Conv ultralytics.nn.modules.head:Detect
new omegaconf.dictconfig:DictConfig omegaconf.listconfig:ListConfig omegaconf.nodes:AnyNode omegaconf.base:ContainerMetadata omegaconf.base:Metadata
`

var popularUses = map[string][]string{
	"persistent": {"BINUNICODE \"storage\"", "GLOBAL %s %s", `BINUNICODE "0"`, `BINUNICODE "cpu"`, "BININT1 0", "TUPLE", "BINPERSID", "STOP"},
	"call":       {"GLOBAL %s %s", "EMPTY_TUPLE", "REDUCE", "STOP"},
	"new":        {"GLOBAL %s %s", "EMPTY_TUPLE", "NEWOBJ", "EMPTY_DICT", "BUILD", "STOP"},
}

// TestPopular: what popular models do is no finding above info.
func TestPopular(t *testing.T) {
	for line := range strings.Lines(strings.TrimSpace(popular)) {
		fields := strings.Fields(line)
		for _, pair := range fields[1:] {
			module, name, _ := strings.Cut(pair, ":")
			lines := []string{"PROTO 2"}
			if fields[0] == "persistent" {
				lines = append(lines, "MARK")
			}
			for _, l := range popularUses[fields[0]] {
				if strings.Contains(l, "%s") {
					l = fmt.Sprintf(l, module, name)
				}
				if strings.HasPrefix(l, "EMPTY_TUPLE") && fields[0] == "call" {
					l = popularArgument(name)
				}
				lines = append(lines, strings.Split(l, "|")...)
			}
			r, err := scannertest.Run(Scanner{}, "model.pkl", program(t, lines...))
			for _, f := range r.Findings {
				if f.Severity.AtLeast(scanners.Low) {
					t.Errorf("%s: %+v", pair, f)
				}
			}
			if err != nil {
				t.Errorf("%s: %v", pair, err)
			}
		}
	}
}

// popularArgument is what genuine pickles give to a call.
func popularArgument(name string) string {
	switch name {
	case "OrderedDict":
		return "EMPTY_TUPLE"
	case "defaultdict":
		return "GLOBAL __builtin__ list|TUPLE1"
	case "Size":
		return "BININT1 3|TUPLE1|TUPLE1"
	}
	return `BINUNICODE "linear"|TUPLE1`
}
