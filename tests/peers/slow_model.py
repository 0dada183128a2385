#!/usr/bin/env python3
"""Writes a model whose run time depends on its input, as a folder for `takt model pack`.

Inputs force, power, oil, one frame. The score is oil itself, with a limit of 8. Before it comes out, a
loop runs: some hundred rounds, so that the model is never cheap enough to run on a line's own thread,
and for a force above 150 so many that a run takes seconds.
"""

import argparse
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROUNDS = 300
ROUNDS_PER_FORCE = 2000
SIDE = 32

MANIFEST = """format = 1
name = "slow"
version = "1.0.0"
kind = "trained"

[window]
kind = "frame"

[tensor]
name = "x"
element = "f32"
preprocessing = { kind = "frame" }

[[inputs]]
role = "force"
[[inputs]]
role = "power"
[[inputs]]
role = "oil"

[[scores]]
name = "y"
tensor = "y"
limit = 8.0

[tolerance]
absolute = 1e-5
relative = 1e-5

[provenance]
who = "tests"
when = "2026-01-01T00:00:00Z"
from = "no data: a loop"
"""


def constant(name: str, value: np.ndarray) -> onnx.TensorProto:
    """An initializer."""
    return numpy_helper.from_array(value, name)


def body() -> onnx.GraphProto:
    """One round: a product that stays bounded."""
    side = [SIDE, SIDE]
    nodes = [
        helper.make_node("Identity", ["go"], ["go_on"]),
        helper.make_node("MatMul", ["s", "w"], ["p"]),
        helper.make_node("Tanh", ["p"], ["s_next"]),
    ]
    inputs = [
        helper.make_tensor_value_info("i", TensorProto.INT64, []),
        helper.make_tensor_value_info("go", TensorProto.BOOL, []),
        helper.make_tensor_value_info("s", TensorProto.FLOAT, side),
    ]
    outputs = [
        helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
        helper.make_tensor_value_info("s_next", TensorProto.FLOAT, side),
    ]
    return helper.make_graph(nodes, "round", inputs, outputs)


def graph() -> onnx.ModelProto:
    """oil, after the rounds that force asks for."""
    nodes = [
        helper.make_node("Gather", ["x", "first"], ["force"], axis=1),
        helper.make_node("Gather", ["x", "third"], ["oil"], axis=1),
        helper.make_node("Sub", ["force", "quiet"], ["above"]),
        helper.make_node("Relu", ["above"], ["more"]),
        helper.make_node("Mul", ["more", "per_force"], ["extra"]),
        helper.make_node("Add", ["extra", "rounds"], ["n_real"]),
        helper.make_node("Cast", ["n_real"], ["n_one"], to=TensorProto.INT64),
        helper.make_node("Squeeze", ["n_one"], ["n"]),
        helper.make_node("Loop", ["n", "yes", "start"], ["end"], body=body()),
        helper.make_node("ReduceMean", ["end"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "nothing"], ["zero"]),
        helper.make_node("Add", ["oil", "zero"], ["y_one"]),
        helper.make_node("Reshape", ["y_one", "shape"], ["y"]),
    ]
    rng = np.random.default_rng(7)
    constants = [
        constant("first", np.array([0], np.int64)),
        constant("third", np.array([2], np.int64)),
        constant("quiet", np.array(150, np.float32)),
        constant("per_force", np.array(ROUNDS_PER_FORCE, np.float32)),
        constant("rounds", np.array(ROUNDS, np.float32)),
        constant("yes", np.array(True)),
        constant("start", rng.standard_normal((SIDE, SIDE)).astype(np.float32)),
        constant("w", rng.standard_normal((SIDE, SIDE)).astype(np.float32)),
        constant("nothing", np.array(0, np.float32)),
        constant("shape", np.array([1, 1], np.int64)),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1])
    model = helper.make_model(helper.make_graph(nodes, "slow", [x], [y], constants), opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="is made")
    folder = parser.parse_args().folder
    (folder / "vectors").mkdir(parents=True)
    onnx.save(graph(), folder / "model.onnx")
    (folder / "model.toml").write_text(MANIFEST)
    vector = {"columns": [[100.0], [20.0], [5.0]], "scores": [5.0]}
    (folder / "vectors" / "0001.json").write_text(json.dumps(vector))


if __name__ == "__main__":
    main()
