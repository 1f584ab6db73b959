"""A program outside the tree builds against an installed tokgraft with find_package and runs."""

import os
import pathlib
import subprocess

import pytest

import toys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOKGRAFT_BUILD", ROOT / "build/dev"))

CMAKE = """
cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
find_package(tokgraft 0.1 REQUIRED)
add_executable(trainer trainer.cc)
target_link_libraries(trainer PRIVATE tokgraft::tokenizer)
add_executable(grafter grafter.cc)
target_link_libraries(grafter PRIVATE tokgraft::vocab_merge tokgraft::embed_init)
"""
TRAINER = """
#include <cstdio>
#include "tokgraft/tokenizer/load.h"
#include "tokgraft/tokenizer/tokenizer.h"
int main(int argc, char** argv) {
  if (argc != 3) return 2;
  tokgraft::StatusOr<tokgraft::TokenizerSpec> spec = tokgraft::Load(argv[1]);
  if (!spec.ok()) return std::puts(spec.status().ToString().c_str()), 1;
  tokgraft::StatusOr<tokgraft::Tokenizer> tokenizer = tokgraft::Compile(*std::move(spec));
  if (!tokenizer.ok()) return 1;
  std::printf("%zu\\n", tokenizer->Count(argv[2]));
}
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
    headers = {p.relative_to(prefix / "include/tokgraft").as_posix()
               for p in (prefix / "include").rglob("*.h")}
    assert {"tokenizer/load.h", "vocab_merge/merge.h", "embed_init/init.h"} <= headers
    assert all(name.count("/") == 1 for name in headers), "private headers are installed"
    assert run(prefix / "bin/tokgraft", "--version", cwd=prefix).startswith("tokgraft ")
    assert not list(prefix.rglob("_core*")), "the Python module belongs to the wheel"


@pytest.mark.slow
def test_consumer_builds_and_runs(prefix, tmp_path):
    for name, text in {"CMakeLists.txt": CMAKE, "trainer.cc": TRAINER,
                       "grafter.cc": GRAFTER}.items():
        (tmp_path / name).write_text(text)
    run("cmake", "-B", "build", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release",
        cwd=tmp_path)
    run("cmake", "--build", "build", cwd=tmp_path)
    toy = toys.byte_level_bpe(tmp_path / "tokenizer.json")
    assert int(run("build/trainer", toy, "Hello world", cwd=tmp_path)) > 0
    assert int(run("build/grafter", cwd=tmp_path)) == 5  # NotFound
