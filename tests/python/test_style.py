"""Formatting, clang's warnings and clang-tidy, one test per source file.

Taken from build/dev/compile_commands.json, which g++ builds without a warning; clang gets the same
flags. Files of other tools' making (the .inc tables) are not judged.
"""

import json
import os
import pathlib
import shlex
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TOKGRAFT_BUILD", ROOT / "build/dev"))
ROOMS = ("tokenizer", "vocab_merge", "embed_init", "python")


def sources(*suffixes: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True,
                            text=True).stdout.split("\0")
    return [name for name in listed if name.endswith(suffixes) and (ROOT / name).exists()]


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        message = f"{name} is not installed; ./dev test installs it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)
    return found


@pytest.fixture(scope="session")
def commands() -> dict[str, list[str]]:
    path = BUILD / "compile_commands.json"
    if not path.exists():
        pytest.skip(f"{path} is missing; run ./dev build")
    entries = {}
    for entry in json.loads(path.read_text()):
        words = shlex.split(entry["command"])
        start = next(i for i, word in enumerate(words) if word.startswith("-"))
        drop = {"-o", "-c", "-MT", "-MF"}
        flags, skip = [], False
        for word in words[start:]:
            if skip or word in drop:
                skip = not skip
                continue
            if word != "-MD" and not word.startswith(("-flto", "-fno-fat-lto")):
                flags.append(word)
        entries[os.path.relpath(entry["file"], ROOT)] = flags
    return entries


def flags_of(commands: dict[str, list[str]], source: str) -> list[str]:
    if source not in commands:
        pytest.skip(f"{source} is not part of this build")
    return commands[source]


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def test_formatted():
    run(tool("clang-format-16"), "--dry-run", "-Werror", *sources(".cc", ".h"))


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("source", sources(".cc"))
def test_clang_has_nothing_to_say(source, commands):
    """Sources of the tests are compiled many to a unit; each has to stand alone here too."""
    if source not in commands and source.startswith("tests/"):
        flags = ["-std=c++20", "-I", str(ROOT), f'-DTOKGRAFT_SOURCE_DIR="{ROOT}"']
    else:
        flags = flags_of(commands, source)
    run(tool("clang++-16"), "-fsyntax-only", *flags, "-Wall", "-Wextra", "-Wconversion", "-Werror",
        source)


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("source", [s for s in sources(".cc") if s.startswith(ROOMS)])
def test_clang_tidy(source, commands):
    flags = [flag for flag in flags_of(commands, source) if flag != "-Werror"]
    run(tool("clang-tidy-16"), "--quiet", source, "--", *flags)
