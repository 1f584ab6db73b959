"""Normalizers: text and offsets equal those of the reference, for every code point.

The tokenizers here spell each byte of the normalized text by one token, so that ids are the
normalized text and offsets its alignment. tokenizer.json against Hugging Face tokenizers, .model
against sentencepiece.
"""

import base64
import json
import random
import struct

import pytest

import toys
import tokgraft

tokenizers = pytest.importorskip("tokenizers")
HF = f"tokenizers {tokenizers.__version__}"

FORMS = ["NFC", "NFD", "NFKC", "NFKD"]
LLAMA = [{"type": "Prepend", "prepend": "▁"},
         {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]


def bert(clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True):
    return {"type": "BertNormalizer", "clean_text": clean_text, "strip_accents": strip_accents,
            "handle_chinese_chars": handle_chinese_chars, "lowercase": lowercase}


def replace_all_charsmap() -> bytes:
    """A charsmap that turns every first byte into "X": it shows where clusters are cut."""
    units = [0] * 768
    units[0] = 256 << 10
    for byte in range(1, 256):
        position = 256 ^ byte
        units[position] = byte | 1 << 8 | (position ^ 512) << 10
    units[512] = 1 << 31
    return struct.pack("<769I", 4 * 768, *units) + b"X\0"


def precompiled(charsmap: bytes):
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()}


def strip(left, right):
    return {"type": "Strip", "strip_left": left, "strip_right": right}


NORMALIZERS = {
    **{form: [{"type": form}] for form in FORMS},
    "Lowercase": [{"type": "Lowercase"}],
    "Nmt": [{"type": "Nmt"}],
    "StripAccents": [{"type": "StripAccents"}],
    "ByteLevel": [{"type": "ByteLevel"}],
    "Strip": [strip(True, True)],
    "Strip left": [strip(True, False)],
    "Bert": [bert()],
    "Bert accents": [bert(clean_text=False, strip_accents=True, lowercase=False)],
    "Llama": LLAMA,
    "Replace longer": [{"type": "Replace", "pattern": {"String": "a"}, "content": "<é>"}],
    "Replace regex": [{"type": "Replace", "pattern": {"Regex": r"\s+|a(?=x)"}, "content": "_"}],
    "Precompiled clusters": [precompiled(replace_all_charsmap())],
    "all at once": [{"type": "Nmt"}, {"type": "NFKD"}, {"type": "StripAccents"},
                    {"type": "Lowercase"}, strip(False, True), {"type": "NFC"}, *LLAMA],
}


def byte_tokenizer(path, normalizers):
    """Our and the reference's tokenizer of one file: one token for each byte."""
    vocab = {f"<0x{byte:02X}>": byte for byte in range(256)}
    normalizer = normalizers[0] if len(normalizers) == 1 else {
        "type": "Sequence", "normalizers": normalizers}
    path.write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": normalizer, "pre_tokenizer": None, "post_processor": None, "decoder": None,
        "model": {"type": "BPE", "dropout": None, "unk_token": None,
                  "continuing_subword_prefix": None, "end_of_word_suffix": None,
                  "fuse_unk": False, "byte_fallback": True, "ignore_merges": False,
                  "vocab": vocab, "merges": []}}))
    return tokgraft.load(path), tokenizers.Tokenizer.from_file(str(path))


def code_points(step=1):
    return [chr(c) for c in range(0, 0x110000, step) if not 0xD800 <= c < 0xE000]


def documents_of(step, context_step=1):
    """Every code point alone; those at `context_step` doubled, between letters, marks, spaces."""
    characters = code_points(step)
    for start in range(0, len(characters), 64):
        part = characters[start:start + 64]
        yield "x".join(part)
        in_context = part[::context_step]
        yield " ".join(f"a{c}\u0301{c}" for c in in_context)
        yield "".join(in_context)


MARKS = ("\u0300\u0301\u0323\u0327\u0338\u0344\u0345\u05b0\u0651\u093c\u094d\u0f71\u1dc0\u1df6\u20d0"
         "\u3099\ufe20\U0001d165\U0001e94a\u200d\u0903")
BASES = ("aeoAOÅ\u212b\u1fbd\u0915\u0b47\u0b3e\u1100\u1161\u11a7\u11a8\uac00\uac01\ufb01\ufdfa\u0378"
         "\u32ff\U00011935\U00011930\U0001f468©\u0600 \t\r\n\u00a0\u3000\u00ad\u4e2dÉß\u0130Σ")


def sequences(count, seed):
    """Runs of marks after bases, jamo, clusters: what composition and reordering see."""
    rng = random.Random(seed)
    for _ in range(count):
        yield "".join(rng.choice(MARKS if rng.random() < 0.5 else BASES)
                      for _ in range(rng.randint(1, 16)))


def byte_offsets(text, spans):
    starts = [0]
    for character in text:
        starts.append(starts[-1] + len(character.encode()))
    return [[starts[begin], starts[end]] for begin, end in spans]


def check(pair, texts, compared):
    ours, theirs = pair
    count = 0
    for text in texts:
        encoding, expected = ours.encode(text), theirs.encode(text)
        assert bytes(encoding.ids.tolist()) == bytes(expected.ids), ascii(text)
        assert bytes(ours.encode_ids(text).tolist()) == bytes(expected.ids), ascii(text)
        assert encoding.offsets.tolist() == byte_offsets(text, expected.offsets), ascii(text)
        count += 1
    compared(HF, count)


@pytest.fixture(params=NORMALIZERS)
def pair(request, tmp_path):
    return byte_tokenizer(tmp_path / "tokenizer.json", NORMALIZERS[request.param])


def test_sample_of_code_points(pair, compared):
    check(pair, documents_of(127), compared)


def test_sequences(pair, compared):
    check(pair, sequences(400, seed=1), compared)


@pytest.mark.slow
def test_every_code_point(pair, compared):
    check(pair, documents_of(1, context_step=7), compared)


@pytest.mark.slow
def test_many_sequences(pair, compared):
    check(pair, sequences(20_000, seed=2), compared)


# ---- sentencepiece ----------------------------------------------------------------------------

RULES = ["nmt_nfkc", "nfkc", "nmt_nfkc_cf", "nfkc_cf", "identity"]
FLAGS = {
    "defaults": {},
    "no prefix": {"add_dummy_prefix": False},
    "all spaces": {"remove_extra_whitespaces": False},
    "suffix": {"treat_whitespace_as_suffix": True},
    "symbols": {"user_defined_symbols": ["<x>", "ab", "é", "１", "<xy>z"]},
}


def sentencepiece_pair(path, rule, flags):
    sentencepiece = pytest.importorskip("sentencepiece")
    toys.sentencepiece_model(path, "bpe", normalization_rule_name=rule, **flags)
    return tokgraft.load(path), sentencepiece.SentencePieceProcessor(model_file=str(path))


def check_sentencepiece(pair, texts, compared):
    import sentencepiece
    ours, theirs = pair
    count = 0
    for text in texts:
        expected = theirs.encode(text, return_type="offset_mapping")
        encoding = ours.encode(text)
        assert encoding.ids.tolist() == expected["ids"], ascii(text)
        # A fallback byte's own span is ours to give: sentencepiece leaves all but the last one empty.
        whole = [ours.token_kind(i) != "byte" for i in expected["ids"]]
        spans = zip(encoding.offsets.tolist(), byte_offsets(text, expected["offsets"]), whole)
        assert all(a == b for a, b, compare in spans if compare), ascii(text)
        assert ours.encode_ids(text).tolist() == encoding.ids.tolist(), ascii(text)
        count += 1
    compared(f"sentencepiece {sentencepiece.__version__}", count)


@pytest.mark.parametrize("flags", FLAGS)
@pytest.mark.parametrize("rule", RULES)
def test_sentencepiece_sample(tmp_path, rule, flags, compared):
    pair = sentencepiece_pair(tmp_path / "toy.model", rule, FLAGS[flags])
    check_sentencepiece(pair, documents_of(997), compared)
    check_sentencepiece(pair, sequences(100, seed=3), compared)


@pytest.mark.slow
@pytest.mark.parametrize("rule", RULES)
def test_sentencepiece_every_code_point(tmp_path, rule, compared):
    pair = sentencepiece_pair(tmp_path / "toy.model", rule, {})
    check_sentencepiece(pair, documents_of(1, context_step=7), compared)
    check_sentencepiece(pair, sequences(20_000, seed=4), compared)
