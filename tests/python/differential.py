"""What the comparisons with the reference libraries of the other formats share.

A reference is three functions: ids of a text, text of ids, byte spans of a text (or None). The
texts are those of documents.py and of the data cache.
"""

import random

import documents
from conftest import data_path

TEXTS = ["en", "zh", "ja", "ru", "hi", "ko", "code"]
SHORT = ["", " ", "  ", "\n", "a", " a", "a ", "\u0301", "▁", "▁a", "<0x0A>", "<s>", "</s>", "<unk>",
         "Hello </s> world", "<|endoftext|>", "\x00", "a\x00b", "\ufeff", "\u3000", "\u00a0x", "～",
         "ﬁ", "㍿", "𝒳", "\U0001fae8", "\u2028x\u2029", "don't 123 4567", "  two  spaces  "]


def shown(text: str) -> str:
    return repr(text if len(text) < 300 else text[:300] + "...")


def compare_text(ours, texts, ids, spans=None, decode=None) -> int:
    """Asserts that our ids (spans, decoded text) are the reference's; returns how many texts."""
    count = 0
    for text in texts:
        expected = ids(text)
        if expected is None:  # the reference itself fails on this text
            continue
        count += 1
        assert ours.encode_ids(text).tolist() == expected, f"ids of {shown(text)}"
        encoding = ours.encode(text)
        assert encoding.ids.tolist() == expected, f"ids with offsets of {shown(text)}"
        if spans is not None:
            assert encoding.offsets.tolist() == spans(text), f"offsets of {shown(text)}"
        if decode is not None:
            for skip in (False, True):
                assert ours.decode(expected, skip_special_tokens=skip) == decode(expected, skip), (
                    f"text of {expected[:60]}, skip_special_tokens={skip}")
    return count


def compare_random_ids(ours, count: int, decode, seed: int = 4, first: int = 0) -> int:
    """Random ids, runs of low ones (specials and bytes) among them, decode alike."""
    rng = random.Random(seed)
    size = ours.vocab_size
    ids = [i for i in range(first, size) if ours.token_bytes(i) is not None]
    low = ids[:400]
    for number in range(count):
        chosen = [rng.choice(low if number % 2 else ids) for _ in range(rng.randrange(1, 12))]
        for skip in (False, True):
            assert ours.decode(chosen, skip_special_tokens=skip) == decode(chosen, skip), (
                chosen, skip)
    return count


def character_spans_as_bytes(text: str, spans) -> list[list[int]]:
    starts = [0]
    for character in text:
        starts.append(starts[-1] + len(character.encode()))
    return [[starts[begin], starts[end]] for begin, end in spans]


def fast_texts(specials, real: bool = True):
    """Edge cases, a sweep of code points, random Unicode; for real files more, and real text."""
    many = 1 if real else 3
    yield from SHORT
    yield from documents.sweep(step=397 * many)
    yield from documents.random_unicode(400 // many, seed=1)
    yield from documents.with_specials(list(specials)[:400], 300 // many, seed=3)
    yield from documents.hostile(1500 // many).values()
    if real:
        for name in TEXTS:
            yield from documents.file_documents(data_path(f"text/{name}.txt"), 20_000)


def slow_texts(specials, part: str):
    """The full comparison, in parts that run as tests of their own."""
    if part == "random":
        yield from documents.random_unicode(20_000, seed=5)
        yield from documents.with_specials(list(specials), 5000, seed=6)
    elif part == "edges":
        yield from documents.edges()
    elif part == "hostile":
        yield from documents.hostile(30_000).values()
    elif part.startswith("context "):
        yield from documents.sweep(contexts=[documents.CONTEXTS[int(part.split()[1])]])
    else:
        yield from documents.file_documents(data_path(f"text/{part}.txt"), 2_000_000)


SLOW_PARTS = (TEXTS + ["random", "edges", "hostile"]
              + [f"context {i}" for i in range(len(documents.CONTEXTS))])
