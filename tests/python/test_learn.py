"""Pieces learnt from a corpus: what is saved encodes the same in the reference libraries, text that
decoded still does, and wrong arguments are told what was expected."""

import json
import subprocess
import sys

import pytest

import toys
from conftest import data_path
from test_convert_reference import LIBRARIES
from test_merge_reference import TEXTS, assert_hugging_face_agrees, assert_promises_hold

tokgraft = pytest.importorskip("tokgraft")


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tokgraft", *map(str, arguments)], capture_output=True,
                          text=True, timeout=600)


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(toys.OTHER_SENTENCES * 3), encoding="utf-8")
    return path


@pytest.fixture
def base(tmp_path):
    return toys.byte_level_bpe(tmp_path / "base.json")


# ---- The program --------------------------------------------------------------------------------
def test_the_program_learns_and_writes(base, corpus, tmp_path, compared):
    result = run("merge", base, "--donor-corpus", corpus, "--donor-size", 40, "-o", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert "(40 new, learnt from text)" in result.stdout
    assert "L1, proved" in result.stdout or "L0, proved" in result.stdout
    id_map = json.loads((tmp_path / "out/id_map.json").read_text())
    assert (id_map["strategy"], id_map["donor_to_merged"], len(id_map["added"])) == ("extend", [], 40)
    assert all(piece["donor_id"] is None for piece in id_map["added"])
    assert_hugging_face_agrees(tmp_path / "out", [*TEXTS, *toys.SENTENCES, *toys.OTHER_SENTENCES], compared)


def test_a_corpus_without_more_says_so(base, corpus, tmp_path):
    result = run("merge", base, "--donor-corpus", corpus, "--donor-size", 100000, "--dry-run")
    assert result.returncode == 0 and " of 100,000: the text has no more\n" in result.stdout
    (tmp_path / "one.txt").write_text("q", encoding="utf-8")
    result = run("merge", base, "--donor-corpus", tmp_path / "one.txt", "--donor-size", 5, "--dry-run")
    assert result.returncode == 0
    assert "no new id: the text has nothing to learn for this base" in result.stderr


def test_the_format_that_is_written_is_learnt_for(base, corpus, tmp_path):
    result = run("merge", base, "--donor-corpus", corpus, "--donor-size", 20, "--for", "tiktoken", "-o",
                 tmp_path / "out", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["added"] == 20
    assert "the base was turned into tiktoken first" in json.loads(result.stdout)["certificate"]["reason"]


@pytest.mark.parametrize("arguments, status, message", [
    (["--donor-corpus", "{missing}", "--donor-size", "5"], 1, "missing.txt: "),
    (["--donor-corpus", "{empty}", "--donor-size", "5"], 1,
     "donor corpus: it is empty, text to learn pieces from was expected"),
    (["--donor-corpus", "{corpus}", "--donor-size", "0"], 2,
     '"0" is no number of pieces, 1 or more was expected'),
    (["--donor-corpus", "{corpus}", "--donor-size", "-1"], 2,
     '"-1" is no number of pieces, 1 or more was expected'),
    (["--donor-corpus", "{corpus}"], 2, "--donor-corpus requires --donor-size"),
    (["--donor-size", "5"], 2, "--donor-size requires --donor-corpus"),
    (["{base}", "--donor-corpus", "{corpus}", "--donor-size", "5"], 2, "excludes"),
    (["--donor-corpus", "{corpus}", "--donor-size", "5", "--budget", "5"], 2,
     "excludes"),
    (["--donor-corpus", "{corpus}", "--donor-size", "5", "--strategy", "swap"], 2,
     "excludes"),
    ([], 2, "donor: a tokenizer to take pieces from was expected; or --donor-corpus PATH --donor-size N "
            "to learn them from text"),
])
def test_wrong_arguments_are_told_what_was_expected(arguments, status, message, base, corpus, tmp_path):
    (tmp_path / "empty.txt").write_text("")
    files = {"base": base, "corpus": corpus, "empty": tmp_path / "empty.txt", "missing": tmp_path / "missing.txt"}
    result = run("merge", base, *(a.format(**files) for a in arguments), "-o", tmp_path / "out")
    assert (result.returncode, message in result.stderr) == (status, True), result.stderr
    assert not (tmp_path / "out").exists()


def test_a_model_is_grafted_with_what_was_learnt(corpus, tmp_path):
    model = toys.model_with_tokenizer(tmp_path / "model")
    result = run("graft", model, "--donor-corpus", f"zh={corpus}", "--donor-size", 30, "-o", tmp_path / "out",
                 "--corpus", f"zh={corpus}")
    assert result.returncode == 0, result.stderr
    assert f"Grafted 30 pieces learnt from {corpus}" in result.stdout
    assert "tokens, 30 learnt\n" in result.stdout
    assert "Verified: every hash, row and tensor holds" in result.stdout
    report = tokgraft.verify(tmp_path / "out")
    assert report.ok, report.problems
    result = run("graft", model, "-o", tmp_path / "other")
    assert result.returncode == 2
    assert "--donor: a tokenizer to take pieces from was expected; or --donor-corpus" in result.stderr


# ---- Python -------------------------------------------------------------------------------------
def test_python_learns_the_same(base, corpus, tmp_path):
    assert run("merge", base, "--donor-corpus", corpus, "--donor-size", 25, "-o", tmp_path / "out").returncode == 0
    merged = tokgraft.merge(base, donor_corpus=corpus, donor_size=25)
    assert merged.id_map.to_json() == (tmp_path / "out/id_map.json").read_text()
    named = tokgraft.merge(tokgraft.load(base), donor_corpus={"zh": str(corpus)}, donor_size=25, threads=3)
    assert named.id_map == merged.id_map
    assert_promises_hold(tokgraft.load(base), merged, toys.OTHER_SENTENCES)
    stages = []
    tokgraft.merge(base, donor_corpus=corpus, donor_size=25, progress=lambda stage, _: stages.append(stage))
    assert {"count words", "find witnesses", "certify"} <= set(stages)


def test_python_grafts_with_what_was_learnt(corpus, tmp_path):
    model = toys.model_with_tokenizer(tmp_path / "model")
    report = tokgraft.graft(model, donor_corpus=corpus, donor_size=10, out=tmp_path / "out")
    assert report.vocabulary["added"] == 10 and report.vocabulary["helpers"] == 0
    assert report.donor == f"10 pieces learnt from {corpus}"


@pytest.mark.parametrize("arguments, message", [
    ({}, "donor: is None, a Tokenizer or the path of one was expected; or donor_corpus and donor_size"),
    ({"donor_size": 5}, "donor_size: was given without donor_corpus"),
    ({"donor_corpus": "{corpus}"}, "donor_size: is None, the number of pieces to learn was expected"),
    ({"donor_corpus": "{corpus}", "donor_size": 0}, "donor size: it is 0"),
    ({"donor_corpus": "{corpus}", "donor_size": 1.5}, "donor_size: is 1.5, a whole number was expected"),
    ({"donor_corpus": "{corpus}", "donor_size": 5, "donor": "{base}"}, "a donor was given too"),
    ({"donor_corpus": "{corpus}", "donor_size": 5, "budget": 5}, "budget: was given together with donor_corpus"),
    ({"donor_corpus": "{corpus}", "donor_size": 5, "scripts": ["Han"]}, "scripts: was given together"),
    ({"donor_corpus": "{corpus}", "donor_size": 5, "strategy": "swap"}, "strategy: was given together"),
])
def test_python_says_what_was_expected(arguments, message, base, corpus, tmp_path):
    values = {k: v.format(corpus=corpus, base=base) if isinstance(v, str) else v for k, v in arguments.items()}
    with pytest.raises(tokgraft.Error, match=message) as raised:
        tokgraft.merge(base, **values)
    assert isinstance(raised.value, ValueError)
    if set(arguments) & {"budget", "scripts", "strategy"} or "donor_corpus" not in arguments:
        model = toys.model_with_tokenizer(tmp_path / "model")
        with pytest.raises(tokgraft.Error, match=message):
            tokgraft.graft(model, out=tmp_path / "out", **values)


def test_a_missing_corpus_is_named(base, tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.txt"):
        tokgraft.merge(base, donor_corpus=tmp_path / "nothing.txt", donor_size=5)


def test_a_unigram_base_gets_what_sentencepiece_trains(tmp_path, compared):
    base = toys.sentencepiece_model(tmp_path / "base.model", kind="unigram", size=420)
    text = tmp_path / "corpus.txt"
    text.write_text("\n".join(toys.OTHER_SENTENCES * 20), encoding="utf-8")
    merged = tokgraft.merge(base, donor_corpus=text, donor_size=120)
    assert merged.id_map.donor_to_merged == [] and len(merged.id_map.added) > 0
    out = tmp_path / "out.model"
    merged.tokenizer.save(out, format="sentencepiece")
    read = LIBRARIES["sentencepiece"](out)
    for sentence in [*TEXTS, *toys.OTHER_SENTENCES]:
        assert merged.tokenizer.encode_ids(sentence).tolist() == read(sentence), sentence
    compared("sentencepiece, Unigram, learnt", len(TEXTS) + len(toys.OTHER_SENTENCES))


# ---- Real tokenizers ----------------------------------------------------------------------------
def learn_and_hold_out(base, language, size, tmp_path, pattern=None):
    """A merge learnt from nine lines in ten of a real text, and the others."""
    lines = data_path(f"text/{language}.txt").read_text(encoding="utf-8")[:600_000].splitlines(keepends=True)
    text = tmp_path / "text.txt"
    text.write_text("".join(l for i, l in enumerate(lines) if i % 10), encoding="utf-8")
    base = tokgraft.load(data_path(f"tokenizers/{base}"), pattern=pattern)
    merged = tokgraft.merge(base, donor_corpus=text, donor_size=size)
    assert len(merged.id_map.added) == size
    return base, merged, [*TEXTS, *lines[::10]]


def assert_decodes_as_before(base, merged, texts):
    for text in texts:
        assert merged.decode(merged.encode_ids(text)) == base.decode(base.encode_ids(text)), text


@pytest.mark.slow
@pytest.mark.parametrize("base, language", [("llama2", "zh"), ("llama2", "hi"), ("llama3", "de"),
                                            ("qwen3", "zh"), ("gemma3", "ja"), ("gpt2", "ko")])
def test_hugging_face_reads_what_was_learnt(base, language, tmp_path, compared):
    base, merged, texts = learn_and_hold_out(base, language, 3000, tmp_path)
    merged.save(tmp_path / "out")
    assert_hugging_face_agrees(tmp_path / "out", texts, compared)
    assert_promises_hold(base, merged, texts)
    assert_decodes_as_before(base, merged.tokenizer, texts)
    assert not any("<0x" in piece["text"] for piece in merged.id_map.added)


@pytest.mark.slow
@pytest.mark.parametrize("base, pattern, form", [
    ("mistral_common/tokenizer.model.v1", None, "sentencepiece"),
    ("mistral_common/tekken_240911.json", None, "tekken"),
    ("cl100k.tiktoken", "cl100k", "tiktoken"),
])
def test_other_references_read_what_was_learnt(base, pattern, form, tmp_path, compared):
    base, merged, texts = learn_and_hold_out(base, "zh", 3000, tmp_path, pattern)
    out = tmp_path / "saved"
    merged.tokenizer.save(out, format=form)
    read = LIBRARIES[form](out)
    if form == "tekken":  # its reader keeps special tokens apart by itself
        texts = [text for text in texts if "<" not in text]
    for text in texts:
        assert merged.tokenizer.encode_ids(text).tolist() == read(text), text
    compared(f"{form}, learnt", len(texts))
    assert_promises_hold(base, merged, texts)
    assert_decodes_as_before(base, merged.tokenizer, texts)
