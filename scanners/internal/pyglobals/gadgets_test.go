package pyglobals

import (
	"strings"
	"testing"
)

// gadgets are names that advisories and papers describe (pickle.md 7 and 9), by
// what each of them does. None may be allowed, and each must be named for it.
var gadgets = map[Capability]string{
	Exec: `builtins:eval builtins:exec builtins:execfile builtins:apply code:InteractiveInterpreter
code:InteractiveConsole code:interact code:InteractiveInterpreter.runcode codeop:compile_command timeit:timeit cProfile:run cProfile:runctx profile:run
profile:Profile.runctx bdb:Bdb.run pdb:run trace:Trace.run doctest:debug_script
numpy.testing._private.utils:runstring numpy.f2py.crackfortran:getlincoef numpy.f2py.crackfortran:_eval_length
numpy.f2py.crackfortran:myeval numpy.f2py.crackfortran:param_eval numpy.f2py.capi_maps:getinit idlelib.autocomplete:AutoComplete.get_entity
idlelib.calltip:get_entity idlelib.debugobj:ObjectTreeItem.SetText idlelib.pyshell:ModifiedInterpreter.runcode idlelib.run:Executive.runcode
lib2to3.pgen2.grammar:Grammar.loads lib2to3.pgen2.pgen:ParserGenerator.make_label lib2to3.fixer_util:attr_chain
sympy.utilities.lambdify:lambdify torch.jit.unsupported_tensor_ops:execWrapper
torch.fx.experimental.symbolic_shapes:ShapeEnv.evaluate_guards_expression torch._dynamo.guards:GuardBuilder.get
torch._inductor.codecache:compile_file torch.utils.bottleneck.__main__:run_cprofile torch.utils.bottleneck.__main__:run_autograd_prof
_pydev_execfile:execfile runpy:_run_code runpy:run_path torch.fx.graph_module:reduce_graph_module
scipy.stats._distn_infrastructure:rv_continuous pandas:eval dataclasses:_create_fn`,
	Process: `os:system os:popen os:execv os:spawnl os:startfile posix:system nt:system subprocess:Popen subprocess:check_output
commands:getoutput pty:spawn _posixsubprocess:fork_exec asyncio.unix_events:_UnixSubprocessTransport._start
multiprocessing.util:spawnv_passfds uuid:_get_command_stdout imaplib:IMAP4_stream _osx_support:_read_output
_aix_support:_read_cmd_output _pyrepl.pager:pipe_pager mailcap:findmatch webbrowser:open torch.utils.collect_env:run
platform:popen pexpect:run psutil:Popen threading:Thread signal:signal`,
	Import: `builtins:__import__ importlib:import_module importlib._bootstrap:_load pkgutil:resolve_name pydoc:locate
imp:load_source site:addsitedir pip:main pip._internal:main pip._vendor.distlib.scripts:ScriptMaker ensurepip:_run_pip
venv:create zipimport:zipimporter`,
	Attr: `builtins:getattr builtins:setattr operator:attrgetter operator:methodcaller operator:itemgetter _operator:attrgetter
inspect:getattr_static cgitb:lookup gc:get_objects copyreg:add_extension numpy:__builtins__`,
	Code:   `builtins:compile types:CodeType types:FunctionType marshal:loads cloudpickle.cloudpickle:_make_function dill._dill:_create_function`,
	Load:   `pickle:loads _pickle:loads cPickle:loads joblib:load torch:load torch.serialization:load torch.hub:load pandas:read_pickle numpy:load dill:loads cloudpickle:loads shelve:open yaml:load torch.utils._config_module:ConfigModule.load_config torch.utils.data.datapipes.utils.decoder:basichandlers torch.jit:load`,
	Write:  `pathlib:Path.touch pathlib:Path.write_text logging:FileHandler _io:FileIO io:open codecs:open tempfile:NamedTemporaryFile shutil:rmtree sqlite3:connect builtins:open`,
	Read:   `linecache:getlines fileinput:input glob:glob numpy.lib.npyio:loadtxt pandas:read_csv`,
	Net:    `http.client:HTTPSConnection httplib:HTTPConnection urllib.request:urlopen urllib2:urlopen requests:get requests.api:get aiohttp:ClientSession socket:socket ssl:get_server_certificate ftplib:FTP telnetlib:Telnet smtplib:SMTP`,
	Native: `ctypes:CDLL _ctypes:dlopen cffi:FFI torch.ops:load_library msvcrt:open_osfhandle winreg:CreateKey`,
	Tamper: `picklescan.scanner:scan_pickle_bytes modelscan:ModelScan fickling.fickle:Pickled saferpickle:scan modelaudit:cli`,
	Proxy:  `builtins:map builtins:filter functools:reduce itertools:starmap builtins:sorted builtins:iter weakref:finalize`,
}

func TestGadgets(t *testing.T) {
	for want, list := range gadgets {
		for pair := range strings.FieldsSeq(list) {
			module, name, _ := strings.Cut(pair, ":")
			d, ok := Classify(module, name)
			if !ok || want != Proxy && d.Caps.Indirect() {
				t.Errorf("%s: %v, want %v", pair, d.Caps, want)
			}
			if e := Lookup(module, name); e != nil && e.Shape == ShapeAny {
				t.Errorf("%s is allowed by %s", pair, e.Profile)
			}
		}
	}
}

// TestStandardLibrary: every module of the standard library that can do more than
// hold data is in the table.
func TestStandardLibrary(t *testing.T) {
	harmless := `__future__ _blake2 _codecs _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _collections
_collections_abc _crypt _csv _datetime _decimal _hashlib _locale _markupbase _md5 _multibytecodec _pydecimal _random _sha1 _sha256 _sha3
_sha512 _statistics _string _strptime _struct _symtable _tokenize _typing _uuid _weakrefset array base64 binascii calendar cmath
colorsys datetime decimal encodings errno fractions getopt hmac html ipaddress keyword math numbers optparse random secrets shlex
sre_compile sre_constants sre_parse stringprep struct textwrap this token unicodedata zlib abc _abc _py_abc statistics string enum
graphlib json _json email chunk stat _stat quopri uu reprlib pprint hashlib`
	known := make(map[string]bool)
	for m := range strings.FieldsSeq(harmless) {
		known[m] = true
	}
	for m := range strings.FieldsSeq(standardModules) {
		if tables().danger[m] == nil && !known[m] {
			t.Errorf("%s: neither in danger.txt nor known to be harmless", m)
		}
	}
}

// standardModules are sys.stdlib_module_names of CPython 3.11.
const standardModules = `__future__ _abc _aix_support _ast _asyncio _bisect _blake2 _bootsubprocess _bz2 _codecs _codecs_cn _codecs_hk
_codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _collections _collections_abc _compat_pickle _compression _contextvars _crypt _csv
_ctypes _curses _curses_panel _datetime _dbm _decimal _elementtree _frozen_importlib _frozen_importlib_external _functools _gdbm
_hashlib _heapq _imp _io _json _locale _lsprof _lzma _markupbase _md5 _msi _multibytecodec _multiprocessing _opcode _operator
_osx_support _overlapped _pickle _posixshmem _posixsubprocess _py_abc _pydecimal _pyio _queue _random _scproxy _sha1 _sha256 _sha3
_sha512 _signal _sitebuiltins _socket _sqlite3 _sre _ssl _stat _statistics _string _strptime _struct _symtable _thread
_threading_local _tkinter _tokenize _tracemalloc _typing _uuid _warnings _weakref _weakrefset _winapi _zoneinfo abc aifc antigravity
argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect builtins bz2 cProfile calendar cgi cgitb chunk
cmath cmd code codecs codeop collections colorsys compileall concurrent configparser contextlib contextvars copy copyreg crypt csv
ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl
filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac
html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma
mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers
opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint
profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy
sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile
sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile
telnetlib tempfile termios textwrap this threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle
turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml
xmlrpc zipapp zipfile zipimport zlib zoneinfo`
