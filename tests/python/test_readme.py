"""Every fenced block of the README runs: shell, Python, and the C++ program as a consumer.

The shell and Python blocks run in a folder like the one that `./dev demo` leaves behind; the C++
block is built outside the tree against an installed tokgraft, with the README's own CMake lines.
"""

import os
import pathlib
import re
import shutil
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


def test_cpp_as_a_consumer_outside_the_tree(demo_folder, tmp_path):
    build = os.environ.get("TOKGRAFT_BUILD")
    if not build:
        pytest.skip("TOKGRAFT_BUILD names no build folder: run through ./dev")
    prefix, source = tmp_path / "prefix", tmp_path / "consumer"
    subprocess.run(["cmake", "--install", build, "--prefix", str(prefix)], check=True,
                   capture_output=True)
    source.mkdir()
    (source / "trainer.cc").write_text(blocks("cpp")[0])
    (source / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(consumer CXX)\nset(CMAKE_CXX_STANDARD 20)\n"
        "find_package(tokgraft REQUIRED)\nadd_executable(trainer trainer.cc)\n" + blocks("cmake")[0])
    for command in (["cmake", "-S", str(source), "-B", str(source / "b"), f"-DCMAKE_PREFIX_PATH={prefix}"],
                    ["cmake", "--build", str(source / "b")]):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    done = subprocess.run([str(source / "b" / "trainer")], cwd=demo_folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Hello world" in done.stdout and "bytes/token" in done.stdout
    installed = {p.relative_to(prefix / "include/tokgraft").as_posix()
                 for p in (prefix / "include/tokgraft").rglob("*.h")}
    public = {p.relative_to(ROOT).as_posix() for room in ("tokenizer", "vocab_merge", "embed_init")
              for p in (ROOT / room).glob("*.h")}
    assert installed == public
    shutil.rmtree(prefix)
