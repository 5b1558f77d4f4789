"""Saves small, ordinary models with the frameworks themselves.

    make fixtures          in the root of the repository

TorchScript writes the path of the source file into the archive, so the script
is compiled under its bare name in its own folder: no machine's paths get in.
Everything is seeded, and SHA256SUMS is rewritten. README.md says which files
do not come out byte-identical on a second run, and why.
"""

import array
import argparse
import collections
import datetime
import decimal
import fractions
import hashlib
import pathlib
import pickle
import platform
import random
import re
import sys
import time
import uuid

import joblib
import lz4
import numpy as np
import pandas as pd
import scipy.sparse
import torch
from sklearn.cluster import KMeans
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

import onnx_writer
import safetensors_writer

SEED = 20240229


def seed():
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)


# --- PyTorch ---------------------------------------------------------------

def network():
    return torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.BatchNorm1d(8),
        torch.nn.Dropout(0.1), torch.nn.Linear(8, 3))


class Gate(torch.nn.Module):
    """Has control flow, so that scripting and tracing differ."""

    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(4, 4)
        self.scale = 0.5

    def forward(self, x):
        if x.sum() > 0:
            return self.inner(x) * self.scale
        return x


def trained():
    """A network after one step, so that the optimizer has a state."""
    net = network()
    opt = torch.optim.AdamW(net.parameters(), lr=1e-3)
    sched = torch.optim.lr_scheduler.StepLR(opt, step_size=2)
    loss = net(torch.randn(5, 4)).square().mean()
    loss.backward()
    opt.step()
    sched.step()
    return net, opt, sched, loss


def checkpoint():
    net, opt, sched, loss = trained()
    return {
        "epoch": 3,
        "model_state_dict": net.state_dict(),
        "optimizer_state_dict": opt.state_dict(),
        "scheduler_state_dict": sched.state_dict(),
        "loss": loss.detach(),
        "best": np.float64(0.25),
        "args": argparse.Namespace(lr=1e-3, batch_size=8, data="train.csv", amp=False),
    }


def rng_state():
    """What training loops save beside a checkpoint to resume exactly."""
    return {"python": random.getstate(), "numpy": np.random.get_state(),
            "cpu": torch.random.get_rng_state()}


def dtypes():
    kinds = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64,
             torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
             torch.complex64]
    tensors = {str(k).replace("torch.", ""): torch.arange(6).reshape(2, 3).to(k) for k in kinds}
    base = torch.arange(12.0)
    tensors["view"] = base[2:8]
    tensors["transposed"] = base.reshape(3, 4).t()
    tensors["parameter"] = torch.nn.Parameter(base.clone())
    tensors["sparse"] = torch.eye(3).to_sparse()
    tensors["size"] = torch.Size([2, 3])
    tensors["dtype"] = torch.float16
    tensors["device"] = torch.device("cpu")
    tensors["quantized"] = torch.quantize_per_tensor(base, 0.1, 0, torch.qint8)
    return tensors


def pytorch(d):
    torch.save(network().state_dict(), d / "state_dict.pt")
    torch.save(network().state_dict(), d / "pytorch_model.bin")
    torch.save(network().state_dict(), d / "legacy_state_dict.pt",
               _use_new_zipfile_serialization=False)
    torch.save(network(), d / "module.pt")
    torch.save(network(), d / "legacy_module.pt", _use_new_zipfile_serialization=False)
    torch.save(trained()[1].state_dict(), d / "optimizer.pt")
    torch.save(checkpoint(), d / "checkpoint.ckpt")
    torch.save(rng_state(), d / "rng_state.pth")
    torch.save(dtypes(), d / "dtypes.pt")
    torch.save(network().state_dict(), d / "protocol4.pt", pickle_protocol=4)
    torch.save(torch.arange(10.0), d / "tensor.pt")
    torch.jit.save(torch.jit.trace(network().eval(), torch.ones(1, 4)), str(d / "traced.pt"))
    torch.jit.save(torch.jit.script(Gate()), str(d / "scripted.pt"))
    torch.jit.save(torch.jit.script(Gate()), str(d / "scripted_extra.pt"),
                   _extra_files={"labels.json": '["no", "yes"]'})


# --- scikit-learn and joblib -------------------------------------------------

def samples():
    x = np.random.randn(40, 4)
    return x, (x[:, 0] + x[:, 1] > 0).astype(int)


def estimators():
    x, y = samples()
    words = ["the cat sat", "the dog ran", "a cat ran", "a dog sat"]
    return {
        "logistic": Pipeline([("scale", StandardScaler()),
                              ("fit", LogisticRegression(random_state=SEED))]).fit(x, y),
        "forest": RandomForestClassifier(n_estimators=3, max_depth=3, random_state=SEED).fit(x, y),
        "boosting": GradientBoostingClassifier(n_estimators=2, max_depth=2,
                                               random_state=SEED).fit(x, y),
        "svm": SVC(kernel="rbf", probability=True, random_state=SEED).fit(x, y),
        "kmeans": KMeans(n_clusters=2, n_init=1, random_state=SEED).fit(x),
        "neighbors": KNeighborsClassifier(algorithm="kd_tree").fit(x, y),
        "tfidf": TfidfVectorizer(stop_words=["the"]).fit(words),
        "onehot": OneHotEncoder(handle_unknown="ignore").fit([["a", 1], ["b", 2]]),
    }


def sklearn(d):
    for name, model in estimators().items():
        for protocol in (2, 3, 4, 5) if name == "logistic" else (4,):
            (d / f"{name}-p{protocol}.pkl").write_bytes(pickle.dumps(model, protocol))


def joblib_files(d):
    model = estimators()["forest"]
    joblib.dump(model, d / "forest.joblib")
    joblib.dump(model, d / "forest-zlib3.joblib", compress=3)
    for method in ("gzip", "bz2", "xz", "lzma", "lz4"):
        joblib.dump(model, d / f"forest-{method}.joblib", compress=(method, 3))
    arrays = {"c": np.arange(12.0).reshape(3, 4), "f": np.asfortranarray(np.eye(3)),
              "text": np.array(["a", "bc"]), "objects": np.array([{"k": 1}, None], dtype=object)}
    joblib.dump(arrays, d / "arrays.joblib")
    joblib.dump(estimators()["tfidf"], d / "tfidf.pkl", protocol=2)


# --- NumPy, SciPy, pandas -----------------------------------------------------

def numpy(d):
    np.save(d / "float64.npy", np.random.randn(6, 5))
    np.save(d / "fortran.npy", np.asfortranarray(np.random.randn(6, 5).astype("f4")))
    np.save(d / "structured.npy",
            np.array([(1, 2.5, "ab")], dtype=[("id", "<i4"), ("x", "<f8"), ("name", "<U4")]))
    np.save(d / "objects.npy", np.array([{"k": [1, 2]}, "text", None, 3.5], dtype=object))
    with open(d / "version2.npy", "wb") as f:
        np.lib.format.write_array(f, np.arange(4), version=(2, 0))
    with open(d / "version3.npy", "wb") as f:
        np.lib.format.write_array(f, np.zeros(2, dtype=[("größe", "<f4")]), version=(3, 0))
    np.savez(d / "arrays.npz", w=np.random.randn(4, 3), b=np.zeros(3))
    np.savez_compressed(d / "compressed.npz", w=np.random.randn(4, 3), b=np.zeros(300))
    np.savez(d / "objects.npz", o=np.array([1, "two"], dtype=object))
    scipy.sparse.save_npz(d / "sparse.npz", scipy.sparse.eye(5, format="csr"))
    for protocol in (2, 5):
        (d / f"array-p{protocol}.pkl").write_bytes(
            pickle.dumps({"a": np.arange(5), "s": np.float32(1.5), "g": np.random.RandomState(1)
                          if protocol == 2 else np.random.default_rng(1)}, protocol))


def pandas(d):
    frame = pd.DataFrame({
        "n": [1, 2, 3], "x": [0.5, None, 2.5], "word": ["a", "b", None],
        "kind": pd.Categorical(["u", "v", "u"]),
        "day": pd.date_range("2024-02-28", periods=3),
    })
    frame.to_pickle(d / "frame.pkl")
    frame.to_pickle(d / "frame-gzip.pkl.gz", compression={"method": "gzip", "mtime": 1})
    frame.set_index(["n", "kind"])["x"].to_pickle(d / "series.pkl", protocol=4)


# --- the standard library -----------------------------------------------------

def plain_values():
    return [
        None, True, False, 0, -1, 255, 65536, 2**31, -(2**63), 2**100, 1.5, float("inf"), 1 + 2j,
        "text", "grüße\n", "x" * 300, b"bytes", b"b" * 300, bytearray(b"array"), (), (1,), (1, 2, 3),
        (1, 2, 3, 4), [], [1, [2, [3]]], {}, {"k": {"n": 1}}, {1, 2}, frozenset({3}),
        range(3), slice(1, 2),
    ]


def containers_and_times():
    shared = ["one", "object"]
    cycle = []
    cycle.append(cycle)
    return {
        "ordered": collections.OrderedDict(a=1, b=2), "counter": collections.Counter("abca"),
        "default": collections.defaultdict(list, {"k": [1]}), "deque": collections.deque([1, 2], 5),
        "decimal": decimal.Decimal("1.10"), "fraction": fractions.Fraction(1, 3),
        "date": datetime.date(2024, 2, 29),
        "time": datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.timezone.utc),
        "delta": datetime.timedelta(seconds=90), "uuid": uuid.UUID(int=1),
        "path": pathlib.PurePosixPath("weights/model.bin"), "array": array.array("d", [1.0, 2.0]),
        "pattern": re.compile(r"\w+|[^\w\s]"), "shared": [shared, shared], "cycle": cycle,
    }


def stdlib(d):
    for protocol in range(6):
        for name, values in (("values", plain_values()), ("containers", containers_and_times())):
            (d / f"{name}-p{protocol}.pkl").write_bytes(pickle.dumps(values, protocol))
    with open(d / "stream.pkl", "wb") as f:  # several pickles one after another
        for value in ({"part": 1}, ["part", 2], "part 3"):
            pickle.dump(value, f, 4)


# --- safetensors ----------------------------------------------------------------

def safetensors(d):
    write = safetensors_writer.write
    w, b = np.random.randn(8, 4).astype("<f4"), np.zeros(8, "<f4")
    write(d / "model.safetensors", {"weight": ("F32", [8, 4], w.tobytes()), "bias": ("F32", [8], b.tobytes())},
          metadata={"format": "pt"})
    write(d / "no_metadata.safetensors", {"bias": ("F32", [8], b.tobytes())})
    write(d / "dtypes.safetensors", {
        "bf16": ("BF16", [2, 2], bytes(8)), "f16": ("F16", [3], bytes(6)), "f64": ("F64", [1], bytes(8)),
        "i64": ("I64", [2], bytes(16)), "i8": ("I8", [5], bytes(5)), "u8": ("U8", [3], bytes(3)),
        "bool": ("BOOL", [4], bytes([0, 1, 1, 0])), "f8": ("F8_E4M3", [4], bytes(4)),
        "scalar": ("F32", [], bytes(4)), "empty": ("F32", [0, 4], b"")})
    write(d / "unaligned_header.safetensors", {"x": ("U8", [1], b"\1")}, align=1)
    write(d / "only_metadata.safetensors", {}, metadata={"note": "no tensors"})
    shards = {"model-00001-of-00002.safetensors": ("weight", ("F32", [8, 4], w.tobytes())),
              "model-00002-of-00002.safetensors": ("bias", ("F32", [8], b.tobytes()))}
    (d / "sharded").mkdir(exist_ok=True)
    for name, (tensor, value) in shards.items():
        write(d / "sharded" / name, {tensor: value}, metadata={"format": "pt"})
    safetensors_writer.write_index(d / "sharded" / "model.safetensors.index.json",
                                   {tensor: name for name, (tensor, _) in shards.items()},
                                   total_size=w.nbytes + b.nbytes)


# --------------------------------------------------------------------------------

def versions():
    """What saved the files, one line each."""
    import sklearn as sk
    lines = [f"python {platform.python_version()}"]
    lines += [f"{m.__name__} {m.__version__}" for m in (torch, sk, joblib, np, scipy, pd, lz4, onnx_writer.onnx)]
    return "\n".join(lines) + "\n"


MAKERS = {"pytorch": pytorch, "sklearn": sklearn, "joblib": joblib_files, "numpy": numpy,
          "pandas": pandas, "stdlib": stdlib, "safetensors": safetensors,
          "onnx": onnx_writer.files}


def main():
    if "__file__" in globals():
        sys.exit("run `make fixtures`: started as a file, this would write its own path into the models")
    out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    time.time = lambda: 1.0  # gzip headers hold the time of writing
    for name, make in MAKERS.items():
        folder = out / name
        folder.mkdir(parents=True, exist_ok=True)
        seed()
        make(folder)
    (out / "VERSIONS").write_text(versions())
    sums = []
    for name in MAKERS:
        for path in sorted(p for p in (out / name).rglob("*") if p.is_file()):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            sums.append(f"{digest}  {path.relative_to(out).as_posix()}\n")
    (out / "SHA256SUMS").write_text("".join(sorted(sums, key=lambda line: line[66:])))


if __name__ == "__main__":
    main()
