#!/usr/bin/env python3
"""Converts few-shot models and agents between the PyTorch code of the SRWM papers and srwm.

  convert_torch_checkpoint.py best_model.pt model.h5 --config experiments/my.json
  convert_torch_checkpoint.py --to-torch runs/my-s1/checkpoints/best.h5 best_model.pt

The first makes a checkpoint for 'srwm eval --checkpoint' and '--init-from' of the commands that train; the spec
says what model the tensors are of. The second makes {'model_state_dict': ...}, as the authors' programs load it. Only
this script needs PyTorch; names and layouts are the same on both sides, so no number changes.
"""

import argparse
import importlib.util
import json
import pickle
import re

import h5py
import numpy as np

from file_tree import describe_start
from srwm_pack import PackError, new_hdf5, run
from torch_shapes import AGENT_CORES, AGENT_DEFAULTS, CORES, DEFAULTS, ENCODERS, AgentModel, FewShotModel

FORMAT_VERSION = 2


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise PackError(f"{path} cannot be read: {error}.") from error


def group_of(spec, *keys):
    """The object at spec.<keys>, or an empty one where there is none."""
    for key in keys:
        spec = spec.get(key, {})
    return dict(spec)


def model_of(spec_text, path):
    """The model that a spec describes, as far as shapes depend on it, defaults filled in."""
    try:
        spec = json.loads(spec_text)
        if spec.get("task", "fewshot") == "rl":
            options = {**AGENT_DEFAULTS, **group_of(spec, "agent")}
            return AgentModel({**options, "core": one_of(AGENT_CORES, options["core"], "agent.core", path)})
        protocol = {**DEFAULTS["protocol"], **group_of(spec, "protocol")}
        core = {**DEFAULTS["core"], **group_of(spec, "model", "core")}
        vision = {**DEFAULTS["vision"], **group_of(spec, "model", "vision")}
    except (json.JSONDecodeError, AttributeError, TypeError, ValueError) as error:
        raise PackError(f"{path} is not an experiment spec: {error}. Try 'srwm config check'.") from error
    one_of(ENCODERS, vision["kind"], "model.vision.kind", path)
    one_of(CORES, core["kind"], "model.core.kind", path)
    return FewShotModel(core, vision, protocol["n_way"])


def one_of(kinds, kind, key, path):
    if kind not in kinds:
        raise PackError(f"{path}: {key} is '{kind}'; expected {', '.join(kinds)}.")
    return kind


def check(tensors, model, path):
    """Refuses tensors that are not those of the spec's model."""
    shapes = model.shapes(tensors)
    for name, shape in shapes.items():
        if name not in tensors:
            raise PackError(f"{path} has no tensor {name} {list(shape)}, which the model of the spec needs.")
        found = tensors[name]
        if tuple(found.shape) != tuple(shape):
            raise PackError(f"{path}: the tensor {name} is {list(found.shape)}; the model of the spec needs "
                            f"{list(shape)}.")
        if found.dtype.kind != "f":
            raise PackError(f"{path}: the tensor {name} is {found.dtype}; expected floating-point numbers.")
    for name in tensors:
        if name not in shapes:
            raise PackError(f"{path} has a tensor {name} {list(tensors[name].shape)}, which the model of the spec does "
                            "not have.")


def to_srwm_name(name):
    """Undoes DataParallel's prefix and the two lists of layers of the bootstrapped models."""
    name = name.removeprefix("module.")
    for part, offset in (("fw_layers", 0), ("ff_layers", 1)):
        name = re.sub(rf"^{part}\.(\d+)\.", lambda match: f"layers.{2 * int(match[1]) + offset}.", name)
    return name


def to_bootstrapped_name(name):
    match = re.match(r"layers\.(\d+)\.(.*)", name)
    if not match:
        return name
    number = int(match[1])
    return f"{'ff' if number % 2 else 'fw'}_layers.{number // 2}.{match[2]}"


def unpickle(path, trust):
    """What torch.save wrote."""
    import torch
    try:
        with open(path, "rb") as file:
            start = file.read(64)
    except OSError as error:
        raise PackError(f"{path} cannot be read: {error.strerror}.") from error
    if start[:2] not in (b"PK", b"\x80\x02"):  # zip archive, pickle
        raise PackError(f"{path} is no PyTorch file: {describe_start(start)}.")
    try:
        return torch.load(path, map_location="cpu", **({} if trust else {"weights_only": True}))
    except pickle.UnpicklingError as error:
        raise PackError(f"{path} holds Python objects besides tensors, or is damaged. If you trust where it is from, "
                        "give --trust: loading runs what is in it.") from error
    except (RuntimeError, EOFError, ValueError) as error:
        raise PackError(f"{path} is no whole PyTorch file: {next(iter(str(error).splitlines()), 'it ends early')}.") \
            from error


def load_torch(path, trust):
    """Names and arrays of the model in a PyTorch file."""
    import torch
    state = content = unpickle(path, trust)
    if isinstance(content, dict):
        state = next((content[key] for key in ("model_state_dict", "state_dict") if key in content), content)
    if not isinstance(state, dict) or not state or not all(torch.is_tensor(value) for value in state.values()):
        raise PackError(f"{path} is no state_dict of tensors, nor a dict with one as 'model_state_dict'.")
    return {to_srwm_name(name): value.numpy() for name, value in state.items()}


def write_checkpoint(path, spec_text, tensors, unused):
    """Writes a checkpoint without optimizer, whole or not at all."""
    with new_hdf5(path) as file:
        file.attrs.update({"srwm_format": "checkpoint", "format_version": FORMAT_VERSION, "version": "",
                           "generator": "convert_torch_checkpoint.py", "commit": "", "data_digest": "",
                           "device": "", "gpu": "", "simd": "", "blas_core": ""})
        file.create_dataset("spec", data=[spec_text],
                            dtype=h5py.string_dtype("utf-8", max(1, len(spec_text.encode()))))
        file.create_group("progress").attrs.update({"step": 0, "best_step": 0, "counters": "", "reals": ""})
        for name, value in tensors.items():
            file.create_dataset("model/" + name, data=value.astype(np.float32))
        for name, value in unused.items():
            file.create_dataset("torch/" + name, data=value)


def text(value):
    """An attribute of text: h5py gives bytes where the length is fixed, as in files of srwm."""
    return value.decode() if isinstance(value, bytes) else str(value)


def read_checkpoint(path):
    """(spec, tensors, unused tensors, step) of a checkpoint."""
    try:
        with h5py.File(path) as file:
            kind, version = text(file.attrs.get("srwm_format", "another file")), file.attrs.get("format_version", 0)
            if kind != "checkpoint" or version > FORMAT_VERSION:
                raise PackError(f"{path} is {kind}, format version {version}; expected checkpoint, format version "
                                f"1 to {FORMAT_VERSION}.")
            groups = [{name: value[()] for name, value in file.get(group, {}).items()} for group in ("model", "torch")]
            return file["spec"].asstr()[0], *groups, int(file["progress"].attrs["step"])
    except (OSError, KeyError) as error:
        raise PackError(f"{path} is not a whole checkpoint: {error}.") from error


def from_torch(arguments):
    spec_text = read_text(arguments.config)
    model = model_of(spec_text, arguments.config)
    state = load_torch(arguments.input, arguments.trust)
    unused = {name: value for name, value in state.items() if model.unused.fullmatch(name)}
    tensors = {name: value for name, value in state.items() if name not in unused}
    check(tensors, model, arguments.input)
    write_checkpoint(arguments.output, spec_text, tensors, unused)
    print(f"{arguments.output}: {len(tensors)} tensors, {sum(value.size for value in tensors.values())} numbers.")


def to_torch(arguments):
    import torch
    spec_text, tensors, unused, step = read_checkpoint(arguments.input)
    model = model_of(spec_text, f"the spec in {arguments.input}")
    check(tensors, model, arguments.input)
    unused = model.unused_tensors(tensors, step) | unused
    rename = to_bootstrapped_name if arguments.bootstrapped else str
    state = {rename(name): torch.from_numpy(np.asarray(value)) for name, value in sorted((tensors | unused).items())}
    torch.save({"model_state_dict": state}, arguments.output)
    print(f"{arguments.output}: {len(state)} tensors.")


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", metavar="IN", help="PyTorch file; with --to-torch a checkpoint of srwm")
    parser.add_argument("output", metavar="OUT", help="checkpoint to write; with --to-torch a PyTorch file")
    parser.add_argument("--config", metavar="SPEC", help="experiment spec that the PyTorch model belongs to")
    parser.add_argument("--trust", action="store_true", help="load a PyTorch file with more in it than tensors")
    parser.add_argument("--to-torch", action="store_true", help="convert a checkpoint of srwm to PyTorch")
    parser.add_argument("--bootstrapped", action="store_true",
                        help="with --to-torch: the names of the authors' bootstrapped models (fw_layers, ff_layers)")
    arguments = parser.parse_args(argv)
    if arguments.to_torch == bool(arguments.config):
        parser.error("give --config SPEC, or --to-torch for a checkpoint, which holds its spec.")
    if importlib.util.find_spec("torch") is None:  # imported where it is used: --help works without
        raise PackError("PyTorch is missing: apt-get install python3-torch, or pip install torch.")
    (to_torch if arguments.to_torch else from_torch)(arguments)


if __name__ == "__main__":
    run(main)
