"""A query with other words: mistyped ones replaced by what was likely meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trax.search.query import Group, Leaf, Query


def doubtful(query: Query) -> list[str]:
    """The words of the query that may be mistyped, each once."""
    leaves = [leaf for group in query.groups for leaf in group.alternatives]
    return list(dict.fromkeys(word for leaf in leaves if _is_spelled(leaf) for word in leaf.words))


def reworded(query: Query, meant: Mapping[str, Sequence[str]]) -> str:
    """The query as a person would type it, with words replaced; of several that may be meant, any will do."""
    groups = [" OR ".join(dict.fromkeys(_variants(group, meant))) for group in query.groups]
    return " ".join([*groups, *(f"-{_typed(leaf, leaf.words)}" for leaf in query.excluded)])


def _variants(group: Group, meant: Mapping[str, Sequence[str]]) -> list[str]:
    variants: list[str] = []
    for leaf in group.alternatives:
        if not _is_spelled(leaf):
            variants.append(leaf.text)
        elif len(leaf.words) == 1:
            variants += [_typed(leaf, (word,)) for word in meant.get(leaf.words[0], leaf.words)]
        else:
            variants.append(_typed(leaf, tuple(meant.get(word, (word,))[0] for word in leaf.words)))
    return variants


def _is_spelled(leaf: Leaf) -> bool:
    return leaf.kind == "words" and not leaf.prefix


def _typed(leaf: Leaf, words: Sequence[str]) -> str:
    if leaf.kind == "unspaced":
        return leaf.text
    written = " ".join(words)
    if leaf.exact:
        return f'"{written}"'
    return f"{'-'.join(words)}{'*' if leaf.prefix else ''}"
