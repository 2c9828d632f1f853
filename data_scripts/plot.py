#!/usr/bin/env python3
"""Draws runs as PNG, SVG or PDF, by the ending of --out.

  curves     training and validation over steps or seconds, from the metrics.jsonl of run folders
  positions  test accuracy at each position of the sequence, with the switches between tasks
  shots      test accuracy at the n-th image of a class
  agents     return of every game and entropy of the policy over steps, from the metrics.jsonl of agents' run folders

For positions and shots a run is its folder (its result.json), or a file that 'srwm eval --json' printed. Every object
in it with a list accuracy_by_position or accuracy_by_shot (fractions) is drawn, under the "name" of the object and of
those around it: the test as a whole, and each order of the tasks by itself. Beside the list there may be
ci95_by_position or ci95_by_shot, half widths of intervals, and "tasks": [{"name": ..., "positions": how many}, ...],
what follows what.

Example:
  plot.py curves --out curves.svg --chance 0.2 runs/omniglot-1shot-*
  plot.py curves --out loss.png --metric loss --kind train --x seconds runs/a runs/b
  plot.py positions --out positions.svg runs/sequential-s1
  plot.py agents --out agents.svg --smooth 10 --memoryless signpost=5 runs/srwm-s1 runs/feed_forward-s1
"""

import argparse
import itertools
import json
import math
import os
import sys

try:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import EngFormatter
except ImportError:
    sys.exit("plot.py needs the Python package matplotlib, 3.6 or newer: apt-get install python3-matplotlib, or pip "
             "install matplotlib.")

COLOURS = ["#1b6ca8", "#d1495b", "#3a7d44", "#8d5a97", "#c77800", "#00798c", "#5c5c5c", "#b5179e", "#7f4f24", "#6a994e"]
# Text stays text, and equal input gives equal bytes.
STYLE = {"svg.fonttype": "none", "svg.hashsalt": "srwm", "font.size": 10, "legend.frameon": False, "legend.fontsize": 9,
         "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.color": "#eeeeee"}
WITHOUT_DATE = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}, ".png": {}}
AGENT_COLUMNS = 3  # panels beside each other
X_LABELS = {"step": "step", "seconds": "seconds of wall time"}


class PlotError(Exception):
    """What went wrong, in one sentence for the user."""


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="curves|positions|shots|agents")
    for name, draw in (("curves", draw_curves), ("positions", draw_positions), ("shots", draw_shots),
                       ("agents", None)):
        command = commands.add_parser(name, description=(draw or agents_picture).__doc__)
        command.set_defaults(draw=draw, picture=picture if draw else agents_picture)
        command.add_argument("runs", nargs="+", metavar="RUN", help="run folder")
        command.add_argument("--out", required=True, metavar="F.svg", help="picture to write: .png, .svg or .pdf")
        command.add_argument("--title", default="")
        if name == "agents":
            command.add_argument("--smooth", type=positive, default=1, metavar="N",
                                 help="draw means over N lines of metrics.jsonl (default: 1)")
            command.add_argument("--memoryless", type=game_and_return, action="append", default=[],
                                 metavar="GAME=RETURN",
                                 help="draw the most that an agent without memory can expect, which 'srwm env list' tells")
        else:
            command.add_argument("--chance", type=float, metavar="P", help="draw a line at this accuracy")
        if name == "curves":
            command.add_argument("--metric", default="accuracy", help="a field of metrics.jsonl (default: accuracy)")
            command.add_argument("--kind", choices=["train", "validation"], help="draw only this (default: both)")
            command.add_argument("--x", default="step", choices=X_LABELS, help="what goes to the right (default: step)")
    options = parser.parse_args(arguments)
    if ending(options.out) not in WITHOUT_DATE:
        parser.error(f"--out is {options.out}; its name must end in {', '.join(WITHOUT_DATE)}")
    return options


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def game_and_return(text):
    """"signpost=5" -> ("signpost", 5.0)"""
    game, value = text.split("=")
    return game, float(value)


def ending(path):
    return os.path.splitext(path)[1].lower()


def names_of(runs):
    """What to call runs in a legend: the last part of their paths, or all of it where two have the same."""
    ends = [os.path.basename(os.path.normpath(run)) for run in runs]
    return ends if len(set(ends)) == len(ends) else runs


def read_text(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise PlotError(f"{path} cannot be read: {error.strerror}. Is it from a run?") from error


def read_json(text, path):
    try:
        return json.loads(text)
    except ValueError as error:
        raise PlotError(f"{path} is not JSON: {error}.") from error


def read_metrics(run):
    """The lines of metrics.jsonl. What follows the last end of a line is torn: the run is still going on."""
    path = os.path.join(run, "metrics.jsonl")
    return [read_json(line, path) for line in read_text(path).split("\n")[:-1]]


def read_result(run):
    path = os.path.join(run, "result.json") if os.path.isdir(run) else run
    return read_json(read_text(path), path)


def column(lines, field):
    """Its values; null stands for what JSON does not have (NaN) and leaves a gap."""
    return [math.nan if line.get(field) is None else line[field] for line in lines]


def scale_of(metric):
    """Fractions are drawn in percent."""
    return 100 if metric.startswith("accuracy") else 1


def read_curves(run, options):
    """{kind: lines of metrics.jsonl with the metric}, of the kinds that are there."""
    lines = [line for line in read_metrics(run) if options.metric in line]
    kinds = [options.kind] if options.kind else ["train", "validation"]
    curves = {kind: [line for line in lines if line["kind"] == kind] for kind in kinds}
    if not any(curves.values()):
        of_kind = f" in lines of kind {options.kind}" if options.kind else ""
        raise PlotError(f'{run}: metrics.jsonl has no "{options.metric}"{of_kind}.')
    return {kind: chosen for kind, chosen in curves.items() if chosen}


def draw_curves(axes, options):
    """Training and validation (with its 95 % interval) of runs as they went on."""
    curves = [read_curves(run, options) for run in options.runs]
    both = {kind for of_run in curves for kind in of_run} == {"train", "validation"}
    for name, of_run, colour in zip(names_of(options.runs), curves, itertools.cycle(COLOURS)):
        for kind, lines in of_run.items():
            style = {"linewidth": 0.8, "alpha": 0.5} if both and kind == "train" else {"linewidth": 1.6}
            draw_curve(axes, lines, options, color=colour, label=None if kind != list(of_run)[-1] else name, **style)
    percent = " (%)" if scale_of(options.metric) == 100 else ""
    axes.set_xlabel(X_LABELS[options.x])
    axes.set_ylabel(f"{options.kind + ' ' if options.kind else ''}{options.metric}{percent}")
    axes.set_xlim(left=0)
    return "thick: validation, thin: training" if both else None


def draw_curve(axes, lines, options, **style):
    scale = scale_of(options.metric)
    x, y = column(lines, options.x), [scale * value for value in column(lines, options.metric)]
    axes.plot(x, y, marker="." if len(x) < 40 and "alpha" not in style else None, **style)
    if options.metric == "accuracy":
        draw_interval(axes, x, y, [scale * value for value in column(lines, "ci95")], style["color"])


def draw_interval(axes, x, y, half_width, colour):
    """A band around accuracies in percent, where half widths are known (not NaN)."""
    low, high = ([min(max(a + sign * b, 0), 100) for a, b in zip(y, half_width)] for sign in (-1, 1))
    axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)


def draw_positions(axes, options):
    """Test accuracy at each position of the sequence. Where tasks follow each other, a line marks each switch."""
    for at in sorted(draw_series(axes, options, "position")):
        axes.axvline(at + 0.5, color="#777777", linewidth=0.8, linestyle="--")
        axes.annotate("task switch", (at + 0.5, 1), (4, -2), xycoords=("data", "axes fraction"),
                      textcoords="offset points", va="top", fontsize=8, color="#777777")
    axes.set_xlabel("position in the sequence")


def draw_shots(axes, options):
    """Test accuracy at the n-th image of a class: how fast a class is learned."""
    draw_series(axes, options, "shot")
    axes.set_xlabel("n-th image of its class")


def draw_series(axes, options, what):
    """Draws each accuracy_by_<what> and returns the last positions of tasks that another follows."""
    colours, switches = itertools.cycle(COLOURS), set()
    for name, run in zip(names_of(options.runs), options.runs):
        found = list(objects_with(f"accuracy_by_{what}", read_result(run)))
        if not found:
            raise PlotError(f"{run} has no accuracy_by_{what}: its protocol asks at one position only, or it was not "
                            "tested.")
        for names, holder in found:
            label = ": ".join(names if len(options.runs) == 1 else (name, *names))
            ends = ends_of_tasks(holder)
            draw_pieces(axes, holder[f"accuracy_by_{what}"], holder.get(f"ci95_by_{what}"), ends, next(colours),
                        label or name)
            switches.update(ends)
    axes.set_ylabel("test accuracy (%)")
    axes.set_xlim(left=0.5)
    return switches


def in_percent(fractions):
    """Null leaves a gap."""
    return [math.nan if value is None else 100 * value for value in fractions]


def draw_pieces(axes, values, half_widths, ends, colour, label):
    """A curve over 1, 2, ..., broken after each of `ends`."""
    y = in_percent(values)
    widths = in_percent(half_widths or [])
    for begin, end in zip([0, *ends], [*ends, len(y)]):
        x = range(begin + 1, end + 1)
        axes.plot(x, y[begin:end], color=colour, linewidth=1.6, marker="." if len(y) < 40 else None,
                  label=label if begin == 0 else None)
        if widths:
            draw_interval(axes, x, y[begin:end], widths[begin:end], colour)


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
    lengths = [task["positions"] for task in holder.get("tasks") or [] if "positions" in task]
    return list(itertools.accumulate(lengths))[:-1]


def draw_chance(axes, chance):
    axes.axhline(100 * chance, color="#999999", linewidth=0.8, linestyle=":")
    axes.annotate("chance", (1, 100 * chance), (4, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
                  va="center", fontsize=8, color="#777777")


def picture(options):
    """A figure with the legend to its right, where it hides nothing."""
    figure, axes = pyplot.subplots(figsize=(8.6, 4.2))
    legend_title = options.draw(axes, options)
    if options.chance is not None:
        draw_chance(axes, options.chance)
    axes.set_title(options.title, fontsize=11, loc="left")
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), title=legend_title, title_fontsize=8, alignment="left")
    return figure


def read_agent(run):
    """(core, name in its spec, lines of metrics.jsonl) of the run of an agent."""
    path = os.path.join(run, "spec.json")
    spec = read_json(read_text(path), path)
    if "agent" not in spec:
        raise PlotError(f"{run} is no run of srwm train-rl: its spec has no agent.")
    return spec["agent"]["core"], spec["name"], read_metrics(run)


def labels_of(agents):
    """Their cores, with the names of their specs where one core has several; runs of one label differ in the seed."""
    names = {core: {name for other, name, _ in agents if other == core} for core, _, _ in agents}
    return [core if len(names[core]) == 1 else f"{core}, {name}" for core, name, _ in agents]


def smooth(values, width):
    """Means over `width` values in a row, as many as there are at the beginning; NaN does not count."""
    means = []
    for end in range(1, len(values) + 1):
        known = [value for value in values[max(0, end - width):end] if not math.isnan(value)]
        means.append(sum(known) / len(known) if known else math.nan)
    return means


def draw_agents(axes, agents, field, width):
    """One figure of metrics.jsonl, of all runs that have it, a colour for each label."""
    colours = {}
    for label, (_, _, lines) in zip(labels_of(agents), agents):
        is_first = label not in colours
        colour = colours.setdefault(label, COLOURS[len(colours) % len(COLOURS)])
        having = [line for line in lines if field in line]
        x, y = column(having, "step"), column(having, field)
        if width > 1:
            axes.plot(x, y, color=colour, linewidth=0.6, alpha=0.3)
        axes.plot(x, smooth(y, width), color=colour, linewidth=1.6, label=label if is_first else None)
    axes.set_title("policy entropy" if field == "entropy" else field.removeprefix("return_"), fontsize=10)
    axes.set_ylabel("nats a step" if field == "entropy" else "mean return")
    axes.set_xlabel("steps of the environments")
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))  # 500k, 1M: an exponent beside the axis would meet its label
    axes.set_xlim(left=0)


def draw_memoryless(axes, value):
    axes.axhline(value, color="#777777", linewidth=1, linestyle="--")
    axes.annotate("most without memory", (1, value), (-4, -6), xycoords=("axes fraction", "data"),
                  textcoords="offset points", ha="right", va="top", fontsize=8, color="#777777")


def returns_in(agents):
    """Fields with the return of a game, in the order in which they come."""
    fields = {field: None for _, _, lines in agents for line in lines for field in line if field.startswith("return_")}
    if not fields:
        raise PlotError("metrics.jsonl has no returns of games yet.")
    return list(fields)


def agents_picture(options):
    """Returns of agents as they learned, a panel for each game, and the entropy of their policies. The legend names the
    cores; runs that differ in the seed alone have one colour."""
    agents = [read_agent(run) for run in options.runs]
    fields = [*returns_in(agents), "entropy"]
    limits = {f"return_{game}": value for game, value in options.memoryless}
    for unknown in set(limits) - set(fields):
        raise PlotError(f"--memoryless {unknown.removeprefix('return_')}: no run plays this game.")
    columns = min(len(fields), AGENT_COLUMNS)
    rows = math.ceil(len(fields) / columns)
    figure, grid = pyplot.subplots(rows, columns, figsize=(4 * columns, 3 * rows), squeeze=False, layout="constrained")
    panels = list(grid.flat)
    for axes, field in zip(panels, fields):
        draw_agents(axes, agents, field, options.smooth)
        if field in limits:
            draw_memoryless(axes, limits[field])
    for axes in panels[len(fields):]:
        axes.remove()
    figure.suptitle(options.title, fontsize=11, x=0.01, ha="left")
    of_all = panels[len(fields) - 1].get_legend_handles_labels()
    panels[columns - 1].legend(*of_all, loc="upper left", bbox_to_anchor=(1.01, 1))
    return figure


def main(arguments):
    options = parse(arguments)
    with matplotlib.rc_context(STYLE):
        figure = options.picture(options)
        try:
            figure.savefig(options.out, dpi=150, bbox_inches="tight", metadata=WITHOUT_DATE[ending(options.out)])
        except OSError as error:
            raise PlotError(f"{options.out} cannot be written: {error.strerror}.") from error
        finally:
            pyplot.close(figure)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except PlotError as problem:
        sys.exit(f"plot.py: {problem}")
