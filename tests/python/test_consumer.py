"""A program outside the tree builds against an installed tokgraft with find_package and runs.

The program is the README's own, with the README's own CMake lines; a second one links the upper
rooms.
"""

import os
import pathlib
import subprocess

import pytest

from test_readme import blocks, demo_folder  # noqa: F401  (a fixture)

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOKGRAFT_BUILD", ROOT / "build/dev"))

CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 20)
find_package(tokgraft 0.1 REQUIRED)
add_executable(trainer trainer.cc)
add_executable(grafter grafter.cc)
target_link_libraries(grafter PRIVATE tokgraft::vocab_merge tokgraft::embed_init)
"""
GRAFTER = """
#include <cstdio>
#include "tokgraft/embed_init/manifest.h"
#include "tokgraft/vocab_merge/id_map.h"
int main() {
  const auto report = tokgraft::Verify("/nowhere/at/all");
  std::printf("%d\\n", static_cast<int>(report.status().code()));
}
"""


def run(*command, cwd) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    if not (BUILD / "embed_init/cli/tokgraft").exists():
        pytest.skip(f"{BUILD} is not built; run ./dev build")
    prefix = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", prefix, cwd=prefix)
    return prefix


def test_what_is_installed(prefix):
    installed = {p.relative_to(prefix / "include/tokgraft").as_posix()
                 for p in (prefix / "include").rglob("*.h")}
    public = {p.relative_to(ROOT).as_posix() for room in ("tokenizer", "vocab_merge", "embed_init")
              for p in (ROOT / room).glob("*.h")}
    assert installed == public
    assert run(prefix / "bin/tokgraft", "--version", cwd=prefix).startswith("tokgraft ")
    assert not list(prefix.rglob("_core*")), "the Python module belongs to the wheel"


def test_the_program_of_the_readme(prefix, demo_folder, tmp_path):  # noqa: F811
    for name, text in {"CMakeLists.txt": CMAKE + blocks("cmake")[0], "trainer.cc": blocks("cpp")[0],
                       "grafter.cc": GRAFTER}.items():
        (tmp_path / name).write_text(text)
    run("cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release",
        cwd=tmp_path)
    run("cmake", "--build", "build", cwd=tmp_path)
    printed = run(tmp_path / "build/trainer", cwd=demo_folder)
    assert "Hello world" in printed and "bytes/token" in printed
    assert int(run("build/grafter", cwd=tmp_path)) == 5  # NotFound
