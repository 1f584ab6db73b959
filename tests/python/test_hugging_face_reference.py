"""tokenizer.json: ids, offsets and decoding equal those of Hugging Face tokenizers.

Every real tokenizer of the cache, on real text, every code point in contexts, random Unicode, added
tokens inside text, and hostile inputs. The fast tests take a sample of each; the slow ones all.
"""

import pytest

import documents
import tokgraft
from conftest import data_path

tokenizers = pytest.importorskip("tokenizers")
REFERENCE = f"tokenizers {tokenizers.__version__}"

NAMES = ["gpt2", "llama2", "llama3", "llama3_1", "qwen3", "gemma3", "deepseek_v3", "gpt4o", "gptoss",
         "gpt35turbo", "claude", "gemini", "minilm"]
TEXTS = ["help-en", "help-zh", "help-ja", "help-ru", "help-hi", "help-ko", "code"]

_loaded: dict[str, tuple] = {}


@pytest.fixture(params=NAMES)
def pair(request):
    """(ours, theirs) of one tokenizer; both loaded once."""
    if request.param not in _loaded:
        path = str(data_path(f"tokenizers/{request.param}/tokenizer.json"))
        theirs = tokenizers.Tokenizer.from_file(path)
        theirs.no_truncation()
        theirs.no_padding()
        _loaded.clear()
        _loaded[request.param] = (tokgraft.load(path), theirs)
    return _loaded[request.param]


def byte_offsets(text: str, spans: list[tuple[int, int]]) -> list[list[int]]:
    """The reference's character spans as bytes."""
    starts = [0]
    for character in text:
        starts.append(starts[-1] + len(character.encode("utf-8", "surrogatepass")))
    return [[starts[begin], starts[end]] for begin, end in spans]


def compare(pair, texts, compared, offsets: bool = True, decode: bool = True,
            special: bool = False) -> None:
    ours, theirs = pair
    texts = list(texts)
    for start in range(0, len(texts), 256):
        batch = texts[start:start + 256]
        for text, expected in zip(batch, theirs.encode_batch(batch, add_special_tokens=special)):
            encoding = ours.encode(text, add_special_tokens=special)
            ids = ours.encode_ids(text, add_special_tokens=special)
            shown = text if len(text) < 400 else text[:400] + "..."
            assert ids.tolist() == expected.ids, f"ids of {shown!r}"
            assert encoding.ids.tolist() == expected.ids, f"ids with offsets of {shown!r}"
            if offsets:
                assert encoding.offsets.tolist() == byte_offsets(text, expected.offsets), (
                    f"offsets of {shown!r}")
            if decode:
                assert ours.decode(expected.ids) == theirs.decode(
                    expected.ids, skip_special_tokens=False), f"text of {expected.ids[:50]}"
                assert ours.decode(expected.ids, skip_special_tokens=True) == theirs.decode(
                    expected.ids), f"text without specials of {expected.ids[:50]}"
    compared(REFERENCE, len(texts))


def added_tokens(theirs) -> list[str]:
    return [t.content for _, t in sorted(theirs.get_added_tokens_decoder().items())]


def test_sample_of_text(pair, compared):
    for name in TEXTS:
        compare(pair, documents.file_documents(data_path(f"text/{name}.txt"), 40_000), compared)


def test_sample_of_code_points(pair, compared):
    compare(pair, documents.sweep(step=397), compared)


def test_random_unicode(pair, compared):
    compare(pair, documents.random_unicode(600, seed=1), compared)
    compare(pair, documents.random_unicode(200, seed=2), compared, special=True)


def test_added_tokens_inside_text(pair, compared):
    compare(pair, documents.with_specials(added_tokens(pair[1])[:400], 400, seed=3), compared)


def test_hostile_sample(pair, compared):
    compare(pair, documents.hostile(2000).values(), compared)
    compare(pair, ["", " ", "\n", "a", "\u0301", "▁", "<0x0A>", "</s>", "Hello </s> world"], compared)


def test_random_ids_decode_alike(pair, compared):
    import random
    ours, theirs = pair
    rng = random.Random(4)
    size = theirs.get_vocab_size(with_added_tokens=True)
    for _ in range(300):
        ids = [rng.randrange(size) for _ in range(rng.randrange(1, 12))]
        for skip in (False, True):
            assert ours.decode(ids, skip_special_tokens=skip) == theirs.decode(
                ids, skip_special_tokens=skip), ids
    compared(REFERENCE, 300)


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_two_megabytes(pair, name, compared):
    compare(pair, documents.file_documents(data_path(f"text/{name}.txt"), 2_000_000), compared,
            offsets=name in ("help-hi", "code"), decode=False)


@pytest.mark.slow
@pytest.mark.parametrize("context", documents.CONTEXTS)
def test_every_code_point(pair, context, compared):
    compare(pair, documents.sweep(contexts=[context]), compared, offsets=context == "a{c}",
            decode=False)


@pytest.mark.slow
def test_much_random_unicode(pair, compared):
    compare(pair, documents.random_unicode(20_000, seed=5), compared)
    compare(pair, documents.with_specials(added_tokens(pair[1]), 5000, seed=6), compared)


@pytest.mark.slow
def test_lengths_at_edges(pair, compared):
    compare(pair, documents.edges(), compared, decode=False)


@pytest.mark.slow
def test_hostile_at_length(pair, compared):
    compare(pair, documents.hostile(100_000).values(), compared, offsets=False, decode=False)
