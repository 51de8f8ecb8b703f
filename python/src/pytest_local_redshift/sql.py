"""Splits files of SQL into statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

# What a semicolon or a comment's begin may stand in. Literals may escape with a backslash, as in Redshift.
_TOKENS = re.compile(
    r"""(?P<comment>--[^\n]*)
      | (?P<block>/\*)
      | (?P<quoted>'(?:[^'\\]|\\.|'')*' | "(?:[^"]|"")*" | (?P<tag>\$\w*\$).*?(?P=tag))
      | (?P<end>;)""",
    re.VERBOSE | re.DOTALL,
)
_BLOCK = re.compile(r"/\*|\*/")


class SeedError(Exception):
    """A seed that cannot be read or run; the message names file and line."""


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Yields each statement of a text with the number of the line that it begins at."""
    begin = position = 0
    has_words = False
    while match := _TOKENS.search(text, position):
        has_words = has_words or bool(text[position : match.start()].strip()) or match["quoted"] is not None
        position = _end_of_block(text, match.end()) if match["block"] else match.end()
        if match["end"]:
            if has_words:
                yield _statement(text, begin, match.start())
            begin, has_words = position, False
    if has_words or text[position:].strip():
        yield _statement(text, begin, len(text))


def _end_of_block(text: str, position: int) -> int:
    """Where a comment ends whose begin has been read; comments nest."""
    depth = 1
    while depth and (match := _BLOCK.search(text, position)):
        depth += 1 if match[0] == "/*" else -1
        position = match.end()
    return len(text) if depth else position


def _statement(text: str, begin: int, end: int) -> tuple[int, str]:
    statement = text[begin:end]
    begin += len(statement) - len(statement.lstrip())
    return text.count("\n", 0, begin) + 1, statement.strip()


def files(path: Path) -> list[Path]:
    """Returns the files of a seed: the file itself, or those of a directory that end in ``.sql``, by name."""
    found = sorted(path.rglob("*.sql")) if path.is_dir() else [path]
    if not found:
        raise SeedError(f"{path}: there is no .sql file in this directory")
    return found
