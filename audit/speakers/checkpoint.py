"""The speaker encoder's weights as they are published, made into a graph that ONNX Runtime runs.

The checkpoint is of torch's format of before 1.6. It is read with an unpickler that makes nothing but numbers, and the
graph is written out field by field (it has eight nodes), so that neither torch nor onnx need be installed.

References
----------
ONNX, onnx.proto3 (IR version 8, operator set 14): messages and field numbers; the operator LSTM, whose gates come in the
order input, output, forget, cell, where torch has input, forget, cell, output.
Protocol Buffers, Encoding: tags, varints and length-delimited fields.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

_N_LAYERS, _N_CELLS, _N_INPUTS, _N_OUTPUTS = 3, 256, 40, 256

# --- the checkpoint -------------------------------------------------------------------------------
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8"), "DoubleStorage": np.dtype("<f8")}


@dataclass(frozen=True, slots=True)
class _Tensor:
    """Where a tensor's numbers stand."""

    key: str
    dtype: np.dtype[Any]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuilt(
    storage: tuple[str, np.dtype[Any]], offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    """What stands for a tensor until its numbers are read."""
    return _Tensor(storage[0], storage[1], offset, tuple(shape), tuple(strides))


class _NumbersOnly(pickle.Unpickler):
    """An unpickler that builds containers and descriptions of tensors; anything else is refused."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuilt
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        raise pickle.UnpicklingError(f"the checkpoint asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> tuple[str, np.dtype[Any]]:
        kind, dtype, key, *_ = pid
        if kind != "storage":
            raise pickle.UnpicklingError(f"the checkpoint refers to a {kind}")
        return str(key), dtype


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint in torch's format of before 1.6: pickles first, then the numbers of each tensor.

    Parameters
    ----------
    path : Path

    Returns
    -------
    dict
        As it was saved, with arrays in the place of tensors.

    Raises
    ------
    OSError
        If it cannot be read.
    pickle.UnpicklingError, ValueError, EOFError
        If it is of another format, cut short, or asks for anything but numbers.
    """
    with path.open("rb") as file:
        if _NumbersOnly(file).load() != _MAGIC or _NumbersOnly(file).load() != _PROTOCOL:
            raise ValueError("not a checkpoint of the legacy format")
        _NumbersOnly(file).load()  # byte order and type sizes of the machine that wrote it
        saved = _NumbersOnly(file).load()
        keys = _NumbersOnly(file).load()
        wanted = {t.key: t.dtype for t in _tensors(saved)}
        storages = {key: _numbers(file, wanted[key]) for key in keys}
    return dict(_filled(saved, storages))


def _numbers(file: IO[bytes], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The next storage: a count and as many numbers."""
    count = int.from_bytes(file.read(8), "little")
    data = file.read(count * dtype.itemsize)
    if len(data) != count * dtype.itemsize:
        raise EOFError("the checkpoint ends before its last tensor")
    return np.frombuffer(data, dtype)


def _tensors(node: Any) -> list[_Tensor]:
    """Every tensor in nested containers."""
    if isinstance(node, _Tensor):
        return [node]
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ()
    return [t for child in children for t in _tensors(child)]


def _filled(node: Any, storages: dict[str, npt.NDArray[Any]]) -> Any:
    """The same containers with arrays."""
    if isinstance(node, _Tensor):
        flat = storages[node.key]
        n = int(np.prod(node.shape))
        contiguous = tuple(int(np.prod(node.shape[i + 1 :])) for i in range(len(node.shape)))
        if node.strides != contiguous or node.offset + n > flat.size:
            raise ValueError("a tensor of the checkpoint is not contiguous")
        return flat[node.offset : node.offset + n].reshape(node.shape)
    if isinstance(node, dict):
        return {key: _filled(value, storages) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_filled(value, storages) for value in node]
    return node


# --- the graph ------------------------------------------------------------------------------------
def encoder_graph(state: Mapping[str, npt.NDArray[np.float32]]) -> bytes:
    """Write the encoder as an ONNX model.

    Its inputs are ``mel`` (float32: frames, windows, 40) and ``lengths`` (int32: windows), its output ``raw`` (float32:
    windows, 256) is not negative and not yet normalised.

    Parameters
    ----------
    state : mapping of name to array
        The weights under torch's names.

    Returns
    -------
    bytes
        A serialised ModelProto.

    Raises
    ------
    KeyError, ValueError
        If a weight is missing or of another shape.
    """
    tensors = [_tensor("axis", np.array([1], np.int64)), _tensor("first_axis", np.array([0], np.int64))]
    nodes: list[bytes] = []
    x = "mel"
    for i in range(_N_LAYERS):
        n_inputs = _N_INPUTS if i == 0 else _N_CELLS
        w_in = _gates(state[f"lstm.weight_ih_l{i}"], (4 * _N_CELLS, n_inputs))
        w_rec = _gates(state[f"lstm.weight_hh_l{i}"], (4 * _N_CELLS, _N_CELLS))
        bias = [_gates(state[f"lstm.bias_{side}_l{i}"], (4 * _N_CELLS,)) for side in ("ih", "hh")]
        tensors += [_tensor(f"w{i}", w_in[None]), _tensor(f"r{i}", w_rec[None])]
        tensors += [_tensor(f"b{i}", np.concatenate(bias)[None])]
        nodes.append(_node("LSTM", [x, f"w{i}", f"r{i}", f"b{i}", "lengths"], [f"y{i}", f"h{i}"], hidden_size=_N_CELLS))
        nodes.append(_node("Squeeze", [f"y{i}", "axis"], [f"x{i}"]))  # away with the axis of directions
        x = f"x{i}"
    nodes.pop()  # of the last layer only the last state counts
    nodes.append(_node("Squeeze", [f"h{_N_LAYERS - 1}", "first_axis"], ["last"]))
    for name, shape in (("linear.weight", (_N_OUTPUTS, _N_CELLS)), ("linear.bias", (_N_OUTPUTS,))):
        if state[name].shape != shape:
            raise ValueError(f"{name} has the shape {state[name].shape} instead of {shape}")
        tensors.append(_tensor(name, state[name]))
    nodes.append(_node("Gemm", ["last", "linear.weight", "linear.bias"], ["linear"], transB=1))
    nodes.append(_node("Relu", ["linear"], ["raw"]))
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"speaker encoder")
    graph += b"".join(_field(5, tensor) for tensor in tensors)
    graph += _field(11, _value("mel", _FLOAT, ("frames", "windows", _N_INPUTS))) + _field(
        11, _value("lengths", _INT32, ("windows",))
    )
    graph += _field(12, _value("raw", _FLOAT, ("windows", _N_OUTPUTS)))
    return _number(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _number(2, 14))


def _gates(weights: npt.NDArray[np.float32], shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """One layer's weights with the gates in ONNX's order."""
    if weights.shape != shape:
        raise ValueError(f"a layer has the shape {weights.shape} instead of {shape}")
    i, f, c, o = np.split(weights, 4)
    return np.concatenate([i, o, f, c])


_FLOAT, _INT32 = 1, 6
_DATA_TYPES = {"float32": _FLOAT, "int64": 7}


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _number(field: int, value: int) -> bytes:
    """A field with a whole number, not negative."""
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    """A field with a text, bytes or a message."""
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _tensor(name: str, values: npt.NDArray[Any]) -> bytes:
    dims = b"".join(_number(1, n) for n in values.shape)
    data = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
    return dims + _number(2, _DATA_TYPES[values.dtype.name]) + _field(8, name.encode()) + _field(9, data)


def _node(operator: str, inputs: list[str], outputs: list[str], **numbers: int) -> bytes:
    attributes = (_field(1, name.encode()) + _number(3, value) + _number(20, 2) for name, value in numbers.items())
    named = b"".join(_field(1, x.encode()) for x in inputs) + b"".join(_field(2, x.encode()) for x in outputs)
    return named + _field(4, operator.encode()) + b"".join(_field(5, a) for a in attributes)


def _value(name: str, data_type: int, shape: tuple[int | str, ...]) -> bytes:
    dims = (_field(2, d.encode()) if isinstance(d, str) else _number(1, d) for d in shape)
    tensor = _number(1, data_type) + _field(2, b"".join(_field(1, d) for d in dims))
    return _field(1, name.encode()) + _field(2, _field(1, tensor))
