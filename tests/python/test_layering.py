"""The two rules of the tree: depth is privacy, and arrows point one way."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ["tokenizer", "vocab_merge", "embed_init"]  # each may include itself and those before it
SHARED_BELOW = {"base", "text"}  # private folders that rooms above may include too
CODE = {".h", ".cc", ".inc"}
TOP_LEVEL = {
    "CMakeLists.txt", "tokenizer", "vocab_merge", "embed_init", "python", "benchmarks", "tests",
    "README.md", "LICENSE", "pyproject.toml", "dev", ".ci", ".clang-format", ".clang-tidy",
    ".gitignore", "CMakePresets.json",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)
# What a header may take from outside: the standard library and absl's Status. The program's own
# headers may name CLI11's App, which they only declare.
STATUS = {"absl/status/status.h", "absl/status/statusor.h"}


def tracked() -> list[pathlib.PurePosixPath]:
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    return [pathlib.PurePosixPath(line) for line in listed.splitlines() if (ROOT / line).exists()]


FILES = tracked()


def room_files() -> list[pathlib.PurePosixPath]:
    return [f for f in FILES if f.parts[0] in ROOMS and f.suffix in CODE]


def includes(file: pathlib.PurePosixPath) -> list[tuple[str, str]]:
    return INCLUDE.findall((ROOT / file).read_text(encoding="utf-8"))


def broken_arrow(file: pathlib.PurePosixPath, target: str) -> str | None:
    """What is wrong with a room's file including `target`, if anything."""
    room, parts = file.parts[0], pathlib.PurePosixPath(target).parts
    if parts[0] in ("python", "benchmarks", "tests"):
        return f"{file} includes {target}: nothing includes {parts[0]}/"
    if parts[0] not in ROOMS:
        return None
    if ROOMS.index(parts[0]) > ROOMS.index(room):
        return f"{file} includes {target}: arrows go from {ROOMS[2]} to {ROOMS[0]}"
    private = len(parts) > 2
    if not private or parts[0] == room:
        return None
    in_program = "cli" in file.parts and "cli" in parts  # the program is spread over the rooms
    if parts[1] not in SHARED_BELOW and not in_program:
        return f"{file} includes {target}: private to {parts[0]}/"
    return None


def is_standard(name: str) -> bool:
    return "/" not in name and not name.endswith(".h") and not name.endswith(".hpp")


def test_top_level_holds_nothing_else():
    assert {f.parts[0] for f in FILES} - TOP_LEVEL == set()


def test_rooms_hold_only_sources():
    strange = [str(f) for f in FILES if f.parts[0] in ROOMS
               and f.suffix not in CODE | {".py", ".json"} and f.name != "CMakeLists.txt"
               and f.parts[:3] != ("vocab_merge", "rules", "codes")]  # pages, part of the library
    assert strange == []


def test_arrows_point_one_way():
    broken = [problem for file in room_files() for _, target in includes(file)
              if (problem := broken_arrow(file, target))]
    assert broken == []


@pytest.mark.parametrize("file, target, message", [
    ("tokenizer/a.cc", "vocab_merge/id_map.h", "arrows"),
    ("tokenizer/stages/a.cc", "embed_init/init.h", "arrows"),
    ("vocab_merge/a.cc", "tokenizer/models/bpe.h", "private"),
    ("embed_init/a.cc", "vocab_merge/rules/identity.h", "private"),
    ("embed_init/a.cc", "tests/tokenizer/x.h", "nothing includes"),
])
def test_broken_arrows_are_seen(file, target, message):
    assert message in (broken_arrow(pathlib.PurePosixPath(file), target) or "")


@pytest.mark.parametrize("file, target", [
    ("tokenizer/a.cc", "tokenizer/models/bpe.h"),
    ("vocab_merge/a.cc", "tokenizer/base/json.h"),
    ("embed_init/cli/a.cc", "tokenizer/cli/console.h"),
    ("embed_init/a.cc", "vocab_merge/id_map.h"),
])
def test_right_arrows_pass(file, target):
    assert broken_arrow(pathlib.PurePosixPath(file), target) is None


def test_public_headers_include_public_headers_only():
    broken = [f"{file} includes {target}" for file in room_files()
              if len(file.parts) == 2 and file.suffix == ".h"
              for quote, target in includes(file)
              if quote == '"' and target not in STATUS and len(target.split("/")) > 2]
    assert broken == []


def test_headers_take_nothing_from_third_parties_but_status():
    broken = [f"{file} includes {target}" for file in room_files() if file.suffix == ".h"
              for quote, target in includes(file)
              if not is_standard(target) and target not in STATUS
              and target.split("/")[0] not in ROOMS]
    assert broken == []


def test_public_headers_are_installed():
    missing = []
    for room in ROOMS:
        listed = re.search(r"tokgraft_room\(" + room + r"\s+HEADERS\s+([^)]*)\)",
                           (ROOT / room / "CMakeLists.txt").read_text())
        names = set(listed.group(1).split())
        there = {f.name for f in FILES if f.parts[0] == room and len(f.parts) == 2
                 and f.suffix == ".h"}
        missing += [f"{room}: {sorted(names ^ there)}"] if names != there else []
    assert missing == []


def test_names_are_nouns_of_the_algorithm():
    vague = {"util", "utils", "common", "helper", "helpers", "misc"}
    assert [str(f) for f in FILES if vague & {part.split(".")[0] for part in f.parts}] == []


def test_files_keep_to_their_size():
    too_long = []
    for file in FILES:
        if file.suffix not in {".h", ".cc"} or file.parts[0] not in [*ROOMS, "python"]:
            continue
        lines = len((ROOT / file).read_text(encoding="utf-8").splitlines())
        public = file.suffix == ".h" and len(file.parts) == 2 and file.name != "spec.h"
        if lines > (250 if public else 600):
            too_long.append(f"{file}: {lines} lines")
    assert too_long == []
