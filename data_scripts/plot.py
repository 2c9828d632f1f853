#!/usr/bin/env python3
"""Draws runs as PNG, SVG or PDF, by the ending of --out.

  curves     training and validation over steps or seconds, from the metrics.jsonl of run folders
  positions  test accuracy at each position of the sequence, with the switches between tasks
  shots      test accuracy at the n-th image of a class
  online     test accuracy of learning rules while they learn, over the images seen, from results of srwm train-vsml or
             'srwm eval --json'
  matrix     test accuracy of learning rules, a row for each run and a column for each dataset
  probes     how learning rules take a class that comes late and labels that change, and how their cells change, from
             what 'srwm eval --probes --json' printed
  agents     return of every game and entropy of the policy over steps, from the metrics.jsonl of agents' run folders

With --mean, runs whose folders differ in the seed alone (name-s1, name-s2, ...) are one curve: the mean, in a band of one
standard deviation. With --group it is the specs of the runs that differ in the seed alone, and a curve is called after what
sets it apart: "heads=8". What is given and is no run, or has not the numbers that are drawn, is named and left out.

For positions and shots a run is its folder (its result.json), or a file that 'srwm eval --json' printed. Every object
in it with a list accuracy_by_position or accuracy_by_shot (fractions) is drawn, under the "name" of the object and of
those around it: the test as a whole, and each order of the tasks by itself. Next to the list there may be
ci95_by_position or ci95_by_shot, half widths of intervals, and "tasks": [{"name": ..., "positions": how many}, ...],
what follows what.

Example:
  plot.py curves --out curves.svg --chance 0.2 runs/omniglot-1shot-*
  plot.py curves --out curves.svg --mean runs/*
  plot.py curves --out curves.svg --group runs/*
  plot.py curves --out loss.png --metric loss --kind train --x seconds runs/a runs/b
  plot.py positions --out positions.svg runs/sequential-s1
  plot.py online --out online.svg runs/quickstart_vsml-s1 sgd.json adam.json
  plot.py matrix --out matrix.svg runs/vsml_figure8_*
  plot.py probes --out probes.svg --dataset mnist vsml.json sgd.json
  plot.py agents --out agents.svg --smooth 10 --memoryless signpost=5 runs/srwm-s1 runs/feed_forward-s1
"""

import argparse
import itertools
import json
import logging
import math
import os
import re
import statistics

from command_line import (InputError, MissingPackage, Package, ScriptError, UsageError, argument_parser, check_output,
                          decode_text, new_file, path, printable, reason_of, require, run, warn)

matplotlib, pyplot, ticker = Package("matplotlib"), Package("matplotlib.pyplot"), Package("matplotlib.ticker")

COLORS = ["#1b6ca8", "#d1495b", "#3a7d44", "#8d5a97", "#c77800", "#00798c", "#5c5c5c", "#b5179e", "#7f4f24", "#6a994e"]
# After the last color the first comes again, with other lines.
LINES = ["-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1, 1, 1, 1, 1))]
# Text stays text, and equal input gives equal bytes.
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "srwm", "font.size": 10, "legend.frameon": False, "legend.fontsize": 9,
         "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#eeeeee"}
WITHOUT_DATE = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}
AGENT_COLUMNS = 3  # panels in a row
LEGEND_ROWS = 24
WITHOUT_INFLUENCE = {"comment", "figures", "checkpoint", "train.report_every", "env.threads"}  # on the result
X_LABELS = {"step": "step", "seconds": "seconds of wall time"}


def parse(arguments):
    parser = argument_parser(__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(name for name, _, _ in COMMANDS))
    for name, draw, make in COMMANDS:
        command = commands.add_parser(name, description=(draw or make).__doc__)
        command.set_defaults(draw=draw, picture=make)
        command.add_argument("runs", nargs="+", type=path, metavar="RUN", help="run folder")
        command.add_argument("--out", required=True, type=path, metavar="F.svg", help="picture to write: .png, .svg or "
                                                                                      ".pdf")
        command.add_argument("--title", default="")
        command.add_argument("--mean", action="store_true", help="one curve for runs that differ in the seed alone")
        if name == "agents":
            command.add_argument("--smooth", type=positive, default=1, metavar="N",
                                 help="draw means over N lines of metrics.jsonl (default: 1)")
            command.add_argument("--memoryless", type=game_and_return, action="append", default=[], metavar="GAME=RETURN",
                                 help="draw the most that an agent without memory can expect, which 'srwm env list' "
                                      "tells")
        if name not in ("agents", "probes"):
            command.add_argument("--group", action="store_true", help="one curve for runs whose specs differ in the seed "
                                 "alone, whatever their names; called after the keys in which it differs from the others")
        if name == "probes":
            command.add_argument("--dataset", metavar="NAME", help="the dataset to draw (default: the first one)")
        if name not in ("agents", "matrix", "probes"):
            command.add_argument("--chance", type=fraction, metavar="P", help="draw a line at this accuracy")
        if name == "curves":
            command.add_argument("--metric", default="accuracy", help="a field of metrics.jsonl (default: accuracy)")
            command.add_argument("--kind", choices=["train", "validation"], help="draw only this (default: both)")
            command.add_argument("--x", default="step", choices=X_LABELS, help="what goes to the right (default: step)")
    options = parser.parse_args(arguments)
    if ending(options.out) not in WITHOUT_DATE:
        parser.error(f"--out is {options.out}; its name must end in {', '.join(WITHOUT_DATE)}")
    return options


def positive(text):
    if not re.fullmatch(r"0*[1-9]\d{0,8}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number above 0")
    return int(text)


def number_of(text):
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number")
    return value


def fraction(text):
    value = number_of(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 1, as accuracies are")
    return value


def game_and_return(text):
    """"signpost=5" -> ("signpost", 5.0)"""
    game, equals, value = text.partition("=")
    if not game or not equals:
        raise argparse.ArgumentTypeError(f"'{text}' is not GAME=RETURN, as signpost=5 is")
    return game, number_of(value)


def ending(name):
    return os.path.splitext(name)[1].lower()


# What is drawn: series, each of one run, or of the seeds of one experiment.

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


# Reading.

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


def scale_of(metric):
    """Fractions are drawn in percent."""
    return 100 if metric.startswith("accuracy") else 1


# Curves.

def read_curves(folder, options):
    """{kind: lines of metrics.jsonl with the metric}, of the kinds that are there."""
    lines = [line for line in read_metrics(folder) if options.metric in line]
    kinds = [options.kind] if options.kind else ["train", "validation"]
    curves = {kind: [line for line in lines if line.get("kind") == kind] for kind in kinds}
    if not any(curves.values()):
        of_kind = f" in lines of kind {options.kind}" if options.kind else ""
        raise InputError(f'{folder}: metrics.jsonl has no "{options.metric}"{of_kind}.')
    return {kind: chosen for kind, chosen in curves.items() if chosen}


def draw_curves(axes, options):
    """Training and validation (with its 95 % interval) of runs as they went on."""
    series = series_of(options.runs, lambda name: read_curves(name, options), options)
    both = {kind for _, curves in series for of_run in curves for kind in of_run} == {"train", "validation"}
    for at, (label, curves) in enumerate(series):
        kinds = [kind for kind in ("train", "validation") if any(kind in of_run for of_run in curves)]
        for kind in kinds:
            width = {"linewidth": 0.8, "alpha": 0.5} if both and kind == "train" else {"linewidth": 1.6}
            draw_curve(axes, [of_run[kind] for of_run in curves if kind in of_run], options,
                       label=label_of(label) if kind == kinds[-1] else None, **style_of(at), **width)
    percent = " (%)" if scale_of(options.metric) == 100 else ""
    axes.set_xlabel(X_LABELS[options.x])
    axes.set_ylabel(label_of(f"{options.kind + ' ' if options.kind else ''}{options.metric}{percent}"))
    axes.set_xlim(left=0)
    notes = ["thick: validation, thin: training"] if both else []
    return "\n".join(notes + ["mean of seeds, band: standard deviation"] * any(len(curves) > 1 for _, curves in series))


def draw_curve(axes, runs, options, **style):
    """One run with its interval, or the mean of several."""
    scale = scale_of(options.metric)
    if len(runs) > 1:
        x, y, half_widths = mean_curve(runs, options.x, options.metric, scale)
    else:
        x, y = column(runs[0], options.x), [scale * value for value in column(runs[0], options.metric)]
        half_widths = [scale * value for value in column(runs[0], "ci95")] if options.metric == "accuracy" else None
    axes.plot(x, y, marker="." if len(x) < 40 and "alpha" not in style else None, **style)
    if half_widths:
        draw_interval(axes, x, y, half_widths, style["color"], 100 if scale == 100 else None)


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


def draw_interval(axes, x, y, half_width, color, limit=100):
    """A band around values, within 0 and `limit` where these are percent, where half widths are known (not NaN)."""
    low, high = [a - b for a, b in zip(y, half_width)], [a + b for a, b in zip(y, half_width)]
    if limit is not None:
        low, high = ([value if math.isnan(value) else min(max(value, 0), limit) for value in side] for side in (low, high))
    axes.fill_between(x, low, high, color=color, alpha=0.15, linewidth=0)


# Positions and shots.

def draw_positions(axes, options):
    """Test accuracy at each position of the sequence. Where tasks follow each other, a line marks each switch."""
    ends, note = draw_series(axes, options, "position")
    for at in sorted(ends):
        axes.axvline(at + 0.5, color="#777777", linewidth=0.8, linestyle="--")
        axes.annotate("task switch", (at + 0.5, 1), (4, -2), xycoords=("data", "axes fraction"),
                      textcoords="offset points", va="top", fontsize=8, color="#777777")
    axes.set_xlabel("position in the sequence")
    return note


def draw_shots(axes, options):
    """Test accuracy at the n-th image of a class: how fast a class is learned."""
    _, note = draw_series(axes, options, "shot")
    axes.set_xlabel("n-th image of its class")
    return note


# Learning rules.

def read_windows(name):
    """[(dataset, accuracy of windows of images, images of a window)]"""
    found = [(holder.get("name"), holder["accuracy_by_window"], holder.get("window"))
             for _, holder in objects_with("accuracy_by_window", read_result(name))]
    found = [(str(dataset), values, window) for dataset, values, window in found if isinstance(window, int) and window > 0]
    if not found:
        raise InputError(f"{name} has no accuracy_by_window: it is no result of a learning rule, or it was not tested.")
    return found


def draw_online(axes, options):
    """Test accuracy of learning rules over the images that they have seen, a curve for each rule and dataset."""
    series = series_of(options.runs, read_windows, options)
    numbers = itertools.count()
    for label, runs in series:
        for dataset, first, window in runs[0]:
            same = [in_percent(values) for of_run in runs for other, values, width in of_run
                    if other == dataset and width == window and len(values) == len(first)]
            means, deviations = mean_and_deviation(same)
            x = [window * (at + 0.5) for at in range(len(means))]
            style = style_of(next(numbers))
            axes.plot(x, means, **style, linewidth=1.6,
                      label=label_of(f"{label}: {dataset}" if len(runs[0]) > 1 else label))
            if len(same) > 1:
                draw_interval(axes, x, means, deviations, style["color"])
    axes.set_xlabel("images seen")
    axes.set_ylabel("test accuracy (%)")
    axes.set_xlim(left=0)
    return "mean of seeds, band: standard deviation" if any(len(runs) > 1 for _, runs in series) else ""


def read_datasets(name):
    """{dataset: accuracy} of a result of a learning rule."""
    result = read_result(name)
    section = result.get("test", result)
    datasets = section.get("datasets") if isinstance(section, dict) else None
    found = {str(entry.get("name")): number(entry.get("accuracy")) for entry in datasets or [] if isinstance(entry, dict)}
    if not found:
        raise InputError(f"{name} has no test of a learning rule.")
    return found


def matrix_picture(options):
    """Test accuracy of learning rules: a row for each run, a column for each dataset."""
    series = series_of(options.runs, read_datasets, options)
    columns = list(dict.fromkeys(dataset for _, runs in series for of_run in runs for dataset in of_run))
    rows = [[100 * mean_and_deviation([[of_run.get(dataset, math.nan)] for of_run in runs])[0][0] for dataset in columns]
            for _, runs in series]
    figure, axes = pyplot.subplots(figsize=(2.6 + 0.9 * len(columns), 1.4 + 0.36 * len(rows)), layout="constrained")
    axes.grid(False)
    image = axes.imshow(rows, vmin=0, vmax=100, cmap="viridis", aspect="auto")
    axes.set_xticks(range(len(columns)), [label_of(dataset) for dataset in columns], rotation=30, ha="right")
    axes.set_yticks(range(len(rows)), [label_of(label) for label, _ in series])
    for y, row in enumerate(rows):
        for x, value in enumerate(row):
            axes.text(x, y, "-" if math.isnan(value) else f"{value:.1f}", ha="center", va="center", fontsize=8,
                      color="black" if value > 65 else "white")
    figure.colorbar(image, label="test accuracy (%)")
    axes.set_title(options.title, fontsize=11, loc="left")
    return figure


# Probes of learning rules.

def read_probes(name, dataset):
    """(step of the change, the dataset's part of a result of --probes)"""
    probes = read_result(name).get("probes")
    parts = probes.get("datasets") if isinstance(probes, dict) else None
    parts = [part for part in parts or [] if isinstance(part, dict) and isinstance(part.get("swap"), dict)]
    found = [part for part in parts if dataset in (None, part.get("name"))]
    if not found or not isinstance(probes.get("step"), int):
        what = f"probes of {printable(dataset)}" if parts and dataset else "probes; 'srwm eval --probes --json' prints them"
        raise InputError(f"{name} has no {what}.")
    return probes["step"], found[0]


def percents_of(part, series, field):
    values = part.get(series, {}).get(field) if isinstance(part.get(series), dict) else None
    return in_percent(values) if isinstance(values, list) else []


def draw_late_class(axes, parts):
    for color, label, _, part in parts:
        style = {"color": color, "linewidth": 1.6}
        new, others = (percents_of(part, series, "probability") for series in ("new_class", "other_classes"))
        x = range(1, len(new) + 1)
        axes.plot(x, new, **style, marker=".", label=label_of(label))
        widths = percents_of(part, "new_class", "ci95")
        if len(widths) == len(new):
            draw_interval(axes, x, new, widths, color)
        axes.plot(range(1, len(others) + 1), others, **style, linestyle=":", alpha=0.7)
    axes.set_title("a class that comes late (dotted: other classes)", fontsize=10)
    axes.set_xlabel("n-th image of the class")
    axes.set_ylabel("probability of the right class (%)")


def draw_swap(axes, parts):
    for color, label, step, part in parts:
        right, old = (percents_of(part, "swap", field) for field in ("probability", "old_probability"))
        axes.plot(range(1, len(right) + 1), smooth(right[:step], 5) + smooth(right[step:], 5), color=color, linewidth=1.6,
                  label=label_of(label))
        axes.plot(range(step + 1, len(old) + 1), smooth(old[step:], 5), color=color, linewidth=1, linestyle=":", alpha=0.7)
        axes.axvline(step + 0.5, color="#777777", linewidth=0.8, linestyle="--")
    axes.set_title("labels that change (dotted: the label before)", fontsize=10)
    axes.set_xlabel("images seen, means over 5")
    axes.set_ylabel("probability of the label (%)")


def draw_cell_changes(axes, parts):
    for color, label, _, part in parts:
        change = [number(value) for value in part["cells"]["change"]]
        axes.plot(range(1, len(change) + 1), change, color=color, linewidth=1.6, label=label_of(label))
    axes.set_title("change of the cells since the start", fontsize=10)
    axes.set_xlabel("images seen")
    axes.set_ylabel("root mean square")
    axes.set_ylim(bottom=0)


def draw_components(axes, label, cells):
    """The way of the cells along their first two principal components, a dot for each image in the color of its label."""
    points = [[number(value) for value in row[:2]] for row in cells["components"]]
    shares = [100 * number(value) for value in cells["explained"][:2]]
    labels = cells["labels"]
    axes.plot(*zip(*points), color="#cccccc", linewidth=0.6, zorder=1)
    axes.scatter(*zip(*points), c=[COLORS[value % len(COLORS)] for value in labels], s=10, zorder=2)
    axes.set_title(label_of(f"cells of {label}, in the colors of the labels"), fontsize=10)
    axes.set_xlabel(f"component 1 ({shares[0]:.0f} % of the variance)")
    axes.set_ylabel(f"component 2 ({shares[1]:.0f} %)")


def has_cells(part):
    cells = part.get("cells")
    lists = [cells.get(name) for name in ("change", "components", "explained", "labels")] if isinstance(cells, dict) else []
    return bool(lists) and all(isinstance(values, list) and values for values in lists)


def probes_picture(options):
    """How learning rules take a class that comes late and labels that change in mid-stream; of rules with cells how these
    change, and of the first such rule their principal components."""
    series = series_of(options.runs, lambda name: read_probes(name, options.dataset))
    parts = [(style_of(at)["color"], os.path.splitext(label)[0], *found[0]) for at, (label, found) in enumerate(series)]
    with_cells = [entry for entry in parts if has_cells(entry[-1])]
    rows = 2 if with_cells else 1
    figure, grid = pyplot.subplots(rows, 2, figsize=(9.6, 3.6 * rows), squeeze=False, layout="constrained")
    draw_late_class(grid[0][0], parts)
    draw_swap(grid[0][1], parts)
    if with_cells:
        draw_cell_changes(grid[1][0], with_cells)
        draw_components(grid[1][1], with_cells[0][1], with_cells[0][-1]["cells"])
    figure.suptitle(options.title, fontsize=11, x=0.01, ha="left")
    draw_legend(grid[0][1], *grid[0][0].get_legend_handles_labels())
    return figure


def read_series(name, what):
    """[(names, list of fractions, half widths or none, last positions of tasks)]"""
    found = [(names, holder[f"accuracy_by_{what}"], holder.get(f"ci95_by_{what}"), ends_of_tasks(holder))
             for names, holder in objects_with(f"accuracy_by_{what}", read_result(name))]
    if not found:
        raise InputError(f"{name} has no accuracy_by_{what}: its protocol asks at one position only, or it was not "
                         "tested.")
    return found


def draw_series(axes, options, what):
    """Draws each accuracy_by_<what> and returns the last positions of tasks that another follows, and a note."""
    series = series_of(options.runs, lambda name: read_series(name, what), options)
    switches, numbers = set(), itertools.count()
    for label, runs in series:
        for names, values, half_widths, ends in mean_series(runs):
            title = ": ".join(names if len(series) == 1 and names else (label, *names))
            draw_pieces(axes, values, half_widths, ends, style_of(next(numbers)), label_of(title))
            switches.update(ends)
    axes.set_ylabel("test accuracy (%)")
    axes.set_xlim(left=0.5)
    return switches, "mean of seeds, band: standard deviation" if any(len(runs) > 1 for _, runs in series) else ""


def mean_series(runs):
    """The series of a run, in percent; of several runs the means of those that have equal names, and deviations."""
    if len(runs) == 1:
        return [(names, in_percent(values), in_percent(widths) if isinstance(widths, list) else None, ends)
                for names, values, widths, ends in runs[0]]
    means = []
    for names, values, _, ends in runs[0]:
        same = [other[1] for run_series in runs for other in run_series if other[0] == names and len(other[1]) == len(values)]
        means.append((names, *mean_and_deviation([in_percent(values) for values in same]), ends))
    return means


def in_percent(fractions):
    return [100 * number(value) for value in fractions]


def draw_pieces(axes, values, half_widths, ends, style, label):
    """A curve over 1, 2, ..., broken after each of `ends`."""
    for begin, end in zip([0, *ends], [*ends, len(values)]):
        x = range(begin + 1, begin + 1 + len(values[begin:end]))
        axes.plot(x, values[begin:end], **style, linewidth=1.6, marker="." if len(values) < 40 else None,
                  label=label if begin == 0 else None)
        if half_widths and len(half_widths) == len(values):
            draw_interval(axes, x, values[begin:end], half_widths[begin:end], style["color"])


def objects_with(key, value, names=()):
    """(names of the objects around it, the object) for each object in a JSON value that has `key`."""
    if isinstance(value, dict):
        names = (*names, value["name"]) if isinstance(value.get("name"), str) else names
        if isinstance(value.get(key), list):
            yield names, value
        value = list(value.values())
    for inner in value if isinstance(value, list) else []:
        yield from objects_with(key, inner, names)


def ends_of_tasks(holder):
    """Last positions of all tasks but the last."""
    tasks = holder.get("tasks") if isinstance(holder.get("tasks"), list) else []
    lengths = [task["positions"] for task in tasks if isinstance(task, dict) and isinstance(task.get("positions"), int)]
    return list(itertools.accumulate(lengths))[:-1]


# The picture around them.

def draw_chance(axes, chance):
    """The legend says what the line is, so that no text lies on curves or on the legend."""
    axes.axhline(100 * chance, color="#999999", linewidth=1, linestyle=":", label=f"chance ({100 * chance:g} %)")


def draw_legend(axes, *handles_and_labels, title=None):
    handles, labels = handles_and_labels or axes.get_legend_handles_labels()
    if labels:
        axes.legend(handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1), title=title or None, title_fontsize=8,
                    alignment="left", ncol=math.ceil(len(labels) / LEGEND_ROWS))


def picture(options):
    """A figure with the legend to its right, where it hides nothing."""
    figure, axes = pyplot.subplots(figsize=(8.6, 4.2))
    legend_title = options.draw(axes, options)
    if options.chance is not None:
        draw_chance(axes, options.chance)
    axes.set_title(options.title, fontsize=11, loc="left")
    draw_legend(axes, title=legend_title)
    return figure


# Agents.

def read_agent(folder):
    """(core, name in its spec, lines of metrics.jsonl) of the run of an agent."""
    place = os.path.join(folder, "spec.json")
    spec = read_json(read_text(place), place)
    if not isinstance(spec.get("agent"), dict):
        raise InputError(f"{folder} is no run of srwm train-rl: its spec has no agent.")
    lines = read_metrics(folder)
    if not any(field.startswith("return_") for line in lines for field in line):
        raise InputError(f"{folder}: metrics.jsonl has no returns of games yet.")
    return str(spec["agent"].get("core", "agent")), str(spec.get("name", "")), lines


def by_label(agents):
    """{label: [lines of each run]}: their cores, with the names of their specs where one core has several; runs of one
    label differ in the seed."""
    names = {core: {name for other, name, _ in agents if other == core} for core, _, _ in agents}
    found = {}
    for core, name, lines in agents:
        found.setdefault(core if len(names[core]) == 1 else f"{core}, {name}", []).append(lines)
    return found


def smooth(values, width):
    """Means over `width` values in a row, as many as there are at the beginning; NaN does not count."""
    means = []
    for end in range(1, len(values) + 1):
        known = [value for value in values[max(0, end - width):end] if not math.isnan(value)]
        means.append(sum(known) / len(known) if known else math.nan)
    return means


def draw_agents(axes, agents, field, options):
    """One field of metrics.jsonl, of all runs that have it, a color for each label."""
    for at, (label, runs) in enumerate(agents.items()):
        style, having = style_of(at), [[line for line in lines if field in line] for lines in runs]
        having = [lines for lines in having if lines]
        if options.mean and len(having) > 1:
            x, y, deviations = mean_curve(having, "step", field)
            draw_interval(axes, x, smooth(y, options.smooth), smooth(deviations, options.smooth), style["color"], None)
            axes.plot(x, smooth(y, options.smooth), **style, linewidth=1.6, label=label_of(f"{label} ({len(having)} "
                                                                                           "seeds)"))
            continue
        for number_of_run, lines in enumerate(having):
            x, y = column(lines, "step"), column(lines, field)
            if options.smooth > 1:
                axes.plot(x, y, color=style["color"], linewidth=0.6, alpha=0.3)
            axes.plot(x, smooth(y, options.smooth), **style, linewidth=1.6,
                      label=label_of(label) if number_of_run == 0 else None)
    axes.set_title(label_of("policy entropy" if field == "entropy" else field.removeprefix("return_")), fontsize=10)
    axes.set_ylabel("nats a step" if field == "entropy" else "mean return")
    axes.set_xlabel("steps of the environments")
    axes.xaxis.set_major_formatter(ticker.EngFormatter(sep=""))  # 500k, 1M: an exponent would meet the axis' label
    axes.set_xlim(left=0)


def draw_memoryless(axes, value):
    axes.axhline(value, color="#777777", linewidth=1, linestyle="--")
    axes.annotate("most without memory", (1, value), (-4, -6), xycoords=("axes fraction", "data"),
                  textcoords="offset points", ha="right", va="top", fontsize=8, color="#777777")


def returns_in(agents):
    """Fields with the return of a game, in the order in which they come."""
    return list({field: None for runs in agents.values() for lines in runs for line in lines for field in line
                 if field.startswith("return_")})


def agents_picture(options):
    """Returns of agents as they learned, a panel for each game, and the entropy of their policies. The legend names the
    cores; runs that differ in the seed alone have one color."""
    agents = by_label([agent for _, group in series_of(options.runs, read_agent) for agent in group])
    fields = [*returns_in(agents), "entropy"]
    limits = {f"return_{game}": value for game, value in options.memoryless}
    for unknown in set(limits) - set(fields):
        raise UsageError(f"--memoryless {unknown.removeprefix('return_')}: no run plays this game.")
    columns = min(len(fields), AGENT_COLUMNS)
    rows = math.ceil(len(fields) / columns)
    figure, grid = pyplot.subplots(rows, columns, figsize=(4 * columns, 3 * rows), squeeze=False, layout="constrained")
    panels = list(grid.flat)
    for axes, field in zip(panels, fields):
        draw_agents(axes, agents, field, options)
        if field in limits:
            draw_memoryless(axes, limits[field])
    for axes in panels[len(fields):]:
        axes.remove()
    figure.suptitle(options.title, fontsize=11, x=0.01, ha="left")
    # Every label is in one panel at least; entropy has all that play.
    known = {}
    for axes in reversed(panels[:len(fields)]):
        for handle, label in zip(*axes.get_legend_handles_labels()):
            known.setdefault(label, handle)
    note = "mean of seeds, band: standard deviation" if options.mean else None
    draw_legend(panels[columns - 1], list(known.values()), list(known), title=note)
    return figure


# What is drawn in the axes of `picture`, or a picture of its own.
COMMANDS = (("curves", draw_curves, picture), ("positions", draw_positions, picture), ("shots", draw_shots, picture),
            ("online", draw_online, picture), ("matrix", None, matrix_picture),
            ("probes", None, probes_picture), ("agents", None, agents_picture))


def check_version():
    numbers = re.findall(r"\d+", matplotlib.__version__)[:2]
    if [int(part) for part in numbers] < [3, 6]:
        raise MissingPackage(f"matplotlib is of version {matplotlib.__version__}; 3.6 or newer is needed: pip install "
                             "--upgrade matplotlib.")


def save(figure, options):
    with new_file(options.out) as name:
        try:
            figure.savefig(name, dpi=150, bbox_inches="tight", format=ending(options.out)[1:],
                           metadata=WITHOUT_DATE[ending(options.out)])
        except ValueError as error:
            if "$" in options.title:
                raise UsageError("--title: the text between dollar signs is not a formula: "
                                 f"{str(error).splitlines()[0]}. "
                                 r"Write \$ for the sign itself.") from error
            raise ScriptError(f"{options.out} cannot be drawn: {str(error).splitlines()[0]}.") from error


def main(arguments):
    options = parse(arguments)
    inputs = [name for given in options.runs for name in (os.path.join(given, "metrics.jsonl"), os.path.join(given, "spec.json"),
                                                          os.path.join(given, "result.json"), given) if os.path.isfile(name)]
    check_output("--out", options.out, inputs)
    options.title = options.title.encode("utf-8", "replace").decode()
    require("matplotlib")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    matplotlib.use("Agg")
    check_version()
    with matplotlib.rc_context(STYLE):
        figure = options.picture(options)
        try:
            save(figure, options)
        finally:
            pyplot.close(figure)


if __name__ == "__main__":
    run(main)
