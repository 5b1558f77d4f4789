"""Writes configurations of the shape that Keras saves, with tiny layers.

    python3 make.py        in this folder

Debian has no package of Keras; the shapes are those of Keras 3.3, 3.10 and 2.15.
"""

import json


def obj(module, name, config, registered=None, **more):
    return {"module": module, "class_name": name, "config": config, "registered_name": registered, **more}


def policy():
    return obj("keras", "DTypePolicy", {"name": "float32"})


def init(name, **config):
    return obj("keras.initializers", name, config)


def tensor(name, shape):
    return {"class_name": "__keras_tensor__", "config": {"shape": shape, "dtype": "float32", "keras_history": [name, 0, 0]}}


def layer(name, config, shape=None, module="keras.layers", registered=None, **more):
    config = {**config, "trainable": True, "dtype": policy()}
    build = {"build_config": {"input_shape": shape}} if shape else {}
    return obj(module, name, config, registered, **build, **more)


def dense(name, units, shape, activation="relu"):
    return layer("Dense", {"name": name, "units": units, "activation": activation, "use_bias": True,
        "kernel_initializer": init("GlorotUniform", seed=None), "bias_initializer": init("Zeros"),
        "kernel_regularizer": obj("keras.regularizers", "L2", {"l2": 0.01}), "bias_regularizer": None,
        "kernel_constraint": obj("keras.constraints", "MaxNorm", {"max_value": 2, "axis": 0}), "bias_constraint": None}, shape)


def compiled():
    return {"optimizer": obj("keras.optimizers", "Adam", {"name": "adam", "learning_rate": obj("keras.optimizers.schedules", "ExponentialDecay",
                {"initial_learning_rate": 0.01, "decay_steps": 100, "decay_rate": 0.9, "staircase": False, "name": "ExponentialDecay"}), "beta_1": 0.9}),
            "loss": obj("keras.losses", "SparseCategoricalCrossentropy", {"from_logits": True, "reduction": "sum_over_batch_size"}),
            "loss_weights": None, "weighted_metrics": None, "run_eagerly": False, "steps_per_execution": 1, "jit_compile": False,
            "metrics": ["accuracy", {"module": "builtins", "class_name": "function", "config": "mse", "registered_name": "mse"}]}


sequential = obj("keras", "Sequential", {"name": "sequential", "trainable": True, "dtype": policy(), "layers": [
    layer("InputLayer", {"batch_shape": [None, 4], "sparse": False, "name": "input_layer"}),
    dense("dense", 8, [None, 4]), layer("Dropout", {"name": "dropout", "rate": 0.5, "seed": None, "noise_shape": None}),
    dense("dense_1", 3, [None, 8], {"module": "builtins", "class_name": "function", "config": "softmax", "registered_name": "softmax"}),
], "build_input_shape": [None, 4]}, build_config={"input_shape": [None, 4]}, compile_config=compiled())

functional = obj("keras.src.models.functional", "Functional", {"name": "functional", "trainable": True, "layers": [
    {**layer("InputLayer", {"batch_shape": [None, 4], "sparse": False, "name": "a"}), "name": "a", "inbound_nodes": []},
    {**dense("b/dense", 4, [None, 4]), "name": "b/dense", "inbound_nodes": [{"args": [tensor("a", [None, 4])], "kwargs": {}}]},
    {**obj("keras.src.ops.numpy", "Add", {"name": "add"}, "Add"), "name": "add", "inbound_nodes": [{"args": [tensor("a", [None, 4]), tensor("b/dense", [None, 4])], "kwargs": {}}]},
    {**obj("keras.src.ops.numpy", "GetItem", {"name": "get_item"}, "GetItem"), "name": "get_item", "inbound_nodes": [{"args": [tensor("add", [None, 4]),
        [{"class_name": "__slice__", "config": {"start": None, "stop": None, "step": None}}, 0]], "kwargs": {}}]},
    {**layer("TextVectorization", {"name": "text", "max_tokens": 10, "vocabulary": ["the", "a/b"], "standardize": "lower_and_strip_punctuation"}), "name": "text", "inbound_nodes": []},
    {**layer("Bidirectional", {"name": "bi", "merge_mode": "concat", "layer": layer("LSTM", {"name": "lstm", "units": 2, "activation": "tanh",
        "recurrent_initializer": init("Orthogonal", seed=None, gain=1.0), "seed": None})}, [None, 3, 4]), "name": "bi", "inbound_nodes": []},
    {**sequential, "name": "sequential", "inbound_nodes": []},
], "input_layers": [["a", 0, 0]], "output_layers": [["get_item", 0, 0]]}, "Functional", build_config={"input_shape": None}, compile_config={
    "optimizer": "rmsprop", "loss": "mse", "metrics": None, "extra": float("nan")})

legacy = {"class_name": "Functional", "config": {"name": "model", "trainable": True, "layers": [
    {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 8, 8, 3], "dtype": "float32", "sparse": False, "ragged": False, "name": "input_1"}, "name": "input_1", "inbound_nodes": []},
    {"class_name": "Rescaling", "config": {"name": "rescaling", "scale": 0.00392156862745098, "offset": 0.0}, "name": "rescaling", "inbound_nodes": [[["input_1", 0, 0, {}]]]},
    {"class_name": "TFOpLambda", "config": {"name": "tf.math.truediv", "trainable": True, "dtype": "float32", "function": "math.truediv"}, "name": "tf.math.truediv", "inbound_nodes": [["rescaling", 0, 0, {"y": [0.4], "name": None}]]},
    {"class_name": "SlicingOpLambda", "config": {"name": "tf.__operators__.getitem", "dtype": "float32", "function": "__operators__.getitem"}, "name": "tf.__operators__.getitem", "inbound_nodes": []},
    {"class_name": "Conv2D", "config": {"name": "conv/stem", "filters": 2, "kernel_size": [3, 3], "activation": "swish", "kernel_initializer": {"class_name": "VarianceScaling", "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal", "seed": None}},
        "bias_initializer": {"class_name": "Zeros", "config": {}}}, "name": "conv/stem", "inbound_nodes": []},
    {"class_name": "BatchNormalization", "config": {"name": "bn", "axis": [3], "momentum": 0.99, "gamma_initializer": {"class_name": "Ones", "config": {}}}, "name": "bn", "inbound_nodes": []},
    {"class_name": "Activation", "config": {"name": "act", "activation": "relu6"}, "name": "act", "inbound_nodes": []},
]}, "keras_version": "2.15.0", "backend": "tensorflow"}

hub = obj("keras_hub.src.models.bert.bert_backbone", "BertBackbone", {"name": "bert_backbone", "vocabulary_size": 30522, "num_layers": 2}, "keras_hub>BertBackbone")

for name, value in [("sequential", sequential), ("functional", functional), ("legacy", legacy), ("hub", hub)]:
    with open(name + ".json", "w", encoding="utf-8") as f:
        json.dump(value, f, indent=1 if name == "hub" else None)
