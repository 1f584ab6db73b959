"""Pre-tokens equal those of HF tokenizers and tiktoken: every stage, every family of patterns.

The texts are random strings over an alphabet of trouble and, slow, every code point in a dozen
contexts. HF shows its pre-tokens; tiktoken does not, so it is asked with ranks that hold every
substring of the text, under which each pre-token is one token.
"""

import json

import pytest

import documents
import tokgraft
from tokgraft import _core

tokenizers = pytest.importorskip("tokenizers")
tiktoken = pytest.importorskip("tiktoken")
from tokenizers import Regex, models, pre_tokenizers  # noqa: E402

HF = f"tokenizers {tokenizers.__version__}"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
R50K = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
          r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CL100K = (r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|"
          r" ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s")
QWEN = LLAMA3.replace("{1,3}", "")
UPPER, LOWER = r"\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}", r"\p{Ll}\p{Lm}\p{Lo}\p{M}"
CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"


def cased(upper: str, lower: str, after: str) -> str:
    before = r"[^\r\n\p{L}\p{N}]?"
    return f"{before}[{upper}]*[{lower}]+{after}|{before}[{upper}]+[{lower}]*{after}|"


SPACES = r"\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = cased(UPPER, LOWER, CONTRACTION) + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + SPACES
TEKKEN = cased(UPPER, LOWER, "") + r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + SPACES
NOT_HAN = r"&&[^\p{Han}]"
KIMI = (r"[\p{Han}]+|" + cased(UPPER + NOT_HAN, LOWER + NOT_HAN, CONTRACTION)
        + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + SPACES)
DEEPSEEK = [
    r"\p{N}{1,3}",
    "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"
    "[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|"
    "\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
]
BEHAVIORS = ["removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"]


def regex_split(pattern: str):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def hf_stages() -> dict:
    """name -> pre-tokenizer; a name that starts with "scan" has a scanner of its own."""
    plain_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    stages = {
        "bert": pre_tokenizers.BertPreTokenizer(),
        "byte_level": pre_tokenizers.ByteLevel(add_prefix_space=True),
        "char_delimiter": pre_tokenizers.CharDelimiterSplit("é"),
        "fixed_length": pre_tokenizers.FixedLength(3),
        "whitespace": pre_tokenizers.Whitespace(),
        "whitespace_split": pre_tokenizers.WhitespaceSplit(),
        "unicode_scripts": pre_tokenizers.UnicodeScripts(),
        "digits": pre_tokenizers.Digits(individual_digits=False),
        "digits_alone": pre_tokenizers.Digits(individual_digits=True),
        "scan_gpt2": pre_tokenizers.ByteLevel(add_prefix_space=False),
        "scan_smollm": pre_tokenizers.Sequence([
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        "scan_deepseek": pre_tokenizers.Sequence([*map(regex_split, DEEPSEEK), plain_bytes]),
    }
    for name, pattern in [("llama3", LLAMA3), ("qwen", QWEN), ("o200k", O200K), ("tekken", TEKKEN),
                          ("kimi", KIMI)]:
        stages[f"scan_{name}"] = pre_tokenizers.Sequence([regex_split(pattern), plain_bytes])
    for behavior in BEHAVIORS:
        stages[f"punctuation_{behavior}"] = pre_tokenizers.Punctuation(behavior)
        for invert in (False, True):
            for name, pattern in [("space", " "), ("literal", "'s"), ("regex", Regex(r"\s+|\p{Lu}")),
                                  ("empty", Regex("x*")), ("gpt2", Regex(GPT2))]:
                stages[f"split_{name}_{behavior}_{invert}"] = pre_tokenizers.Split(
                    pattern, behavior, invert)
    for scheme in ("always", "never", "first"):
        stages[f"words_metaspace_{scheme}"] = pre_tokenizers.Sequence([
            pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace("▁", scheme, True)])
        for split in (True, False):
            stages[f"metaspace_{scheme}_{split}"] = pre_tokenizers.Metaspace("▁", scheme, split)
    return stages


# Regexes without a scanner: classes, brackets, anchors, repeats, look-around, options.
REGEXES = [
    r"\w+|[^\w\s]+", r"[\w]+", r"\W", r"\b\w|\B'", r"[[:punct:]]+|[[:upper:]]", r"[[:^alnum:]]",
    r"[[:graph:]]+", r"[[:print:]]+", r"[[:alpha:]]+|[[:cntrl:]]|[[:blank:]]", r"\p{^L}{2}",
    r"[a-z&&[^s]]+", r"[^a-z&&[^s]]+", r"(?m:.+)", r"^.|.$", r"\A.|.\z", r".\Z", r"(?i:[sk])+",
    r"(?i:[^a-z])", r"a{1,2}+z", r"a{,2}z", r"(?>a+)z|a*?z", r"(?<=\s)\S|(?<!\w)'", r"\h+",
    r"\d{1,3}(?=(?:\d{3})*\b)", r"[^\p{L}\p{N}\s]|\d", r" ?[^(\s|.,!?…。，、।۔،)]+", r"\p{Han}+",
    r"[\r\n]|\s?\p{L}+|\s?\p{P}+|[一-龥ࠀ-一가-퟿]+|\p{N}", r"\p{Cn}|\p{Co}|\p{Cf}", r"(?:(?:a)|)(?:b|)",
]
RUST_REGEXES = [
    r"\w+|\W+", r"[[:alpha:]]+|[[:punct:]]", r"^.|.$|(?m:^z|a$)", r"(?s:.+)", r"(?i:don)|(?i)[sk]",
    r"\pL+|\p{gc=Nd}|\p{Script=Han}+", r"a{1,2}+a|z{2,}", r"\u{4e2d}|[\w&&[^a-z]]+", r"\s++a?|[^\s]",
]

ALPHABET = {character: byte for byte, character in enumerate(
    [chr(b) if 33 <= b < 127 or 161 <= b < 173 or b > 173 else None for b in range(256)])
    if character}
ALPHABET |= {chr(256 + i): b for i, b in enumerate(
    b for b in range(256) if not (33 <= b < 127 or 161 <= b < 173 or b > 173))}


def load_hf(folder, stage):
    tokenizer = tokenizers.Tokenizer(models.BPE({"a": 0}, []))
    tokenizer.pre_tokenizer = stage
    path = folder / "tokenizer.json"
    tokenizer.save(str(path))
    last = json.loads(path.read_text(encoding="utf-8"))["pre_tokenizer"]
    last = last["pretokenizers"][-1] if last["type"] == "Sequence" else last
    return tokgraft.load(str(path)), last["type"] == "ByteLevel"


def hf_pieces(stage, in_alphabet: bool, text: str) -> list[bytes]:
    pieces = [piece for piece, _ in stage.pre_tokenize_str(text)]
    if in_alphabet:
        return [bytes(ALPHABET[c] for c in piece) for piece in pieces]
    return [piece.encode() for piece in pieces]


def compare_hf(folder, stage, texts) -> int:
    ours, in_alphabet = load_hf(folder, stage)
    count = 0
    for count, text in enumerate(texts, 1):
        expected = hf_pieces(stage, in_alphabet, text)
        assert _core._pre_tokenize(ours, text) == expected, repr(text[:300])
    return count


def bundles(step: int, size: int):
    """The sweep, `size` documents joined: fewer and longer texts."""
    held = []
    for document in documents.sweep(step=step):
        held.append(document)
        if len(held) == size:
            yield "\n".join(held)
            held = []
    yield "\n".join(held)


@pytest.mark.parametrize("name", hf_stages())
def test_hf_stage(name, tmp_path, compared):
    texts = ["", " ", *documents.random_unicode(150, seed=7)]
    compared(HF, compare_hf(tmp_path, hf_stages()[name], texts))


@pytest.mark.parametrize("regex", REGEXES)
def test_hf_regex(regex, tmp_path, compared):
    texts = list(documents.random_unicode(100, seed=8))
    for behavior in ("isolated", "removed"):
        stage = pre_tokenizers.Split(Regex(regex), behavior)
        compared(HF, compare_hf(tmp_path, stage, texts))


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in hf_stages() if not name.startswith("split_")])
def test_hf_stage_on_every_code_point(name, tmp_path, compared):
    texts = [*documents.random_unicode(5000, seed=9), *documents.hostile(30_000).values()]
    compared(HF, compare_hf(tmp_path, hf_stages()[name], texts))
    compared(HF, compare_hf(tmp_path, hf_stages()[name], bundles(step=1, size=40)))


def tiktoken_pieces(pattern: str, text: str) -> list[bytes]:
    raw = text.encode()
    substrings = {raw[i:j] for i in range(len(raw)) for j in range(i + 2, len(raw) + 1)}
    ranks = {bytes([b]): b for b in range(256)}
    for piece in sorted(substrings, key=lambda piece: (len(piece), piece)):
        ranks[piece] = len(ranks)
    encoding = tiktoken.Encoding("x", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    return [encoding.decode_single_token_bytes(i) for i in encoding.encode_ordinary(text)]


TIKTOKEN = {"r50k": R50K, "cl100k": CL100K, "o200k": O200K, "kimi": KIMI, "qwen": QWEN,
            "tekken": TEKKEN}


@pytest.mark.parametrize("pattern", [*TIKTOKEN.values(), *RUST_REGEXES])
def test_tiktoken_pattern(pattern, tmp_path, compared):
    import base64

    path = tmp_path / "bytes.tiktoken"
    path.write_bytes(b"".join(base64.b64encode(bytes([b])) + b" %d\n" % b for b in range(256)))
    ours = tokgraft.load(str(path), pattern=pattern)
    count = 0
    for text in documents.random_unicode(120, seed=10, longest=24):
        assert _core._pre_tokenize(ours, text) == tiktoken_pieces(pattern, text), repr(text)
        count += 1
    compared(f"tiktoken {tiktoken.__version__}", count)
