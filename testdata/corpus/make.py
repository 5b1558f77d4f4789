"""Saves ordinary models in every way that people save them, to see that none of
them is refused.

    python3 - DIRECTORY [GROUP ...] < make.py

All estimators of scikit-learn, every compressor, protocol and array layout of
joblib, the types of NumPy, SciPy, pandas and the standard library under every
protocol, modules, optimizers and schedulers of PyTorch in its zip, legacy,
TorchScript and package formats. The script is read from standard input so that
no machine's path gets into a file. Writes VERSIONS and SHA256SUMS beside the files.
"""

import argparse
import array
import collections
import copy
import datetime
import decimal
import enum
import fractions
import functools
import gzip
import hashlib
import io
import ipaddress
import logging
import lzma
import os
import pathlib
import pickle
import platform
import random
import re
import sys
import time
import types
import uuid
import warnings
import zlib
import zoneinfo

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")

import joblib
import numpy as np

PROTOCOLS = range(6)
SEED = 20240229


def save(path, value, protocol):
    path.write_bytes(pickle.dumps(value, protocol))


def every_protocol(d, values, protocols=PROTOCOLS):
    for name, value in values.items():
        for protocol in protocols:
            try:
                data = pickle.dumps(value, protocol)
            except (TypeError, pickle.PicklingError, AttributeError):
                continue  # some types need protocol 2
            (d / f"{name}-p{protocol}.pkl").write_bytes(data)


# --- the standard library -----------------------------------------------------

def stdlib_values():
    shared = ["one", "object"]
    cycle = []
    cycle.append(cycle)
    when = datetime.datetime(2024, 2, 29, 12, 0)
    return {
        "numbers": [None, True, False, 0, -1, 255, 65536, 2**31, -(2**63), 2**100, 1.5, float("inf"), float("nan"), 1 + 2j],
        "texts": ["text", "grüße\n", "x" * 300, "\ud800"[:0], b"bytes", b"b" * 300, bytes(range(256)), bytearray(b"array")],
        "containers": [(), (1,), (1, 2, 3), (1, 2, 3, 4), [], [1, [2, [3]]], {}, {"k": {"n": 1}}, {1, 2}, frozenset({3})],
        "ranges": [range(3), slice(1, 2), Ellipsis, NotImplemented, type(None)],
        "collections": [collections.OrderedDict(a=1, b=2), collections.Counter("abca"), collections.deque([1, 2], 5),
                        collections.defaultdict(list, {"k": [1]}), collections.defaultdict(functools.partial(dict, a=1)),
                        collections.UserDict(a=1), collections.UserList([1]), collections.ChainMap({"a": 1}, {"b": 2})],
        "decimals": [decimal.Decimal("1.10"), fractions.Fraction(1, 3)],
        "times": [datetime.date(2024, 2, 29), datetime.time(1, 2, 3), when, when.replace(tzinfo=datetime.timezone.utc),
                  datetime.timedelta(seconds=90), datetime.timezone(datetime.timedelta(hours=1)), time.struct_time(range(9))],
        "zone": when.replace(tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        "uuid": uuid.UUID(int=1), "paths": [pathlib.PurePosixPath("weights/model.bin"), pathlib.PureWindowsPath("a/b"), pathlib.Path("c")],
        "array": [array.array("d", [1.0, 2.0]), array.array("b", [1]), array.array("u", "ab")],
        "pattern": [re.compile(r"\w+|[^\w\s]"), re.compile(b"a+", re.I)],
        "addresses": [ipaddress.ip_address("10.0.0.1"), ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_interface("::1/64")],
        "namespaces": [argparse.Namespace(lr=1e-3, layers=[1, 2]), types.SimpleNamespace(a=1)],
        "exceptions": [ValueError("bad", 1), KeyError("k"), OSError(2, "no"), StopIteration()],
        "buffers": [io.BytesIO(b"bytes"), io.StringIO("text")], "random": random.Random(1), "logger": logging.getLogger("train"),
        "partial": functools.partial(int, base=2), "types": [int, str, dict, list, object, len, max, sum],
        "iterators": [iter([1, 2]), iter((1,)), reversed([1])], "shared": [shared, shared], "cycle": cycle,
        "methods": [str.upper, str.lower, str.split],
    }


def stdlib(d):
    every_protocol(d, stdlib_values())
    with open(d / "stream.pkl", "wb") as f:  # several pickles one after another
        for value in ({"part": 1}, ["part", 2], "part 3"):
            pickle.dump(value, f, 4)
    out = io.BytesIO()
    pickler = pickle._Pickler(out, 4)  # the Python implementation
    pickler.dump(stdlib_values()["collections"])
    (d / "pure-python-p4.pkl").write_bytes(out.getvalue())
    out = io.BytesIO()
    pickler = pickle.Pickler(out, 2)
    pickler.fast = True  # no memo
    pickler.dump({"a": [1, 2, 3], "b": ("x", b"y")})
    (d / "fast-p2.pkl").write_bytes(out.getvalue())


# --- NumPy and SciPy -------------------------------------------------------------

def numpy_values():
    rng = np.random.default_rng(1)
    kinds = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16", ">f4", "S3", "U4", "V8", "M8[D]", "m8[s]"]
    table = np.zeros(3, dtype=[("id", "i4"), ("x", "f8", (2,)), ("name", "U5")])
    return {
        "kinds": {k: np.zeros(3, dtype="S8").view("S8").astype(k) if k in ("S3", "U4") else np.zeros(3, dtype=k) for k in kinds},
        "orders": [rng.standard_normal((3, 4)), np.asfortranarray(rng.standard_normal((3, 4))), rng.standard_normal((4, 4))[::2, ::2], np.array(5.0), np.zeros((0, 3))],
        "scalars": [np.float32(1), np.int64(3), np.bool_(True), np.datetime64("2020"), np.str_("a"), np.bytes_(b"b"), np.complex64(1j), np.float16(1)],
        "structured": [table, table[0], np.rec.array([(1, "a")], dtype=[("a", "i4"), ("b", "U5")]), table.dtype],
        "objects": np.array([{"k": [1]}, "text", None, 3.5], dtype=object), "masked": [np.ma.array([1, 2], mask=[0, 1]), np.ma.masked],
        "matrix": np.matrix([[1, 2]]), "random": [np.random.RandomState(1), rng, np.random.Generator(np.random.Philox(1)), np.random.MT19937(1), np.random.SeedSequence(1)],
        "polynomials": [np.polynomial.Polynomial([1, 2]), np.polynomial.Chebyshev([1, 2]), np.poly1d([1, 2])],
        "dtypes": [np.dtype("f4"), np.dtype(("i4", (2,))), np.dtype({"names": ["a"], "formats": ["i4"], "itemsize": 8})],
        "functions": [np.exp, np.mean, np.add, np.log1p, functools.partial(np.mean, axis=0)], "types": [np.float32, np.int64, np.ndarray],
    }


def numpy(d):
    values = numpy_values()
    every_protocol(d, values)
    for name, a in values["kinds"].items():
        np.save(d / f"kind-{name.strip('>?').replace('[', '').replace(']', '')}{'-big' if '>' in name else ''}.npy", a)
    for i, a in enumerate(values["orders"]):
        np.save(d / f"order-{i}.npy", a)
    np.save(d / "structured.npy", values["structured"][0])
    np.save(d / "objects.npy", values["objects"])
    for version in ((1, 0), (2, 0), (3, 0)):
        with open(d / f"version{version[0]}.npy", "wb") as f:
            np.lib.format.write_array(f, np.arange(4), version=version)
    np.savez(d / "arrays.npz", w=values["orders"][0], b=np.zeros(3))
    np.savez_compressed(d / "compressed.npz", w=values["orders"][0], o=values["objects"])
    with open(d / "stacked.npy", "wb") as f:
        np.save(f, np.arange(3))
        np.save(f, np.arange(4.0))
    np.array([1, 2, 3]).dump(d / "dumped.pkl")


def scipy(d):
    import scipy.interpolate
    import scipy.optimize
    import scipy.sparse
    import scipy.spatial
    import scipy.spatial.distance
    import scipy.stats
    dense = np.eye(4) + np.diag(np.arange(3.0), 1)
    values = {kind: getattr(scipy.sparse, f"{kind}_matrix")(dense) for kind in ("csr", "csc", "coo", "lil", "dok", "dia", "bsr")}
    values["arrays"] = [scipy.sparse.csr_array(dense), scipy.sparse.coo_array(dense)]
    x = np.arange(6.0)
    values["interpolators"] = [scipy.interpolate.interp1d(x, x**2), scipy.interpolate.CubicSpline(x, x**2), scipy.interpolate.make_interp_spline(x, x**2),
                               scipy.interpolate.PchipInterpolator(x, x), scipy.interpolate.UnivariateSpline(x, x**2)]
    values["spatial"] = [scipy.spatial.cKDTree(dense), scipy.spatial.KDTree(dense), scipy.spatial.transform.Rotation.identity()]
    values["optimize"] = [scipy.optimize.OptimizeResult(x=x, success=True), scipy.optimize.Bounds([0], [1])]
    values["distributions"] = [scipy.stats.norm(0, 1), scipy.stats.beta(2, 3), scipy.stats.randint(1, 5), scipy.stats.loguniform(0.1, 10), scipy.stats.gaussian_kde(x)]
    values["functions"] = [scipy.spatial.distance.cosine, scipy.special.expit]
    every_protocol(d, values)
    for kind in ("csr", "csc", "coo", "dia", "bsr"):
        scipy_sparse_save(d / f"{kind}.npz", values[kind])


def scipy_sparse_save(path, value):
    import scipy.sparse
    scipy.sparse.save_npz(path, value)


# --- pandas ---------------------------------------------------------------------

def pandas(d):
    import pandas as pd
    frame = pd.DataFrame({
        "n": [1, 2, 3], "x": [0.5, None, 2.5], "word": ["a", "b", None], "kind": pd.Categorical(["u", "v", "u"], ordered=True),
        "day": pd.date_range("2024-02-28", periods=3), "zone": pd.date_range("2024-02-28", periods=3, tz="Europe/Berlin"),
        "int": pd.array([1, None, 3], dtype="Int64"), "bool": pd.array([True, None, False], dtype="boolean"),
        "string": pd.array(["a", None, "b"], dtype="string"), "period": pd.period_range("2024", periods=3, freq="M"),
        "span": pd.interval_range(0, 3), "delta": pd.to_timedelta([1, 2, 3], unit="h"),
    })
    values = {
        "frame": frame, "indexed": frame.set_index(["n", "word"]), "series": frame["x"], "empty": pd.DataFrame(),
        "columns": pd.DataFrame(np.eye(2), columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])),
        "indexes": [pd.RangeIndex(3), pd.Index([1, 2]), pd.Index(["a"]), pd.CategoricalIndex(["a", "b"]), pd.DatetimeIndex(["2020-01-01"]),
                    pd.PeriodIndex(["2020-01"], freq="M"), pd.IntervalIndex.from_breaks([0, 1]), pd.TimedeltaIndex([1]), pd.Index([1.5])],
        "scalars": [pd.Timestamp("2020"), pd.Timestamp("2020", tz="UTC"), pd.Timedelta("1h"), pd.Period("2020-01"), pd.NaT, pd.NA, pd.Interval(0, 1)],
        "sparse": pd.DataFrame(np.eye(3)).astype(pd.SparseDtype(float, 0)), "offsets": [pd.offsets.Day(1), pd.offsets.MonthEnd(1), pd.offsets.BusinessDay()],
        "dtypes": [frame[c].dtype for c in frame],
    }
    every_protocol(d, values)
    for suffix, compression in ((".gz", {"method": "gzip", "mtime": 1}), (".bz2", "bz2"), (".xz", "xz")):
        frame.to_pickle(d / f"frame.pkl{suffix}", compression=compression)


# --- scikit-learn and joblib -------------------------------------------------------

def data():
    rng = np.random.RandomState(0)
    x = rng.rand(30, 4)
    return x, (x[:, 0] > 0.5).astype(int)


def fitted():
    """Every estimator that can be fitted to one of a few small data sets."""
    from sklearn.utils import all_estimators
    from sklearn.utils.estimator_checks import _construct_instance
    x, y = data()
    texts = ["the cat sat", "the dog ran", "a cat ran", "a dog sat"] * 8
    inputs = ((x, y), (x, x[:, 1]), (np.abs(np.round(x * 3)), y), (x, np.c_[y, 1 - y]), (x[:, 0], x[:, 1]), (texts[:30], y), ([{"a": 1.0, "b": "u"}] * 30, y))
    for name, kind in all_estimators():
        try:
            model = _construct_instance(kind)
        except Exception:  # abstract, or wants arguments that only its user knows
            continue
        for parameter, value in (("random_state", 0), ("n_jobs", 1), ("n_init", 1), ("max_iter", 5), ("n_estimators", 2)):
            if parameter in model.get_params(deep=False):
                model.set_params(**{parameter: value})
        for features, target in inputs:
            try:
                yield name, copy.deepcopy(model).fit(features, target)
                break
            except Exception:
                continue


def sklearn(d):
    from sklearn.pipeline import FeatureUnion, make_pipeline
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels
    from sklearn.linear_model import LogisticRegression, Ridge
    from scipy.stats import loguniform
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, StratifiedKFold
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
    x, y = data()
    models = dict(fitted())
    logistic = LogisticRegression(random_state=0)
    models["pipeline"] = make_pipeline(StandardScaler(), FunctionTransformer(np.exp), logistic).fit(x, y)
    models["columns"] = ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", OneHotEncoder(handle_unknown="ignore"), [2])]).fit(np.round(x * 3), y)
    models["union"] = FeatureUnion([("a", StandardScaler()), ("b", StandardScaler())]).fit(x, y)
    models["search"] = GridSearchCV(RandomForestClassifier(n_estimators=2, random_state=0), {"max_depth": [1, 2]}, cv=StratifiedKFold(2)).fit(x, y)
    models["random"] = RandomizedSearchCV(logistic, {"C": loguniform(0.1, 10)}, n_iter=2, cv=2, random_state=0).fit(x, y)
    models["text"] = TfidfVectorizer(preprocessor=str.lower, tokenizer=str.split, token_pattern=None).fit(["a cat", "a dog"])
    models["voting"] = VotingClassifier([("a", logistic), ("b", RandomForestClassifier(n_estimators=2, random_state=0))]).fit(x, y)
    models["stacking"] = StackingClassifier([("a", logistic)], cv=2).fit(x, y)
    models["target"] = TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1).fit(x, x[:, 1])
    models["kernels"] = GaussianProcessRegressor(kernels.RBF() * kernels.ConstantKernel() + kernels.WhiteKernel()).fit(x, x[:, 1])
    for i, (name, model) in enumerate(sorted(models.items())):
        save(d / f"{name}-p{2 + i % 4}.pkl", model, 2 + i % 4)
        joblib.dump(model, d / f"{name}.joblib", compress=(0, 1, ("gzip", 3), 0)[i % 4])


def joblib_files(d):
    from sklearn.ensemble import RandomForestClassifier
    x, y = data()
    model = RandomForestClassifier(n_estimators=2, max_depth=2, random_state=0).fit(x, y)
    arrays = {"c": np.arange(12.0).reshape(3, 4), "f": np.asfortranarray(np.eye(3)), "strided": np.eye(6)[::2, ::3], "text": np.array(["a", "bc"]),
              "objects": np.array([{"k": np.arange(3)}, None], dtype=object), "scalar": np.array(5), "empty": np.zeros((0, 2)), "matrix": np.matrix([[1]]),
              "table": np.zeros(2, dtype=[("a", "i4"), ("b", "U3")]), "day": np.array(["2020"], dtype="M8[D]"), "masked": np.ma.array([1, 2], mask=[0, 1])}
    for protocol in (2, 3, 4, 5):
        joblib.dump(model, d / f"model-p{protocol}.joblib", protocol=protocol)
        joblib.dump(arrays, d / f"arrays-p{protocol}.joblib", protocol=protocol)
        for method in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4"):
            joblib.dump(arrays, d / f"arrays-{method}-p{protocol}.joblib", compress=(method, 3), protocol=protocol)
    for level in (1, 6, 9):
        joblib.dump(model, d / f"model-level{level}.joblib", compress=level)
    for n in range(0, 17, 3):  # the padding before an array depends on where it begins
        joblib.dump(["x" * n, np.arange(5.0)], d / f"aligned-{n}.joblib")
    big = np.arange(3000.0)
    big.tofile(d / "mapped.tmp")
    mapped = np.memmap(d / "mapped.tmp", dtype="f8", mode="r", shape=(3000,))
    joblib.dump({"map": mapped, "part": mapped[10:20]}, d / "memmap.joblib")
    joblib.dump({"map": mapped}, d / "memmap-zlib.joblib", compress=3)
    joblib.dump(joblib.load(d / "arrays-p4.joblib", mmap_mode="r"), d / "mapped-again.joblib")
    (d / "mapped.tmp").unlink()
    with open(d / "fileobject.joblib", "wb") as f:
        joblib.dump(arrays, f)
    with gzip.GzipFile(d / "gzipfile.joblib", "wb", mtime=1) as f:
        joblib.dump(arrays, f)
    out = io.BytesIO()
    joblib.dump(arrays, out)
    (d / "packed.joblib.xz").write_bytes(lzma.compress(out.getvalue()))
    (d / "packed.joblib.z").write_bytes(zlib.compress(out.getvalue()))


# --- PyTorch ---------------------------------------------------------------------

def torch_files(d):
    import torch
    torch.manual_seed(SEED)
    nn = torch.nn
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4, 2), nn.LSTM(3, 3), nn.Transformer(8, 2, 1, 1, 16),
                        nn.Embedding(4, 3), nn.GELU(), nn.LayerNorm(3), nn.MultiheadAttention(4, 2), nn.ModuleList([nn.Linear(1, 1)]), nn.ModuleDict({"a": nn.Tanh()}))
    base = torch.arange(12.0)
    kinds = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool, torch.complex64, torch.complex128]
    values = {
        "state": net.state_dict(), "module": net, "tensor": base, "kinds": {str(k): torch.arange(6).to(k) for k in kinds},
        "views": [base[2:8], base.reshape(3, 4).t(), base.expand(2, 12), base[0], torch.zeros(0, 3)], "parameter": nn.Parameter(base.clone()),
        "sparse": [torch.eye(3).to_sparse(), torch.eye(3).to_sparse_csr()], "quantized": [torch.quantize_per_tensor(base, 0.1, 0, torch.qint8), torch.quantize_per_channel(torch.eye(2), torch.ones(2), torch.zeros(2), 0, torch.qint8)],
        "values": [torch.Size([2, 3]), torch.float16, torch.device("cpu")], "random": torch.random.get_rng_state(),
        "list": nn.ParameterList([nn.Parameter(base.clone())]), "normed": nn.utils.weight_norm(nn.Linear(2, 2)), "functions": [torch.relu, nn.functional.gelu],
        "quantizable": torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(2, 2)), {nn.Linear}, dtype=torch.qint8).state_dict(),
        "distribution": torch.distributions.Normal(0.0, 1.0), "checkpoint": {"epoch": 3, "args": argparse.Namespace(lr=1e-3), "best": np.float64(0.25), "version": torch.__version__},
    }
    for name in ("Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop", "SGD"):
        linear = nn.Linear(2, 2)
        optimizer = getattr(torch.optim, name)(linear.parameters(), lr=0.1)
        linear(torch.ones(1, 2)).sum().backward()
        optimizer.step()
        values[f"optimizer-{name}"] = optimizer.state_dict()
        values[f"whole-{name}"] = optimizer
    schedulers = torch.optim.lr_scheduler
    for scheduler in (schedulers.StepLR(optimizer, 2), schedulers.CosineAnnealingLR(optimizer, 5), schedulers.ReduceLROnPlateau(optimizer), schedulers.OneCycleLR(optimizer, 1.0, 10)):
        values[f"scheduler-{type(scheduler).__name__}"] = scheduler.state_dict()
    for name, value in values.items():
        torch.save(value, d / f"{name}.pt")
        torch.save(value, d / f"{name}-legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(values["state"], d / "protocol4.pt", pickle_protocol=4)
    every_protocol(d, {"pickled": {"tensor": base, "parameter": values["parameter"]}}, (2, 4, 5))
    small = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)).eval()
    torch.jit.save(torch.jit.trace(small, torch.ones(1, 4)), str(d / "traced.pt"))
    torch.jit.save(torch.jit.script(small), str(d / "scripted.pt"), _extra_files={"labels.json": '["no", "yes"]'})
    torch.jit.save(torch.jit.freeze(torch.jit.script(small)), str(d / "frozen.pt"))
    # Operators of version 7 and later: the archive is then marked by .data/version.
    newer = nn.Sequential(nn.Linear(2, 2), nn.GELU(), nn.LayerNorm(2)).eval()
    torch.jit.save(torch.jit.script(newer), str(d / "scripted-newer.pt"))
    torch.jit.save(torch.jit.trace(newer, torch.ones(1, 2)), str(d / "traced-newer.pt"))
    from torch import package
    with package.PackageExporter(d / "package.pt") as e:
        e.extern("**")
        e.save_pickle("model", "model.pkl", small)
        e.save_text("model", "notes.txt", "a note")
    joblib.dump(values["state"], d / "state.joblib")


# --------------------------------------------------------------------------------

MAKERS = {"stdlib": stdlib, "numpy": numpy, "scipy": scipy, "pandas": pandas, "joblib": joblib_files, "sklearn": sklearn, "torch": torch_files}


def versions(groups):
    import importlib
    names = ["numpy", "joblib"] + [g for g in groups if g in ("scipy", "pandas", "sklearn", "torch")]
    return "".join([f"python {platform.python_version()}\n"] + [f"{n} {importlib.import_module(n).__version__}\n" for n in names])


def main():
    warnings.simplefilter("ignore")
    out = pathlib.Path(sys.argv[1])
    groups = sys.argv[2:] or list(MAKERS)
    time.time = lambda: 1.0  # gzip headers hold the time of writing
    for name in groups:
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        random.seed(SEED)
        np.random.seed(SEED)
        MAKERS[name](folder)
    (out / "VERSIONS").write_text(versions(groups))
    sums = []
    for path in sorted(p for name in groups for p in (out / name).rglob("*") if p.is_file()):
        sums.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(out).as_posix()}\n")
    (out / "SHA256SUMS").write_text("".join(sums))


main()
