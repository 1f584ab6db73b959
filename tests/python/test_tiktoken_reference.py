"""tiktoken ranks: ids, offsets and decoding equal those of tiktoken with the same pattern.

r50k, cl100k and o200k as published (made from the vocabularies of the cache, byte for byte), Qwen's
own file, and made ranks for the patterns whose files no package carries.
"""

import base64
import json
import pathlib

import pytest

import differential
import tokgraft
import toys
from conftest import data_path

tiktoken = pytest.importorskip("tiktoken")
REFERENCE = f"tiktoken {getattr(tiktoken, '__version__', '')}".strip()

# Facts of the published tokenization code, spelled as Python there.
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + CONTRACTIONS + "?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*" + CONTRACTIONS + "?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
UPPER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"
LOWER = r"[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]"
PATTERNS = {
    "r50k": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
    "cl100k": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
              r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
    "o200k": O200K,
    "llama4": O200K,
    "kimi_k2": "|".join([
        r"[\p{Han}]+", rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CONTRACTIONS}?",
        rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CONTRACTIONS}?",
        r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"]),
    "qwen": CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
            r"|\s+(?!\S)|\s+",
}
PATTERNS["p50k"] = PATTERNS["r50k"]
ENDOFTEXT = "<|endoftext|>"
SPECIALS = {
    "r50k": {ENDOFTEXT: 50256},
    "p50k": {ENDOFTEXT: 50256},
    "cl100k": {ENDOFTEXT: 100257, "<|fim_prefix|>": 100258, "<|fim_middle|>": 100259,
               "<|fim_suffix|>": 100260, "<|endofprompt|>": 100276},
    "o200k": {ENDOFTEXT: 199999, "<|endofprompt|>": 200018},
    "qwen": {name: 151643 + i for i, name in enumerate(
        [ENDOFTEXT, "<|im_start|>", "<|im_end|>"] + [f"<|extra_{i}|>" for i in range(205)])},
}


def llama4_specials(ranks: int) -> dict[str, int]:
    def reserved(kind, count, start=0):
        return [f"<|{kind}_reserved_special_token_{i}|>" for i in range(start, start + count)]
    names = (["<|begin_of_text|>", "<|end_of_text|>", "<|fim_prefix|>", "<|fim_middle|>",
              "<|fim_suffix|>", "<|header_start|>", "<|header_end|>", "<|eom|>", "<|eot|>", "<|step|>"]
             + reserved("text_post_train", 6)
             + ["<|python_start|>", "<|python_end|>", "<|finetune_right_pad|>"]
             + reserved("text_post_train", 61, 8) + ["<|image_start|>", "<|image_end|>"]
             + reserved("vision", 2) + ["<|tile_x_separator|>", "<|tile_y_separator|>"]
             + reserved("vision", 4, 2) + ["<|image|>"] + reserved("vision", 1, 6) + ["<|patch|>"]
             + reserved("vision", 1041, 7) + reserved("reasoning", 8)
             + ["<|reasoning_thinking_start|>", "<|reasoning_thinking_end|>"])
    names += [f"<|reserved_special_token_{i}|>" for i in range(2048 - len(names))]
    return {name: ranks + i for i, name in enumerate(names)}


def specials_of(name: str, ranks: int) -> dict[str, int]:
    if name == "llama4":
        return llama4_specials(ranks)
    if name == "kimi_k2":
        return {f"<|reserved_token_{i}|>": i for i in range(ranks, ranks + 256)}
    return SPECIALS[name]


def read_ranks(path) -> dict[bytes, int]:
    lines = (line.split() for line in path.read_bytes().splitlines())
    return {base64.b64decode(token): int(rank) for token, rank in lines}


def write_ranks(path, ranks: dict[bytes, int]) -> pathlib.Path:
    path.write_bytes(b"".join(base64.b64encode(token) + b" %d\n" % rank
                              for token, rank in sorted(ranks.items(), key=lambda r: r[1])))
    return path


def made_ranks(tmp_path, size: int = 900) -> dict[bytes, int]:
    """Ranks of a byte-level BPE trained here: the bytes, then its products in order of merging."""
    path = toys.byte_level_bpe(tmp_path / "bpe.json", toys.SENTENCES + toys.OTHER_SENTENCES, size)
    model = json.loads(path.read_text())["model"]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    alphabet = {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(others)}
    ranks = {bytes([b]): i for i, b in enumerate(printable + others)}
    for left, right in model["merges"]:
        ranks.setdefault(bytes(alphabet[c] for c in left + right), len(ranks))
    return ranks


class Reference:
    def __init__(self, ranks, pattern: str, specials: dict[str, int]):
        self.encoding = tiktoken.Encoding("test", pat_str=pattern, mergeable_ranks=ranks,
                                          special_tokens=specials)
        self.specials = specials
        self.special_ids = set(specials.values())

    def ids(self, text: str):
        try:
            return self.encoding.encode(text, allowed_special="all")
        except BaseException as error:  # its regex engine gives up: a panic, no exception
            if "PanicException" not in type(error).__name__ and not isinstance(error, ValueError):
                raise
            return None

    def spans(self, text: str) -> list[list[int]]:
        spans, begin = [], 0
        for token in self.ids(text):
            end = begin + len(self.encoding.decode_single_token_bytes(token))
            spans.append([begin, end])
            begin = end
        return spans

    def decode(self, ids: list[int], skip: bool) -> str:
        return self.encoding.decode([i for i in ids if not (skip and i in self.special_ids)])


def compare(ours, theirs, texts, compared) -> None:
    compared(REFERENCE, differential.compare_text(ours, texts, theirs.ids, theirs.spans,
                                                  theirs.decode))


_loaded: dict = {}


@pytest.fixture(params=["r50k", "cl100k", "o200k", "qwen"])
def published(request):
    """(ours, theirs), ours recognised by the hash of the ranks."""
    name = request.param
    if name not in _loaded:
        path = data_path(f"tokenizers/{name}.tiktoken")
        theirs = Reference(read_ranks(path), PATTERNS[name], SPECIALS[name])
        _loaded.clear()
        _loaded[name] = (tokgraft.load(str(path)), theirs)
    return _loaded[name]


def test_published_ranks(published, compared):
    ours, theirs = published
    assert ours.vocab_size == theirs.encoding.n_vocab
    compare(ours, theirs, differential.fast_texts(theirs.specials), compared)
    compared(REFERENCE, differential.compare_random_ids(ours, 300, theirs.decode))


@pytest.mark.parametrize("name", PATTERNS)
def test_made_ranks(name, tmp_path, compared):
    ranks = made_ranks(tmp_path)
    theirs = Reference(ranks, PATTERNS[name], specials_of(name, len(ranks)))
    ours = tokgraft.load(str(write_ranks(tmp_path / "made.tiktoken", ranks)), pattern=name)
    compare(ours, theirs, differential.fast_texts(theirs.specials, real=False), compared)
    compared(REFERENCE, differential.compare_random_ids(ours, 150, theirs.decode))


def test_a_known_regex_brings_no_special_tokens(tmp_path, compared):
    ranks = made_ranks(tmp_path)
    theirs = Reference(ranks, PATTERNS["cl100k"], {})
    path = write_ranks(tmp_path / "made.tiktoken", ranks)
    ours = tokgraft.load(str(path), pattern=PATTERNS["cl100k"])
    compare(ours, theirs, differential.fast_texts([ENDOFTEXT], real=False), compared)


@pytest.mark.parametrize("pattern", [
    r"\w+|\s+|[^\w\s]+", r"\p{L}+", r"[a-z]+|\p{N}{1,2}", r"(?i:the|dog)| ?\S+", r"\s+(?!\S)|\S+",
    r"\p{Han}|\p{Lu}\p{Ll}*|[^\p{Han}]", r"(?s:.)", r"[^\r\n]+|[\r\n]", r"(?i)[k-s]+|\d+|."])
def test_any_regex(pattern, tmp_path, compared):
    """A regex without a scanner; text between two matches is dropped, as tiktoken does."""
    ranks = made_ranks(tmp_path)
    theirs = Reference(ranks, pattern, {})
    path = write_ranks(tmp_path / "made.tiktoken", ranks)
    ours = tokgraft.load(str(path), pattern=pattern)
    texts = [*differential.SHORT, *differential.fast_texts([ENDOFTEXT], real=False)]
    compared(REFERENCE, differential.compare_text(ours, texts, theirs.ids))


def test_unknown_ranks_ask_for_a_pattern(tmp_path):
    path = write_ranks(tmp_path / "made.tiktoken", made_ranks(tmp_path))
    with pytest.raises(ValueError, match="give its pattern, one of r50k p50k cl100k o200k llama4 kimi_k2"):
        tokgraft.load(str(path))


def test_ranks_are_recognised_whatever_their_line_ends(tmp_path):
    path = data_path("tokenizers/r50k.tiktoken")
    lines = path.read_bytes().splitlines()
    other = tmp_path / "other"
    other.write_bytes(b"\r\n".join(reversed(lines)))
    assert (tokgraft.load(str(other)).encode_ids("Hello world").tolist()
            == tokgraft.load(str(path)).encode_ids("Hello world").tolist() == [15496, 995])


@pytest.mark.slow
@pytest.mark.parametrize("part", differential.SLOW_PARTS)
def test_published_ranks_in_full(published, part, compared):
    ours, theirs = published
    compare(ours, theirs, differential.slow_texts(theirs.specials, part), compared)


@pytest.mark.slow
@pytest.mark.parametrize("part", differential.SLOW_PARTS)
@pytest.mark.parametrize("name", ["llama4", "kimi_k2"])
def test_made_ranks_in_full(name, part, tmp_path, compared):
    """Ranks of o200k's first 60,000 pieces, so that text meets long ones."""
    ranks = {token: rank for token, rank in read_ranks(data_path("tokenizers/o200k.tiktoken")).items()
             if rank < 60_000}
    theirs = Reference(ranks, PATTERNS[name], specials_of(name, len(ranks)))
    ours = tokgraft.load(str(write_ranks(tmp_path / "made.tiktoken", ranks)), pattern=name)
    compare(ours, theirs, differential.slow_texts(theirs.specials, part), compared)
