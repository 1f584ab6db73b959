"""Real data for the tests, the slow label, and how many documents were compared.

A test that needs a data set asks for it with `data("tokenizers/gpt2/tokenizer.json")`; where the
set is missing the test is skipped by name, and in CI it fails. Tests marked `slow` run with
`--slow` (`./dev test --all`), or as a sample that fits `--slow-seconds N`: after the fast ones, in a
mixed order that is the same every time, so that a failure is due to the change. Those marked `whole`
too (compiling the sources again) are no part of the sample: they run with `--slow` only.
"""

import collections
import hashlib
import os
import pathlib
import time

import pytest

DATA = pathlib.Path(
    os.environ.get("TOKGRAFT_DATA")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    / "tokgraft" / "data")

_compared: collections.Counter = collections.Counter()
_real_pairs: list[dict] = []


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the slow tests too")
    parser.addoption("--slow-seconds", type=float, default=None,
                     help="run slow tests, starting none after this many seconds of them")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: large texts, full sweeps, real models")
    config.addinivalue_line("markers", "whole: slow, and not for the sample of slow tests")
    config.slow_seconds_used = 0.0


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    if config.getoption("--slow-seconds") is not None:
        def turn(item) -> bytes:
            if "slow" not in item.keywords:
                return b""
            return hashlib.sha256(item.nodeid.encode()).digest()

        items.sort(key=turn)
        for item in items:
            if "whole" in item.keywords:
                item.add_marker(pytest.mark.skip(reason="whole: run with --slow"))
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow: run with --slow"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    start = time.monotonic()
    yield
    if "slow" in item.keywords:
        item.config.slow_seconds_used += time.monotonic() - start


def pytest_runtest_setup(item):
    limit = item.config.getoption("--slow-seconds")
    if limit is not None and "slow" in item.keywords and not item.config.getoption("--slow"):
        if item.config.slow_seconds_used > limit:
            pytest.skip(f"slow: the sample's {limit:.0f} seconds are used up")


def pytest_terminal_summary(terminalreporter):
    if _compared:
        terminalreporter.section("documents compared with the reference libraries")
        for reference, count in sorted(_compared.items()):
            terminalreporter.write_line(f"{count:>12,}  {reference}")
    if _real_pairs:
        terminalreporter.section("real pairs")
        for line in aligned(_real_pairs):
            terminalreporter.write_line(line)


def aligned(rows: list[dict]) -> list[str]:
    """A table: the first column to the left, the others to the right, under their names. A column
    of text like "2.61→3.90" is bytes per token before and after."""
    columns = list(dict.fromkeys(name for row in rows for name in row))

    def cell(row: dict, name: str) -> str:
        value = row.get(name, "")
        return f"{value:,}" if isinstance(value, (int, float)) else str(value)

    widths = [max(len(name), *(len(cell(row, name)) for row in rows)) for name in columns]
    lines = [columns] + [[cell(row, name) for name in columns] for row in rows]
    return ["  ".join(text.rjust(width) if i else text.ljust(width)
                      for i, (text, width) in enumerate(zip(line, widths, strict=True))).rstrip()
            for line in lines]


@pytest.fixture
def compared():
    """compared("tokenizers 0.23.3", 120): counts documents for the closing summary."""
    def add(reference: str, documents: int) -> None:
        _compared[reference] += documents
    return add


@pytest.fixture
def real_pair():
    """real_pair({"pair": "a + b", "added": 12, ...}): a row for the closing summary."""
    return _real_pairs.append


def data_path(relative: str) -> pathlib.Path:
    """A file or folder of the cache; skips the test where it is missing, and fails it in CI."""
    path = DATA / relative
    if not path.exists():
        message = f"{relative} is missing: run tests/data/fetch.py"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture
def data():
    return data_path
