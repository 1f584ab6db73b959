"""tekken.json: ids, offsets and decoding equal those of mistral-common's Tekkenizer."""

import base64
import json

import pytest

import differential
import tokgraft
from conftest import data_path

mistral_common = pytest.importorskip("mistral_common")
pytest.importorskip("tiktoken")

from mistral_common.tokens.tokenizers.base import SpecialTokenPolicy  # noqa: E402
from mistral_common.tokens.tokenizers.tekken import Tekkenizer  # noqa: E402

REFERENCE = f"mistral-common {mistral_common.__version__}"
FILES = ["tekken_240718.json", "tekken_240911.json"]
SPECIALS = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]", "[IMG]", "<pad>", "<SPECIAL_20>"]


class Reference:
    def __init__(self, path):
        self.tekken = Tekkenizer.from_file(path)

    def ids(self, text: str) -> list[int]:
        return self.tekken.encode(text, bos=False, eos=False)

    def spans(self, text: str) -> list[list[int]]:
        spans, begin = [], 0
        for token in self.ids(text):
            end = begin + len(self.tekken.id_to_byte_piece(token, SpecialTokenPolicy.KEEP))
            spans.append([begin, end])
            begin = end
        return spans

    def decode(self, ids: list[int], skip: bool) -> str:
        policy = SpecialTokenPolicy.IGNORE if skip else SpecialTokenPolicy.KEEP
        return self.tekken.decode(ids, special_token_policy=policy)


_loaded: dict = {}


@pytest.fixture(params=FILES)
def pair(request):
    if request.param not in _loaded:
        path = data_path(f"tokenizers/mistral_common/{request.param}")
        _loaded.clear()
        _loaded[request.param] = (tokgraft.load(str(path)), Reference(path))
    return _loaded[request.param]


def compare(pair, texts, compared) -> None:
    ours, theirs = pair
    compared(REFERENCE, differential.compare_text(ours, texts, theirs.ids, theirs.spans,
                                                  theirs.decode))


def test_files(pair, compared):
    ours, theirs = pair
    assert ours.vocab_size == theirs.tekken.n_words
    compare(pair, differential.fast_texts(SPECIALS), compared)
    compared(REFERENCE, differential.compare_random_ids(ours, 300, theirs.decode))
    assert (ours.encode_ids("a b", add_special_tokens=True).tolist()
            == theirs.tekken.encode("a b", bos=True, eos=False))


def toy(path, **config):
    """A file of the newer kind: an explicit list of special tokens, a cut vocabulary."""
    pieces = [bytes([b]) for b in range(256)] + [b"th", b"the", b" the", "中".encode(), b"zz", b"zzz"]
    data = {
        "config": {"pattern": r"\p{L}+| ?\P{L}+", "num_vocab_tokens": len(pieces),
                   "default_vocab_size": 10 + len(pieces) - 1, "default_num_special_tokens": 10,
                   "version": "v13"} | config,
        "vocab": [{"rank": i, "token_bytes": base64.b64encode(p).decode(), "token_str": None}
                  for i, p in enumerate(pieces)],
        "special_tokens": [{"rank": i, "token_str": s, "is_control": i % 2 == 0}
                           for i, s in enumerate(["<unk>", "<s>", "</s>", "[THINK]"])],
    }
    path.write_text(json.dumps(data))
    return path


def test_newer_files(tmp_path, compared):
    path = toy(tmp_path / "tekken.json",
               pattern=r" ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    ours, theirs = tokgraft.load(str(path)), Reference(path)
    assert ours.vocab_size == theirs.tekken.n_words == 10 + 261
    compare((ours, theirs), differential.fast_texts(["[THINK]", "<s>", "<SPECIAL_4>"], real=False),
            compared)
    compared(REFERENCE, differential.compare_random_ids(ours, 200, theirs.decode))


@pytest.mark.parametrize("change", [
    dict(default_vocab_size=5), dict(default_vocab_size=1000), dict(version="v99"),
    dict(default_num_special_tokens=3)])
def test_both_refuse(change, tmp_path):
    path = toy(tmp_path / "tekken.json", **change)
    with pytest.raises((AssertionError, ValueError, Exception)):
        Tekkenizer.from_file(path)
    with pytest.raises((ValueError, NotImplementedError), match="tekken.json: "):
        tokgraft.load(str(path))


@pytest.mark.slow
@pytest.mark.parametrize("part", differential.SLOW_PARTS)
def test_files_in_full(pair, part, compared):
    compare(pair, differential.slow_texts(SPECIALS, part), compared)
