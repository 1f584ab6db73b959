"""trim of real tokenizers: the reference reads the result and gives the old ids, renumbered."""

import pytest

import tokgraft
from conftest import data_path

tokenizers = pytest.importorskip("tokenizers")
REFERENCE = f"tokenizers {tokenizers.__version__}"


@pytest.fixture
def english(tmp_path):
    text = data_path("text/reference-en.txt").read_text(encoding="utf-8")[:300_000]
    path = tmp_path / "en.txt"
    path.write_text(text, encoding="utf-8")
    return path


def compare_with_reference(name, keep, tmp_path, compared):
    source = data_path(f"tokenizers/{name}/tokenizer.json")
    trimmed = tokgraft.trim(tokgraft.load(source.parent), keep={"en": keep})
    path = tmp_path / "trimmed.json"
    trimmed.tokenizer.save(path)
    before = tokenizers.Tokenizer.from_file(str(source))
    after = tokenizers.Tokenizer.from_file(str(path))
    for tokenizer in (before, after):
        tokenizer.no_truncation()
        tokenizer.no_padding()
    new_ids = trimmed.id_map.base_to_merged
    documents = keep.read_text(encoding="utf-8").splitlines(keepends=True)
    for old, new in zip(before.encode_batch(documents), after.encode_batch(documents)):
        assert new.ids == [new_ids[i] for i in old.ids]
    compared(REFERENCE, len(documents))
    # Text beyond the corpus: other ids, the same text back.
    for text in ["Ελληνικά, 日本語, 한국어 \U0001f600", "zzqx  \n\tfoo_bar9"]:
        ids = trimmed.tokenizer.encode_ids(text).tolist()
        assert ids == after.encode(text, add_special_tokens=False).ids
        if name != "minilm":  # an uncased one with unknown characters
            assert trimmed.tokenizer.decode(ids) == tokgraft.load(source).decode(
                before.encode(text, add_special_tokens=False).ids)
    assert trimmed.id_map.merged_size < trimmed.id_map.base_size / 2
    assert trimmed.report.removed == len(trimmed.id_map.removed)


@pytest.mark.parametrize("name", ["gpt2", "llama2"])
def test_trimmed_as_the_reference_reads_it(name, english, tmp_path, compared):
    compare_with_reference(name, english, tmp_path, compared)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["llama3", "qwen3", "gemma3", "deepseek_v3", "gptoss", "minilm"])
def test_more_trimmed_as_the_reference_reads_them(name, english, tmp_path, compared):
    compare_with_reference(name, english, tmp_path, compared)


def test_special_tokens_stay_whatever_the_text(english):
    tok = tokgraft.load(data_path("tokenizers/llama3/tokenizer.json").parent)
    trimmed = tokgraft.trim(tok, keep={"en": english})
    text = "<|begin_of_text|>Hello<|eot_id|>"
    old, new = tok.encode_ids(text), trimmed.tokenizer.encode_ids(text)
    assert [trimmed.tokenizer.token_bytes(int(i)) for i in new][-1] == b"<|eot_id|>"
    assert new.tolist()[0] == trimmed.id_map.base_to_merged[int(old[0])]


def test_ids_that_are_asked_for_stay():
    tok = tokgraft.load(data_path("tokenizers/gpt2/tokenizer.json"))
    trimmed = tokgraft.trim(tok, ids=[tok.token_id(b" the")])
    assert trimmed.tokenizer.token_id(b" the") is not None
    assert trimmed.tokenizer.token_id(b" and") is None
    assert trimmed.report.kept["asked"] == 1
    with pytest.raises(ValueError, match="id 99999999"):
        tokgraft.trim(tok, ids=[99999999])
    with pytest.raises(ValueError, match="nothing to keep"):
        tokgraft.trim(tok)
