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
import logging
import math
import os
import re

from command_line import (InputError, MissingPackage, Package, ScriptError, UsageError, argument_parser, check_output,
                          new_file, path, require, run)
from plot_agents import agents_picture
from plot_learning_rules import draw_online, matrix_picture, probes_picture
from plotting import (column, draw_interval, draw_legend, in_percent, label_of, mean_and_deviation, mean_curve,
                      objects_with, read_metrics, read_result, series_of, style_of)

matplotlib, pyplot = Package("matplotlib"), Package("matplotlib.pyplot")

# Text stays text, and equal input gives equal bytes.
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "srwm", "font.size": 10, "legend.frameon": False, "legend.fontsize": 9,
         "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#eeeeee"}
WITHOUT_DATE = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}
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


def scale_of(metric):
    """Fractions are drawn in percent."""
    return 100 if metric.startswith("accuracy") else 1


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


def draw_pieces(axes, values, half_widths, ends, style, label):
    """A curve over 1, 2, ..., broken after each of `ends`."""
    for begin, end in zip([0, *ends], [*ends, len(values)]):
        x = range(begin + 1, begin + 1 + len(values[begin:end]))
        axes.plot(x, values[begin:end], **style, linewidth=1.6, marker="." if len(values) < 40 else None,
                  label=label if begin == 0 else None)
        if half_widths and len(half_widths) == len(values):
            draw_interval(axes, x, values[begin:end], half_widths[begin:end], style["color"])


def ends_of_tasks(holder):
    """Last positions of all tasks but the last."""
    tasks = holder.get("tasks") if isinstance(holder.get("tasks"), list) else []
    lengths = [task["positions"] for task in tasks if isinstance(task, dict) and isinstance(task.get("positions"), int)]
    return list(itertools.accumulate(lengths))[:-1]


def draw_chance(axes, chance):
    """The legend says what the line is, so that no text lies on curves or on the legend."""
    axes.axhline(100 * chance, color="#999999", linewidth=1, linestyle=":", label=f"chance ({100 * chance:g} %)")


def picture(options):
    """A figure with the legend to its right, where it hides nothing."""
    figure, axes = pyplot.subplots(figsize=(8.6, 4.2))
    legend_title = options.draw(axes, options)
    if options.chance is not None:
        draw_chance(axes, options.chance)
    axes.set_title(options.title, fontsize=11, loc="left")
    draw_legend(axes, title=legend_title)
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
