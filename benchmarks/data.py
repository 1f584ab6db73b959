"""Where the benchmarks find real tokenizers and texts: the cache that tests/data/fetch.py fills."""

import os
import pathlib

DATA = pathlib.Path(
    os.environ.get("TOKGRAFT_DATA")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    / "tokgraft" / "data")


def tokenizers() -> dict[str, tuple[pathlib.Path, str | None]]:
    """Every real tokenizer in the cache: name -> (file, pattern for bare ranks or None)."""
    root = DATA / "tokenizers"
    found = {f.parent.name: (f, None) for f in sorted(root.glob("*/tokenizer.json"))}
    for file in sorted((root / "mistral_common").glob("*")):
        if file.name.startswith("tekken") or ".model" in file.name:
            found[file.name] = (file, None)
    for file in sorted(root.glob("*.tiktoken")):
        found[file.name] = (file, file.stem if file.stem != "qwen" else "qwen")
    for file in sorted(root.glob("*/*.gguf")):
        found[file.name] = (file, None)
    return found


def texts(prefix: str) -> dict[str, pathlib.Path]:
    """Texts by language: texts("reference") -> {"de": .../reference-de.txt, ...}."""
    return {f.stem.removeprefix(prefix + "-"): f for f in sorted((DATA / "text").glob(prefix + "-*.txt"))}


def need(condition: object, what: str) -> None:
    if not condition:
        raise SystemExit(f"{what} is missing under {DATA}; run ./dev demo once, or tests/data/fetch.py")
