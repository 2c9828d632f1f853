"""What all pictures of plot.py share: reading runs, putting them together, names, colors, intervals, legends."""

import json
import math
import os
import re
import statistics

from command_line import InputError, decode_text, printable, reason_of, warn

COLORS = ["#1b6ca8", "#d1495b", "#3a7d44", "#8d5a97", "#c77800", "#00798c", "#5c5c5c", "#b5179e", "#7f4f24", "#6a994e"]
# After the last color the first comes again, with other lines.
LINES = ["-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1, 1, 1, 1, 1))]
LEGEND_ROWS = 24
WITHOUT_INFLUENCE = {"comment", "figures", "checkpoint", "train.report_every", "env.threads"}  # on the result


def series_of(runs, read, options=None):
    """[(label, [what read() gives for each of its runs])]. Runs that cannot be drawn are named and left out, unless none
    can."""
    found, refusals = {}, []
    for name in runs:
        try:
            found[name] = read(name)
        except InputError as error:
            refusals.append(error)
    if not found:
        raise refusals[0] if len(refusals) == 1 else InputError(f"None of {len(runs)} can be drawn. The first: "
                                                                f"{refusals[0]}")
    for error in refusals[:3]:
        warn(f"left out: {error}")
    if len(refusals) > 3:
        warn(f"left out: {len(refusals) - 3} more.")
    by_spec = options is not None and options.group
    groups = groups_by_spec(list(found)) if by_spec else groups_by_name(list(found), options is not None and options.mean)
    return [(f"{label} ({len(names)} seeds)" if len(names) > 1 else label, [found[name] for name in names])
            for label, names in groups]


def groups_by_name(names, with_mean):
    """[(label, runs)]: each by itself, or those whose folders differ in the seed alone."""
    groups = {}
    for name in names:
        groups.setdefault(experiment_of(name) if with_mean else name, []).append(name)
    return list(zip(names_of(list(groups)), groups.values()))


def experiment_of(name):
    """The path of a run without its seed."""
    return re.sub(r"-s\d+$", "", os.path.normpath(name))


def groups_by_spec(names):
    """[(label, runs)]: those whose specs ask for the same experiment. A label says in which keys a group differs from the
    others; it is the name of the spec where there is one group."""
    specs = {name: dict(settings_of(read_json(read_text(os.path.join(name, "spec.json")), name))) for name in names}
    differing = [key for key in dict.fromkeys(key for spec in specs.values() for key in spec)
                 if key not in ("name", "seed") and len({spec.get(key) for spec in specs.values()}) > 1]
    groups = {}
    for name, spec in specs.items():
        groups.setdefault(tuple(spec.get(key) for key in differing), []).append(name)
    return [(label_of_group(differing, values) or specs[runs[0]].get("name", "?").strip('"'), runs)
            for values, runs in groups.items()]


def settings_of(spec, prefix=""):
    """(key, value as JSON) of everything in a spec that its result depends on, and its name and seed."""
    for key, value in spec.items():
        path_of_key = prefix + key
        if path_of_key in WITHOUT_INFLUENCE:
            continue
        if isinstance(value, dict):
            yield from settings_of(value, path_of_key + ".")
        else:
            yield path_of_key, json.dumps(value)


def label_of_group(keys, values):
    """"heads=8 rate=0.001": keys by their last word, where no two have the same."""
    leaves = [key.rpartition(".")[2] for key in keys]
    return " ".join(f"{leaf if leaves.count(leaf) == 1 else key}={value}".replace('"', "")
                    for key, leaf, value in zip(keys, leaves, values) if value is not None)


def names_of(names):
    """What to call runs in a legend: the last part of their paths, or all of it where two have the same."""
    ends = [os.path.basename(os.path.normpath(name)) for name in names]
    return ends if len(set(ends)) == len(ends) else names


def label_of(text):
    """Text that a picture shows as it is: no formulas between dollar signs, none of the labels with a low line at their
    start that matplotlib hides, no bytes that are no text."""
    text = printable(text).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text


def style_of(number):
    """Color and line of the n-th curve: all different, up to 50."""
    return {"color": COLORS[number % len(COLORS)], "linestyle": LINES[number // len(COLORS) % len(LINES)]}


def mean_and_deviation(columns):
    """Means and standard deviations of the numbers at the same place of several lists; those that are not known do not
    count."""
    means, deviations = [], []
    for values in zip(*columns):
        known = [value for value in values if not math.isnan(value)]
        means.append(statistics.fmean(known) if known else math.nan)
        deviations.append(statistics.stdev(known) if len(known) > 1 else 0.0)
    return means, deviations


def mean_curve(runs, x_field, field, scale=1):
    """(x, mean, standard deviation) over the steps that all runs have."""
    by_step = [{line.get("step"): line for line in lines if isinstance(line.get("step"), int)} for lines in runs]
    steps = sorted(set.intersection(*map(set, by_step)))
    if not steps:
        raise InputError("The runs of one experiment have no step in common, so they have no mean. Draw them without "
                         "--mean and --group.")
    x, _ = mean_and_deviation([column([lines[step] for step in steps], x_field) for lines in by_step])
    y, deviations = mean_and_deviation([[scale * value for value in column([lines[step] for step in steps], field)]
                                        for lines in by_step])
    return x, y, deviations


def read_text(name):
    """Text of a file. What follows the last end of a line of metrics.jsonl is torn: the run is still going on."""
    try:
        with open(name, "rb") as file:
            content = file.read()
    except OSError as error:
        raise InputError(f"{name} cannot be read: {reason_of(error)}. Is it from a run?") from error
    return decode_text(content[:content.rfind(b"\n") + 1] if name.endswith(".jsonl") else content, name)


def read_json(text, name):
    """A JSON object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise InputError(f"{name} is not JSON of a run: it holds no object.")
    return value


def read_metrics(folder):
    """The lines of metrics.jsonl."""
    name = os.path.join(folder, "metrics.jsonl")
    return [read_json(line, f"{name}, line {number}") for number, line in enumerate(read_text(name).split("\n")[:-1], 1)]


def read_result(name):
    place = os.path.join(name, "result.json") if os.path.isdir(name) else name
    return read_json(read_text(place), place)


def number(value):
    """A number of JSON; null stands for what JSON does not have (NaN) and leaves a gap, as does all else."""
    try:
        found = float(value) if isinstance(value, (int, float)) else math.nan
    except OverflowError:
        return math.nan
    return found if math.isfinite(found) else math.nan


def column(lines, field):
    return [number(line.get(field)) for line in lines]


def in_percent(fractions):
    return [100 * number(value) for value in fractions]


def objects_with(key, value, names=()):
    """(names of the objects around it, the object) for each object in a JSON value that has `key`."""
    if isinstance(value, dict):
        names = (*names, value["name"]) if isinstance(value.get("name"), str) else names
        if isinstance(value.get(key), list):
            yield names, value
        value = list(value.values())
    for inner in value if isinstance(value, list) else []:
        yield from objects_with(key, inner, names)


def smooth(values, width):
    """Means over `width` values in a row, as many as there are at the beginning; NaN does not count."""
    means = []
    for end in range(1, len(values) + 1):
        known = [value for value in values[max(0, end - width):end] if not math.isnan(value)]
        means.append(sum(known) / len(known) if known else math.nan)
    return means


def draw_interval(axes, x, y, half_width, color, limit=100):
    """A band around values, within 0 and `limit` where these are percent, where half widths are known (not NaN)."""
    low, high = [a - b for a, b in zip(y, half_width)], [a + b for a, b in zip(y, half_width)]
    if limit is not None:
        low, high = ([value if math.isnan(value) else min(max(value, 0), limit) for value in side] for side in (low, high))
    axes.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)


def draw_legend(axes, *handles_and_labels, title=None):
    handles, labels = handles_and_labels or axes.get_legend_handles_labels()
    if labels:
        axes.legend(handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1), title=title or None, title_fontsize=8,
                    alignment="left", ncol=math.ceil(len(labels) / LEGEND_ROWS))
