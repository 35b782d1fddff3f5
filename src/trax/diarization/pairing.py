"""The best pairs of two groups, as of labels and people: nobody twice."""

from __future__ import annotations

import math
from collections.abc import Sequence


def best_pairs(gains: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs (row, column) of the largest sum of gains, in the order of the rows; only of gains above 0.

    The Hungarian method with potentials: rows squared times columns, in Python, for tens of rows.
    """
    columns = len(gains[0]) if gains else 0
    if columns < len(gains):
        turned = best_pairs([list(column) for column in zip(*gains, strict=True)]) if columns else []
        return sorted((row, column) for column, row in turned)
    chosen = _assigned([[-max(0.0, gain) for gain in row] for row in gains], columns)
    return [(row, column) for row, column in enumerate(chosen) if gains[row][column] > 0]


def _assigned(costs: list[list[float]], columns: int) -> list[int]:
    """The column of each row; there are at least as many columns as rows."""
    row_of = [0] * (columns + 1)  # rows from 1 on, 0: the column is free; column 0 holds the row that is being placed
    of_rows, of_columns = [0.0] * (len(costs) + 1), [0.0] * (columns + 1)  # potentials
    for row in range(1, len(costs) + 1):
        row_of[0] = row
        before = _path(costs, row_of, of_rows, of_columns)
        column = before[0]
        while column:
            row_of[column] = row_of[before[column]]
            column = before[column]
    chosen = [0] * len(costs)
    for column in range(1, columns + 1):
        if row_of[column]:
            chosen[row_of[column] - 1] = column - 1
    return chosen


def _path(costs: list[list[float]], row_of: list[int], of_rows: list[float], of_columns: list[float]) -> list[int]:
    """The column before each on the cheapest way from the new row to a free column, which is that before column 0."""
    columns = range(1, len(row_of))
    least, before, seen = [math.inf] * len(row_of), [0] * len(row_of), [False] * len(row_of)
    at = 0
    while row_of[at]:
        seen[at] = True
        row = row_of[at]
        for column in columns:
            reduced = costs[row - 1][column - 1] - of_rows[row] - of_columns[column]
            if not seen[column] and reduced < least[column]:
                least[column], before[column] = reduced, at
        following = min((column for column in columns if not seen[column]), key=lambda column: least[column])
        step = least[following]
        for column in range(len(row_of)):
            if seen[column]:
                of_rows[row_of[column]] += step
                of_columns[column] -= step
            else:
                least[column] -= step
        at = following
    return [at, *before[1:]]
