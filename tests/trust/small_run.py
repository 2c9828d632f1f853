"""A training run of a fraction of a second, and what of its folder has to be the same however often it was stopped."""
import json
import os
import struct
import subprocess

SPEC = {
    "name": "trust",
    "data": {"dataset": "glyphs", "glyphs": {"train_classes": 12, "val_classes": 5, "test_classes": 5,
                                             "images_per_class": 4}},
    "protocol": {"n_way": 3},
    "model": {"vision": {"channels": 4}, "core": {"layers": 1, "heads": 2, "hidden": 16, "ff_factor": 2}},
    "train": {"batch": 2, "report_every": 7},
    "validation": {"every": 10, "batches": 2},
    "test": {"episodes": 20},
}

# Files that tell about the clock and the machine; every other one has to be the same in the end.
FREE_FILES = {"log.txt", "lock"}
CLOCK_KEYS = {"wall_seconds", "images_per_second", "steps_per_second", "examples_per_second", "seconds_env",
              "seconds_inference", "seconds_learning", "seconds_waiting", "policy_lag", "threads", "seconds_exchange",
              "slowest_rank", "ranks", "engine", "hosts"}


class TrainingRun:
    """Command lines for a spec; `options` are more ones of the command that trains."""
    seconds = 120  # it may take

    def __init__(self, srwm, spec, name, options=()):
        self.srwm, self.spec, self.name, self.options = srwm, spec, name, options

    def command(self, run_folder, *more):
        return [self.srwm, self.name, "--config", self.spec, "--threads", "1", "--device", "cpu", "--run-dir",
                run_folder, *self.options, *more]

    def start(self, run_folder, *more, environment=None):
        return subprocess.Popen(self.command(run_folder, *more), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env={**os.environ, **(environment or {})})

    def start_command(self, arguments, out):
        """Any other command, with its output going to the open file `out`."""
        return subprocess.Popen([self.srwm, *arguments], stdout=out, stderr=subprocess.PIPE, text=True)

    def finish(self, run_folder, *more, environment=None, timeout=None):
        """Runs to the end; returns exit code, stdout and stderr."""
        process = self.start(run_folder, *more, environment=environment)
        try:
            out, err = process.communicate(timeout=timeout or self.seconds)
        finally:
            process.kill()
        return process.returncode, out, err


class SmallRun(TrainingRun):
    """A run of few-shot learning; the spec stands in `folder`."""

    def __init__(self, srwm, folder, steps, keep=2):
        super().__init__(srwm, os.path.join(folder, "trust.json"), "train-fewshot")
        self.folder, self.steps = folder, steps
        with open(self.spec, "w", encoding="utf-8") as file:
            json.dump({**SPEC, "train": {**SPEC["train"], "steps": steps},
                       "checkpoint": {"every": 4, "keep": keep}}, file)


def metrics(run_folder):
    """The lines of metrics.jsonl without what the clock says: the fields from "seconds" on."""
    with open(os.path.join(run_folder, "metrics.jsonl"), encoding="utf-8") as file:
        return [line.split(',"seconds":')[0] for line in file]


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked_crc(data):
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def fields(message):
    """(field number, value) of a protocol buffer message: ints or bytes, which floats stay, so that NaN equals NaN."""
    def varint(at):
        value = shift = 0
        while True:
            value |= (message[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if message[at - 1] < 0x80:
                return value, at

    at = 0
    while at < len(message):
        key, at = varint(at)
        kind = key & 7
        if kind == 0:
            value, at = varint(at)
        elif kind == 2:
            length, at = varint(at)
            value, at = message[at:at + length], at + length
        else:
            size = {1: 8, 5: 4}[kind]
            value, at = message[at:at + size], at + size
        yield key >> 3, value


def events(run_folder):
    """(step, {tag: value}) of each event of the TensorBoard file, tags of the clock left out. Checks all sums."""
    found = []
    with open(os.path.join(run_folder, "events.out.tfevents.srwm"), "rb") as file:
        while header := file.read(12):
            length, crc = struct.unpack("<QI", header)
            assert crc == masked_crc(header[:8]), "the sum of an event's length is wrong"
            message = file.read(length)
            assert struct.unpack("<I", file.read(4))[0] == masked_crc(message), "the sum of an event is wrong"
            event = dict(fields(message))
            values = [dict(fields(value)) for _, value in fields(event.get(5, b""))]
            tags = {value[1].decode(): value[2] for value in values}
            found.append((event.get(2, 0), {tag: x for tag, x in tags.items() if tag.split("/")[1] not in CLOCK_KEYS}))
    assert found[0] == (0, {}), "the first event is not the opening one"
    return found[1:]


def result(run_folder):
    with open(os.path.join(run_folder, "result.json"), encoding="utf-8") as file:
        return {key: value for key, value in json.load(file).items() if key not in CLOCK_KEYS}


def files(run_folder):
    """Names and bytes of all files that are to be the same byte for byte; None for those compared by content."""
    parsed = {"metrics.jsonl", "events.out.tfevents.srwm", "result.json"}
    found = {}
    for folder, _, names in os.walk(run_folder):
        for name in names:
            path = os.path.join(folder, name)
            short = os.path.relpath(path, run_folder)
            if short not in FREE_FILES:
                with open(path, "rb") as file:
                    found[short] = None if short in parsed else file.read()
    return found


class Outcome:
    """All that a finished run leaves behind, but for the clock."""

    def __init__(self, run_folder):
        self.files = files(run_folder)
        self.metrics = metrics(run_folder)
        self.events = events(run_folder)
        self.result = result(run_folder)
        lines = [json.loads(line + "}") for line in self.metrics]
        assert [line["step"] for line in lines] == [step for step, _ in self.events], \
            "metrics.jsonl and the event file differ in their steps"

    def differences(self, other):
        """What is not the same, in words; empty if nothing."""
        names = sorted(name for name in self.files.keys() | other.files.keys()
                       if self.files.get(name, "") != other.files.get(name, ""))
        return ([f"the file {name}" for name in names] +
                [what for what in ("metrics", "events", "result") if getattr(self, what) != getattr(other, what)])
