"""merge --explain: what plain ways of merging would do, for people and for programs."""

import json
import subprocess
import sys

import pytest

import toys
from conftest import data_path

pytest.importorskip("tokenizers")
pytest.importorskip("tokgraft")


def explain(base, donor, *options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tokgraft", "merge", str(base), str(donor),
                           "--explain", *map(str, options)], capture_output=True, text=True)


@pytest.fixture
def pair(tmp_path):
    return (toys.byte_level_bpe(tmp_path / "base.json"),
            toys.byte_level_bpe(tmp_path / "donor.json", toys.OTHER_SENTENCES, 380))


def test_nothing_is_written_without_a_place_to_write(tmp_path, pair):
    before = sorted(tmp_path.iterdir())
    result = explain(*pair)
    assert result.returncode == 0, result.stderr
    assert "--protect FILE tells what it would notice" in result.stdout
    assert "concatenate the merge lists" in result.stdout
    assert result.stdout.endswith("nothing was written (no -o)\n")
    assert sorted(tmp_path.iterdir()) == before


def test_with_a_place_the_merge_is_written_too(tmp_path, pair):
    text = tmp_path / "old.txt"
    text.write_text("\n".join(toys.SENTENCES), encoding="utf-8")
    result = explain(*pair, "--protect", text, "--json", "-o", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    why = report["explanation"]
    ours = why["ways"][0]
    assert (ours["name"], ours["added"], ours["dead"]) == ("tokgraft merge", report["added"], 0)
    assert ours["new_cuts"] == 0 and why["checked_bytes"] == text.stat().st_size
    assert ours["tokens"] == report["certificate"]["merged_tokens"]
    assert (tmp_path / "out" / "tokenizer.json").exists()


def test_another_strategy_is_a_usage_error(pair):
    result = explain(*pair, "--strategy", "swap")
    assert result.returncode == 2
    assert "--explain: compares what extend does, another --strategy was given" in result.stderr


@pytest.mark.slow
def test_llama_3_and_deepseek_in_english():
    """The table of a study of this pair, on the same text in whatever edition Debian has."""
    result = explain(data_path("tokenizers/llama3"), data_path("tokenizers/deepseek_v3"), "--json",
                     "--documents", "file", "--protect", data_path("text/manual-en.txt"))
    assert result.returncode == 0, result.stderr
    why = json.loads(result.stdout)["explanation"]
    assert why["shared_pairs"] == 67_804
    ways = {(way["name"], way["looks_up_words"]): way for way in why["ways"]}
    assert len(ways) == 6 + 4  # with and without Llama-3's look-up of whole words

    def changed(name: str, looks_up_words: bool = False) -> float:
        return 100 * ways[name, looks_up_words]["changed_tokens"] / why["base_tokens"]

    def cuts(name: str, looks_up_words: bool = False) -> float:
        return ways[name, looks_up_words]["new_cuts"]

    ours, append = "tokgraft merge", "append the donor's merges"
    concatenate, prepend = "concatenate the merge lists", "prepend the donor's merges"
    raw, text = "add_tokens, as the file spells", "add_tokens, as text"
    assert cuts(ours) == cuts(append) == cuts(ours, True) == cuts(append, True) == 0
    assert changed(ours) == pytest.approx(1.1, abs=0.1)
    assert changed(append) == pytest.approx(0.74, abs=0.1)
    assert changed(concatenate) == pytest.approx(9.5, abs=0.3)
    assert cuts(concatenate) == pytest.approx(12_536, rel=0.03)
    assert changed(prepend) == pytest.approx(5.45, abs=0.2)
    assert changed(prepend, True) == pytest.approx(3.9, abs=0.2)
    assert cuts(prepend) == pytest.approx(9295, rel=0.03)
    assert changed(raw, True) == pytest.approx(16.4, abs=0.5)
    assert changed(text, True) == pytest.approx(17.3, abs=0.5)
    dead = {key: way["dead"] for key, way in ways.items()}
    assert dead[ours, True] == dead[ours, False] == 0
    assert (dead[append, True], dead[append, False]) == (1400, 6712)
    assert (dead[concatenate, False], dead[prepend, False]) == (4407, 11_770)
    assert dead[raw, True] == 49_777  # 88 % of the pieces stand for nothing
