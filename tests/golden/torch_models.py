"""The few-shot models in PyTorch, written from the equations of the papers and independent of lib/: what srwm computes
is compared with this. Parameters are a dict of tensors with the names and shapes of docs/file_formats.md; everything
runs in the type of those tensors. Without dropout."""

from typing import NamedTuple

import torch
import torch.nn.functional as F

RUNNING = (".running_mean", ".running_var")


def is_trained(name):
    """Whether a tensor of a model is a parameter and not a running statistic."""
    return not name.endswith(RUNNING)


def batch_norm(p, name, x, training):
    """In training the running statistics in `p` are updated in place."""
    return F.batch_norm(x, p[name + ".running_mean"], p[name + ".running_var"], p[name + ".weight"], p[name + ".bias"],
                        training=training, momentum=0.1, eps=1e-5)


def conv4(p, images, training):
    """images [N, C, H, W] -> features [N, F] in C, H, W order. Four times convolution, batch-norm, max-pool,
    ReLU."""
    x = images
    for i in range(4):
        conv, norm = f"conv_layers.{i}.0", f"conv_layers.{i}.1"
        x = F.conv2d(x, p[conv + ".weight"], p[conv + ".bias"], padding=1)
        x = F.relu(F.max_pool2d(batch_norm(p, norm, x, training), 2))
    return x.flatten(1)


def res12_block(p, name, x, training):
    y = x
    for i in (1, 2):
        y = F.conv2d(y, p[f"{name}.conv{i}.weight"], padding=1)
        y = F.leaky_relu(batch_norm(p, f"{name}.bn{i}", y, training), 0.1)
    y = batch_norm(p, name + ".bn3", F.conv2d(y, p[name + ".conv3.weight"], padding=1), training)
    shortcut = batch_norm(p, name + ".downsample.1", F.conv2d(x, p[name + ".downsample.0.weight"]), training)
    return F.max_pool2d(F.leaky_relu(y + shortcut, 0.1), 2)


def res12(p, images, training):
    """images [N, C, H, W] -> features [N, F]: four residual blocks and the mean over space."""
    x = images
    for i in range(1, 5):
        x = res12_block(p, f"stem_resnet12.layer{i}", x, training)
    return x.mean((2, 3))


def linear(p, name, x):
    return F.linear(x, p[name + ".weight"], p.get(name + ".bias"))


def layer_norm(p, name, x):
    return F.layer_norm(x, x.shape[-1:], p[name + ".weight"], p[name + ".bias"], eps=1e-5)


def feed_forward(p, name, x):
    inner = F.relu(linear(p, name + ".ff_layers.0", layer_norm(p, name + ".layer_norm", x)))
    return x + linear(p, name + ".ff_layers.3", inner)


def srwm_memory(x, w):
    """Irie et al., 2022, eqs. 5-8. x [B, T, h, d]; w [B or 1, h, d, 3 d + 4] is the transpose of the paper's W_0, columns
    y, q, k, b. Returns y [B, T, h, d] and the last w."""
    d = x.shape[-1]
    w = w.expand(x.shape[0], -1, -1, -1)
    outputs = []
    for x_t in x.unbind(1):
        y, q, k, b = torch.einsum("bhi,bhio->bho", x_t, w).split([d, d, d, 4], dim=-1)
        outputs.append(y)
        q, k = q.softmax(-1), k.softmax(-1)
        repeats = torch.tensor([d, d, d, 4], device=b.device)
        rate = torch.sigmoid(b).repeat_interleave(repeats, dim=-1, output_size=3 * d + 4)  # of each column
        value, old_value = (torch.einsum("bhi,bhio->bho", key, w) for key in (q, k))
        w = w + k.unsqueeze(-1) * (rate * (value - old_value)).unsqueeze(-2)
    return torch.stack(outputs, 1), w


# The layers of cores: layer(p, name, x, core, state) -> output for x [B, T, H] and the state after it, a tuple of
# tensors. `state` is the one before it, None where the sequence begins.


def srwm_layer(p, name, x, core, state):
    """The state is the matrix."""
    (w,) = state or (torch.cat([p[f"{name}.{part}"] for part in ("W_y", "W_q", "W_k", "w_b")], dim=-1),)
    heads = x.unflatten(-1, (core["heads"], -1))
    if core["input_softmax"]:
        heads = heads.softmax(-1)
    y, w = srwm_memory(heads, w)
    out = linear(p, name + ".out_linear", y.flatten(-2))
    return (layer_norm(p, name + ".layer_norm", x) if core["layer_norm"] else x) + out, (w,)


def no_memory(v, k):
    """W_0 = 0 of a memory of v by k, [B, h, d, d]."""
    return torch.zeros(*v.shape[:1], *v.shape[2:], k.shape[-1], dtype=v.dtype, device=v.device)


def delta_memory(q, k, v, beta, w):
    """Schlag et al., 2021: W_t = W_{t-1} + beta (v - W_{t-1} k) k^T, y = W_t q. [B, T, h, d]. Returns y and the last
    W."""
    outputs = []
    for q_t, k_t, v_t, beta_t in zip(q.unbind(1), k.unbind(1), v.unbind(1), beta.unbind(1)):
        error = v_t - torch.einsum("bhij,bhj->bhi", w, k_t)
        w = w + torch.einsum("bhi,bhj->bhij", beta_t * error, k_t)
        outputs.append(torch.einsum("bhij,bhj->bhi", w, q_t))
    return torch.stack(outputs, 1), w


def delta_layer(p, name, x, core, state):
    """The state is the matrix."""
    d = x.shape[-1] // core["heads"]
    projected = linear(p, name + ".slow_net", layer_norm(p, name + ".layer_norm", x))
    q, k, v, b = projected.unflatten(-1, (core["heads"], -1)).split([d, d, d, 1], dim=-1)
    q, k = (F.elu(key) + 1 for key in (q, k))
    q, k = (key / key.sum(-1, keepdim=True) for key in (q, k))
    (w,) = state or (no_memory(v, k),)
    y, w = delta_memory(q, k, v, torch.sigmoid(b), w)
    return x + linear(p, name + ".out_linear", y.flatten(-2)), (w,)


def additive_memory(q, k, v, w):
    """W_t = W_{t-1} + v k^T, y = W_t q, as y_t = W_0 q_t + sum over j <= t of v_j (k_j . q_t). [B, T, h, d]. Returns y
    and the last W."""
    scores = torch.einsum("bthi,bjhi->bhtj", q, k).tril()
    y = torch.einsum("bhtj,bjhi->bthi", scores, v) + torch.einsum("bhij,bthj->bthi", w, q)
    return y, w + torch.einsum("bthi,bthj->bhij", v, k)


def linear_transformer_layer(p, name, x, core, state):
    """The state is the matrix."""
    q, k, v = linear(p, name + ".slow_net", layer_norm(p, name + ".layer_norm", x)) \
        .unflatten(-1, (core["heads"], 3, -1)).unbind(-2)
    q, k = (F.elu(key) + 1 for key in (q, k))
    q, k = (key / key.sum(-1, keepdim=True) for key in (q, k))
    (w,) = state or (no_memory(v, k),)
    y, w = additive_memory(q, k, v, w)
    return x + linear(p, name + ".out_linear", y.flatten(-2)), (w,)


def softmax_attention(q, k, v):
    """Vaswani et al., 2017, causal: the last position of q [B, T, h, d] is that of k and v [B, S, h, d], S >= T."""
    scores = torch.einsum("bthi,bjhi->bhtj", q, k) / q.shape[-1] ** 0.5
    later = torch.ones_like(scores, dtype=torch.bool).triu(1 + k.shape[1] - q.shape[1])
    return torch.einsum("bhtj,bjhi->bthi", scores.masked_fill(later, -torch.inf).softmax(-1), v)


def transformer_layer(p, name, x, core, state):
    """The state is keys and values."""
    q, k, v = linear(p, name + ".slow_net", layer_norm(p, name + ".layer_norm", x)) \
        .unflatten(-1, (core["heads"], 3, -1)).unbind(-2)
    if state is not None:
        k, v = torch.cat([state[0], k], 1), torch.cat([state[1], v], 1)
    return x + linear(p, name + ".out_linear", softmax_attention(q, k, v).flatten(-2)), (k, v)


def lstm_layer(p, number, x, core, state):
    """PyTorch's own cell; the state is h and c."""
    weights = [p[f"rnn.{part}_l{number}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    h, c = state or [torch.zeros(x.shape[0], core["hidden"], dtype=x.dtype, device=x.device)] * 2
    outputs = []
    for x_t in x.unbind(1):
        h, c = torch.lstm_cell(x_t, (h, c), *weights)
        outputs.append(h)
    return torch.stack(outputs, 1), (h, c)


FAST_WEIGHT_LAYERS = {"srwm": srwm_layer, "delta_net": delta_layer, "linear_transformer": linear_transformer_layer,
                      "transformer": transformer_layer}


def core_segment(p, x, core, states):
    """The core from the states of its layers on (None: from the start). Returns its output [B, T, width] and the states
    after it."""
    after = []
    if core["kind"] != "lstm":
        x = linear(p, "input_proj", x)
    for i in range(core["layers"]):
        before = states and states[i]
        if core["kind"] == "lstm":
            x, state = lstm_layer(p, i, x, core, before)
        else:
            x, state = FAST_WEIGHT_LAYERS[core["kind"]](p, f"layers.{2 * i}", x, core, before)
            x = feed_forward(p, f"layers.{2 * i + 1}", x)
        after.append(state)
    return x, after


def fed_labels(labels, protocol):
    """What is fed with each image, and which positions have a target. labels [B, T]."""
    fed, wanted = torch.zeros_like(labels), torch.zeros(labels.shape[1], dtype=torch.bool)
    if protocol == "sync":
        fed[:, :-1], wanted[-1] = labels[:, :-1], True
    else:
        fed[:, 1:], wanted[:] = labels[:, :-1], True
    return fed, wanted


class TwoTasks(NamedTuple):
    """The protocol "sequential" on episodes that are stored as two segments of equal length, one of each task."""
    mean: torch.Tensor  # [2, C], of a task's pixels in 0..1
    std: torch.Tensor
    kept: list  # of pass i, the positions that are left of the segment of each task
    first: list  # the task that comes first in pass i

    def normalized(self, images):
        """Numbers [B, T, H, W, C] in 0..1 of whole episodes."""
        task = torch.arange(images.shape[1]) // (images.shape[1] // 2)
        mean, std = (numbers.to(images.dtype)[task, None, None] for numbers in (self.mean, self.std))
        return (images - mean) / std

    def positions(self, number, length):
        """What pass `number` sees of an episode, in its order."""
        segments = [torch.arange(kept) + task * length // 2 for task, kept in enumerate(self.kept[number])]
        return torch.cat(segments[::-1] if self.first[number] else segments)


def whole(images, dtype, tasks=None):
    """u8 [B, T, H, W, C] -> numbers of that type."""
    numbers = images.to(dtype) / 255
    return numbers if tasks is None else tasks.normalized(numbers)


def training_pass(images, labels, spec, dtype, number, tasks=None):
    """Numbers and labels of pass `number`: train.batch episodes in their order, from the start again at their end."""
    batch = spec["train"]["batch"]
    rows = torch.arange(number * batch, (number + 1) * batch) % len(labels)
    numbers, labels = whole(images[rows], dtype, tasks), labels[rows]
    if tasks is None:
        return numbers, labels
    positions = tasks.positions(number, labels.shape[1])
    return numbers[:, positions], labels[:, positions]


def embed(p, images, fed, spec, training):
    """Features of images [B, T, H, W, C], as numbers, and the labels fed with them, [B, T, F + N]."""
    # Contiguous, because batch-norm of float32 images in channels-last memory is a hundred times less exact.
    pixels = images.flatten(0, 1).permute(0, 3, 1, 2).clone(memory_format=torch.contiguous_format)
    encoder = {"conv4": conv4, "res12": res12}[spec["model"]["vision"]["kind"]]
    features = encoder(p, pixels, training).unflatten(0, fed.shape)
    return torch.cat([features, F.one_hot(fed, spec["protocol"]["n_way"]).to(features.dtype)], dim=-1)


def segment(p, images, fed, spec, states, training):
    """A part of the sequence from the states of the core's layers on (None: the beginning), its batch statistics its
    own. Returns the core's output [B, T, width] and the states after it."""
    return core_segment(p, embed(p, images, fed, spec, training), spec["model"]["core"], states)


def logits(p, images, labels, spec, training):
    """images [B, T, H, W, C] as numbers, labels [B, T] -> logits of the positions with a target and those targets,
    [B, n, N] and [B, n]. `spec` is a resolved spec."""
    fed, wanted = fed_labels(labels, spec["protocol"]["kind"])
    y, _ = segment(p, images, fed, spec, None, training)
    return linear(p, "out_layer", y)[:, wanted], labels[:, wanted]


def parts(states, core):
    """The tensors that are compared one by one: a self-referential matrix consists of W^y, W^q, W^k, W^b."""
    for state in states:
        for tensor in state:
            d = tensor.shape[-2]
            yield from tensor.split([d, d, d, 4], dim=-1) if core["kind"] == "srwm" else [tensor]


def bootstrapped_loss(p, images, labels, spec):
    """Irie et al., 2023 (arXiv 2305.01547): a CE(query | S_K) + b KL(p_{K+F} || p_K), or the mean squared difference of
    S_K and S_{K+F}, + c CE(query | S_{K+F}), from four passes with batch statistics of their own. Episodes are K and F
    images of each class, then a query."""
    options, core = spec["bootstrap"], spec["model"]["core"]
    k = spec["protocol"]["n_way"] * spec["protocol"]["k_shot"]

    def see(seen, states):
        return segment(p, images[:, seen], labels[:, seen], spec, states, training=True)[1]

    def answer(states):
        nothing = torch.zeros_like(labels[:, -1:])
        y, _ = segment(p, images[:, -1:], nothing, spec, states, training=True)
        return linear(p, "out_layer", y)[:, 0]

    states = see(slice(0, k), None)
    answers = answer(states)
    later_states = see(slice(k, -1), states)
    later_answers = answer(later_states)
    if options["kind"] == "kl":
        match = F.kl_div(answers.log_softmax(-1), later_answers.detach().log_softmax(-1), reduction="batchmean",
                         log_target=True)
    else:
        match = sum(F.mse_loss(now, later.detach())
                    for now, later in zip(parts(states, core), parts(later_states, core)))
    return options["loss_scale"] * F.cross_entropy(answers, labels[:, -1]) + options["match_scale"] * match + \
        options["future_loss_scale"] * F.cross_entropy(later_answers, labels[:, -1])


def loss(p, images, labels, spec):
    """What is trained on, in training mode: the mean cross-entropy over the positions with a target, or the bootstrapped
    loss."""
    if spec.get("bootstrap", {}).get("kind", "none") != "none":
        return bootstrapped_loss(p, images, labels, spec)
    predicted, targets = logits(p, images, labels, spec, training=True)
    return F.cross_entropy(predicted.flatten(0, 1), targets.flatten())


def adam_steps(p, images, labels, spec, steps, tasks=None):
    """Trains `p` in place, each step by the summed gradients of train.accumulate passes. Yields the sum of their
    losses."""
    optim, passes = spec["optim"], spec["train"].get("accumulate", 1)
    parameters = [value.requires_grad_() for name, value in p.items() if is_trained(name)]
    adam = torch.optim.Adam(parameters, lr=optim["rate"], betas=(optim["beta1"], optim["beta2"]), eps=optim["eps"])
    for step in range(steps):
        total = 0
        adam.zero_grad()
        for number in range(step * passes, (step + 1) * passes):
            pass_loss = loss(p, *training_pass(images, labels, spec, parameters[0].dtype, number, tasks), spec)
            pass_loss.backward()
            total += pass_loss.item()
        adam.step()
        yield total
