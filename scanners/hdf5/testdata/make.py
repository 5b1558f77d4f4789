"""Writes small, ordinary HDF5 files with the libraries themselves.

    apt-get install python3-h5py python3-tables python3-pandas
    /usr/bin/python3 make.py        in this folder

The Keras files are written with h5py in the shape that Keras writes: Debian has
no package of Keras. A second run differs in the times that the library stores.
"""

import json

import h5py
import numpy as np
import pandas as pd
import tables

rng = np.random.default_rng(20240229)


def values(*shape):
    return rng.standard_normal(shape).astype("float32")


def open_file(name, **kw):
    return h5py.File(name, "w", track_order=False, **kw)


def dense_config():
    def layer(kind, name, **config):
        return {"class_name": kind, "config": {"name": name, "trainable": True, "dtype": "float32", **config}}
    zeros = {"class_name": "Zeros", "config": {}}
    glorot = {"class_name": "GlorotUniform", "config": {"seed": None}}
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": [
        layer("InputLayer", "input_1", batch_input_shape=[None, 4], sparse=False),
        layer("Dense", "dense", units=8, activation="relu", use_bias=True, kernel_initializer=glorot, bias_initializer=zeros),
        layer("Dropout", "dropout", rate=0.5, noise_shape=None, seed=None),
        layer("Dense", "dense_1", units=3, activation="softmax", use_bias=True, kernel_initializer=glorot, bias_initializer=zeros),
    ]}}


def keras_legacy(name, **kw):
    with open_file(name, **kw) as f:
        f.attrs["keras_version"] = "2.15.0"
        f.attrs["backend"] = "tensorflow"
        f.attrs["model_config"] = json.dumps(dense_config())
        f.attrs["training_config"] = json.dumps({"loss": "categorical_crossentropy", "metrics": ["accuracy"],
            "optimizer_config": {"class_name": "Adam", "config": {"name": "Adam", "learning_rate": 0.001}}})
        root = f.create_group("model_weights")
        root.attrs["layer_names"] = [b"input_1", b"dense", b"dropout", b"dense_1"]
        root.attrs["backend"] = b"tensorflow"
        root.attrs["keras_version"] = b"2.15.0"
        for layer, shape in [("input_1", None), ("dense", (4, 8)), ("dropout", None), ("dense_1", (8, 3))]:
            g = root.create_group(layer)
            g.attrs["weight_names"] = [] if shape is None else [f"{layer}/kernel:0".encode(), f"{layer}/bias:0".encode()]
            if shape:
                g.create_dataset(f"{layer}/kernel:0", data=values(*shape))
                g.create_dataset(f"{layer}/bias:0", data=values(shape[1]))
        opt = f.create_group("optimizer_weights")
        opt.create_dataset("Adam/iter:0", data=np.int64(7))


def keras_weights(name):
    with open_file(name) as f:
        for i, shape in enumerate([(4, 8), (8, 3)]):
            g = f.create_group(f"layers/dense{'_%d' % i if i else ''}/vars")
            g.create_dataset("0", data=values(*shape))
            g.create_dataset("1", data=values(shape[1]))
        f.create_group("layers/dropout/vars")
        f.create_group("vars")


def wide(name, **kw):
    with open_file(name, **kw) as f:
        for i in range(300):
            f.create_group("group%03d" % i).attrs["index"] = i
        one = f.create_group("attributes")
        for i in range(60):
            one.attrs["attribute number %03d" % i] = "x" * i
        if kw.get("libver"):
            one.attrs["large"] = np.arange(9000)


def chunks(name, **kw):
    with open_file(name, **kw) as f:
        f.create_dataset("single", data=values(10, 10), chunks=(10, 10))
        f.create_dataset("single filtered", data=values(10, 10), chunks=(10, 10), compression="gzip")
        f.create_dataset("fixed", data=values(40, 7), chunks=(4, 3))
        f.create_dataset("fixed filtered", data=values(40, 7), chunks=(4, 3), compression="gzip", shuffle=True, fletcher32=True)
        f.create_dataset("fixed paged", data=np.zeros(1500, "u1"), chunks=(1,))
        f.create_dataset("growing", data=values(400), chunks=(2,), maxshape=(None,))
        f.create_dataset("growing filtered", data=values(400), chunks=(4,), maxshape=(None,), compression="lzf")
        f.create_dataset("growing long", data=np.ones(3000, "u1"), chunks=(1,), maxshape=(None,))
        f.create_dataset("growing both ways", data=values(40, 40), chunks=(4, 4), maxshape=(None, None))
        f.create_dataset("growing both ways filtered", data=values(40, 40), chunks=(4, 4), maxshape=(None, None), compression="gzip")
        early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        early.set_chunk((3, 3))
        early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        h5py.h5d.create(f.id, b"implicit", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((10, 10)), early)
        compact = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        compact.set_layout(h5py.h5d.COMPACT)
        h5py.h5d.create(f.id, b"compact", h5py.h5t.NATIVE_FLOAT, h5py.h5s.create_simple((5,)), compact)
        f.create_dataset("nothing yet", shape=(10, 10), dtype="f8")
        f.create_dataset("null", data=h5py.Empty("f4"))


def types(name, **kw):
    with open_file(name, **kw) as f:
        f["scalar"] = 1.5
        f["text"] = "assay"
        f["texts"] = np.array(["a", "bc", "déf"] * 50, dtype=h5py.string_dtype())
        f["fixed texts"] = np.array([b"a", b"bc"])
        f["compound"] = np.zeros(3, dtype=[("a", "i4"), ("b", "f8", (2, 2)), ("c", "S5")])
        f["enum"] = np.zeros(3, dtype=h5py.enum_dtype({"RED": 0, "GREEN": 1}, "i1"))
        f["bool"] = np.array([True, False])
        f["complex"] = np.zeros(3, "c8")
        ragged = f.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype("i4"))
        ragged[0], ragged[1] = np.arange(3), np.arange(2)
        f["references"] = np.array([f["scalar"].ref, f["text"].ref], dtype=h5py.ref_dtype)
        f["region"] = np.array([f["texts"].regionref[2:5]], dtype=h5py.regionref_dtype)
        f["named type"] = np.dtype("f8")
        f.create_dataset("of named type", (3,), dtype=f["named type"])
        f["soft"] = h5py.SoftLink("/scalar")
        f["hard"] = f["scalar"]
        f["opaque"] = np.array([b"ab", b"cd"], dtype="V2")
        f.attrs["texts"] = ["one", "two"]
        f.attrs["numbers"] = [1, 2, 3]
        f.attrs["reference"] = f["scalar"].ref
        f.attrs.create("named", 1.0, dtype=f["named type"])
        f["scalar"].attrs["unit"] = "m"


def anndata(name):
    with open_file(name) as f:
        f.attrs["encoding-type"], f.attrs["encoding-version"] = "anndata", "0.1.0"
        x = f.create_group("X")
        x.attrs["encoding-type"], x.attrs["shape"] = "csr_matrix", [5, 4]
        x.create_dataset("data", data=values(6), compression="gzip")
        x.create_dataset("indices", data=np.arange(6, dtype="i4") % 4, compression="gzip")
        x.create_dataset("indptr", data=np.array([0, 1, 2, 4, 5, 6], "i4"))
        obs = f.create_group("obs")
        obs.attrs["column-order"] = np.array(["type"], dtype=h5py.string_dtype())
        obs.attrs["_index"] = "_index"
        obs["_index"] = np.array(["cell%d" % i for i in range(5)], dtype=h5py.string_dtype())
        kind = obs.create_group("type")
        kind["codes"], kind["categories"] = np.array([0, 1, 0, 1, 1], "i1"), np.array(["B", "T"], dtype=h5py.string_dtype())


def matlab(name):
    with open_file(name, userblock_size=512) as f:
        f.create_dataset("x", data=values(3, 3)).attrs["MATLAB_class"] = np.bytes_("double")
        refs = f.create_group("#refs#")
        refs.create_dataset("a", data=np.array([[97], [98]], "u2")).attrs["MATLAB_class"] = np.bytes_("char")
    with open(name, "r+b") as f:
        f.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Thu Feb 29 12:00:00 2024 HDF5 schema 1.00 .".ljust(116) + bytes(8) + b"\x00\x02IM")


def rewritten(name):
    with open_file(name) as f:
        for i in range(30):
            f.create_dataset("d%d" % i, data=values(20), compression="gzip", chunks=(20,))
        for i in range(0, 30, 2):
            del f["d%d" % i]
        for i in range(1, 30, 2):
            f["d%d" % i].attrs["note"] = "y" * 300
    with h5py.File(name, "r+") as f:
        f["d1"][:] = 0
        f["d3"].attrs["note"] = "z" * 3000


def virtual(name):
    with open_file(name, libver="latest") as f:
        f["source"] = np.arange(10)
        layout = h5py.VirtualLayout((10,), "i8")
        layout[2:8] = h5py.VirtualSource(".", "source", (10,))[1:7]
        f.create_virtual_dataset("view", layout)


def pytables(name):
    with tables.open_file(name, "w", title="assay") as f:
        f.root._v_attrs.list = [1, "two", 3.0]
        f.root._v_attrs.none = None
        f.create_array("/", "array", values(4, 4))
        f.create_carray("/", "packed", obj=values(40, 40), filters=tables.Filters(complevel=5, complib="blosc"), chunkshape=(10, 10))
        f.create_earray("/", "growing", obj=values(5, 2), chunkshape=(16, 2))
        f.create_vlarray("/", "ragged", tables.Int32Atom(), chunkshape=16).append([1, 2, 3])
        text = f.create_vlarray("/", "text", tables.VLUnicodeAtom(), chunkshape=16)
        text.append("assay")
        objects = f.create_vlarray("/", "objects", tables.ObjectAtom(), chunkshape=16)
        objects.append({"a": [1, 2]})
        table = f.create_table("/", "table", {"i": tables.Int32Col(), "x": tables.Float64Col(), "s": tables.StringCol(8)}, chunkshape=32)
        table.append([(i, "s%d" % i, i / 2) for i in range(20)])


def pandas_store(name):
    frame = pd.DataFrame({"a": range(20), "b": values(20), "c": ["x", "y"] * 10})
    with pd.HDFStore(name, "w") as store:
        store.put("table", frame, format="table")
        store.put("fixed", frame[["a", "b"]])
        store.put("series", frame["a"])


keras_legacy("keras_legacy.h5")
keras_legacy("keras_legacy_latest.h5", libver="latest")
keras_weights("model.weights.h5")
wide("wide.h5")
wide("wide_latest.h5", libver="latest")
chunks("chunks.h5")
chunks("chunks_latest.h5", libver="latest")
types("types.h5")
types("types_latest.h5", libver="latest")
types("types_v108.h5", libver=("v108", "v108"))
anndata("anndata.h5ad")
matlab("matlab.mat")
rewritten("rewritten.h5")
virtual("virtual.h5")
pytables("pytables.h5")
pandas_store("pandas.h5")
