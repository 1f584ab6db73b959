"""Texts on which encoders go wrong: every code point in contexts, hostile inputs, random Unicode.

All are made here, deterministic by seed; real text comes from the data cache. A document is a str.
"""

import itertools
import random

# Around each code point of the sweep: start, after and before letters, digits, spaces, line ends,
# apostrophes, doubled, before a mark and between scripts.
CONTEXTS = ["{c}", "a{c}", "{c}b", " {c} ", "1{c}2", "\n{c}\r\n", "'{c}", "{c}{c}", "a {c}a",
            "{c}\u0301", "中{c}文", "  {c}", "!{c}?"]


def code_points(step: int = 1):
    """Every scalar value, or every `step`-th plus both ends of each block of 128."""
    for c in range(0x110000):
        if 0xD800 <= c < 0xE000:
            continue
        if step == 1 or c % step == 0 or (c < 0x3000 and c % 128 in (0, 127)):
            yield chr(c)


def sweep(step: int = 1, per_document: int = 192, contexts=CONTEXTS):
    """Documents that hold each code point once per context, some 192 to a document."""
    for context in contexts:
        points = code_points(step)
        while chunk := list(itertools.islice(points, per_document)):
            yield "|".join(context.format(c=c) for c in chunk)


ALPHABET = (
    list("abcdefghijklmnopqrstuvwxyzABCXYZ") + list("0123456789") + list(" \t\n\r\x0b\x0c\x00\x7f")
    + list("'’ſ\"!?.,;:-_/\\()[]{}<>|@#$%^&*+=~`") + list("éèüßñçøåÅÅǅÀÉİıŉ")
    + list("\u0300\u0301\u0308\u0327\u0344\u1fbd\u093f\u0e31\u0e33\u200d\ufe0f\u20e3\u0f71\u0f72")
    + list("中文字日本語한국어가각のカタカナーﾊﾟ。、・「」") + list("абвГДЖαβγΩאבגعربيहिन्दीไทยខ្មែរ")
    + list("١٢٣१२३〇Ⅷ½²") + list("\u0085\u00a0\u2028\u2029\u3000\u200b\ufeff\u00ad\u2581\u0120\u010a")
    + list("😀👍🏽👩‍👩‍👧🇩🇪☃️§©€™") + ["\U0001fae8", "\U00011f02", "\U0001e030", "\ue000", "\U000e0041",
                                       "\uffff", "\U0010ffff", "\u0378", "\U00016ea0"])


def random_unicode(count: int, seed: int, longest: int = 80):
    """Strings over an alphabet of trouble, some over all of Unicode."""
    rng = random.Random(seed)
    for number in range(count):
        length = rng.randrange(1, longest)
        if number % 4 == 3:
            points = [rng.randrange(0x110000) for _ in range(length)]
            yield "".join(chr(c) for c in points if not 0xD800 <= c < 0xE000)
        elif number % 4 == 2:
            few = rng.sample(ALPHABET, 4)
            yield "".join(rng.choice(few) for _ in range(length))
        else:
            yield "".join(rng.choice(ALPHABET) for _ in range(length))


def with_specials(tokens: list[str], count: int, seed: int):
    """Added tokens inside text: whole, cut short, doubled, touching words and spaces."""
    rng = random.Random(seed)
    tokens = tokens or ["<s>"]
    filler = ["", " ", "  ", "\n", "a", "word", " word ", "é", "中", "'s", "1", ".", "\u0301", "▁", "_"]
    for _ in range(count):
        parts = []
        for _ in range(rng.randrange(1, 8)):
            token = rng.choice(tokens)
            kind = rng.randrange(6)
            if kind == 0:
                token = token[: rng.randrange(len(token) + 1)]
            elif kind == 1:
                token += token
            elif kind == 2:
                token = token.upper()
            parts += [rng.choice(filler), token, rng.choice(filler)]
        yield "".join(parts)


def hostile(size: int):
    """name -> document of about `size` characters, each a way to be slow or wrong."""
    rng = random.Random(size)
    letters = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(size))
    base64 = "".join(rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
                     for _ in range(size))
    han = "".join(chr(rng.randrange(0x4E00, 0x9FFF)) for _ in range(size // 2))
    hangul = "".join(chr(rng.randrange(0xAC00, 0xD7A4)) for _ in range(size // 2))
    return {
        "carets": "^" * size,
        "one letter": "a" * size,
        "one capital": "A" * size,
        "two letters": "ab" * (size // 2),
        "spaces": " " * size,
        "spaces then a letter": " " * size + "x",
        "newlines": "\n" * size,
        "carriage returns": "\r\n" * (size // 2),
        "spaces and newlines": "   \n" * (size // 4),
        "tabs": "\t" * size,
        "digits": "1234567890" * (size // 10),
        "random letters": letters,
        "base64": base64,
        "random han": han,
        "random hangul": hangul,
        "thai": "ภาษาไทย" * (size // 7),
        "khmer": "ភាសាខ្មែរ" * (size // 9),
        "combining marks": "a" + "\u0301" * (size // 4),
        "mixed marks": "a" + "\u0301\u0316\u0f71\u0344" * (size // 16),
        "jamo": "\u1112\u1161\u11ab" * (size // 3),
        "emoji": "👩\u200d👩\u200d👧\u200d👦" * (size // 8),
        "flags": "🇩🇪🇫🇷" * (size // 4),
        "apostrophes": "'" * size,
        "contractions": "don'T'LL's'ſ " * (size // 13),
        "underscores": "_a" * (size // 2),
        "metaspaces": "▁" * size,
        "metaspace words": "▁a" * (size // 2),
        "angle brackets": ">▁</" * (size // 4),
        "partial specials": "<|endof" * (size // 7),
        "byte names": "<0x0A>" * (size // 6),
        "ideographic spaces": "\u3000" * size,
        "no-break spaces": "\u00a0a" * (size // 2),
        "control characters": "\x00\x01\x7f\x85" * (size // 4),
        "private use": "\ue000\U000f0000" * (size // 2),
        "minified code": "function(a,b){return a[b]||(a[b]={})}" * (size // 38),
    }


# Lengths at which fixed-size keys, windows and blocks end.
EDGE_LENGTHS = [1, 2, 3, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33, 63, 64, 65, 127, 128, 129, 191,
                192, 193, 255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 4095, 4096, 4097, 65535, 65536, 65537]


def edges():
    for length in EDGE_LENGTHS:
        for unit in ("a", " ", "ab", "中", "é", "1", "\u0301", "x "):
            yield unit * (length // len(unit))
            yield "b" + unit * (length // len(unit)) + " c"


def file_documents(path, size_bytes: int, document_bytes: int = 4096):
    """The first `size_bytes` of a UTF-8 file, cut at line ends into documents of about 4 KB."""
    text = path.read_bytes()[:size_bytes].decode("utf-8", "ignore")
    document = []
    length = 0
    for line in text.splitlines(keepends=True):
        document.append(line)
        length += len(line.encode())
        if length >= document_bytes:
            yield "".join(document)
            document, length = [], 0
    if document:
        yield "".join(document)
