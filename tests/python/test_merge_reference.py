"""Merged tokenizers, read by the reference libraries: Hugging Face's from_file and AutoTokenizer give
our ids, and every witness of id_map.json holds its new id there too.

A toy pair runs among the fast tests; the pairs of real tokenizers are slow. Bases of other formats
are held to what a merge promises: no new cut, a witness for each new id, old ids unmoved.
"""

import json
import pathlib
import re
import subprocess
import sys

import pytest

import toys
from conftest import data_path

tokenizers = pytest.importorskip("tokenizers")
tokgraft = pytest.importorskip("tokgraft")

TEXTS = ["Hello world, it's 12345 o'clock!", "  two  spaces\n\n\ttab", "Größe, naïve, Привет мир",
         "今天天气很好。明日は雨です。", "한국어 문장", "नमस्ते दुनिया", "👩‍👩‍👧‍👦 🇩🇪", "def f(x):\n    return x ** 2\n",
         "<s>[INST] <|endoftext|> <bos></s>", "\u00a0\u200b\ufeff\u2028", "e\u0301 \u1e9b\u0323", ""]


def merge(base, donor, out, *options) -> dict:
    result = subprocess.run(
        [sys.executable, "-m", "tokgraft", "merge", str(base), str(donor), "-o", str(out), "--json",
         *map(str, options)], capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def documents(*names, limit=40_000) -> list[str]:
    out = list(TEXTS)
    for name in names:
        out += data_path(f"text/{name}.txt").read_text(encoding="utf-8")[:limit].splitlines()
    return out


def assert_hugging_face_agrees(out: pathlib.Path, texts, compared) -> None:
    ours = tokgraft.load(out)
    theirs = tokenizers.Tokenizer.from_file(str(out / "tokenizer.json"))
    readers = [lambda text: theirs.encode(text, add_special_tokens=False).ids]
    transformers = pytest.importorskip("transformers")
    if (out / "tokenizer_config.json").exists():
        auto = transformers.AutoTokenizer.from_pretrained(str(out))
        readers.append(lambda text: auto.encode(text, add_special_tokens=False))
    for text in texts:
        ids = list(ours.encode_ids(text))
        for read in readers:
            assert read(text) == ids, text
    added = json.loads((out / "id_map.json").read_text())["added"]
    for piece in added:
        encoded = theirs.encode(piece["witness"], add_special_tokens=False).ids
        assert piece["id"] in encoded, piece
    compared(f"tokenizers {tokenizers.__version__}", len(texts) + len(added))


def ends(tokenizer, text: str) -> list[int]:
    """Where tokens end, in bytes of what they spell."""
    out = [0]
    for piece in tokenizer.encode_ids(text):
        out.append(out[-1] + len(tokenizer.token_bytes(int(piece))))
    return out


def assert_promises_hold(base, merged, texts) -> None:
    tokenizer = merged.tokenizer
    for old, new in enumerate(merged.id_map.base_to_merged):
        assert new == old or (new is None and base.token_bytes(old) is None)  # a hole
    fewer = 0
    for text in texts:
        before, after = ends(base, text), ends(tokenizer, text)
        assert set(after) <= set(before) and after[-1] == before[-1], text
        fewer += len(before) - len(after)
    assert fewer > 0
    for piece in merged.id_map.added:
        assert piece["id"] in tokenizer.encode_ids(piece["witness"]), piece
    certificate = merged.certificate
    assert certificate.proved and certificate.level in ("L0", "L1"), certificate.reason
    assert certificate.new_cuts == 0


def test_toys_merge_into_what_hugging_face_reads(tmp_path, compared):
    base = toys.byte_level_bpe(tmp_path / "base.json")
    donor = toys.byte_level_bpe(tmp_path / "donor.json", sentences=toys.OTHER_SENTENCES, size=380)
    report = merge(base, donor, tmp_path / "out")
    assert report["added"] > 0 and report["certificate"]["level"] in ("L0", "L1")
    assert_hugging_face_agrees(tmp_path / "out", TEXTS, compared)
    again = merge(tmp_path / "out", donor, tmp_path / "again")
    assert again["added"] == 0


def test_an_existing_output_stays(tmp_path):
    base = toys.byte_level_bpe(tmp_path / "base.json")
    (tmp_path / "out").mkdir()
    result = subprocess.run([sys.executable, "-m", "tokgraft", "merge", str(base), str(base), "-o",
                             str(tmp_path / "out")], capture_output=True, text=True)
    assert result.returncode == 1 and "exists already" in result.stderr
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
def test_llama_3_and_deepseek(tmp_path, compared):
    base = data_path("tokenizers/llama3")
    report = merge(base, data_path("tokenizers/deepseek_v3"), tmp_path / "out",
                   "--protect", data_path("text/reference-en.txt"),
                   "--protect", data_path("text/reference-de.txt"))
    certificate = report["certificate"]
    assert (certificate["level"], certificate["proved"], certificate["new_cuts"]) == ("L1", True, 0)
    counts = report["conflicts"]["counts"]
    fragments = sum(f["count"] for f in report["conflicts"]["findings"] if f["code"] == "B8")
    refused = [f for f in report["conflicts"]["findings"] if f["code"] in ("B1", "B3", "B4", "B5", "B6")]
    assert fragments == 614
    donor = tokgraft.load(data_path("tokenizers/deepseek_v3"))
    whole = 0
    for finding in refused:
        for piece in finding["donor_ids"]:
            try:
                donor.token_bytes(piece).decode()
                whole += 1
            except UnicodeDecodeError:
                pass
    assert whole == 1224 and counts["B3"] >= 1224
    id_map = json.loads((tmp_path / "out" / "id_map.json").read_text())
    from_donor = sum(piece["donor_id"] is not None for piece in id_map["added"])
    assert from_donor + sum(f["count"] for f in refused) == 57_334
    assert id_map["base_to_merged"] == list(range(128_256))
    chinese = data_path("text/reference-zh.txt").read_text(encoding="utf-8")
    merged = tokgraft.load(tmp_path / "out")
    assert merged.count(chinese) < 0.93 * tokgraft.load(base).count(chinese)
    assert_hugging_face_agrees(tmp_path / "out", documents("en", "zh", "ja", "hi", "ru"), compared)


@pytest.mark.slow
def test_llama_3_and_qwen_share_what_is_known(tmp_path):
    report = merge(data_path("tokenizers/llama3"), data_path("tokenizers/qwen3"), tmp_path / "out")
    id_map = json.loads((tmp_path / "out" / "id_map.json").read_text())
    shared = sum(id is not None and id < 128_256 for id in id_map["donor_to_merged"])
    assert shared == 109_566
    assert report["conflicts"]["counts"]["A1"] == 109_156


@pytest.mark.slow
@pytest.mark.parametrize("base,donor,options", [
    ("llama2", "tokenizers/gemma3", ["--budget", "20000"]),
    ("qwen3", "tokenizers/llama3", []),
    ("gemma3", "tokenizers/qwen3", ["--script", "Han,Hiragana,Katakana"]),
    ("gptoss", "tokenizers/minilm", []),
    ("claude", "tokenizers/gpt4o", ["--budget", "5000"]),
])
def test_real_pairs(base, donor, options, tmp_path, compared):
    report = merge(data_path(f"tokenizers/{base}"), data_path(donor), tmp_path / "out", *options,
                   "--protect", data_path("text/reference-en.txt"))
    assert report["certificate"]["new_cuts"] == 0
    assert_hugging_face_agrees(tmp_path / "out", documents("en", "zh", "ja", "hi", "ru"), compared)


@pytest.mark.slow
def test_smollm2_and_tekken_selected_on_a_corpus(tmp_path, compared):
    texts = [data_path(f"text/reference-{language}.txt") for language in ("zh", "ja", "en")]
    options = [option for text in texts for option in ("--corpus", text)]
    report = merge(data_path("models/smollm2-135m"),
                   data_path("tokenizers/mistral_common/tekken_240911.json"), tmp_path / "out",
                   "--budget", "3000", *options)
    assert report["added"] <= 3000
    certificate = report["certificate"]
    assert certificate["merged_tokens"] < 0.7 * certificate["base_tokens"]
    assert_hugging_face_agrees(tmp_path / "out", documents("en", "zh", "ja"), compared)


# More than what Script_Extensions counts as Han.
MAY_BE_HAN = re.compile("[\u2e80-\u30ff\u3190-\ua4cf\uf900-\ufaff\ufe30-\uffef\U0001f200-\U0010ffff]")
LANGUAGES = ["en", "de", "zh", "ja", "ko", "hi", "ru", "code"]


@pytest.mark.slow
@pytest.mark.parametrize("base,pattern,donor", [
    ("mistral_common/tokenizer.model.v1", None, "llama3"),
    ("cl100k.tiktoken", "cl100k", "deepseek_v3"),
    ("mistral_common/tekken_240911.json", None, "qwen3"),
])
def test_bases_of_other_formats_keep_the_promises(base, pattern, donor):
    base = tokgraft.load(data_path(f"tokenizers/{base}"), pattern=pattern)
    donor = tokgraft.load(data_path(f"tokenizers/{donor}"))
    protect = {name: data_path(f"text/reference-{name}.txt") for name in ("en", "de", "zh", "ja")}
    merged = tokgraft.merge(base, donor, budget=2000, protect=protect)
    assert len(merged.id_map.added) == 2000
    assert_promises_hold(base, merged, documents(*LANGUAGES, limit=20_000))


@pytest.mark.slow
@pytest.mark.parametrize("donor", ["qwen3", "mistral_common/tekken_240911.json"])
def test_chinese_pieces_leave_other_text_alone(donor):
    base = tokgraft.load(data_path("tokenizers/llama3"))
    donor = tokgraft.load(data_path(f"tokenizers/{donor}"))
    merged = tokgraft.merge(base, donor, budget=1000, scripts=["Han"])
    certificate = merged.certificate.to_dict()
    assert (certificate["level"], certificate["proved"]) == ("L0", True)
    assert certificate["scripts"] == ["Han"]
    alike = 0
    for name in ("reference-en", "reference-de", "ru", "ko", "code"):
        text = data_path(f"text/{name}.txt").read_text(encoding="utf-8")[:400_000]
        for line in text.splitlines():
            if not MAY_BE_HAN.search(line):
                assert list(merged.tokenizer.encode_ids(line)) == list(base.encode_ids(line)), line
                alike += 1
    assert alike > 10_000
    chinese = data_path("text/reference-zh.txt").read_text(encoding="utf-8")
    assert merged.tokenizer.count(chinese) < base.count(chinese)
