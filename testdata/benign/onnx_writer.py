"""Saves ONNX models: exported by PyTorch, and built with the reference library."""

import zipfile

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper


class Attention(torch.nn.Module):
    """A block of a transformer, so that the graph has shapes that it computes."""

    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(16, 8)
        self.qkv = torch.nn.Linear(8, 24)
        self.norm = torch.nn.LayerNorm(8)

    def forward(self, ids, mask):
        x = self.embed(ids)
        q, k, v = self.qkv(x).chunk(3, -1)
        scores = q @ k.transpose(-1, -2) / 8 ** 0.5
        scores = scores.masked_fill(mask.unsqueeze(1) == 0, float("-inf"))
        return self.norm(x + scores.softmax(-1) @ v)


class Loop(torch.nn.Module):
    def forward(self, x, n):
        for _ in range(int(n)):
            if x.sum() > 0:
                x = x * 2
            else:
                x = x - 1
        return x


def exported(folder):
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 2))
    torch.onnx.export(net.eval(), torch.zeros(1, 3, 8, 8), folder / "conv.onnx", input_names=["image"], output_names=["logits"])
    ids, mask = torch.zeros(2, 5, dtype=torch.long), torch.ones(2, 5, dtype=torch.long)
    torch.onnx.export(Attention().eval(), (ids, mask), folder / "attention.onnx", opset_version=14, input_names=["ids", "mask"],
                      dynamic_axes={"ids": {0: "batch", 1: "sequence"}, "mask": {0: "batch", 1: "sequence"}})
    torch.onnx.export(torch.nn.LSTM(3, 4), torch.zeros(2, 1, 3), folder / "lstm.onnx")
    torch.onnx.export(torch.jit.script(Loop()), (torch.ones(2), torch.tensor(3)), folder / "loop.onnx", opset_version=15)


def floats(name, dims):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)


def weights(*shape):
    return np.float32(np.random.randn(*shape))


def model(nodes, inputs, outputs, initializers=(), opsets=(("", 17),), **kwargs):
    graph = helper.make_graph(nodes, "graph", inputs, outputs, [numpy_helper.from_array(v, k) for k, v in initializers])
    return helper.make_model(graph, producer_name="assay-fixtures", opset_imports=[helper.make_opsetid(d, v) for d, v in opsets], **kwargs)


def built(folder):
    ends = [floats("x", [1, 4])], [floats("y", [1, 2])]
    dense = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Add", ["h", "b"], ["y"])]
    plain = model(dense, *ends, [("w", weights(4, 2)), ("b", weights(2))])
    helper.set_model_props(plain, {"author": "assay", "license": "Apache-2.0 (https://www.apache.org/licenses/)", "names": "{0: 'cat', 1: 'dog'}"})
    onnx.save(plain, folder / "dense.onnx")

    tree = helper.make_node("TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", n_targets=1, nodes_treeids=[0], nodes_nodeids=[0],
                            nodes_featureids=[0], nodes_modes=["LEAF"], nodes_values=[0.0], target_ids=[0], target_nodeids=[0], target_treeids=[0], target_weights=[1.5])
    onnx.save(model([tree], [floats("x", [None, 4])], [floats("y", [None, 1])], opsets=(("", 17), ("ai.onnx.ml", 1))), folder / "tree.onnx")

    gelu = helper.make_function("local", "MyGelu", ["a"], ["c"], [helper.make_node("Sigmoid", ["a"], ["b"]), helper.make_node("Mul", ["a", "b"], ["c"])], [helper.make_opsetid("", 17)])
    onnx.save(model([helper.make_node("MyGelu", ["x"], ["y"], domain="local")], [floats("x", [1, 4])], [floats("y", [1, 4])], opsets=(("", 17), ("local", 1)), functions=[gelu]), folder / "function.onnx")

    sparse = helper.make_sparse_tensor(helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0]), helper.make_tensor("i", TensorProto.INT64, [2], [0, 5]), [4, 2])
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "graph", *ends, sparse_initializer=[sparse])
    onnx.save(helper.make_model(graph), folder / "sparse.onnx")

    typed = [helper.make_tensor("t%d" % i, t, [2], v) for i, (t, v) in enumerate([
        (TensorProto.FLOAT, [1, 2]), (TensorProto.INT8, [1, 2]), (TensorProto.INT64, [1, 2]), (TensorProto.DOUBLE, [1, 2]), (TensorProto.FLOAT16, [1, 2]),
        (TensorProto.BOOL, [True, False]), (TensorProto.STRING, [b"a", b"\xff"]), (TensorProto.UINT64, [1, 2]), (TensorProto.COMPLEX64, [1j, 2]), (TensorProto.BFLOAT16, [1, 2])])]
    graph = helper.make_graph([helper.make_node("Identity", ["t0"], ["y"])], "graph", [], [floats("y", [2])], typed)
    onnx.save(helper.make_model(graph), folder / "types.onnx")

    quantized = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]), helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
                 helper.make_node("MatMulNBits", ["d", "w", "s"], ["y"], domain="com.microsoft", K=4, N=2, bits=4, block_size=16)]
    onnx.save(model(quantized, *ends, [("s", weights()), ("z", np.uint8(0)), ("w", np.zeros((2, 1, 8), np.uint8))], (("", 17), ("com.microsoft", 1))), folder / "quantized.onnx")

    # The reference library writes the values beside the model; an archive keeps both.
    outside = model(dense, *ends, [("w", weights(4, 2)), ("b", weights(2))])
    onnx.save(outside, str(folder / "model.onnx"), save_as_external_data=True, location="model.onnx.data", size_threshold=0)
    with zipfile.ZipFile(folder / "external.zip", "w") as archive:
        for name in ("model.onnx", "model.onnx.data"):
            archive.writestr(zipfile.ZipInfo(name), (folder / name).read_bytes())
            (folder / name).unlink()


def files(folder):
    exported(folder)
    built(folder)
