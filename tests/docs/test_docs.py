"""What the documentation says exists: commands, options, settings, links, layout; and what exists is documented."""

from __future__ import annotations

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from tests.conftest import REPOSITORY
from trax.export import FORMATS, ExportDocument, render
from trax.settings import Settings, bytes_of
from trax.transcript import Segment, Transcript, Word

PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "samples/README.md")),
    *sorted((REPOSITORY / "docs").glob("*.md")),
]
SOURCES = sorted((REPOSITORY / "src" / "trax").rglob("*.py"))

page = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(REPOSITORY)))


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text("utf-8"), re.M | re.S)


def without_blocks(path: Path) -> str:
    return re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S)


def command_lines(path: Path) -> Iterator[list[str]]:
    """The arguments of every `trax ...` that a page names, in blocks and in the text."""
    shell = [part for block in blocks(path, "sh") for line in block.splitlines() for part in line.split("&&")]
    for text in shell + re.findall(r"`([^`]+)`", without_blocks(path)):
        words = shlex.split(text, comments=True)
        if words[:2] == ["uv", "run"]:
            words = words[2:]
        if len(words) > 1 and words[0] == "trax":
            yield words[1:]


def walk(arguments: list[str]) -> tuple[Any, list[str]]:
    """The command that the arguments reach, and what is left of them."""
    from trax.cli.main import app

    command: Any = typer.main.get_command(app)
    while arguments and hasattr(command, "commands") and not arguments[0].startswith("-"):
        assert arguments[0] in command.commands, f"trax has no command {arguments[0]!r}"
        command, arguments = command.commands[arguments[0]], arguments[1:]
    return command, arguments


def leaf_commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not hasattr(command, "commands"):
        yield path
        return
    for name, child in command.commands.items():
        yield from leaf_commands(child, (*path, name))


@page
def test_every_command_and_option_exists(path: Path) -> None:
    for arguments in command_lines(path):
        if arguments[0] == "COMMAND":
            continue
        command, rest = walk(arguments)
        options = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
        unknown = [word for word in rest if word.startswith("-") and word not in options]
        assert not unknown, f"trax {' '.join(arguments)}: no option {unknown}"


def test_every_command_is_in_the_readme() -> None:
    from trax.cli.main import app

    named = [" ".join(arguments) for arguments in command_lines(REPOSITORY / "README.md")]
    for command in leaf_commands(typer.main.get_command(app)):
        words = " ".join(command)
        assert any(line == words or line.startswith(f"{words} ") for line in named), f"trax {words} is not in README.md"


def test_the_commands_that_are_looked_for_are_found() -> None:
    """The checks above would pass on pages in which no command is recognised."""
    found = [arguments for path in PAGES for arguments in command_lines(path)]
    assert ["transcribe", "samples/conversation.ogg", "--model", "tiny.en"] in found
    assert len(found) > 40


def variables_of_trax() -> set[str]:
    """Names of the settings, and of what else the package reads from the environment."""
    settings = {f"TRAX_{name.upper()}" for name in Settings.model_fields}
    read = re.compile(r"""environ(?:\.get\(|\[)["'](TRAX_[A-Z_]+)""")
    return settings | {name for path in SOURCES for name in read.findall(path.read_text("utf-8"))}


@page
def test_every_environment_variable_exists(path: Path) -> None:
    tests = {
        name for file in (REPOSITORY / "tests").rglob("*.py") for name in re.findall(r"TRAX_TEST_\w+", file.read_text())
    }
    assert set(re.findall(r"TRAX_[A-Z_]+", path.read_text("utf-8"))) <= variables_of_trax() | tests


def test_every_environment_variable_is_in_the_settings_table_with_its_default() -> None:
    table = dict(re.findall(r"^\| `(TRAX_[A-Z_]+)` \| ([^|]+) \|", (REPOSITORY / "README.md").read_text("utf-8"), re.M))
    assert set(table) == variables_of_trax()
    for name, field in Settings.model_fields.items():
        shown = table[f"TRAX_{name.upper()}"]
        if field.default is None or field.default_factory is not None:
            assert not shown.startswith("`"), f"{name} has no default to show"
        else:
            assert _as_text(field.default) in (text := shown.split("`")[1], str(_bytes_or_none(text))), name


def _bytes_or_none(text: str) -> int | None:
    try:
        return bytes_of(text)
    except ValueError:
        return None


def _as_text(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


@page
def test_blocks_are_valid(path: Path) -> None:
    for block in blocks(path, "python"):
        compile(block, str(path), "exec", ast.PyCF_ONLY_AST)
    for block in blocks(path, "json"):
        json.loads(block)
    for block in blocks(path, "sql"):
        assert block.count(";") - block.count("' .,;?!'") == 1, "more than one statement"
        assert block.rstrip().endswith(";")


@page
def test_links_within_the_repository_resolve(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", without_blocks(path)):
        if re.match(r"https?://", target):
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(path), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_layout_in_the_architecture_is_the_tree() -> None:
    text = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
    described = set(re.findall(r"^\| [^|]*\| `([^`]+)` \|", text, re.M))
    tree = {
        f"{entry.name}/" if entry.is_dir() else entry.name
        for entry in (REPOSITORY / "src" / "trax").iterdir()
        if (entry.suffix == ".py" or (entry / "__init__.py").exists()) and not entry.name.startswith("__")
    }
    assert described == tree


def test_the_layers_in_the_architecture_are_those_that_are_checked() -> None:
    import tomllib

    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
    checked = next(c for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers")["layers"]
    in_order = [name.strip() for line in checked for name in line.split("|") if not name.strip().startswith("__")]
    text = (REPOSITORY / "docs" / "architecture.md").read_text("utf-8")
    described = re.findall(r"^\| [^|]*\| `([a-z_]+)(?:/|\.py)` \|", text, re.M)
    assert described == in_order


def test_every_export_format_is_described() -> None:
    text = (REPOSITORY / "docs" / "first-steps.md").read_text("utf-8")
    rows = "".join(re.findall(r"^\| (`.+`) \|", text, re.M))
    assert set(re.findall(r"`(\w+)`", rows)) == set(FORMATS)


def test_the_json_export_has_the_keys_that_the_schema_page_lists() -> None:
    text = (REPOSITORY / "docs" / "schema.md").read_text("utf-8")
    section = text[text.index("## The JSON export") :]
    rows = re.findall(r"^\| (`.+?`) \| (.*) \|$", section, re.M)
    top = {name for names, _ in rows for name in re.findall(r"`(\w+)`", names)}
    inner = {names.strip("`"): set(re.findall(r"`(\w+)`", meaning)) for names, meaning in rows}
    spoken = Transcript("en", 1.0, (Segment(0, 1, "Hi", (Word(0, 1, " Hi", 0.5),)),))
    document = json.loads(render(ExportDocument(spoken, "t"), "json"))
    assert set(document) == top
    assert set(document["segments"][0]) == inner["segments"]
    assert set(document["segments"][0]["words"][0]) == inner["segments[].words"]
