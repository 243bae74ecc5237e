"""Writes what ONNX Runtime Web 1.19's training build needs for the LoRA steps: training_artifacts.py FOLDER.

Needs onnxruntime-training-cpu 1.19.2, which runs on Python 3.8 to 3.11. x is an initializer and trained along, since this
runtime gives gradients of parameters only; the input `zero` is there because a graph must have one.
"""

import os
import sys
import types

import numpy as np
import onnxruntime
from data import SCALING, lora_data
from onnx import TensorProto, helper, numpy_helper

# The package's own start imports torch, which making these files does not need.
package = types.ModuleType("onnxruntime.training")
package.__path__ = [os.path.join(os.path.dirname(onnxruntime.__file__), "training")]
sys.modules[package.__name__] = package
from onnxruntime.training import artifacts  # noqa: E402

SHAPES = [(4, 8, 8, 2), (128, 384, 384, 8), (128, 384, 1536, 8), (512, 768, 768, 8), (512, 768, 3072, 16)]


def make(folder, shape):
    data = lora_data(*shape)
    data.pop("target")
    constants = {**data, "scaling": np.float32(SCALING)}
    nodes = [
        ("MatMul", ["x", "a"], "u"),
        ("MatMul", ["u", "b"], "update"),
        ("Mul", ["update", "scaling"], "scaled"),
        ("MatMul", ["x", "weight"], "frozen"),
        ("Add", ["frozen", "scaled"], "sum"),
        ("Add", ["sum", "bias"], "y0"),
        ("Add", ["y0", "zero"], "y"),
    ]
    info = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)  # noqa: E731
    graph = helper.make_graph(
        [helper.make_node(kind, inputs, [output]) for kind, inputs, output in nodes],
        "lora",
        [info("zero", (1, 1))],
        [info("y", (shape[0], shape[2]))],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    os.makedirs(folder, exist_ok=True)
    artifacts.generate_artifacts(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
        requires_grad=["a", "b", "x"],
        frozen_params=["weight", "bias", "scaling"],
        loss=artifacts.LossType.MSELoss,
        optimizer=artifacts.OptimType.AdamW,
        artifact_directory=folder,
    )


for shape in SHAPES:
    make(os.path.join(sys.argv[1], "lora-" + "-".join(map(str, shape))), shape)
