"""Writes parameters as flax.serialization.to_bytes packs them.

    apt-get install python3-msgpack python3-numpy
    /usr/bin/python3 make.py        in this folder

Debian has no package of Flax; the packing is that of flax/serialization.py.
"""

import msgpack
import numpy as np

rng = np.random.default_rng(20240229)


def array(x):
    return msgpack.packb((x.shape, x.dtype.name, x.tobytes("C")), use_bin_type=True)


def pack(x):
    if isinstance(x, np.ndarray):
        return msgpack.ExtType(1, array(x))
    if isinstance(x, complex):
        return msgpack.ExtType(2, msgpack.packb((x.real, x.imag)))
    if np.issctype(type(x)):
        return msgpack.ExtType(3, array(np.asarray(x)))
    raise TypeError(type(x))


def save(name, tree):
    with open(name, "wb") as f:
        f.write(msgpack.packb(tree, default=pack, strict_types=True))


def values(*shape):
    return rng.standard_normal(shape).astype("float32")


save("flax_model.msgpack", {"params": {"encoder": {"kernel": values(4, 8), "bias": values(8)}, "logits": {"kernel": values(8, 3)}}})
save("state.msgpack", {
    "step": np.int32(7), "rate": 0.5, "note": None, "flag": True, "phase": 1 + 2j, "names": {"0": "a", "1": "b"}, "empty": {},
    "big": {"__msgpack_chunked_array__": True, "shape": {"0": 2, "1": 6}, "chunks": {"0": values(6), "1": values(6)}},
    "ints": np.arange(20, dtype="int8"), "scalar": np.zeros((), "float64"), "none": np.zeros((0, 3), "float16"), "wide": {"k%02d" % i: i - 200 for i in range(20)}})
