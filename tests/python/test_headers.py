"""Every public header compiles alone, and so does the worked example at its head."""

import os
import pathlib
import re
import subprocess
import textwrap

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ["tokenizer", "vocab_merge", "embed_init"]
HEADERS = sorted(h.relative_to(ROOT).as_posix() for room in ROOMS
                 for h in (ROOT / room).glob("*.h"))
COMPILER = os.environ.get("CXX", "c++")

# Headers whose examples name values of the reader's own.
OWN = {
    "embed_init/init.h": "  extern IdMap id_map; extern Tokenizer base, merged;\n",
    "embed_init/init_plan.h": "  extern IdMap id_map; extern Tokenizer base, merged;\n",
    "embed_init/report.h": "  extern Checkpoint model; extern InitPlan plan;\n",
    "tokenizer/efficiency.h": "  extern Tokenizer tokenizer;\n",
    "tokenizer/encoding.h": "  extern Tokenizer tokenizer;\n",
    "tokenizer/token.h": "  extern Tokenizer tokenizer;\n",
    "tokenizer/compare.h": "  extern Tokenizer llama3, qwen3;\n",
    "tokenizer/convert.h": "  extern TokenizerSpec spec;\n",
    "tokenizer/save.h": "  extern TokenizerSpec spec;\n",
    "tokenizer/vocab.h": "",
    "vocab_merge/alignment.h": "  extern TokenizerSpec base, donor;\n",
    "vocab_merge/certificate.h":
        "  extern TokenizerSpec base, merged; extern std::vector<std::string_view> documents;\n",
    "vocab_merge/budget.h":
        "  extern TokenizerSpec base, donor; extern std::vector<std::string_view> zh;\n",
    "vocab_merge/conflict.h": "  extern MergeResult merged;\n",
    "vocab_merge/curve.h":
        "  extern TokenizerSpec base, donor; extern std::vector<std::string_view> zh;\n",
    "vocab_merge/piece_list.h": "  extern StatusOr<TokenizerSpec> base, donor;\n",
    "vocab_merge/select.h": "  extern TokenizerSpec base, donor;\n",
    "vocab_merge/trim.h": "  extern std::vector<std::string_view> documents;\n",
}


def head_comment(text: str) -> list[str]:
    lines = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        lines.append(line[2:])
    return lines


def example_of(header: str) -> str:
    """The indented lines of the head comment that are C++: runs that hold a statement."""
    blocks, current = [], []
    for line in [*head_comment((ROOT / header).read_text(encoding="utf-8")), ""]:
        if line.startswith("   "):
            current.append(line[3:])
        elif line.strip() or not current:
            blocks.append(current)
            current = []
        else:
            blocks.append(current)
            current = []
    code = ["\n".join(block) for block in blocks
            if any(re.search(r";\s*(//.*)?$", line) for line in block)]
    return "\n".join(code).replace("...", "")


def program(header: str) -> str:
    includes = "".join(f'#include "{h}"\n' for h in HEADERS)
    example = textwrap.indent(example_of(header), "    ")
    return (f'#include "{header}"\n#include <algorithm>\n#include <iostream>\n{includes}'
            f"namespace tokgraft {{\nStatus Example() {{\n{OWN.get(header, '')}"
            f"  {{\n{example}\n  }}\n  return {{}};\n}}\n}}\n")


@pytest.mark.slow
@pytest.mark.parametrize("header", HEADERS)
def test_header_and_its_example_compile(header, tmp_path):
    source = tmp_path / "example.cc"
    source.write_text(program(header), encoding="utf-8")
    done = subprocess.run(
        [COMPILER, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-unused",
         "-I", str(ROOT), str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:3000] + "\n" + source.read_text()[-1500:]


@pytest.mark.parametrize("header", HEADERS)
def test_header_has_a_worked_example(header):
    assert example_of(header).strip(), f"{header} has no worked example"
