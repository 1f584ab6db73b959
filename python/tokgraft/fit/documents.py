"""Texts for fits and probes: windows of lines, the same on every run."""

import pathlib
from collections.abc import Iterable, Mapping

from tokgraft._core import Error, NotFoundError

Corpora = Mapping[str, str | pathlib.Path | Iterable[str]]


def windows(lines: Iterable[str], size: int) -> list[str]:
    """Consecutive lines joined until they have `size` bytes of UTF-8, and cut there between two
    characters; the next window begins with the next line. The rest is dropped unless it is all."""
    found, current = [], ""
    for line in lines:
        current += line if line.endswith("\n") else line + "\n"
        data = current.encode("utf-8", "replace")
        if len(data) >= size:
            found.append(data[:size].decode("utf-8", "ignore"))
            current = ""
    return found or ([current] if current.strip() else [])


def lines_of(name: str, source: str | pathlib.Path | Iterable[str]) -> list[str]:
    """The lines of a file, or the texts themselves. NotFoundError, Error: not readable, no text."""
    if isinstance(source, (str, pathlib.Path)):
        path = pathlib.Path(source)
        if not path.is_file():
            raise NotFoundError(f"corpus {name}: {path}: there is no such file")
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    else:
        lines = list(source)
    if not any(line.strip() for line in lines):
        raise Error(f"corpus {name}: holds no text; give a text file or a list of texts")
    return lines


def spread(items: list[str], most: int) -> list[str]:
    """At most `most` of the items, evenly spread, in order."""
    if len(items) <= most:
        return items
    return [items[i * len(items) // most] for i in range(most)]


def fit_documents(corpora: Corpora, *, size: int, total_bytes: int) -> list[str]:
    """Windows of `size` bytes of all corpora, each giving an equal share of `total_bytes`."""
    share = max(1, total_bytes // size // max(1, len(corpora)))
    chosen: list[str] = []
    for name, source in corpora.items():
        chosen += spread(windows(lines_of(name, source), size), share)
    return chosen
