"""plot.py online, matrix and probes: learning rules."""

import itertools
import math
import os

from command_line import InputError, Package, printable
from plotting import (COLORS, draw_interval, draw_legend, in_percent, label_of, mean_and_deviation, number,
                      objects_with, read_result, series_of, smooth, style_of)

pyplot = Package("matplotlib.pyplot")


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
