"""Writes files as torch.save does, without PyTorch: stand-ins under PyTorch's names are pickled."""

import io
import pickle
import struct
import sys
import types
import zipfile
from unittest import mock

import numpy as np

STORAGES = {"float32": "FloatStorage", "float64": "DoubleStorage", "float16": "HalfStorage", "int64": "LongStorage",
            "uint8": "ByteStorage", "bool": "BoolStorage"}


class Tensor:
    """Pickled like a torch.Tensor with the numbers of `array`; `bfloat16` keeps the upper halves of floats."""

    def __init__(self, array, bfloat16=False):
        self.array, self.bfloat16 = np.asarray(array), bfloat16

        if self.bfloat16:
            self.array = (self.array.astype("<f4").view("<u4") >> 16).astype("<u2")

    def content(self):
        return self.array.tobytes("A")  # as it lies in memory

    def strides(self):
        whole = self.array if self.array.flags.forc else self.array.copy()
        return tuple(stride // whole.itemsize for stride in whole.strides)


class Module:
    """Pickled like a torch.nn.Module of a class of somebody's."""


def _stand_ins():
    names = {"torch": [*STORAGES.values(), "BFloat16Storage"], "torch._utils": ["_rebuild_tensor_v2"], "net": ["Net"]}
    modules = {}
    for module, classes in names.items():
        modules[module] = types.ModuleType(module)
        for name in classes:
            kind = type(name, (Module,), {"__module__": module}) if module != "torch._utils" else _function(module, name)
            setattr(modules[module], name, kind)
    return modules


def _function(module, name):
    def rebuild(*_):
        raise AssertionError("nothing of a file may be called")

    rebuild.__module__, rebuild.__name__, rebuild.__qualname__ = module, name, name
    return rebuild


MODULES = _stand_ins()


class _Storage:
    def __init__(self, tensor):
        self.tensor = tensor


class _Pickler(pickle.Pickler):
    def __init__(self, file, is_legacy):
        super().__init__(file, 2)
        self.is_legacy, self.contents = is_legacy, {}

    def reducer_override(self, value):
        if not isinstance(value, Tensor):
            return NotImplemented
        return MODULES["torch._utils"]._rebuild_tensor_v2, (_Storage(value), 0, value.array.shape, value.strides(),
                                                                  False, {})

    def persistent_id(self, value):
        if not isinstance(value, _Storage):
            return None
        tensor = value.tensor
        key = str(len(self.contents))
        self.contents[key] = tensor.array.size, tensor.content()
        name = "BFloat16Storage" if tensor.bfloat16 else STORAGES[tensor.array.dtype.name]
        kind = getattr(MODULES["torch"], name)
        return ("storage", kind, key, "cpu", tensor.array.size, *((None,) if self.is_legacy else ()))


def dumps(value, is_legacy=False):
    """(pickle, {key: (count, bytes)})."""
    file = io.BytesIO()
    with mock.patch.dict(sys.modules, MODULES):
        pickler = _Pickler(file, is_legacy)
        pickler.dump(value)
    return file.getvalue(), pickler.contents


def save(value, path, name="archive"):
    content, storages = dumps(value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/data.pkl", content)
        archive.writestr(f"{name}/byteorder", "little")
        for key, (_, numbers) in storages.items():
            archive.writestr(f"{name}/data/{key}", numbers)
        archive.writestr(f"{name}/version", "3\n")
        archive.writestr(f"{name}/.data/serialization_id", "1")


def save_legacy(value, path):
    """As before PyTorch 1.6."""
    content, storages = dumps(value, is_legacy=True)
    with open(path, "wb") as file:
        for part in (0x1950a86a20f9469cfc6c, 1001, {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}):
            pickle.dump(part, file, 2)
        file.write(content)
        pickle.dump(sorted(storages), file, 2)
        for key in sorted(storages):
            count, numbers = storages[key]
            file.write(struct.pack("<q", count) + numbers)


def module(parameters=(), buffers=(), modules=()):
    """A model as a whole, as torch.save(model) writes it."""
    made = MODULES["net"].Net()
    made.__dict__ = {"training": True, "_parameters": dict(parameters), "_buffers": dict(buffers),
                     "_modules": dict(modules)}
    return made
