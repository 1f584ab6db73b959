"""lint and diff: the defects and differences of real tokenizers, as they were found by other means,
and both commands of the program.
"""

import json
import pickle
import subprocess
import sys

import pytest

import toys
from conftest import data_path

tokenizers = pytest.importorskip("tokenizers")
tokgraft = pytest.importorskip("tokgraft")

DEAD = ("B1", "B3", "B4", "B5", "B6")


def program(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tokgraft", *map(str, arguments)],
                          capture_output=True, text=True, timeout=600)


def real(name: str):
    return tokgraft.load(data_path(f"tokenizers/{name}/tokenizer.json"))


def ids_of(report, code: str, severity: str | None = None) -> list[int]:
    return [i for f in report.findings if f["code"] == code
            and severity in (None, f["severity"]) for i in f["ids"]]


def whole_dead(report) -> list[int]:
    """Dead pieces of whole characters: what a check through Hugging Face can ask for too."""
    return [i for code in DEAD for i in ids_of(report, code, "warning")]


@pytest.fixture(scope="module")
def base_path(tmp_path_factory):
    return toys.byte_level_bpe(tmp_path_factory.mktemp("lint") / "base.json")


# ---- Python -------------------------------------------------------------------------------------

def test_report(base_path):
    report = tokgraft.lint(tokgraft.load(base_path))
    assert report.to_dict() == json.loads(report.to_json())
    assert pickle.loads(pickle.dumps(report)) == report
    assert report.counts["D9"] == 2 and report.counts["B1"] == 0
    assert "2 special tokens" in str(report)
    assert "D9" not in tokgraft.lint(tokgraft.load(base_path), ignore=["D9"]).counts
    with pytest.raises(tokgraft.Error, match="Z9"):
        tokgraft.lint(tokgraft.load(base_path), ignore=["Z9"])


def test_a_piece_given_twice_is_seen_through_the_reader(base_path, tmp_path):
    text = base_path.read_text(encoding="utf-8")
    path = tmp_path / "twice.json"
    path.write_text(text.replace('"vocab": {', '"vocab": {"a": 7,', 1), encoding="utf-8")
    assert tokgraft.lint(tokgraft.load(path)).counts["A6"] == 1


def test_a_piece_without_merges(base_path, tmp_path):
    spec = json.loads(base_path.read_text(encoding="utf-8"))
    size = len(spec["model"]["vocab"])
    spec["model"]["vocab"]["Ġzqzq"] = size
    path = tmp_path / "stitched.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    report = tokgraft.lint(tokgraft.load(path))
    assert ids_of(report, "B1") == [size]
    done = program("lint", path, "--strict")
    assert done.returncode == 3 and "B1" in done.stdout
    assert program("lint", path, "--strict", "--ignore", "B1").returncode == 0


def test_corpora_and_model(base_path, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("the quick brown fox\n", encoding="utf-8")
    (tmp_path / "config.json").write_text('{"vocab_size": 10, "eos_token_id": 99999}')
    report = tokgraft.lint(tokgraft.load(base_path), corpora={"t": text}, model=tmp_path)
    assert report.counts["B9"] > 0
    assert report.counts["D4"] == tokgraft.load(base_path).vocab_size - 10
    assert report.counts["D10"] == 1
    assert report.not_checked == []


def test_diff(base_path, tmp_path):
    base = tokgraft.load(base_path)
    spec = json.loads(base_path.read_text(encoding="utf-8"))
    path = tmp_path / "other.json"
    # Keys in another order, merges as text: the same tokenizer.
    spec["model"]["vocab"] = dict(reversed(spec["model"]["vocab"].items()))
    spec["model"]["merges"] = [" ".join(m) if isinstance(m, list) else m
                               for m in spec["model"]["merges"]]
    path.write_text(json.dumps(dict(reversed(spec.items())), indent=1), encoding="utf-8")
    report = tokgraft.diff(base, tokgraft.load(path))
    assert report.verdict == "same" and report.differences == []
    assert report.hash["a"] == report.hash["b"]
    assert pickle.loads(pickle.dumps(report)) == report
    spec["model"]["merges"].reverse()
    path.write_text(json.dumps(spec), encoding="utf-8")
    report = tokgraft.diff(base, tokgraft.load(path))
    assert report.verdict == "different" and report.merges["inverted_share"] == 1
    # The counter-example is one for Hugging Face too.
    text = report.counter_example["text"]
    assert tokenizers.Tokenizer.from_file(str(path)).encode(text).ids == \
        report.counter_example["ids_b"] != report.counter_example["ids_a"]


# ---- The program --------------------------------------------------------------------------------

def test_lint_command(base_path):
    done = program("lint", base_path, "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["counts"]["D9"] == 2
    sarif = json.loads(program("lint", base_path, "--sarif").stdout)
    assert sarif["version"] == "2.1.0" and sarif["runs"][0]["results"][0]["ruleId"]
    assert program("lint").returncode == 2
    assert program("lint", base_path, "--json", "--sarif").returncode == 2


def test_explain():
    assert program("lint", "--explain", "B3").stdout.startswith("# B3: ")
    listed = program("lint", "--explain").stdout.splitlines()
    assert len(listed) == 42 and listed[0].startswith("A1: ")
    assert program("lint", "--explain", "Z1").returncode == 1


def test_diff_command(base_path, tmp_path):
    other = toys.byte_level_bpe(tmp_path / "other.json", toys.OTHER_SENTENCES, 380)
    done = program("diff", base_path, other)
    assert done.returncode == 0 and done.stdout.startswith("different: ")
    assert "counter-example" in done.stdout
    assert program("diff", base_path, other, "--strict").returncode == 3
    assert program("diff", base_path, base_path, "--strict").returncode == 0
    first, second = program("diff", "--hash", base_path, other).stdout.splitlines()
    assert first.split()[0] == tokgraft.diff(tokgraft.load(base_path),
                                             tokgraft.load(base_path)).hash["a"]
    assert first.split()[0] != second.split()[0]
    assert program("diff", base_path).returncode == 2


# ---- Real tokenizers ----------------------------------------------------------------------------

def test_gpt2_is_clean():
    report = tokgraft.lint(real("gpt2"))
    assert {f["severity"] for f in report.findings} <= {"note"}


def test_llama3_merges_are_masked():
    """588 pieces have no path of merges; ignore_merges hides it. One more, part of a character, is
    cut: checks of whole characters do not ask for it.
    """
    report = tokgraft.lint(real("llama3"))
    assert (report.counts["B2"], report.counts["B1"]) == (588, 0)
    assert whole_dead(report) == [] and report.counts["B3"] == 1
    assert report.counts["B8"] == 1224
    assert report.counts["D17"] == 256


@pytest.mark.slow
def test_qwen3_has_1909_dead_pieces():
    """1,655 cut by its own pattern, 4 like <s> cut by it too, 2 of digits, 248 not NFC; and 17 parts
    of characters, which checks of whole characters do not ask for.
    """
    report = tokgraft.lint(real("qwen3"))
    assert [len(ids_of(report, code, "warning")) for code in DEAD] == [0, 1659, 2, 248, 0]
    dead = whole_dead(report)
    assert len(dead) == len(set(dead)) == 1909 and 128245 in dead
    assert [len(ids_of(report, code, "note")) for code in DEAD] == [10, 7, 0, 0, 0]
    assert report.counts["B8"] == 1320
    theirs = tokenizers.Tokenizer.from_file(
        str(data_path("tokenizers/qwen3/tokenizer.json")))
    tok = real("qwen3")
    for i in dead:
        text = tok.token_bytes(i).decode()
        assert i not in theirs.encode(text, add_special_tokens=False).ids


@pytest.mark.slow
def test_gpt_oss_has_12_pieces_that_live_in_context_only():
    report = tokgraft.lint(real("gptoss"))
    assert whole_dead(report) == []
    in_context = next(f for f in report.findings if f["code"] == "B7")
    assert in_context["count"] == 12
    witnesses = [e["witness"] for e in in_context["examples"]]
    assert sum(w.startswith("_") for w in witnesses) == 6 and " I're" in witnesses
    theirs = tokenizers.Tokenizer.from_file(
        str(data_path("tokenizers/gptoss/tokenizer.json")))
    for example in in_context["examples"]:
        ids = theirs.encode(example["witness"], add_special_tokens=False).ids
        assert example["id"] in ids


@pytest.mark.slow
def test_gemma3_has_4_dead_pieces():
    report = tokgraft.lint(real("gemma3"))
    tok = real("gemma3")
    assert sorted(tok.token_bytes(i) for i in whole_dead(report)) == [
        b" ::::::::", b" YYYY", b" diffformul", b" yyyy"]
    assert report.counts["A5"] == 110


@pytest.mark.slow
@pytest.mark.parametrize("name", [
    "mistral_common/tokenizer.model.v1", "mistral_common/tekken_240911.json", "qwen.tiktoken",
    "smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "minilm/tokenizer.json"])
def test_every_format(name):
    tok = tokgraft.load(data_path(f"tokenizers/{name}"))
    report = tokgraft.lint(tok)
    assert report.counts["A8"] == 0 and report.counts["B6"] == 0
    assert not any("B1" in entry["codes"] for entry in report.not_checked)
    for finding in report.findings:
        for example in finding["examples"]:
            assert example["id"] is None or example["place"], finding["code"]
            if example["witness"]:
                assert example["id"] in tok.encode_ids(example["witness"])


@pytest.mark.slow
def test_qwen3_lacks_the_numbers_of_llama3():
    llama3, qwen3 = real("llama3"), real("qwen3")
    report = tokgraft.diff(llama3, qwen3)
    assert report.verdict == "different"
    lacking = [i for i in report.pieces["only_a_ids"] if i < 100256]
    assert len(lacking) == 1100
    assert all(llama3.token_bytes(i).decode().isdecimal() for i in lacking)
    assert report.merges["inverted_share"] == pytest.approx(0.0035, abs=0.0005)
    text = report.counter_example["text"]
    assert list(llama3.encode_ids(text)) != list(qwen3.encode_ids(text))
