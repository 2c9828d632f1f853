"""Networks of sub-RNNs (VSML: Kirsch, Schmidhuber, NeurIPS 2021) in PyTorch, written from the equations in
lib/ops/vsml.h, with PyTorch's own differentiation."""

from typing import NamedTuple

import torch
from torch.nn import functional


class Layer(NamedTuple):
    """Dense unless `height` is there; then a 3 x 3 convolution of [height, width, inputs]."""
    inputs: int
    outputs: int
    height: int = 0
    width: int = 0
    stride: int = 1


class Options(NamedTuple):
    layers: tuple
    message_size: int = 8
    cell_size: int = 16
    micro_ticks: int = 2
    output_index: int = 1
    bound: float = 100.0
    streams: int = 1
    layer_norm: bool = False
    feed_label: bool = False
    reverse_tick: bool = False
    separate_reverse: bool = False
    layerwise: bool = False
    published_conv_mask: bool = False
    last_step: bool = False


def set_shapes(o):
    """Names and shapes of one set of parameters, in the order of theta."""
    m, s = o.message_size, o.cell_size
    shapes = {"w": (2 * m + s, 4 * s), "beta": (4 * s,), "w_f": (s, m), "beta_f": (m,), "w_b": (s, m), "beta_b": (m,)}
    if o.layer_norm:
        shapes |= {name: (m,) for name in ("gamma_f", "delta_f", "gamma_b", "delta_b")}
    return shapes


def set_count(o):
    return (len(o.layers) if o.layerwise else 1) * (2 if o.reverse_tick and o.separate_reverse else 1)


def state_shape(o, layer):
    kernel = (3, 3) if layer.height else ()
    return (*kernel, layer.inputs, layer.outputs, o.cell_size)


def out_size(layer):
    return -(-layer.height // layer.stride), -(-layer.width // layer.stride)


def split_theta(o, theta):
    """[n] -> a list of dictionaries, one per set."""
    sets, at = [], 0
    for _ in range(set_count(o)):
        values = {}
        for name, shape in set_shapes(o).items():
            size = torch.Size(shape).numel()
            values[name] = theta[at:at + size].reshape(shape)
            at += size
        sets.append(values)
    assert at == len(theta)
    return sets


def sub_rnn(o, p, m_fwd, m_bwd, h, c):
    """All arguments have the same leading axes."""
    z = torch.cat([m_fwd, m_bwd, h], -1) @ p["w"] + p["beta"]
    i, g, f, out = z.chunk(4, -1)
    c = torch.sigmoid(f + 5) * c + torch.sigmoid(i - 5) * torch.tanh(g)
    h = torch.sigmoid(out) * torch.tanh(c)
    u_fwd, u_bwd = h @ p["w_f"] + p["beta_f"], h @ p["w_b"] + p["beta_b"]
    if o.layer_norm:
        m = (o.message_size,)
        u_fwd = functional.layer_norm(u_fwd, m, p["gamma_f"], p["delta_f"], 1e-5)
        u_bwd = functional.layer_norm(u_bwd, m, p["gamma_b"], p["delta_b"], 1e-5)
    return u_fwd, u_bwd, h, c


def dense_tick(o, p, layer, m_fwd, m_bwd, h, c):
    grid = (layer.inputs, layer.outputs, o.message_size)
    for _ in range(o.micro_ticks):
        u_fwd, u_bwd, h, c = sub_rnn(o, p, m_fwd[:, None].expand(grid), m_bwd[None].expand(grid), h, c)
    return u_fwd.mean(0), u_bwd.mean(1), h, c


def conv_tick(o, p, layer, m_fwd, m_bwd, h, c):
    """m_fwd [H, W, Ci, M], m_bwd [H', W', Co, M], h and c [3, 3, Ci, Co, S]."""
    height, width = out_size(layer)
    ci, co, m = layer.inputs, layer.outputs, o.message_size
    padded = torch.zeros(layer.height + 2, layer.width + 2, ci, m, dtype=m_fwd.dtype)
    padded = torch.cat([torch.zeros_like(padded[:1]),
                        torch.cat([torch.zeros_like(padded[1:-1, :1]), m_fwd, torch.zeros_like(padded[1:-1, :1])], 1),
                        torch.zeros_like(padded[:1])], 0)
    rows = torch.arange(height)[:, None] * layer.stride + torch.arange(3)[None]  # [H', 3] into the padded input
    columns = torch.arange(width)[:, None] * layer.stride + torch.arange(3)[None]
    seen = padded[rows[:, None, :, None], columns[None, :, None, :]]  # [H', W', 3, 3, Ci, M]
    places = (height, width, 3, 3, ci, co)
    fwd, bwd = seen[..., None, :].expand(*places, m), m_bwd[:, :, None, None, None].expand(*places, m)
    for _ in range(o.micro_ticks):
        u_fwd, u_bwd, every_h, every_c = sub_rnn(o, p, fwd, bwd, h.expand(*places, -1), c.expand(*places, -1))
        h, c = every_h.mean((0, 1)), every_c.mean((0, 1))
    back = u_bwd.mean(5)  # [H', W', 3, 3, Ci, M]
    out = {}
    for i in range(height):
        for j in range(width):
            if o.published_conv_mask and (i * layer.stride >= layer.height // layer.stride
                                          or j * layer.stride >= layer.width // layer.stride):
                continue
            for k in range(3):
                for n in range(3):
                    at = (i * layer.stride + k - 1, j * layer.stride + n - 1)
                    out[at] = out.get(at, 0) + back[i, j, k, n] / 9
    nothing = torch.zeros(ci, m, dtype=m_fwd.dtype)
    out_bwd = torch.stack([torch.stack([out.get((r, q), nothing) for q in range(layer.width)])
                           for r in range(layer.height)])
    return u_fwd.mean((2, 3, 4)), out_bwd, h, c


class Stream:
    """One sequence's state: h and c, and the messages that each layer last got."""

    def __init__(self, o, c_first):
        self.h, self.c, self.bwd = [], [], []
        at, m = 0, o.message_size
        for layer in o.layers:
            shape = state_shape(o, layer)
            size = torch.Size(shape).numel()
            self.c.append(c_first[at:at + size].reshape(shape))
            self.h.append(torch.zeros(shape, dtype=c_first.dtype))
            outputs = (*out_size(layer), layer.outputs) if layer.height else (layer.outputs,)
            self.bwd.append(torch.zeros(*outputs, m, dtype=c_first.dtype))
            at += size
        self.fwd = [None] * len(o.layers)
        self.record = torch.zeros(o.layers[-1].outputs, 2, dtype=c_first.dtype)


def tick(o, sets, stream, image, record, reverse):
    """Messages through all layers; returns the top layer's."""
    depth, m = len(o.layers), o.message_size
    first = o.layers[0]
    shape = (first.height, first.width, first.inputs) if first.height else (first.inputs,)
    stream.fwd[0] = functional.pad(image.reshape(shape)[..., None], (0, m - 1))
    stream.bwd[-1] = functional.pad(record, (0, m - 2))
    top = None
    for k in reversed(range(depth)) if reverse else range(depth):
        layer = o.layers[k]
        number = k if o.layerwise else 0
        if reverse and o.separate_reverse:
            number += depth if o.layerwise else 1
        run = conv_tick if layer.height else dense_tick
        out_fwd, out_bwd, stream.h[k], stream.c[k] = run(o, sets[number], layer, stream.fwd[k], stream.bwd[k],
                                                         stream.h[k], stream.c[k])
        if k > 0:
            stream.bwd[k - 1] = out_bwd.reshape(stream.bwd[k - 1].shape)
        if k + 1 < depth:
            above = o.layers[k + 1]
            shape = (above.height, above.width, above.inputs) if above.height else (above.inputs,)
            stream.fwd[k + 1] = out_fwd.reshape(*shape, m)
        else:
            top = out_fwd
    return top


def merge(o, streams):
    half = o.cell_size // 2
    for k in range(len(o.layers)):
        for cells in ("h", "c"):
            mean = torch.stack([getattr(s, cells)[k][..., :half] for s in streams]).mean(0)
            for s in streams:
                getattr(s, cells)[k] = torch.cat([mean, getattr(s, cells)[k][..., half:]], -1)


def run(o, theta, x, targets, c_first):
    """theta [n], x [K, T, A], targets [K, T] of -1 or a class, c_first [cells] -> logits [K, T, O], loss."""
    sets, classes = split_theta(o, theta), o.layers[-1].outputs
    streams = [Stream(o, c_first) for _ in range(o.streams)]
    logits, losses = [[] for _ in streams], []
    for t in range(x.shape[1]):
        if o.streams > 1:
            merge(o, streams)
        for k, stream in enumerate(streams):
            raw = tick(o, sets, stream, x[k, t], stream.record, False)[:, o.output_index]
            out = o.bound * torch.tanh(raw / o.bound) if o.bound else raw
            logits[k].append(out)
            stream.record = torch.zeros_like(stream.record)
            target = int(targets[k, t])
            if target >= 0:
                label = functional.one_hot(torch.tensor(target), classes).to(out.dtype)
                stream.record = torch.stack([(torch.softmax(out, 0) - label) / o.streams,
                                             label if o.feed_label else torch.zeros_like(label)], -1)
                if not o.last_step or t == x.shape[1] - 1:
                    losses.append(-torch.log_softmax(out, 0)[target])
            if o.reverse_tick:
                tick(o, sets, stream, x[k, t], stream.record, True)
                stream.record = torch.zeros_like(stream.record)
    return torch.stack([torch.stack(row) for row in logits]), torch.stack(losses).mean()
