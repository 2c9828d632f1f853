"""plot.py agents."""

import math
import os

from command_line import InputError, Package, UsageError
from plotting import (column, draw_interval, draw_legend, label_of, mean_curve, read_json, read_metrics, read_text,
                      series_of, smooth, style_of)

pyplot, ticker = Package("matplotlib.pyplot"), Package("matplotlib.ticker")

AGENT_COLUMNS = 3  # panels in a row


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
