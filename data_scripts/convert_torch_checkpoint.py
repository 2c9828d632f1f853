#!/usr/bin/env python3
"""Converts few-shot models and agents between the PyTorch code of the SRWM papers and srwm.

The first form makes a checkpoint for 'srwm eval --checkpoint' and '--init-from' of the commands that train; the spec says
what model the tensors are of. It needs no PyTorch and runs nothing that is in the file. A state_dict is found wherever it
is in the file, and the names that wrappers put before those of tensors (torch.compile, DataParallel, Lightning and others)
are taken off. The second makes {'model_state_dict': ...}, as the authors' programs load it, and needs PyTorch. Names and
layouts are the same on both sides, so no number changes.

Example:
  convert_torch_checkpoint.py best_model.pt model.h5 --config experiments/my.json
  convert_torch_checkpoint.py --to-torch runs/my-s1/checkpoints/best.h5 best_model.pt
"""

import argparse
import contextlib
import io
import json
import re

import torch_file
from command_line import (InputError, NotFinite, Package, argument_parser, check_output, new_file,
                          path, printable, read_text, require, run)
from hdf5_file import new_hdf5
from torch_shapes import AGENT_CORES, AGENT_DEFAULTS, CORES, DEFAULTS, ENCODERS, AgentModel, FewShotModel

np, h5py, torch = Package("numpy"), Package("h5py"), Package("torch")

FORMAT_VERSION = 2
# Parts of names that wrappers put in, wherever in a name: DataParallel, torch.compile, FSDP, activation checkpointing.
WRAPPERS = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module"}
COUNTERS = {"n_averaged"}  # of averaged models
NAMES_SHOWN = 4


def group_of(spec, *keys):
    """The object at spec.<keys>, or an empty one where there is none."""
    for key in keys:
        spec = spec.get(key, {})
    return dict(spec)


def read_spec(name):
    """The text of a spec that stands alone, as a checkpoint has to hold it."""
    spec_text = read_text(name)
    with contextlib.suppress(ValueError, RecursionError):  # what is no JSON is refused by those who read it
        spec = json.loads(spec_text)
        if isinstance(spec, dict) and "extends" in spec:
            raise InputError(f"{name} extends another spec, and is to stand alone here. Write it whole: srwm config show "
                             f"{name} > whole.json.")
    return spec_text


def model_of(spec_text, name):
    """The model that a spec describes, as far as shapes depend on it, defaults filled in."""
    try:
        spec = json.loads(spec_text)
        if spec.get("task", "fewshot") == "rl":
            options = {**AGENT_DEFAULTS, **group_of(spec, "agent")}
            one_of(AGENT_CORES, options["core"], "agent.core", name)
            check_counts(options, AGENT_DEFAULTS, "agent", name)
            return AgentModel(options)
        protocol, core, vision = ({**DEFAULTS[kind], **group_of(spec, *keys)} for kind, keys in (
            ("protocol", ["protocol"]), ("core", ["model", "core"]), ("vision", ["model", "vision"])))
    except (json.JSONDecodeError, AttributeError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{name} is not an experiment spec: {error}. Try 'srwm config check'.") from error
    one_of(ENCODERS, vision["kind"], "model.vision.kind", name)
    one_of(CORES, core["kind"], "model.core.kind", name)
    for values, kind, key in ((protocol, "protocol", "protocol"), (core, "core", "model.core"),
                              (vision, "vision", "model.vision")):
        check_counts(values, DEFAULTS[kind], key, name)
    return FewShotModel(core, vision, protocol["n_way"])


def one_of(kinds, kind, key, name):
    if not isinstance(kind, str) or kind not in kinds:
        raise InputError(f"{name}: {key} is '{kind}'; expected {', '.join(kinds)}.")


def check_counts(values, defaults, group, name):
    """Sizes of a model are whole numbers above 0, and those of an agent's channels a list of them."""
    for key, default in defaults.items():
        value = values[key] if isinstance(default, list) else [values[key]]
        is_size = isinstance(default, (int, list)) and not isinstance(default, bool)
        if is_size and not (isinstance(value, list) and value and
                            all(type(number) is int and 0 < number < 1 << 20 for number in value)):
            raise InputError(f"{name}: {group}.{key} is {values[key]}; expected whole numbers above 0.")


# Finding the model in a PyTorch file.

def plain_name(name):
    """Without what wrappers put in, and with the numbers of layers that srwm has: the authors' bootstrapped models have
    two lists of them."""
    name = ".".join(part for part in name.split(".") if part not in WRAPPERS)
    for part, offset in (("fw_layers", 0), ("ff_layers", 1)):
        name = re.sub(rf"^{part}\.(\d+)\.", lambda match: f"layers.{2 * int(match[1]) + offset}.", name)
    return name


def to_bootstrapped_name(name):
    match = re.match(r"layers\.(\d+)\.(.*)", name)
    if not match:
        return name
    number = int(match[1])
    return f"{'ff' if number % 2 else 'fw'}_layers.{number // 2}.{match[2]}"


def prefixes(name, is_known):
    """What may be put before the model's own name in `name`: "" or "model.", say."""
    parts = [part for part in name.split(".") if part not in WRAPPERS]
    for begin in range(len(parts)):
        if is_known(plain_name(".".join(parts[begin:]))):
            yield ".".join(parts[:begin] + [""]) if begin else ""


def find_model(content, model, source):
    """{name in srwm: tensor} of the dict in the file, and the prefix in it, with the most names of the model."""
    expected = model.shapes({})
    places, best, most = torch_file.containers(content), None, 0
    if not places:
        raise InputError(f"{source} holds no tensors: it is no state_dict, nor anything with one inside.")
    for place, tensors in sorted(places.items(), key=lambda item: bool(re.search("ema|avg|average", item[0]))):
        counts = {}
        for name in tensors:
            for prefix in prefixes(name, lambda plain: plain in expected):
                counts[prefix] = counts.get(prefix, 0) + 1
        for prefix, count in counts.items():
            if count > most:
                best, most = (place, prefix), count
    if best is None:
        tensors = max(places.values(), key=len)
        raise InputError(f"{source} has no tensor that the model of the spec has. The model has {some(expected)}; the "
                         f"file has {some(tensors)}. Is it the spec of this model?")
    if best != ("", ""):
        print("taken from "
              f"{printable(best[0]) or 'the file'}{f', names after {printable(best[1])}' if best[1] else ''}")
    return renamed(places[best[0]], best[1], source)


def some(names):
    names = list(names)
    return ", ".join(printable(name) for name in names[:NAMES_SHOWN]) + \
        (f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else "")


def renamed(tensors, prefix, source):
    found, skip = {}, prefix.count(".")
    for name, tensor in tensors.items():
        parts = [part for part in name.split(".") if part not in WRAPPERS]
        if ".".join(parts[:skip] + [""] if skip else [""]) != prefix or name in COUNTERS:
            continue
        plain = plain_name(".".join(parts[skip:]))
        if plain in found:
            raise InputError(f"{source} has two tensors for {plain}; the second is {printable(name)}.")
        found[plain] = tensor
    return found


def arrays_of(tensors, source):
    """The numbers of all tensors."""
    arrays = {}
    for name, tensor in tensors.items():
        try:
            arrays[name] = tensor.array() if isinstance(tensor, torch_file.Tensor) else tensor
        except ValueError as error:
            raise InputError(f"{source}: the tensor {printable(name)} cannot be read: {error}.") from error
    return arrays


# What the tensors have to be.

def check(tensors, model, source):
    """Refuses tensors that are not those of the spec's model, or not finite."""
    shapes = model.shapes(tensors)
    missing, more = ([name for name in a if name not in b] for a, b in ((shapes, tensors), (tensors, shapes)))
    if missing:
        has = f" It has {some(more)}, which the model does not have." if more else ""
        raise InputError(f"{source} has no tensor {missing[0]} {list(shapes[missing[0]])}, which the model of the spec "
                         f"needs{f' (nor {some(missing[1:])})' if missing[1:] else ''}.{has}")
    if more:
        raise InputError(f"{source} has a tensor {printable(more[0])} {list(tensors[more[0]].shape)}, which the model "
                         f"of the spec does not have{f' (nor {some(more[1:])})' if more[1:] else ''}.")
    for name, shape in shapes.items():
        found = tensors[name]
        if tuple(found.shape) != tuple(shape):
            raise InputError(f"{source}: the tensor {name} is {list(found.shape)}; the model of the spec needs "
                             f"{list(shape)}.")
        if found.dtype.kind != "f":
            raise InputError(f"{source}: the tensor {name} is {found.dtype}; expected floating-point numbers.")
    check_finite(tensors, source)


def check_finite(tensors, source):
    for name, values in tensors.items():
        if values.dtype.kind != "f":
            continue
        with np.errstate(over="ignore"):
            bad = ~np.isfinite(values.astype(np.float32))
        if bad.any():
            first = values[bad].ravel()[0]
            why = f"{first:g}, too large for float32" if np.isfinite(first) else f"{first:g}"
            raise NotFinite(f"{source}: the tensor {name} holds {why} ({bad.sum()} of its {bad.size} numbers are not "
                            "finite in float32). Give a checkpoint of before the training diverged.")


# The two directions.

def write_checkpoint(output, spec_text, tensors, unused, generator="convert_torch_checkpoint.py"):
    """Writes a checkpoint without optimizer, whole or not at all."""
    with new_hdf5(output) as (file, _):
        file.attrs.update({"srwm_format": "checkpoint", "format_version": FORMAT_VERSION, "version": "",
                           "generator": generator, "commit": "", "data_digest": "",
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


def content_of(group):
    """{name: array} of a group; a tensor whose numbers are in another file is refused, since that may be gone."""
    for name, value in (group or {}).items():
        if value.is_virtual or value.external:
            raise ValueError(f"the numbers of {name} are in another file")
    return {name: value[()] for name, value in (group or {}).items()}


def read_checkpoint(source):
    """(spec, tensors, unused tensors, step) of a checkpoint."""
    try:
        with h5py.File(source) as file:
            kind, version = text(file.attrs.get("srwm_format", "another file")), file.attrs.get("format_version", 0)
            if kind != "checkpoint" or version > FORMAT_VERSION:
                raise InputError(f"{source} is {kind}, format version {version}; expected checkpoint, format version "
                                 f"1 to {FORMAT_VERSION}.")
            groups = [content_of(file.get(group)) for group in ("model", "torch")]
            return file["spec"].asstr()[0], *groups, int(file["progress"].attrs["step"])
    except (OSError, KeyError, AttributeError, TypeError, ValueError, IndexError, RuntimeError) as error:
        raise InputError(f"{source} is not a whole checkpoint: {error}.") from error


def from_torch(options):
    require("numpy", "h5py")
    spec_text = read_spec(options.config)
    model = model_of(spec_text, options.config)
    state = arrays_of(find_model(torch_file.load(options.input), model, options.input), options.input)
    unused = {name: value for name, value in state.items() if model.unused.fullmatch(name)}
    tensors = {name: value for name, value in state.items() if name not in unused}
    check(tensors, model, options.input)
    write_checkpoint(options.output, spec_text, tensors, unused)
    print(f"{options.output}: {len(tensors)} tensors, {sum(value.size for value in tensors.values())} numbers.")


def to_torch(options):
    require("numpy", "h5py", "torch")
    spec_text, tensors, unused, step = read_checkpoint(options.input)
    model = model_of(spec_text, f"the spec in {options.input}")
    check(tensors, model, options.input)
    unused = model.unused_tensors(tensors, step) | unused
    rename = to_bootstrapped_name if options.bootstrapped else str
    state = {rename(name): torch.from_numpy(np.asarray(value)) for name, value in sorted((tensors | unused).items())}
    content = io.BytesIO()
    torch.save({"model_state_dict": state}, content)
    with new_file(options.output) as name, open(name, "wb") as file:
        file.write(content.getbuffer())
    print(f"{options.output}: {len(state)} tensors.")


def parse(arguments):
    parser = argument_parser(__doc__)
    parser.add_argument("input", metavar="IN", type=path, help="PyTorch file; with --to-torch a checkpoint of srwm")
    parser.add_argument("output", metavar="OUT", type=path, help="checkpoint to write; with --to-torch a PyTorch file")
    parser.add_argument("--config", metavar="SPEC", type=path, help="experiment spec that the PyTorch model belongs to")
    parser.add_argument("--trust", action="store_true", help=argparse.SUPPRESS)  # of version 0.1; nothing is run any more
    parser.add_argument("--to-torch", action="store_true", help="convert a checkpoint of srwm to PyTorch")
    parser.add_argument("--bootstrapped", action="store_true",
                        help="with --to-torch: the names of the authors' bootstrapped models (fw_layers, ff_layers)")
    options = parser.parse_args(arguments)
    if options.to_torch == bool(options.config):
        parser.error("give --config SPEC, or --to-torch for a checkpoint, which holds its spec")
    if options.bootstrapped and not options.to_torch:
        parser.error("--bootstrapped is for --to-torch; on the way to srwm such names are known")
    return options


def main(arguments):
    options = parse(arguments)
    check_output("OUT", options.output, [options.input, *([options.config] if options.config else [])])
    (to_torch if options.to_torch else from_torch)(options)


if __name__ == "__main__":
    run(main)
