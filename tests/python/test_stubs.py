"""The type stubs say what the extension module does."""

import ast
import os
import pathlib
import re
import subprocess
import sys

import pytest

import tokgraft
from tokgraft import _core

STUB = pathlib.Path(_core.__file__).absolute().with_name("_core.pyi")
PACKAGES = str(STUB.parent.parent)
ENVIRONMENT = os.environ | {"MYPYPATH": PACKAGES, "PYTHONPATH": PACKAGES}
# pybind11 gives its classes a metaclass and an __init__ that raises; neither belongs in a stub. A
# module that names PyTorch's types only imports it when it runs something.
ALLOWED = r"""
tokgraft\._core\.[A-Z][A-Za-z]*
tokgraft\._core\.[A-Z][A-Za-z]*\.__init__
tokgraft\._core\._Report
tokgraft\.optimizer\.torch
tokgraft\.sharded\.torch
"""

# PyTorch's own types take mypy a minute and are not ours to check.
CONFIG = """
[mypy]
[mypy-torch.*,transformers.*,safetensors.*]
follow_imports = skip
"""


def stub_arguments() -> dict[str, list[tuple[str, bool, bool]]]:
    """Qualified name -> (argument, keyword-only, has a default), `self` left out."""
    found = {}

    def visit(body, prefix):
        for node in body:
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{node.name}.")
            elif isinstance(node, ast.FunctionDef) and not node.decorator_list:
                a = node.args
                defaults = [False] * (len(a.args) - len(a.defaults)) + [True] * len(a.defaults)
                listed = [(x.arg, False, d) for x, d in zip(a.args, defaults, strict=True)
                          if x.arg != "self"]
                listed += [(x.arg, True, d is not None)
                           for x, d in zip(a.kwonlyargs, a.kw_defaults, strict=True)]
                found[prefix + node.name] = listed

    visit(ast.parse(STUB.read_text()).body, "")
    return found


def runtime_arguments(doc: str) -> list[tuple[str, bool, bool]]:
    """The same from the signature that pybind11 writes first in a docstring."""
    inside = doc.split("(", 1)[1].split(") -> ")[0]
    listed, keyword_only = [], False
    for part in re.split(r", (?=\*|[a-z_0-9]+: )", inside):
        if part == "*":
            keyword_only = True
        elif part and not part.startswith("self"):
            listed.append((part.split(":")[0], keyword_only, " = " in part))
    return listed


SIGNATURES = {name: arguments for name, arguments in stub_arguments().items()
              if not name.split(".")[-1].startswith("__") and not name.startswith("_Report")}


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments(name):
    thing = _core
    for part in name.split("."):
        thing = getattr(thing, part)
    assert runtime_arguments(thing.__doc__) == SIGNATURES[name]


def test_everything_public_is_in_the_stub():
    text = "".join(file.read_text() for file in [STUB, *STUB.parent.glob("*.py"), *STUB.parent.glob("*/*.py")])
    for name in tokgraft.__all__:
        assert re.search(rf"^(class|def) {name}\b|^{name}:", text, re.MULTILINE), name
    assert (STUB.parent / "py.typed").exists()


def test_stubtest(tmp_path):
    allowed = tmp_path / "allowed.txt"
    allowed.write_text(ALLOWED)
    (tmp_path / "mypy.ini").write_text(CONFIG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "tokgraft", "--concise", "--allowlist",
         str(allowed), "--ignore-unused-allowlist", "--mypy-config-file", "mypy.ini"],
        capture_output=True, text=True, cwd=tmp_path, env=ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_typed_program_passes_mypy(tmp_path):
    (tmp_path / "mypy.ini").write_text(CONFIG)
    (tmp_path / "program.py").write_text(
        "import tokgraft\n"
        "tok = tokgraft.load('model', pattern=None)\n"
        "n: int = tok.encode('text', add_special_tokens=True).ids.size\n"
        "b: bytes | None = tok.token_bytes(5)\n"
        "try:\n    tok.save('x', format='gguf')\n"
        "except tokgraft.UnsupportedError as error:\n    print(error)\n"
        "level: str = tokgraft.merge(tok, tok, budget=5).certificate.level\n")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "program.py"],
                          capture_output=True, text=True, cwd=tmp_path, env=ENVIRONMENT)
    assert done.returncode == 0, done.stdout + done.stderr
