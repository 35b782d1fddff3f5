"""Algebra of spans of whole milliseconds, in time that grows with their number: a day has 100,000 of them.

A list of spans is in order, disjoint, and has no empty one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from trax.coverage.values import Milliseconds, Stretch, Track

Span = tuple[Milliseconds, Milliseconds]  # [start, end)


def joined(spans: Iterable[Span], gap: Milliseconds = 0) -> list[Span]:
    """The spans, in whatever order they come, as a list; those at most `gap` apart are one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if end <= start:
            continue
        if found and start - found[-1][1] <= gap:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def common(first: Sequence[Span], second: Sequence[Span]) -> list[Span]:
    """What both cover."""
    found: list[Span] = []
    one = other = 0
    while one < len(first) and other < len(second):
        start, end = max(first[one][0], second[other][0]), min(first[one][1], second[other][1])
        if start < end:
            found.append((start, end))
        if first[one][1] < second[other][1]:
            one += 1
        else:
            other += 1
    return found


def without(spans: Sequence[Span], removed: Sequence[Span]) -> list[Span]:
    """What of the spans no other one covers."""
    if not spans:
        return []
    return common(spans, gaps(removed, (spans[0][0], spans[-1][1])))


def gaps(spans: Sequence[Span], whole: Span) -> list[Span]:
    """What of the whole no span covers."""
    edges = [whole[0], *(edge for span in spans for edge in span), whole[1]]
    between = zip(edges[::2], edges[1::2], strict=True)
    return common([(start, end) for start, end in between if start < end], [whole])


def length(spans: Iterable[Span]) -> Milliseconds:
    """How long they are together."""
    return sum(end - start for start, end in spans)


def of_kind(track: Track, *kinds: str) -> list[Span]:
    """Where a track is of one of these kinds."""
    return [(stretch.start, stretch.end) for stretch in track if stretch.kind in kinds]


def track_of(layers: Iterable[tuple[str, Sequence[Span]]], whole: Span, rest: str) -> Track:
    """A track of the whole: where layers overlap, the first one is seen, and `rest` where there is none."""
    free: list[Span] = [whole] if whole[0] < whole[1] else []
    painted: list[tuple[Milliseconds, Milliseconds, str]] = []
    for kind, spans in layers:
        painted += [(start, end, kind) for start, end in common(spans, free)]
        free = without(free, spans)
    painted += [(start, end, rest) for start, end in free]
    return merged(Stretch(kind, start, end) for start, end, kind in sorted(painted))


def shifted(track: Track, by: Milliseconds) -> Track:
    """The same later."""
    return tuple(Stretch(stretch.kind, stretch.start + by, stretch.end + by) for stretch in track)


def merged(stretches: Iterable[Stretch]) -> Track:
    """The stretches, which follow on each other, with neighbours of one kind as one."""
    return tuple(_merged(stretches))


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    last: Stretch | None = None
    for stretch in stretches:
        if last is not None and last.kind == stretch.kind:
            last = Stretch(last.kind, last.start, stretch.end)
            continue
        if last is not None:
            yield last
        last = stretch
    if last is not None:
        yield last
