"""Reads what torch.save wrote, without PyTorch and without running anything of it: the tensors, by the machine that reads
the pickles of datasets. Objects that are not known are there as data_pickle.Unknown."""

import collections
import io
import math
import os

import data_pickle
from command_line import InputError, Package, printable
from data_pickle import Machine, Unknown
from file_tree import FileTree, describe_start, read_start

np = Package("numpy")

# How PyTorch names what it stores; "bf16" has the upper half of a float32.
STORAGES = {"FloatStorage": "f4", "DoubleStorage": "f8", "HalfStorage": "f2", "BFloat16Storage": "bf16",
            "LongStorage": "i8", "IntStorage": "i4", "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1",
            "BoolStorage": "b1", "ComplexFloatStorage": "c8", "ComplexDoubleStorage": "c16", "UntypedStorage": "u1"}
TYPES = {"float32": "f4", "float64": "f8", "float16": "f2", "bfloat16": "bf16", "int64": "i8", "int32": "i4",
         "int16": "i2", "int8": "i1", "uint8": "u1", "bool": "b1", "uint16": "u2", "uint32": "u4", "uint64": "u8"}
MOST_REPEATED = 1 << 20  # numbers of a tensor that has more than are stored, as expand() makes
KINDS = {*STORAGES.values(), *TYPES.values()}
LEGACY_MAGIC = 0x1950a86a20f9469cfc6c
OTHER_FORMATS = {b"\x89HDF": "it is an HDF5 file, as srwm's own checkpoints are (those take --to-torch)",
                 b"\x93NUM": "it is a numpy file"}


class Tensor:
    """A tensor whose numbers may still be unread."""

    def __init__(self, storage, offset, shape, strides, kind=None):
        self.storage, self.offset, self.shape, self.strides = storage, offset, tuple(shape), tuple(strides)
        self.kind = kind or storage.kind

    def array(self):
        """A numpy array. ValueError if the storage is too short."""
        flat = self.storage.read(self.kind)
        numbers = (self.offset, *self.shape, *self.strides)
        if len(self.shape) != len(self.strides) or not all(isinstance(n, int) and n >= 0 for n in numbers):
            raise ValueError("its shape is none")
        if 0 in self.shape:
            return np.zeros(self.shape, flat.dtype)
        if math.prod(self.shape) > max(len(flat), MOST_REPEATED):
            raise ValueError(f"it has {math.prod(self.shape)} numbers, and {len(flat)} are stored")
        last = self.offset + sum((extent - 1) * stride for extent, stride in zip(self.shape, self.strides))
        if last >= len(flat):
            raise ValueError(f"it needs {last + 1} numbers, and {len(flat)} are stored")
        strides = [stride * flat.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(flat[self.offset:], self.shape, strides).copy()


def _size_of(kind):
    if kind not in KINDS:
        raise InputError(f"There are tensors of the type {printable(kind)}, which is not read here. Convert the model "
                         "to float32 with PyTorch.")
    return 2 if kind == "bf16" else np.dtype(kind).itemsize


class _Storage:
    def __init__(self, kind, fetch, order="<"):
        self.kind, self.fetch, self.order = kind, fetch, order

    def read(self, kind):
        content = self.fetch()
        size = _size_of(kind)
        content = content[:len(content) // size * size]
        if kind == "bf16":
            return (np.frombuffer(content, self.order + "u2").astype(np.uint32) << 16).view(np.float32)
        return np.frombuffer(content, np.dtype(kind).newbyteorder(self.order)).astype(kind)


class _Name:
    """torch.float32, or torch.FloatStorage."""

    def __init__(self, kind):
        self.kind = kind


def _rebuilder(function):
    function.is_rebuilder = True
    return function


@_rebuilder
def _tensor(storage, offset, shape, strides, *more):
    if not isinstance(storage, _Storage):
        raise ValueError("a tensor has no storage")
    kind = next((value.kind for value in more if isinstance(value, _Name)), None)
    return Tensor(storage, offset, shape, strides, kind)


@_rebuilder
def _parameter(data, *_):
    return data


@_rebuilder
def _of_type(function, _, arguments, *__):
    if not hasattr(function, "is_rebuilder"):
        return Unknown("a tensor of an unknown class")
    return function(*arguments)


@_rebuilder
def _size(numbers=()):
    return tuple(numbers)


REBUILDERS = {("torch._utils", "_rebuild_tensor"): _tensor, ("torch._utils", "_rebuild_tensor_v2"): _tensor,
              ("torch._utils", "_rebuild_tensor_v3"): _tensor, ("torch._utils", "_rebuild_parameter"): _parameter,
              ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
              ("torch._utils", "_rebuild_device_tensor_from_numpy"): _parameter,
              ("torch._tensor", "_rebuild_from_type_v2"): _of_type, ("torch._tensor", "_rebuild_from_type"): _of_type,
              ("torch", "Size"): _size}


def _others(module, name):
    if (module, name) in REBUILDERS:
        return REBUILDERS[module, name]
    if module.split(".")[0] == "torch" and name.endswith("Storage"):
        return _Name(STORAGES.get(name, name))
    if module == "torch" and name in TYPES:
        return _Name(TYPES[name])
    return Unknown(f"{module}.{name}")


def load(path):
    """The object in the file, with a Tensor or a numpy array for each tensor."""
    start = read_start(path)
    if start.startswith(b"PK"):
        return _load_archive(FileTree(path, is_meant=lambda name: True))
    known = next((what for magic, what in OTHER_FORMATS.items() if start.startswith(magic)), None)
    if known or start[:1] != b"\x80":
        what = known or ("it is a safetensors file: load it and torch.save() its tensors" if start[8:10] == b'{"' else
                         describe_start(start))
        raise InputError(f"{path} is no PyTorch file: {what}.")
    with open(path, "rb") as file:
        return _load_legacy(file, path)


def _load_archive(tree):
    """Since PyTorch 1.6: a zip archive of a pickle and a file for each storage."""
    pickles = [name for name in tree.names if name.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise InputError(f"{tree.path} is a zip archive without one data.pkl: it was not written by torch.save.")
    root = pickles[0].removesuffix("data.pkl")
    if root + "constants.pkl" in tree.names:
        raise InputError(f"{tree.path} is a TorchScript program. Save the state_dict() of its model with torch.save.")
    order = ">" if root + "byteorder" in tree.names and tree.read(root + "byteorder") == b"big" else "<"

    def persistent(key):
        _, kind, name, *_ = key
        return _Storage(kind.kind, lambda: tree.read(f"{root}data/{data_pickle.text(name)}"), order)

    return Machine(io.BytesIO(tree.read(pickles[0])), f"{pickles[0]} in {tree.path}", _others, persistent).load()


def _load_legacy(file, path):
    """Before PyTorch 1.6: pickles of a magic number, of versions and of the object, then the storages."""
    kinds, contents = {}, {}

    def persistent(key):
        if key[0] != "storage":
            raise ValueError("parts of it are sources of a module")
        _, kind, name, *_ = key
        kinds[name] = kind.kind
        return _Storage(kind.kind, lambda: contents[name])

    def next_pickle():
        return Machine(file, path, _others, persistent).load()

    if next_pickle() != LEGACY_MAGIC:
        raise InputError(f"{path} is a pickle, but was not written by torch.save.")
    _, system = next_pickle(), next_pickle()
    if isinstance(system, dict) and system.get("little_endian") is False:
        raise InputError(f"{path} has its numbers in the byte order of another kind of machine. Save it again with "
                         "PyTorch.")
    content, keys = next_pickle(), next_pickle()
    for key in keys if isinstance(keys, list) else ():
        count = int.from_bytes(file.read(8), "little")
        size = count * _size_of(kinds.get(key, "u1"))
        if size > os.fstat(file.fileno()).st_size - file.tell():
            raise InputError(f"{path} ends early: it is truncated.")
        contents[key] = file.read(size)
    return content


def containers(content):
    """{place: {name: Tensor or array}} for each dict in `content` that holds tensors, and for each model saved as a whole.
    A place is the keys that lead there, joined by dots; "" is the file itself."""
    found, waiting, seen = {}, collections.deque([("", content)]), set()
    while waiting:
        place, value = waiting.popleft()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Unknown):
            tensors, inner = dict(_of_module(value)), {}
        elif isinstance(value, dict):
            tensors = {data_pickle.text(name): part for name, part in value.items() if is_tensor(part)}
            inner = {name: part for name, part in value.items() if isinstance(part, (dict, Unknown))}
        else:
            continue
        if tensors:
            found[place] = tensors
        waiting.extend((f"{place}.{data_pickle.text(name)}".lstrip("."), part) for name, part in inner.items())
    return found


def is_tensor(value):
    return isinstance(value, (Tensor, np.ndarray))


def _of_module(module, prefix="", depth=0):
    """(name, tensor) of a torch.nn.Module as it lies in a pickle."""
    state = module.state if isinstance(module.state, dict) else {}
    for kind in ("_parameters", "_buffers"):
        for name, value in (state.get(kind) or {}).items() if isinstance(state.get(kind), dict) else ():
            if is_tensor(value):
                yield prefix + data_pickle.text(name), value
    inner = state.get("_modules")
    for name, value in inner.items() if isinstance(inner, dict) and depth < 50 else ():
        if isinstance(value, Unknown):
            yield from _of_module(value, f"{prefix}{data_pickle.text(name)}.", depth + 1)
