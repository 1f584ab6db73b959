"""Random small tokenizer.json files: any mix of stages, odd added tokens, toy vocabularies."""

import random

SPACE = "▁"
CHARACTERS = list("aAbB xX12é.,!\n_'") + ["  ", SPACE, "中", "½", "ﬁ", "İ", "ß", "Σ", "\u0301",
                                          "\u00a0", "\u3000", "\u200d", "😀", "Å", "\t", "ab", "<s>",
                                          "##", "[X]", "don't", "\u00ad", "\ufffd", "가", "\u0345"]
REGEXES = [r"\s+", r"\s+(?!\S)|\s+", r"\p{L}+", r"[^\s]+", r"\d", "x*", "", "^", "$", r"\b", "a|ab",
           r"(?=b)", r" {2,}", r"\p{P}+|\s", r"(?<=a)", r"\w+"]
BEHAVIORS = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"]
SCHEMES = ["always", "never", "first"]


def text(rng: random.Random, longest: int = 14) -> str:
    return "".join(rng.choice(CHARACTERS) for _ in range(rng.randrange(longest + 1)))


def pattern(rng):
    if rng.random() < 0.4:
        return {"String": rng.choice([" ", "a", SPACE, "ab", "é", "", "  "])}
    return {"Regex": rng.choice(REGEXES)}


def metaspace(rng):
    return {"type": "Metaspace", "replacement": rng.choice([SPACE, SPACE, "_"]),
            "prepend_scheme": rng.choice(SCHEMES), "split": rng.random() < 0.6}


def byte_level(rng):
    return {"type": "ByteLevel", "add_prefix_space": rng.random() < 0.5,
            "trim_offsets": rng.random() < 0.5, "use_regex": rng.random() < 0.6}


def sequence(rng, key: str, stages, longest: int = 3):
    count = rng.randrange(longest + 1)
    made = [rng.choice(stages)(rng) for _ in range(count)]
    if not made:
        return None
    if len(made) == 1 and rng.random() < 0.5:
        return made[0]
    return {"type": "Sequence", key: made}


NORMALIZERS = [
    lambda r: {"type": "Lowercase"}, lambda r: {"type": "StripAccents"}, lambda r: {"type": "Nmt"},
    lambda r: {"type": r.choice(["NFC", "NFD", "NFKC", "NFKD"])},
    lambda r: {"type": "Strip", "strip_left": r.random() < 0.7, "strip_right": r.random() < 0.5},
    lambda r: {"type": "Prepend", "prepend": r.choice([SPACE, "x", "é"])},
    lambda r: {"type": "Replace", "pattern": pattern(r),
               "content": r.choice(["", SPACE, "x", "yz", " "])},
    lambda r: {"type": "BertNormalizer", "clean_text": r.random() < 0.5,
               "handle_chinese_chars": r.random() < 0.5,
               "strip_accents": r.choice([None, True, False]), "lowercase": r.random() < 0.5},
]
PRE_TOKENIZERS = [
    lambda r: {"type": r.choice(["BertPreTokenizer", "Whitespace", "WhitespaceSplit",
                                 "UnicodeScripts"])},
    metaspace, metaspace,
    lambda r: {"type": "CharDelimiterSplit", "delimiter": r.choice(" a▁")},
    lambda r: {"type": "Split", "pattern": pattern(r), "behavior": r.choice(BEHAVIORS),
               "invert": r.random() < 0.3},
    lambda r: {"type": "Punctuation", "behavior": r.choice(BEHAVIORS)},
    lambda r: {"type": "Digits", "individual_digits": r.random() < 0.5},
    lambda r: {"type": "FixedLength", "length": r.randrange(1, 4)},
]
DECODERS = [
    byte_level, metaspace, lambda r: {"type": "Fuse"}, lambda r: {"type": "ByteFallback"},
    lambda r: {"type": "BPEDecoder", "suffix": r.choice(["</w>", "a"])},
    lambda r: {"type": "WordPiece", "prefix": "##", "cleanup": r.random() < 0.5},
    lambda r: {"type": "CTC", "pad_token": "a", "word_delimiter_token": SPACE,
               "cleanup": r.random() < 0.5},
    lambda r: {"type": "Replace", "pattern": {"String": r.choice([SPACE, "a"])},
               "content": r.choice(["", " ", "z"])},
    lambda r: {"type": "Strip", "content": r.choice([" ", "a"]), "start": r.randrange(3),
               "stop": r.randrange(2)},
]


def post_processor(rng, known: dict[str, int]):
    token, number = rng.choice(sorted(known.items()))
    kind = rng.randrange(5)
    if kind == 0:
        return byte_level(rng)
    if kind == 1:
        return {"type": "BertProcessing", "sep": [token, number], "cls": [token, number]}
    if kind == 2:
        return {"type": "RobertaProcessing", "sep": [token, number], "cls": [token, number],
                "trim_offsets": rng.random() < 0.5, "add_prefix_space": rng.random() < 0.5}
    if kind == 3:
        special = {"SpecialToken": {"id": token, "type_id": 0}}
        body = {"Sequence": {"id": "A", "type_id": 0}}
        return {"type": "TemplateProcessing", "single": [special, body, special][rng.randrange(2):],
                "pair": [body, {"Sequence": {"id": "B", "type_id": 0}}],
                "special_tokens": {token: {"id": token, "ids": [number], "tokens": [token]}}}
    return None


def pieces(rng, byte_alphabet: bool) -> list[str]:
    letters = sorted({c for s in CHARACTERS for c in s if rng.random() < 0.8})
    if byte_alphabet:
        letters = ["Ġ", "Ċ", "Ã", "©"] + [c for c in letters if "!" <= c <= "~"]
    longer = {"".join(rng.choice(letters) for _ in range(rng.randrange(2, 4))) for _ in range(25)}
    return ["<unk>", *letters, *sorted(longer - set(letters))]


def bpe(rng, byte_alphabet):
    vocab = {p: i for i, p in enumerate(pieces(rng, byte_alphabet))}
    prefix = rng.choice([None, None, None, "##"])
    suffix = rng.choice([None, None, None, "</w>"])
    if rng.random() < 0.3:
        vocab.update({f"<0x{b:02X}>": len(vocab) + b for b in range(256)})
    letters = [p for p in vocab if len(p) == 1]
    if prefix:
        vocab.update({prefix + p: len(vocab) + i for i, p in enumerate(letters)})
    merges = []
    for piece in [p for p in vocab if 2 <= len(p) <= 3 and "<" not in p and prefix is None]:
        cut = rng.randrange(1, len(piece))
        left, right = piece[:cut], piece[cut:]
        if left in vocab and right in vocab:
            merges.append([left, right])
    rng.shuffle(merges)
    return {"type": "BPE", "dropout": None, "unk_token": rng.choice([None, "<unk>"]),
            "continuing_subword_prefix": prefix, "end_of_word_suffix": suffix,
            "fuse_unk": rng.random() < 0.5, "byte_fallback": rng.random() < 0.3,
            "ignore_merges": rng.random() < 0.3, "vocab": vocab, "merges": merges}


def unigram(rng, byte_alphabet):
    listed = [[p, -rng.randrange(1, 40) / 4] for p in pieces(rng, byte_alphabet)]
    fallback = rng.random() < 0.3
    if fallback:
        listed += [[f"<0x{b:02X}>", -20.0] for b in range(256)]
    return {"type": "Unigram", "unk_id": 0, "vocab": listed, "byte_fallback": fallback}


def wordpiece(rng, byte_alphabet):
    listed = pieces(rng, byte_alphabet)
    listed += ["##" + p for p in listed[1:] if rng.random() < 0.6]
    return {"type": "WordPiece", "unk_token": "<unk>", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": rng.choice([5, 100]),
            "vocab": {p: i for i, p in enumerate(dict.fromkeys(listed))}}


def added_tokens(rng, known: dict[str, int]) -> list[dict]:
    contents = ["<s>", "[X]", "ab", "Ab", " a", "é", "x", "12", SPACE + "a", ".", "<pad>", "a b", "中",
                "İ", "a", "_"]
    out = []
    for content in rng.sample(contents, rng.randrange(5)):
        number = known.setdefault(content, len(known))
        out.append({"id": number, "content": content, "single_word": rng.random() < 0.3,
                    "lstrip": rng.random() < 0.3, "rstrip": rng.random() < 0.3,
                    "normalized": rng.random() < 0.5, "special": rng.random() < 0.4})
    return out


def tokenizer(rng: random.Random) -> dict:
    byte_alphabet = rng.random() < 0.25
    model = rng.choice([bpe, unigram, wordpiece])(rng, byte_alphabet)
    vocab = model["vocab"]
    known = dict(vocab) if isinstance(vocab, dict) else {p: i for i, (p, _) in enumerate(vocab)}
    pre_tokenizer = sequence(rng, "pretokenizers", PRE_TOKENIZERS)
    if byte_alphabet:
        before = pre_tokenizer.get("pretokenizers", [pre_tokenizer]) if pre_tokenizer else []
        pre_tokenizer = {"type": "Sequence", "pretokenizers": [*before, byte_level(rng)]}
    added = added_tokens(rng, known)
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
            "normalizer": sequence(rng, "normalizers", NORMALIZERS), "pre_tokenizer": pre_tokenizer,
            "post_processor": post_processor(rng, known),
            "decoder": sequence(rng, "decoders", DECODERS), "model": model}
