"""The tensors of the authors' PyTorch models: which of them there are, and their shapes, by the spec of a model."""

import re

from command_line import Package

np = Package("numpy")

# What a model is made of where its spec does not say; docs/spec.md.
DEFAULTS = {"protocol": {"n_way": 5}, "vision": {"kind": "conv4", "channels": 64, "size": "base"},
            "core": {"kind": "srwm", "layers": 2, "heads": 16, "hidden": 256, "ff_factor": 4, "layer_norm": True}}
AGENT_DEFAULTS = {"channels": [16, 32, 32], "features": 256, "core": "srwm", "layers": 2, "heads": 8, "hidden": 128,
                  "ff_inner": 512, "layer_norm": False}


def linear(name, rows, columns, bias=True):
    return {name + ".weight": (rows, columns), **({name + ".bias": (rows,)} if bias else {})}


def norm(name, width):
    return {name + ".weight": (width,), name + ".bias": (width,)}


def feed_forward_block(name, hidden, inner):
    return (linear(name + ".ff_layers.0", inner, hidden) | linear(name + ".ff_layers.3", hidden, inner)
            | norm(name + ".layer_norm", hidden))


def srwm_layer(name, hidden, heads, outputs=None):
    """A self-referential layer with `outputs` numbers of y per head, or as many as a head has inputs."""
    size = hidden // heads
    sizes = {"W_y": outputs or size, "W_q": size, "W_k": size, "w_b": 4}
    return {f"{name}.{part}": (1, heads, size, columns) for part, columns in sizes.items()}


def programmed_layer(name, kind, hidden, heads):
    """A layer whose fast weights a slow net programs: q, k, v, and of a DeltaNet b."""
    rows = 3 * hidden + (heads if kind == "delta_net" else 0)
    return linear(name + ".slow_net", rows, hidden, bias=False) | norm(name + ".layer_norm", hidden)


def fast_weight_layers(core, inputs):
    """The layers of all cores of few-shot models but the LSTM."""
    hidden, heads = core["hidden"], core["heads"]
    shapes = linear("input_proj", hidden, inputs)
    for i in range(core["layers"]):
        fast = f"layers.{2 * i}"
        if core["kind"] == "srwm":
            shapes |= srwm_layer(fast, hidden, heads)
            shapes |= norm(fast + ".layer_norm", hidden) if core["layer_norm"] else {}
        else:
            shapes |= programmed_layer(fast, core["kind"], hidden, heads)
        shapes |= linear(fast + ".out_linear", hidden, hidden, bias=False)
        shapes |= feed_forward_block(f"layers.{2 * i + 1}", hidden, core["ff_factor"] * hidden)
    return shapes


def lstm_layers(core, inputs, name="rnn"):
    hidden, shapes = core["hidden"], {}
    for i in range(core["layers"]):
        shapes |= {f"{name}.weight_ih_l{i}": (4 * hidden, hidden if i else inputs),
                   f"{name}.weight_hh_l{i}": (4 * hidden, hidden),
                   f"{name}.bias_ih_l{i}": (4 * hidden,), f"{name}.bias_hh_l{i}": (4 * hidden,)}
    return shapes


CORES = {"srwm": fast_weight_layers, "delta_net": fast_weight_layers, "linear_transformer": fast_weight_layers,
         "transformer": fast_weight_layers, "lstm": lstm_layers}


def batch_norm(name, channels):
    return {**norm(name, channels), name + ".running_mean": (channels,), name + ".running_var": (channels,)}


def conv4(vision, image_channels):
    channels, shapes = vision["channels"], {}
    for i in range(4):
        shapes[f"conv_layers.{i}.0.weight"] = (channels, channels if i else image_channels, 3, 3)
        shapes |= {f"conv_layers.{i}.0.bias": (channels,), **batch_norm(f"conv_layers.{i}.1", channels)}
    return shapes


def res12_channels(vision):
    first = vision["channels"]
    return [first * factor // 2 for factor in ((2, 4, 8, 16) if vision["size"] == "big" else (2, 3, 4, 8))]


def res12(vision, image_channels):
    shapes, inputs = {}, image_channels
    for number, channels in enumerate(res12_channels(vision), 1):
        block = f"stem_resnet12.layer{number}"
        for i in range(1, 4):
            shapes[f"{block}.conv{i}.weight"] = (channels, inputs if i == 1 else channels, 3, 3)
            shapes |= batch_norm(f"{block}.bn{i}", channels)
        shapes |= {f"{block}.downsample.0.weight": (channels, inputs, 1, 1),
                   **batch_norm(f"{block}.downsample.1", channels)}
        inputs = channels
    return shapes


# Shapes of an encoder, and the name of the weights that see the image.
ENCODERS = {"conv4": (conv4, "conv_layers.0.0.weight"), "res12": (res12, "stem_resnet12.layer1.conv1.weight")}


def columns(tensors, name, otherwise):
    """Columns of a matrix of the file, where it has that matrix."""
    shape = tensors[name].shape if name in tensors else ()
    return shape[1] if len(shape) > 1 else otherwise


class FewShotModel:
    # PyTorch counts the batches of a batch-norm without using the count.
    unused = re.compile(r"(conv_layers\.\d+\.1|stem_resnet12\.layer\d+\.(bn\d+|downsample\.1))\.num_batches_tracked")

    def __init__(self, core, vision, n_way):
        self.core, self.vision, self.n_way = core, vision, n_way

    def shapes(self, tensors):
        """Of all its tensors. A spec does not tell the size of the images: their channels and the number of features
        are taken from the tensors, as far as they can be right."""
        encoder, sees_image = ENCODERS[self.vision["kind"]]
        first = "rnn.weight_ih_l0" if self.core["kind"] == "lstm" else "input_proj.weight"
        if self.vision["kind"] == "res12":
            features = res12_channels(self.vision)[-1]
        else:
            channels = self.vision["channels"]
            features = channels * max(1, round((columns(tensors, first, 0) - self.n_way) / channels))
        return (encoder(self.vision, columns(tensors, sees_image, 1))
                | CORES[self.core["kind"]](self.core, features + self.n_way)
                | linear("out_layer", self.n_way, self.core["hidden"]))

    @staticmethod
    def unused_tensors(tensors, step):
        """What PyTorch's model holds beside `tensors` after so many steps."""
        return {name.replace("running_var", "num_batches_tracked"): np.array(step, np.int64)
                for name in tensors if name.endswith(".running_var")}


# The layers of agents' cores by kind; outputs of y per head of `size` for those that are made of an SRWM.
SRWM_OUTPUTS = {"srwm": lambda size: size, "sr_delta": lambda size: 3 * size + 1}
LAYERED = ("feed_forward_deep", "delta_net", "linear_transformer", "fake_sr", *SRWM_OUTPUTS)
AGENT_CORES = ("feed_forward", "lstm", *LAYERED)


def impala(channels, image_channels):
    shapes, inputs = {}, image_channels
    for i, outputs in enumerate(channels):
        names = [f"resnet{block}.{i}.{layer}" for block in (1, 2) for layer in (1, 3)]
        for name, width in [(f"feat_convs.{i}.0", inputs), *((name, outputs) for name in names)]:
            shapes |= {name + ".weight": (outputs, width, 3, 3), name + ".bias": (outputs,)}
        inputs = outputs
    return shapes


class AgentModel:
    """An agent of reinforcement learning."""

    def __init__(self, options):
        self.options = options
        # The layers that are made of a self-referential matrix hold a LayerNorm that their code never applies; ours
        # may.
        self.has_norms = options["core"] in ("fake_sr", *SRWM_OUTPUTS)
        self.norms_unused = self.has_norms and not options["layer_norm"]
        is_norm = r"core\.fwm_layers\.\d+\.layer_norm\.(weight|bias)"
        self.unused = re.compile(is_norm if self.norms_unused else r"(?!)")

    def fast_layer(self, name):
        kind, hidden, heads = (self.options[key] for key in ("core", "hidden", "heads"))
        if kind == "feed_forward_deep":
            return {}
        size, shapes = hidden // heads, linear(name + ".out_linear", hidden, hidden, bias=False)
        if self.has_norms and not self.norms_unused:
            shapes |= norm(name + ".layer_norm", hidden)
        if kind == "fake_sr":
            return shapes | {name + ".W_y": (heads, size, size)}
        if kind in SRWM_OUTPUTS:
            return shapes | srwm_layer(name, hidden, heads, SRWM_OUTPUTS[kind](size))
        return shapes | programmed_layer(name, kind, hidden, heads)

    def core_shapes(self, inputs):
        options = self.options
        if options["core"] == "feed_forward":
            return {}
        if options["core"] == "lstm":
            return lstm_layers(options, inputs, "core")
        prefix = "trafo_ff_block" if options["core"] == "feed_forward_deep" else "core"
        shapes = linear(prefix + ".input_proj", options["hidden"], inputs)
        for i in range(options["layers"]):
            shapes |= self.fast_layer(f"{prefix}.fwm_layers.{i}")
            shapes |= feed_forward_block(f"{prefix}.ff_layers.{i}", options["hidden"], options["ff_inner"])
        return shapes

    def shapes(self, tensors):
        """Of all its tensors. The size of the frames and the number of actions are those of the file."""
        channels, features = self.options["channels"], self.options["features"]
        pixels = max(1, round(columns(tensors, "fc.weight", 0) / channels[-1]))
        actions = len(tensors["policy.bias"]) if "policy.bias" in tensors and tensors["policy.bias"].shape else 1
        width = features + 1 if self.options["core"] == "feed_forward" else self.options["hidden"]
        return (impala(channels, columns(tensors, "feat_convs.0.0.weight", 3))
                | linear("fc", features, channels[-1] * pixels) | self.core_shapes(features + 1)
                | linear("policy", actions, width) | linear("baseline", 1, width))

    def unused_tensors(self, tensors, _):
        """What PyTorch's model holds beside `tensors`: norms that change nothing but by their epsilon."""
        if not self.norms_unused:
            return {}
        hidden, layers = self.options["hidden"], range(self.options["layers"])
        return {f"core.fwm_layers.{i}.layer_norm.{part}": make(hidden, np.float32)
                for i in layers for part, make in (("weight", np.ones), ("bias", np.zeros))}
