"""The judge of the merge benchmark sees each kind of damage, on a tokenizer small enough to check by hand."""

import json
import pathlib
import sys

import pytest

import toys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "benchmarks" / "merge")]

import judge  # noqa: E402
import merge  # noqa: E402
import peers  # noqa: E402
import recipes  # noqa: E402

MERGES = [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o")]
TEXTS = {"en": ["hello", "hell", "help yellow"]}


def document(pieces=(), merges=MERGES) -> dict:
    """Byte-level BPE: 256 bytes, what `merges` make, `pieces`, and <s> after the base's own 260."""
    vocab = {c: i for i, c in enumerate(judge.ALPHABET)}
    for piece in [*(a + b for a, b in MERGES), *(a + b for a, b in merges), *pieces]:
        if piece not in vocab:
            vocab[piece] = len(vocab) + (len(vocab) >= 260)
    vocab["<s>"] = 260
    return {
        "version": "1.0", "truncation": None, "padding": None, "normalizer": None, "post_processor": None,
        "added_tokens": [{"id": 260, "content": "<s>", "single_word": False, "lstrip": False,
                          "rstrip": False, "normalized": False, "special": True}],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                          "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
                  "ignore_merges": False, "vocab": vocab, "merges": [list(m) for m in merges]}}


@pytest.fixture
def verdict(tmp_path):
    """Judges a written document against the base."""
    def give(written: dict, texts=TEXTS, base=None) -> dict:
        paths = []
        for name, content in (("base", base or document()), ("written", written)):
            paths.append(tmp_path / f"{name}.json")
            paths[-1].write_text(json.dumps(content))
        return judge.judge(*map(judge.load, paths), texts)
    return give


CLEAN = {"ids": 261, "new": 0, "dead": 0, "killed": 0, "moved": 0, "new_cuts": 0, "broken": 0,
         "documents": 3, "tokens": {"en": [11, 11]}}


def test_nothing_is_found_where_nothing_changed(verdict):
    assert verdict(document()) == CLEAN


def test_a_piece_that_comes_out_is_new_and_alive(verdict):
    assert verdict(document(merges=[*MERGES, ("o", "w")])) == CLEAN | {"ids": 262, "new": 1, "tokens": {"en": [11, 10]}}


def test_a_piece_without_a_path_is_dead(verdict):
    assert verdict(document(pieces=["hel"])) == CLEAN | {"ids": 262, "new": 1, "dead": 1}


def test_a_piece_that_a_splitter_cuts_is_dead_and_without_the_splitter_alive(verdict):
    base, written = document(), document(merges=[*MERGES, ("s", "'")])
    assert verdict(written) == CLEAN | {"ids": 262, "new": 1, "dead": 1}
    for content in (base, written):
        content["pre_tokenizer"]["use_regex"] = False
    assert verdict(written, base=base) == CLEAN | {"ids": 262, "new": 1}


@pytest.mark.parametrize("removed,dead", [("^l", 0), ("o$", 0), ("^l|o$", 1)])
def test_one_neighbour_is_enough_to_live(verdict, removed, dead):
    """A normalizer takes letters off the ends of a text: `lo` needs company on that side."""
    base, written = document(), document(merges=[*MERGES, ("l", "o")])
    for content in (base, written):
        content["normalizer"] = {"type": "Replace", "pattern": {"Regex": removed}, "content": ""}
    found = verdict(written, {"en": []}, base)
    assert (found["new"], found["dead"], found["killed"]) == (1, dead, 0)


def test_what_a_document_brings_out_is_alive(verdict):
    base, written = document(), document(merges=[*MERGES, ("l", "o")])
    for content in (base, written):
        content["normalizer"] = {"type": "Replace", "pattern": {"Regex": "^l|o$"}, "content": ""}
    assert verdict(written, {"en": ["below it"]}, base)["dead"] == 0


def test_a_fragment_of_a_character_is_not_asked_for(verdict):
    assert verdict(document(pieces=["ä½"]))["dead"] == 0  # the bytes E4 BD


def test_a_join_before_those_of_the_base_cuts_and_kills(verdict):
    """`hello` becomes he|l|lo and `yellow` has its ll split: y|e|l|lo|w."""
    written = document(merges=[("l", "o"), *MERGES])
    assert verdict(written) == CLEAN | {"ids": 262, "new": 1, "killed": 1, "new_cuts": 3,
                                        "tokens": {"en": [11, 13]}}


def test_a_lost_byte_breaks_a_document(verdict):
    written = document()
    del written["model"]["vocab"]["y"]
    assert verdict(written) == CLEAN | {"ids": 260, "moved": 1, "broken": 1, "tokens": {"en": [11, 10]}}


def test_an_added_token_of_raw_spelling_is_dead(verdict):
    """What a union of raw strings writes: it matches those characters, and the model says ` yel`."""
    written = document()
    written["added_tokens"].append({**written["added_tokens"][0], "id": 261, "content": "Ġyel",
                                    "special": False})
    assert verdict(written) == CLEAN | {"ids": 262, "new": 1, "dead": 1}


def test_an_added_token_cuts_words(verdict):
    written = document()
    written["added_tokens"].append({**written["added_tokens"][0], "id": 261, "content": "ello",
                                    "special": False})
    found = verdict(written)
    assert (found["new"], found["dead"], found["new_cuts"], found["killed"]) == (1, 0, 1, 1)


def test_moved_ids_are_counted(verdict):
    written = document()
    vocab = written["model"]["vocab"]
    vocab["he"], vocab["ll"] = vocab["ll"], vocab["he"]
    assert verdict(written) == CLEAN | {"moved": 2}


def test_an_added_token_that_is_numbered_anew_has_moved(verdict):
    """Hugging Face ignores the id of an added token that is not in the vocabulary."""
    base, written = document(), document()
    for content in (base, written):
        del content["model"]["vocab"]["<s>"]
    written["model"]["vocab"]["hel"] = 260
    assert verdict(written, base=base) == CLEAN | {"ids": 262, "new": 1, "dead": 1, "moved": 1}


def test_what_the_base_never_said_is_not_killed_by_a_trim(verdict):
    base = document(pieces=["hel"])
    written = document(pieces=["hel"], merges=MERGES[:3])
    del written["model"]["vocab"]["hello"]
    found = verdict(written, base=base)
    assert (found["new"], found["dead"], found["killed"], found["new_cuts"]) == (0, 0, 0, 1)


def test_a_model_file_is_read_by_sentencepiece(tmp_path):
    path = toys.sentencepiece_model(tmp_path / "toy.model")
    found = judge.judge(judge.load(path), judge.load(path), {"all": toys.SENTENCES})
    assert {k: found[k] for k in ("new", "dead", "killed", "moved", "new_cuts", "broken")} == {
        "new": 0, "dead": 0, "killed": 0, "moved": 0, "new_cuts": 0, "broken": 0}
    assert judge.load(path).encode(["a"]) and found["tokens"]["all"][0] == found["tokens"]["all"][1] > 0


@pytest.mark.parametrize("order,merges", [
    ("append", [*MERGES, ("l", "o")]),
    ("prepend", [("l", "o"), ("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o")]),
    ("concatenate", [*MERGES, ("l", "o"), ("h", "e")]),
])
def test_merge_lists_are_concatenated(tmp_path, order, merges):
    paths = [tmp_path / name for name in ("base.json", "donor.json", "out.json")]
    paths[0].write_text(json.dumps(document()))
    paths[1].write_text(json.dumps(document(merges=[("l", "o"), ("h", "e")])))
    recipes.concatenate(paths[0], paths[1], order, paths[2])
    written = json.loads(paths[2].read_text())
    assert recipes.merges_of(written) == merges
    assert written["model"]["vocab"] == document()["model"]["vocab"] | {"lo": 261}


@pytest.mark.parametrize("code,error", [
    ("", ""),
    ("raise ValueError('no tokenizer in (/some/where)')", "ValueError: no tokenizer in"),
    ("import os; os.abort()", "died of SIGABRT"),
    ("import time; time.sleep(600)", "stopped after 2 s"),
])
def test_a_run_tells_why_there_is_no_result(tmp_path, code, error):
    run = peers.run([sys.executable, "-c", code], 2, tmp_path / "log")
    assert run.error == error
    assert run.seconds > 0 and run.megabytes > 1


def test_memory_is_the_contenders_own(tmp_path):
    ballast = bytearray(300_000_000)  # of the process that starts it
    small = peers.run([sys.executable, "-c", ""], 60, tmp_path / "log")
    large = peers.run([sys.executable, "-c", "x = bytearray(b'x') * 200_000_000"], 60, tmp_path / "log")
    assert len(ballast) > 0 and small.megabytes < 100 and 200 < large.megabytes < 300


def test_the_table_lines_up_and_tells_failures():
    task = {"title": "a + b", "texts": ["en"], "donor": "b"}
    good = CLEAN | {"contender": "one", "seconds": 1.25, "cpu_seconds": 2.5, "megabytes": 1234.0}
    bad = {"contender": "another", "seconds": 300.0, "cpu_seconds": 301.0, "megabytes": 50.0,
           "error": "stopped after 300 s"}
    assert merge.table(task, [good, bad]).splitlines() == [
        "| a + b   | ids | new | dead | killed | moved | cuts | broken |  en % | seconds | CPU s |    MB |",
        "|---------|----:|----:|-----:|-------:|------:|-----:|-------:|------:|--------:|------:|------:|",
        "| one     | 261 |   0 |    0 |      0 |     0 |    0 |      0 | +0.00 |     1.2 |   2.5 | 1,234 |",
        "| another | stopped after 300 s                                       |   300.0 | 301.0 |    50 |"]
