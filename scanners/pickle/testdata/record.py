"""Runs pickles through the unpicklers of this Python and records what they do.

Nothing in a pickle runs: find_class returns an inert class for every name, which
records that it was called, instantiated, given a state or changed. Standard input
holds cases, each four bytes of length (little-endian) and the pickle; standard
output gets one JSON line per case: for each reader its list of events.

An audit hook ends the process, with code 3, when a load imports a module, opens a
file, starts a program or does anything else that Python announces: what is recorded
here is all that happened.
"""

import _compat_pickle  # loaded here: the audit hook forbids imports below
import copyreg
import encodings.ascii
import encodings.latin_1
import encodings.raw_unicode_escape
import encodings.utf_8
import io
import json
import os
import pickle
import resource
import struct
import sys
import warnings

warnings.simplefilter("ignore")
EXTENSION = "assay extension"
for code in list(range(1, 256)) + [700, 70000]:
    copyreg.add_extension(EXTENSION, str(code), code)

loading = False
QUIET = ("object.__getattr__", "object.__setattr__", "code.__new__", "builtins.id", "gc.", "sys._getframe", "sys.excepthook", "sys.unraisablehook", "cpython.")


def audit(event, args):
    if loading and not event.startswith(QUIET):
        os.write(2, ("a load caused %s %r\n" % (event, args)).encode())
        os._exit(3)


sys.addaudithook(audit)
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
sys.setrecursionlimit(10000)


class Meta(type):
    def __call__(cls, *args, **kwargs):
        cls.log.append(["call", cls.label, len(args)])
        return object.__new__(cls)

    def __setitem__(cls, key, item):
        cls.log.append(["method", cls.label, 0])


def inert(log, label, state="state"):
    def new(cls, *args, **kwargs):
        log.append(["call", label, len(args)])
        return object.__new__(cls)

    def record(kind):
        def method(self, *args):
            log.append([kind, label, 0])
        return method

    return Meta("Inert", (), {
        "log": log, "label": label, "__new__": new,
        "__setstate__": record(state), "append": record("method"), "extend": record("method"),
        "add": record("method"), "__setitem__": record("method"), "__call__": record("dynamic"),
        "__hash__": lambda self: id(self), "__eq__": lambda self, other: self is other,
    })


def run(unpickler, file, shared=False):
    global loading
    copyreg.clear_extension_cache()
    log, classes = [], {}

    class Recorder(unpickler):
        def find_class(self, module, name):
            label = module + "." + name
            if module == EXTENSION:
                log.append(["extension", "", 0])
                return inert(log, "", "method")
            log.append(["import", label, 0])
            if label not in classes:
                classes[label] = inert(log, label)
            return classes[label]

        def persistent_load(self, pid):
            log.append(["persistent", "", 0])
            return object.__new__(inert(log, "", "method"))

    end = "limit"
    one = Recorder(file, encoding="utf-8", errors="replace")
    loading = True
    try:
        for _ in range(5):  # a loader of several pickles: a new unpickler for each, or one that keeps its memo
            (one if shared else Recorder(file, encoding="utf-8", errors="replace")).load()
            log.append(["stop", "", 0])
    except MemoryError:
        end = "memory"
    except Exception as e:
        end = type(e).__name__ + ": " + str(e)
    finally:
        loading = False
    return {"events": log, "end": end}


def readers(data):
    yield "linear", run(pickle.Unpickler, io.BufferedReader(io.BytesIO(data), 1 << 20))
    yield "dropping", run(pickle.Unpickler, io.BytesIO(data))
    yield "mixed", run(pickle.Unpickler, io.BufferedReader(io.BytesIO(data), 16))
    yield "python", run(pickle._Unpickler, io.BytesIO(data))
    yield "shared memo", run(pickle.Unpickler, io.BytesIO(data), True)
    yield "python, shared memo", run(pickle._Unpickler, io.BytesIO(data), True)


def main():
    source = sys.stdin.buffer
    while True:
        head = source.read(4)
        if len(head) < 4:
            return
        data = source.read(struct.unpack("<I", head)[0])
        print(json.dumps(dict(readers(data))))


main()
