"""The blocks of the README run, in a folder like the one that `./dev demo` leaves behind.

The C++ program and its CMake lines are built in test_consumer.py.
"""

import os
import pathlib
import re
import subprocess
import sys

import pytest

from conftest import data_path

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)


def blocks(language: str) -> list[str]:
    return [body for kind, body in BLOCKS if kind == language]


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    (folder / "SmolLM2-135M").symlink_to(data_path("models/smollm2-135m"))
    (folder / "tekken.json").symlink_to(data_path("tokenizers/mistral_common/tekken_240911.json"))
    for name in ("en", "zh"):  # the first 100 kB are enough to see the commands work
        text = data_path(f"text/reference-{name}.txt").read_bytes()[:100_000]
        (folder / f"{name}.txt").write_text(text.decode("utf-8", "ignore"))
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """The program as a shell finds it: the Python package's own entry point."""
    bin_folder = tmp_path_factory.mktemp("bin")
    program = bin_folder / "tokgraft"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tokgraft "$@"\n')
    program.chmod(0o755)
    return {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}


def test_there_is_a_block_of_each_kind():
    assert {kind for kind, _ in BLOCKS} == {"bash", "python", "cpp", "cmake"}
    for language in ("bash", "python", "cpp"):
        for block in blocks(language):
            assert block.count("\n") <= 30


@pytest.mark.parametrize("block", blocks("bash"))
def test_shell(block, demo_folder, environment):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=demo_folder, env=environment,
                          capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "Hello world" in done.stdout
    assert "id_map.json" in done.stdout and (demo_folder / "merged" / "certificate.json").is_file()


@pytest.mark.parametrize("block", blocks("python"))
def test_python(block, demo_folder, environment):
    done = subprocess.run([sys.executable, "-c", block], cwd=demo_folder, env=environment,
                          capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    assert "L1" in done.stdout
