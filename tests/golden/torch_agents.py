"""The agents of reinforcement learning in PyTorch, and how they learn (V-trace, RMSProp), written from the equations of
the papers and independent of lib/: what srwm computes is compared with this. Parameters are a dict of tensors with the
names of the authors' state_dict; everything runs in the type of those tensors."""

import torch
import torch.nn.functional as F

from torch_models import feed_forward, layer_norm, linear


def convolution(p, name, x):
    return F.conv2d(x, p[name + ".weight"], p[name + ".bias"], padding=1)


def encoder(p, frames):
    """IMPALA's larger network. frames [N, C, H, W] in [0, 1] -> [N, features]."""
    x, stage = frames, 0
    while f"feat_convs.{stage}.0.weight" in p:
        x = F.max_pool2d(convolution(p, f"feat_convs.{stage}.0", x), 3, stride=2, padding=1)
        for block in ("resnet1", "resnet2"):
            inner = convolution(p, f"{block}.{stage}.1", x.relu())
            x = x + convolution(p, f"{block}.{stage}.3", inner.relu())
        stage += 1
    return linear(p, "fc", x.relu().flatten(1)).relu()


def keys(z):
    """elu + 1, divided by the sum + 1e-5."""
    z = F.elu(z) + 1
    return z / (z.sum(-1, keepdim=True) + 1e-5)


def srwm_step(w, x, outs):
    """Irie et al., 2022, eqs. 5-8, for x [B, h, d] after phi and w [B, h, d, outs + 2 d + 4], the transpose of W."""
    d = x.shape[-1]
    sizes = [outs, d, d, 4]
    y, q, k, b = torch.einsum("bhi,bhir->bhr", x, w).split(sizes, -1)
    q, k = q.softmax(-1), k.softmax(-1)
    rate = torch.cat([b_j.sigmoid().expand(*b_j.shape[:-1], n) for b_j, n in zip(b.split(1, -1), sizes)], -1)
    v, v_bar = torch.einsum("bhi,bhir->bhr", q, w), torch.einsum("bhi,bhir->bhr", k, w)
    return w + torch.einsum("bhi,bhr->bhir", k, rate * (v - v_bar)), y


def delta_step(w, q, k, v, beta):
    """Schlag et al., 2021: W + beta (v - W k) k^T, y = W q; w [B, h, d, d], value index first."""
    w = w + torch.einsum("bhr,bhi->bhri", beta * (v - torch.einsum("bhri,bhi->bhr", w, k)), k)
    return w, torch.einsum("bhri,bhi->bhr", w, q)


def matrix_of(p, name):
    return torch.cat([p[f"{name}.{part}"] for part in ("W_y", "W_q", "W_k", "w_b")], -1)[0]


def seen(p, name, x):
    """What a layer of the SRWM family sees of x: normalized where the layer has a LayerNorm."""
    return layer_norm(p, name + ".layer_norm", x) if name + ".layer_norm.weight" in p else x


class Srwm:
    """An SRWM layer: state W."""

    @staticmethod
    def initial(p, name, heads, d):
        return [matrix_of(p, name)]

    @staticmethod
    def step(p, name, x, state, heads):
        d = x.shape[-1] // heads
        w, y = srwm_step(state[0], seen(p, name, x).unflatten(-1, (heads, d)).softmax(-1), d)
        return [w], x + linear(p, name + ".out_linear", y.flatten(1))


class SrDelta:
    """An SRWM that makes q, k, v, beta of a DeltaNet with softmax keys: states W and the memory."""

    @staticmethod
    def initial(p, name, heads, d):
        w = matrix_of(p, name)
        return [w, torch.zeros(heads, d, d, dtype=w.dtype)]

    @staticmethod
    def step(p, name, x, state, heads):
        d = x.shape[-1] // heads
        w, made = srwm_step(state[0], seen(p, name, x).unflatten(-1, (heads, d)).softmax(-1), 3 * d + 1)
        q, k, v, b = made.split([d, d, d, 1], -1)
        memory, y = delta_step(state[1], q.softmax(-1), k.softmax(-1), v, b.sigmoid())
        return [w, memory], x + linear(p, name + ".out_linear", y.flatten(1))


class FakeSr:
    @staticmethod
    def initial(p, name, heads, d):
        return []

    @staticmethod
    def step(p, name, x, state, heads):
        y = torch.einsum("bhi,hio->bho", seen(p, name, x).unflatten(-1, (heads, -1)), p[name + ".W_y"])
        return [], x + linear(p, name + ".out_linear", y.flatten(1))


class DeltaNet:
    @staticmethod
    def initial(p, name, heads, d):
        return [torch.zeros(heads, d, d, dtype=p[name + ".slow_net.weight"].dtype)]

    @staticmethod
    def step(p, name, x, state, heads):
        d = x.shape[-1] // heads
        projected = linear(p, name + ".slow_net", layer_norm(p, name + ".layer_norm", x))
        q, k, v, b = projected.unflatten(-1, (heads, -1)).split([d, d, d, 1], -1)
        memory, y = delta_step(state[0], keys(q), keys(k), v, b.sigmoid())
        return [memory], x + linear(p, name + ".out_linear", y.flatten(1))


class LinearTransformer:
    initial = DeltaNet.initial

    @staticmethod
    def step(p, name, x, state, heads):
        projected = linear(p, name + ".slow_net", layer_norm(p, name + ".layer_norm", x))
        q, k, v = projected.unflatten(-1, (heads, 3, -1)).unbind(-2)
        memory = state[0] + torch.einsum("bhr,bhi->bhri", v, keys(k))
        y = torch.einsum("bhri,bhi->bhr", memory, keys(q))
        return [memory], x + linear(p, name + ".out_linear", y.flatten(1))


class Lstm:
    """A whole core: h and c of each layer."""

    @staticmethod
    def initial(p, name, layers, hidden):
        return [torch.zeros(hidden, dtype=p["fc.weight"].dtype)] * (2 * layers)

    @staticmethod
    def step(p, name, x, state, layers):
        after = []
        for i in range(layers):
            weights = [p[f"{name}.{part}_l{i}"] for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
            x, c = torch.lstm_cell(x, (state[2 * i], state[2 * i + 1]), *weights)
            after += [x, c]
        return after, x


LAYERS = {"srwm": Srwm, "sr_delta": SrDelta, "fake_sr": FakeSr, "delta_net": DeltaNet,
          "linear_transformer": LinearTransformer}


def run(p, cell, name, x, first, sizes, per_step):
    """A cell over x [B, T, F]; its state goes back to the initial one before a step with first[b, t]. `per_step` cuts
    the gradient of what the state differs from the initial one by."""
    initial = [value.expand(x.shape[0], *value.shape) for value in cell.initial(p, name, *sizes)]
    state, outputs = initial, []
    for x_t, first_t in zip(x.unbind(1), first.unbind(1)):
        state = [torch.where(first_t.view(-1, *[1] * (s.dim() - 1)), i, s) for s, i in zip(state, initial)]
        if per_step:
            state = [i + (s - i).detach() for s, i in zip(state, initial)]
        state, y = cell.step(p, name, x_t, state, sizes[0])
        outputs.append(y)
    return torch.stack(outputs, 1)


def core(p, x, first, options):
    kind, per_step = options["core"], options["per_step"]
    if kind == "feed_forward":
        return x
    if kind == "lstm":
        return run(p, Lstm, "core", x, first, (options["layers"], options["hidden"]), per_step)
    prefix = "trafo_ff_block" if kind == "feed_forward_deep" else "core"
    x = linear(p, prefix + ".input_proj", x)
    for i in range(options["layers"]):
        if kind in LAYERS:
            sizes = (options["heads"], options["hidden"] // options["heads"])
            x = run(p, LAYERS[kind], f"{prefix}.fwm_layers.{i}", x, first, sizes, per_step)
        x = feed_forward(p, f"{prefix}.ff_layers.{i}", x)
    return x


def agent(p, rollout, options):
    """logits [B, T + 1, A] and values [B, T + 1]."""
    batch, steps = rollout["first"].shape
    real = p["fc.weight"].dtype
    frames = rollout["frames"].flatten(0, 1).permute(0, 3, 1, 2).contiguous().to(real) / 255
    features = encoder(p, frames).unflatten(0, (batch, steps))
    reward = rollout["rewards"].to(real).clamp(-1, 1).unsqueeze(-1)
    y = core(p, torch.cat([features, reward], -1), rollout["first"].bool(), options)
    return linear(p, "policy", y), linear(p, "baseline", y).squeeze(-1)


@torch.no_grad()
def vtrace(log_rho, discounts, rewards, values, bootstrap):
    """Espeholt et al., 2018, with all clips at 1. All [B, T] but bootstrap [B]; gives vs and advantages."""
    rho = log_rho.exp().clamp(max=1)
    next_values = torch.cat([values[:, 1:], bootstrap.unsqueeze(1)], 1)
    delta = rho * (rewards + discounts * next_values - values)
    vs, above = values.clone(), torch.zeros_like(bootstrap)
    for t in reversed(range(values.shape[1])):
        above = delta[:, t] + discounts[:, t] * rho[:, t] * above
        vs[:, t] += above
    next_vs = torch.cat([vs[:, 1:], bootstrap.unsqueeze(1)], 1)
    return vs, rho * (rewards + discounts * next_vs - values)


def losses(logits, values, rollout):
    """loss, policy, baseline, entropy: sums over the steps but the last."""
    real = logits.dtype
    log_pi = logits[:, :-1].log_softmax(-1)
    taken = log_pi.gather(-1, rollout["actions"][:, :-1].long().unsqueeze(-1)).squeeze(-1)
    discounts = 0.99 * (1 - rollout["first"][:, 1:].to(real))
    rewards = rollout["rewards"][:, 1:].to(real).clamp(-1, 1)
    vs, advantages = vtrace(taken - rollout["log_probs"][:, :-1].to(real), discounts, rewards, values[:, :-1],
                            values[:, -1])
    policy = -(taken * advantages).sum()
    baseline = 0.5 * ((vs - values[:, :-1]) ** 2).sum()
    entropy = (log_pi.exp() * log_pi).sum()
    return policy + 0.5 * baseline + 0.01 * entropy, policy, baseline, entropy


def rmsprop_steps(p, rollout, options, steps, rate, clip_norm):
    """Trains `p` in place on one rollout. Yields the four losses of each step."""
    parameters = [value.requires_grad_() for value in p.values()]
    optimizer = torch.optim.RMSprop(parameters, lr=rate, alpha=0.99, eps=0.01)
    for _ in range(steps):
        parts = losses(*agent(p, rollout, options), rollout)
        optimizer.zero_grad()
        parts[0].backward()
        torch.nn.utils.clip_grad_norm_(parameters, clip_norm)
        optimizer.step()
        yield [part.item() for part in parts]
