"""The networks that VSML is compared with, in PyTorch, written from the equations in lib/tasks/vsml/baseline_net.cpp.
Parameters are dictionaries with Haiku's names; an episode is x [T, inputs], labels [T] -> logits [T, classes]."""

import torch
from torch.nn import functional


def linear(p, name, x):
    return x @ p[f"{name}.w"] + p[f"{name}.b"]


def convolutions(p, image):
    """image [H, W, C] -> features; without parameters of convolutions the numbers themselves."""
    if "conv2_d.w" not in p:
        return image.reshape(-1)
    y = image.permute(2, 0, 1)[None]
    for number, name in enumerate(("conv2_d", "conv2_d_1", "conv2_d_2")):
        pads = []
        for size in (y.shape[3], y.shape[2]):  # F.pad wants the last axis first
            total = max((-(-size // 2) - 1) * 2 + 3 - size, 0)
            pads += [total // 2, total - total // 2]
        y = functional.conv2d(functional.pad(y, pads), p[f"{name}.w"].permute(3, 2, 0, 1), p[f"{name}.b"], stride=2)
        y = torch.tanh(y) if number == 2 else torch.relu(y)
    return y[0].permute(1, 2, 0).reshape(-1)


def lstm(p, x, state):
    h, c = state
    i, g, f, o = linear(p, "lstm.linear", torch.cat([x, h])).chunk(4)
    c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


class MetaRnn:
    def __init__(self, p, ticks=2):
        self.p, self.ticks = p, ticks
        units = p["linear.w"].shape[0]
        self.state = (torch.zeros(units, dtype=torch.float64), torch.zeros(units, dtype=torch.float64))

    def predict(self, image, before):
        x = torch.cat([convolutions(self.p, image), before["error"], before["label"]])
        for _ in range(self.ticks):
            self.state = lstm(self.p, x, self.state)
        return linear(self.p, "linear", self.state[0])

    def learn(self, now):
        pass


class Hebbian:
    def __init__(self, p, oja=True):
        self.p, self.oja = p, oja
        self.fast = torch.zeros_like(p["hebbian_linear.w"])

    def forward(self, error, label):
        p, x = self.p, torch.cat([self.features, error, label])
        return x, x @ (p["hebbian_linear.w"] + p["hebbian_linear.coeff"] * self.fast) + p["hebbian_linear.b"]

    def predict(self, image, before):
        self.features = convolutions(self.p, image)
        return self.forward(torch.zeros_like(before["error"]), torch.zeros_like(before["label"]))[1]

    def learn(self, now):
        x, out = self.forward(now["error"], now["label"])
        y, eta = torch.softmax(out, 0)[None], torch.sigmoid(self.p["hebbian_linear.fw_lr"])
        x = x[:, None]
        self.fast = self.fast + eta * y * (x - y * self.fast) if self.oja else (1 - eta) * self.fast + eta * x * y


class FastWeightMemory:
    def __init__(self, p):
        self.p = p
        self.m = p["linear_3.w"].shape[0]
        units = p["linear.w"].shape[0]
        self.state = (torch.zeros(units, dtype=torch.float64), torch.zeros(units, dtype=torch.float64))
        self.memory = torch.zeros(self.m, self.m ** 2, dtype=torch.float64)

    def predict(self, image, before):
        p = self.p
        self.state = lstm(p, torch.cat([convolutions(p, image), before["error"], before["label"]]), self.state)
        u = self.state[0]
        head = linear(p, "linear_1", u)
        k1, k2, v = torch.tanh(head[:-1]).chunk(3)
        key = torch.outer(k1, k2).reshape(-1)
        self.memory = self.memory + torch.sigmoid(head[-1]) * torch.outer(v - self.memory @ key, key)
        self.memory = self.memory / torch.clamp(self.memory.norm(), min=1)
        n, e = torch.tanh(linear(p, "linear_2", u)).chunk(2)
        found = functional.layer_norm(self.memory @ torch.outer(n, e).reshape(-1), (self.m,), eps=1e-5)
        return linear(p, "linear", u + linear(p, "linear_3", found))

    def learn(self, now):
        pass


class FastWeightProgrammer:
    def __init__(self, p, fast):
        self.p, self.fast = p, fast

    def predict(self, image, before):
        size, classes = self.fast.shape
        x = torch.cat([image.reshape(-1), before["logits"], before["error"], before["label"]])
        k, v, q, beta = linear(self.p, "linear", x).split([size, classes, size, 1])
        self.fast = self.fast + torch.sigmoid(beta) * torch.outer(k, v - k @ self.fast)
        return q @ self.fast

    def learn(self, now):
        pass


def run(net, x, labels, classes, image, bound=100.0):
    """image: the shape (H, W, C) of an example."""
    before = {name: torch.zeros(classes, dtype=torch.float64) for name in ("logits", "error", "label")}
    logits = []
    for example, label in zip(x, labels):
        out = net.predict(example.reshape(image), before)
        out = bound * torch.tanh(out / bound) if bound else out
        onehot = functional.one_hot(torch.tensor(int(label)), classes).to(torch.float64)
        before = {"logits": out, "error": torch.softmax(out, 0) - onehot, "label": onehot}
        net.learn(before)
        logits.append(out)
    return torch.stack(logits)
