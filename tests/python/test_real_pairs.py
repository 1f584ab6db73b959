"""Pairs of real tokenizers, merged by the program: the old ids stay, no boundary is new, the
library that reads the written file gives our ids and emits every new id on its witness. What each
pair gives stands in a table of the closing summary; `real_pair` takes rows of other tests too.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

import toys
from conftest import data_path

tokenizers = pytest.importorskip("tokenizers")
sentencepiece = pytest.importorskip("sentencepiece")
tokgraft = pytest.importorskip("tokgraft")

pytestmark = pytest.mark.slow

LANGUAGES = ("en", "de", "zh", "ja", "ko", "hi", "ru", "code")
REFUSED = ("B1", "B3", "B4", "B5", "B6")  # each refused piece has one of these
TEKKEN = "tokenizers/mistral_common/tekken_240911.json"
BASES = {"smollm2": "models/smollm2-135m",
         "mistral v1": "tokenizers/mistral_common/tokenizer.model.v1"}
NAMES = {TEKKEN: "tekken"}

Run = collections.namedtuple("Run", "report seconds peak_mb")
Pair = collections.namedtuple("Pair", "base donor options characters")


# A process starts with the peak of the one that it was forked from, so a small one starts it.
LAUNCHER = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def run_merge(base, donor, out: pathlib.Path, options) -> Run:
    """`tokgraft merge` in a process of its own, for its peak memory."""
    start = time.monotonic()
    result = subprocess.run(
        [sys.executable, "-c", LAUNCHER, sys.executable, "-m", "tokgraft", "merge", str(base),
         str(donor), "-o", str(out), "--json", *map(str, options)], capture_output=True, text=True)
    seconds = time.monotonic() - start
    assert result.returncode == 0, result.stderr
    report, _, peak = result.stdout.rstrip().rpartition("\n")
    return Run(json.loads(report), seconds, int(peak) / 1024)


def samples(characters: int) -> dict[str, str]:
    return {name: data_path(f"text/{name}.txt").read_text(encoding="utf-8")[:characters]
            for name in LANGUAGES}


def boundaries(tokenizer, text: str) -> set[int]:
    """Where tokens end, in bytes of what they spell."""
    ends, at = set(), 0
    for token in tokenizer.encode_ids(text):
        at += len(tokenizer.token_bytes(int(token)))
        ends.add(at)
    return ends


def reader(out: pathlib.Path):
    """The library that reads what was written, as (name, ids of many texts)."""
    if (out / "tokenizer.model").exists():
        processor = sentencepiece.SentencePieceProcessor(model_file=str(out / "tokenizer.model"))
        return (f"sentencepiece {sentencepiece.__version__}",
                lambda texts: processor.encode(list(texts), num_threads=2))
    theirs = tokenizers.Tokenizer.from_file(str(out / "tokenizer.json"))
    return (f"tokenizers {tokenizers.__version__}",
            lambda texts: [encoding.ids for encoding in
                           theirs.encode_batch(list(texts), add_special_tokens=False)])


def assert_old_ids_stay(base, merged, id_map) -> None:
    assert len(id_map["base_to_merged"]) == base.vocab_size
    for old, new in enumerate(id_map["base_to_merged"]):
        assert new == (None if base.token_bytes(old) is None else old)
        assert merged.token_bytes(old) == base.token_bytes(old)


def assert_reference_agrees(merged, out, id_map, texts, compared) -> None:
    library, encode = reader(out)
    lines = [line for text in texts.values() for line in text[:20_000].splitlines()]
    for line, ids in zip(lines, encode(lines), strict=True):
        assert list(merged.encode_ids(line)) == ids, line
    witnesses = [piece["witness"] for piece in id_map["added"]]
    for piece, ids in zip(id_map["added"], encode(witnesses), strict=True):
        assert piece["id"] in ids, piece
    compared(library, len(lines) + len(witnesses))


def refused_by_code(report) -> dict[str, int]:
    counts = dict.fromkeys((*REFUSED, "B8"), 0)
    for finding in report["conflicts"]["findings"]:
        if finding["code"] in counts and finding["action"].startswith("not added"):
            counts[finding["code"]] += finding["count"]
    return counts


def missing_texts(base, donor) -> set[bytes]:
    """What the donor offers and the base lacks: texts of its model, and declared white space."""
    offered, had = set(), set()
    for tokenizer, out in ((donor, offered), (base, had)):
        for i in range(tokenizer.vocab_size):
            text, kind = tokenizer.token_bytes(i), tokenizer.token_kind(i)
            if kind == "normal" or (tokenizer is base and kind == "byte"):
                out.add(text)
            elif kind == "user_defined" and (tokenizer is base or text.isspace()):
                out.add(text)
    return offered - had


def bytes_per_token(before, after, texts) -> dict[str, str]:
    return {name: f"{size / before.count(text):.2f}→{size / after.count(text):.2f}"
            for name, text in texts.items() if (size := len(text.encode()))}


def check_pair(tmp_path, name, pair, compared, real_pair) -> tuple[dict, dict]:
    """Merges, asserts what every pair is promised, adds the row; the report and the id map."""
    texts = samples(pair.characters)
    protect = []
    for language, text in texts.items():
        path = tmp_path / f"{language}.txt"
        path.write_text(text, encoding="utf-8")
        protect += ["--protect", f"{language}={path}"]
    out = tmp_path / "merged"
    run = run_merge(pair.base, pair.donor, out, [*pair.options, *protect])
    base, merged = tokgraft.load(pair.base), tokgraft.load(out)
    id_map = json.loads((out / "id_map.json").read_text())
    assert_old_ids_stay(base, merged, id_map)
    certificate = run.report["certificate"]
    assert certificate["proved"] and certificate["level"] in ("L0", "L1"), certificate["reason"]
    assert certificate["new_cuts"] == 0
    assert certificate["checked_bytes"] == sum(len(text.encode()) for text in texts.values())
    for text in texts.values():  # counted again, by the tokens of the file that was written
        for line in text[:100_000].splitlines():
            assert boundaries(merged, line) <= boundaries(base, line), line
    assert_reference_agrees(merged, out, id_map, texts, compared)
    # Every piece that the base lacks was added or refused by name. Fragments (B8) are among these.
    donor = tokgraft.load(pair.donor)
    missing = missing_texts(base, donor)
    refused = refused_by_code(run.report)
    if not pair.options:
        added = {bytes.fromhex(piece["bytes"]) for piece in id_map["added"]}
        assert len(added & missing) + sum(refused[code] for code in REFUSED) == len(missing)
    helpers = sum(piece["donor_id"] is None for piece in id_map["added"])
    real_pair({"pair": name, "added": len(id_map["added"]), "helpers": helpers,
               **refused, **bytes_per_token(base, merged, texts),
               "new cuts": certificate["new_cuts"], "level": certificate["level"],
               "seconds": round(run.seconds, 1), "peak MB": round(run.peak_mb)})
    return run.report, id_map


@pytest.mark.parametrize("base,donor", [
    ("llama3", "tokenizers/deepseek_v3"), ("llama3", "tokenizers/qwen3"),
    ("llama3", "tokenizers/gemma3"), ("llama3", "tokenizers/gptoss"), ("llama3", TEKKEN),
    ("llama2", "tokenizers/gemma3"), ("llama2", "tokenizers/qwen3"),
    ("smollm2", TEKKEN), ("mistral v1", "tokenizers/llama3")])
def test_whole_donors(tmp_path, base, donor, compared, real_pair):
    name = f"{base} + {NAMES.get(donor, pathlib.Path(donor).name)}"
    pair = Pair(data_path(BASES.get(base, f"tokenizers/{base}")), data_path(donor), (), 300_000)
    check_pair(tmp_path, name, pair, compared, real_pair)


@pytest.mark.parametrize("base,donor,budget", [
    ("smollm2", TEKKEN, 2000), ("mistral v1", "tokenizers/llama3", 2000),
    ("llama3", "tokenizers/deepseek_v3", 1000)])
def test_within_a_budget(tmp_path, base, donor, budget, compared, real_pair):
    name = f"{base} + {NAMES.get(donor, pathlib.Path(donor).name)}, budget {budget:,}"
    pair = Pair(data_path(BASES.get(base, f"tokenizers/{base}")), data_path(donor),
                ("--budget", budget), 30_000)
    _, id_map = check_pair(tmp_path, name, pair, compared, real_pair)
    assert len(id_map["added"]) == budget


def test_llama_2_and_a_chinese_unigram_of_our_own(tmp_path, compared, real_pair):
    lines = [line for name in ("reference-zh", "help-zh")
             for line in data_path(f"text/{name}.txt").read_text(encoding="utf-8").splitlines()]
    donor = toys.sentencepiece_model(tmp_path / "own.model", "unigram", lines, 20_000, times=1)
    size = tokgraft.load(donor).vocab_size
    pair = Pair(data_path("tokenizers/llama2"), donor, (), 300_000)
    _, id_map = check_pair(tmp_path, f"llama2 + own Chinese Unigram of {size:,}", pair, compared,
                           real_pair)
    assert size > 10_000 and len(id_map["added"]) > 5_000
