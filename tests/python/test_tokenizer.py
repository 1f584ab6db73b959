"""The Python surface of a tokenizer: types, lifetimes, threads, forks, pickles, errors."""

import concurrent.futures
import multiprocessing
import os
import pathlib
import pickle

import numpy as np
import pytest

import tokgraft
import toys

TEXT = "Hello world, this is 2024. Grüße 世界!"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return toys.byte_level_bpe(tmp_path_factory.mktemp("toy") / "tokenizer.json")


@pytest.fixture(scope="module")
def tok(path):
    return tokgraft.load(path)


def test_encoding_is_numpy(tok):
    encoding = tok.encode(TEXT)
    assert encoding.ids.dtype == np.uint32 and encoding.ids.shape == (len(encoding),)
    assert encoding.offsets.dtype == np.int64 and encoding.offsets.shape == (len(encoding), 2)
    assert encoding.invalid_utf8 == 0
    ids = tok.encode_ids(TEXT)
    assert ids.dtype == np.uint32 and ids.tolist() == encoding.ids.tolist()
    assert tok.count(TEXT) == len(ids)


def test_offsets_are_bytes_of_the_original(tok):
    data = TEXT.encode()
    encoding = tok.encode(TEXT)
    assert encoding.offsets[0, 0] == 0 and encoding.offsets[-1, 1] == len(data)
    assert (np.diff(encoding.offsets[:, 0]) >= 0).all()


def test_arrays_outlive_what_made_them(tok):
    ids, offsets = tok.encode(TEXT * 1000).ids, tok.encode(TEXT * 1000).offsets
    kept = ids.copy(), offsets.copy()
    for _ in range(50):
        tok.encode(TEXT * 1000)
    assert (ids == kept[0]).all() and (offsets == kept[1]).all()
    assert not ids.flags.owndata and ids.base is not None  # a view of what C++ made, no copy


def test_str_and_bytes_agree(tok):
    assert tok.encode_ids(TEXT).tolist() == tok.encode_ids(TEXT.encode()).tolist()


@pytest.mark.parametrize("text, invalid", [
    ("a\ud800b", 1), ("\udc80\udc81", 2), ("\ud83d\ude00", 0), (b"a\xff\xfeb", 2),
    (b"\xed\xa0\x80", 3), ("é", 0), ("", 0),
])
def test_invalid_text_is_counted(tok, text, invalid):
    assert tok.encode(text).invalid_utf8 == invalid


def test_lone_surrogates_are_replaced_and_pairs_joined(tok):
    assert tok.encode_ids("a\ud800b").tolist() == tok.encode_ids("a\ufffdb").tolist()
    assert tok.encode_ids("\ud83d\ude00").tolist() == tok.encode_ids("😀").tolist()


def test_batch_is_flat(tok):
    texts = [TEXT, "", b"bytes", "one more"]
    batch = tok.encode_batch(texts, threads=2)
    assert batch.row_splits.dtype == np.int64 and len(batch) == len(texts)
    assert batch.row_splits[0] == 0 and batch.row_splits[-1] == len(batch.ids)
    for i, text in enumerate(texts):
        row = batch.ids[batch.row_splits[i]:batch.row_splits[i + 1]]
        assert row.tolist() == tok.encode_ids(text).tolist()
    assert len(tok.encode_batch([])) == 0
    assert len(tok.encode_batch(iter(["a", "b"]))) == 2


def test_a_batch_is_a_sequence_of_ids(tok):
    texts = ["one", "", TEXT]
    batch = tok.encode_batch(texts)
    assert len(batch) == 3 and [ids.tolist() for ids in batch] == [
        tok.encode_ids(text).tolist() for text in texts]
    assert batch[2].dtype == np.uint32 and np.shares_memory(batch[2], batch.ids)
    assert (batch[-1] == batch[2]).all() and batch[1].size == 0
    for index in (3, -4):
        with pytest.raises(IndexError, match=rf"batch\[{index}\]: not there, the batch has 3 texts"):
            batch[index]


def test_decode_batch(tok):
    texts = ["one", "", TEXT]
    batch = tok.encode_batch(texts)
    assert tok.decode_batch(batch) == texts
    assert tok.decode_batch(ids.tolist() for ids in batch) == texts
    assert tok.decode_batch([]) == []
    special = tok.token_id("<|endoftext|>")
    assert tok.decode_batch([[special]], skip_special_tokens=True) == [""]
    with pytest.raises(TypeError, match="ids of many texts were expected, not Encoding"):
        tok.decode_batch(tok.encode("one"))


def test_encodings_are_not_ids(tok):
    with pytest.raises(TypeError, match="ids must be integers, not Encoding; take its .ids"):
        tok.decode(tok.encode("one"))
    with pytest.raises(TypeError, match="ids must be integers, not EncodingBatch; take its .ids"):
        tok.decode(tok.encode_batch(["one"]))
    with pytest.raises(TypeError, match="ids must be integers, not str"):
        tok.decode("one")


def test_batch_does_not_depend_on_threads(tok):
    texts = [f"{TEXT} {i}" for i in range(500)]
    one, many = tok.encode_batch(texts, threads=1), tok.encode_batch(texts, threads=7)
    assert (one.ids == many.ids).all() and (one.row_splits == many.row_splits).all()


@pytest.mark.parametrize("bad", [1, None, ["a"], 1.5])
def test_text_of_another_type_is_refused(tok, bad):
    with pytest.raises(TypeError, match="text must be str or bytes"):
        tok.encode(bad)


@pytest.mark.parametrize("one", ["a text", b"a text"])
def test_one_text_is_not_a_batch(tok, one):
    with pytest.raises(TypeError, match="sequence of texts"):
        tok.encode_batch(one)


@pytest.mark.parametrize("convert", [
    list, tuple, np.asarray, lambda ids: ids.astype(np.int64), lambda ids: ids.astype(np.uint16),
    lambda ids: np.repeat(ids, 2)[::2], lambda ids: ids.astype(">u4"),
    lambda ids: ids.astype(np.uint64),
])
def test_decode_takes_ids_of_any_integer_type(tok, convert):
    ids = tok.encode_ids(TEXT)
    assert tok.decode(convert(ids)) == TEXT
    assert tok.decode_bytes(convert(ids)) == TEXT.encode()


def test_decode_of_nothing(tok):
    assert tok.decode([]) == "" and tok.decode_bytes(np.array([], np.uint32)) == b""


@pytest.mark.parametrize("ids, error", [
    ([-1], tokgraft.RangeError), ([2**40], tokgraft.RangeError), ([2**70], TypeError),
    ([0.5], TypeError), (5, TypeError), ([[1]], TypeError), ("abc", TypeError),
    ([2**64 - 1], tokgraft.RangeError),
])
def test_what_is_not_ids_is_refused(tok, ids, error):
    with pytest.raises(error):
        tok.decode(ids)


def test_ids_beyond_the_vocabulary(tok):
    with pytest.raises(tokgraft.RangeError):
        tok.decode_bytes([tok.vocab_size])
    with pytest.raises(IndexError):
        tok.decode_bytes([tok.vocab_size])


def test_tokens(tok):
    known = [i for i in range(tok.vocab_size) if tok.token_bytes(i) is not None]
    assert known
    for i in known:
        assert isinstance(tok.token_bytes(i), bytes)
        assert tok.token_kind(i) in ("normal", "byte", "control", "user_defined", "unused",
                                     "unknown")
    found = tok.token_id(tok.token_bytes(known[-1]))
    assert tok.token_bytes(found) == tok.token_bytes(known[-1])
    assert tok.token_bytes(tok.vocab_size) is None and tok.token_kind(tok.vocab_size) is None
    assert tok.token_id(b"no such token, surely") is None


def test_special_keywords_only(tok):
    with pytest.raises(TypeError):
        tok.encode(TEXT, True)
    with pytest.raises(TypeError):
        tok.decode([0], True)


def test_pickle(tok):
    again = pickle.loads(pickle.dumps(tok))
    assert again == tok and again is not tok
    assert again.encode_ids(TEXT).tolist() == tok.encode_ids(TEXT).tolist()
    encoding = pickle.loads(pickle.dumps(tok.encode(TEXT)))
    assert encoding.ids.tolist() == tok.encode_ids(TEXT).tolist()
    batch = pickle.loads(pickle.dumps(tok.encode_batch([TEXT])))
    assert batch.row_splits.tolist() == [0, len(encoding)]
    assert tok != "another thing"


@pytest.mark.parametrize("name", [
    "gpt2/tokenizer.json", "llama2/tokenizer.json", "gemma3/tokenizer.json", "minilm/tokenizer.json",
    "mistral_common/tokenizer.model.v1", "mistral_common/tekken_240911.json", "cl100k.tiktoken",
    "qwen.tiktoken",
])
def test_pickle_of_real_tokenizers(data, name):
    tok = tokgraft.load(data(f"tokenizers/{name}"))
    again = pickle.loads(pickle.dumps(tok))
    assert again == tok
    assert again.encode_ids(TEXT).tolist() == tok.encode_ids(TEXT).tolist()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_use_in_another_process(tok, method):
    tok.encode_batch([TEXT] * 100, threads=2)  # threads have run before the fork
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        results = list(pool.map(tok.count, [TEXT] * 4, timeout=60))
    assert results == [tok.count(TEXT)] * 4


def test_threads(tok):
    expected = tok.encode_ids(TEXT).tolist()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = pool.map(lambda _: tok.encode_ids(TEXT).tolist(), range(400))
        assert all(ids == expected for ids in results)


def test_the_gil_is_released(tok):
    """While one thread encodes for long, another goes on running Python."""
    text = "word " * 400_000
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        job = pool.submit(tok.count, text)
        steps = 0
        while not job.done():
            steps += 1
    assert steps > 100


def test_paths(path, tmp_path):
    for form in (str(path), os.fsencode(path), pathlib.Path(path), path.parent):
        assert tokgraft.load(form).vocab_size > 256
    with pytest.raises(TypeError):
        tokgraft.load(5)


def test_errors_are_what_python_programmers_catch(tmp_path):
    with pytest.raises(tokgraft.NotFoundError) as caught:
        tokgraft.load(tmp_path / "nothing.json")
    assert isinstance(caught.value, FileNotFoundError) and isinstance(caught.value, tokgraft.Error)
    assert "nothing.json" in str(caught.value)
    broken = tmp_path / "broken.json"
    broken.write_text('{"model": ')
    with pytest.raises(ValueError) as caught:
        tokgraft.load(broken)
    assert type(caught.value) is tokgraft.FormatError
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is tokgraft.FormatError and str(again) == str(caught.value)


def test_unknown_stage_is_refused_by_name(path, tmp_path):
    text = path.read_text(encoding="utf-8")
    odd = tmp_path / "odd.json"
    odd.write_text(text.replace('"normalizer":null', '"normalizer":{"type":"Fancy"}')
                   .replace('"normalizer": null', '"normalizer": {"type": "Fancy"}'),
                   encoding="utf-8")
    with pytest.raises(NotImplementedError, match="Fancy"):
        tokgraft.load(odd)


def test_save(tok, tmp_path):
    target = tmp_path / "saved.json"
    assert isinstance(tok.save(target), list)
    assert tokgraft.load(target).encode_ids(TEXT).tolist() == tok.encode_ids(TEXT).tolist()
    with pytest.raises(tokgraft.ConflictError):
        tok.save(target)
    tok.save(target, force=True)
    with pytest.raises(tokgraft.FormatError, match="tokenizer.json, sentencepiece"):
        tok.save(target, format="word")
