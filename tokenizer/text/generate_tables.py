#!/usr/bin/env python3
"""Writes the Unicode tables of tokenizer/text/*.inc by asking the reference libraries.

    pip install tokenizers==0.23.3 tiktoken==0.14.0 xllamacpp==2026.10.11549 gguf
    python tokenizer/text/generate_tables.py            # writes the files beside this script
    python tokenizer/text/generate_tables.py --check    # exits 1 where a file would change
    python tokenizer/text/generate_tables.py NAME.inc   # only that file

Each stage of each reference has its own Unicode version, so no table comes from a Unicode database:
every code point is put through the reference itself. One function makes one table; FILES lists
which functions make which file. Output depends on nothing but the reference's version, which stands
in the file's head. A set is written as the sorted list of its changes: begin, end, begin, end, ...
(half-open), so that a code point is in it where an odd number of entries are not above it.
"""

import pathlib
import struct
import sys

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


# ---- how tables are written -------------------------------------------------------------------


def to_changes(members):
    """Sorted code points -> begin, end, begin, end, ... Surrogates join what surrounds them."""
    changes = []
    for c in members:
        begin = 0xD800 if c == 0xE000 else c
        if changes and changes[-1] == begin:
            changes[-1] = c + 1
        else:
            changes += [c, c + 1]
    return changes


def wrap(items):
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            lines.append(line)
            line = "   "
        line += f" {item},"
    return lines + [line]


def write_numbers(numbers):
    return wrap(f"{number:#x}" if number > 9 else f"{number}" for number in numbers)


def set_table(name, comment, members):
    changes = to_changes(members)
    return [f"// {comment}", f"constexpr char32_t {name}[] = {{", *write_numbers(changes), "};"]


def mapping_table(name, comment, mapping):
    """{c: d} as rows first, last, step, d - c: code points first, first + step, ... last."""
    rows = []
    for c, d in sorted(mapping.items()):
        delta = d - c
        if rows and rows[-1][3] == delta:
            first, last, step, _ = rows[-1]
            if c - last == step or (first == last and c - last <= 2):
                rows[-1] = (first, c, c - last, delta)
                continue
        rows.append((c, c, 1, delta))
    items = [f"{{{first:#x}, {last:#x}, {step}, {delta}}}" for first, last, step, delta in rows]
    return [f"// {comment}", f"constexpr CodePointMapping {name}[] = {{", *wrap(items), "};"]


# ---- HF normalizers ---------------------------------------------------------------------------


def hf_lowercase():
    from tokenizers import normalizers

    lower = normalizers.Lowercase()
    mapping, longer = {}, {}
    for c in CODE_POINTS:
        text = lower.normalize_str(chr(c))
        if len(text) != 1:
            longer[c] = text
        elif text != chr(c):
            mapping[c] = ord(text)
    assert longer == {0x130: "i\u0307"}, longer  # told apart in code
    return mapping_table("kHfLowercase", "Lowercase: Rust's char::to_lowercase, U+0130 aside.", mapping)


def hf_combining_marks():
    from tokenizers import normalizers

    strip = normalizers.StripAccents()
    members = [c for c in CODE_POINTS if strip.normalize_str(chr(c)) == ""]
    return set_table("kHfCombiningMark", "StripAccents: what it removes.", members)


def hf_bert_nonspacing():
    from tokenizers import normalizers

    bert = normalizers.BertNormalizer(
        clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False
    )
    members = [c for c in CODE_POINTS if bert.normalize_str(chr(c)) == ""]
    return set_table("kHfBertNonspacing", "BertNormalizer: marks that strip_accents removes.", members)


def hf_bert_removed():
    from tokenizers import normalizers

    bert = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False
    )
    members = [c for c in CODE_POINTS if bert.normalize_str(chr(c)) == ""]
    return set_table("kHfBertRemoved", "BertNormalizer: what clean_text removes.", members)


# Precompiled looks a grapheme cluster below 6 bytes up whole, else its characters one by one. Under
# a map that turns every first byte into "X" the length of the result therefore tells clusters
# apart, and probes around one code point tell its class.


def everything_to_x():
    units = [0] * 768
    units[0] = 256 << 10  # the children of the root: 256 ^ byte
    for byte in range(1, 256):
        position = 256 ^ byte
        units[position] = byte | 1 << 8 | (position ^ 512) << 10  # has a leaf, at 512
    units[512] = 1 << 31  # the leaf: value 0
    return struct.pack("<769I", 4 * 768, *units) + b"X\0"


def hf_grapheme_classes():
    from tokenizers import normalizers

    precompiled = normalizers.Precompiled(everything_to_x())

    def units(text):
        return len(precompiled.normalize_str(text))

    acute, zwj, copyright_, ka, virama = "\u0301", "\u200d", "\u00a9", "\u0915", "\u094d"

    def joins(before, c, after=acute, joined=None):
        text = before + c + after
        return units(text) == (joined or len(text))

    def classify(code_point):
        c = chr(code_point)
        if c == zwj:
            return "kZwj"
        if units("a" + c) == 1:
            # Only an Extend may stand between a pictograph and its ZWJ.
            text = copyright_ + c + zwj + copyright_ + acute
            return "kExtend" if units(text) == len(text) else "kSpacingMark"
        if units(c + acute + "\u0300") == 2:
            return "kControl"
        if units(c + "a") == 1:
            return "kPrepend"
        if joins(c + zwj, copyright_):
            return "kPictographic"
        if joins(c + virama, ka):
            return "kConsonant"
        before_v, before_t = joins(c, "\u1161"), joins(c, "\u11a8")
        if before_v and before_t:
            after_v = joins("\u1161", c) or code_point > 0xFFFF
            return "kHangulV" if after_v else "kHangulLv"
        if before_v:
            return "kHangulL"
        if before_t:
            return "kHangulT" if joins("\u11a8", c) else "kHangulLvt"
        return None

    rows = []
    for code_point in CODE_POINTS:
        kind = classify(code_point)
        if kind is None:
            continue
        if rows and rows[-1][1] == code_point - 1 and rows[-1][2] == kind:
            rows[-1][1] = code_point
        elif kind == "kHangulLvt" and rows[-1][1] == code_point - 1 and rows[-1][2] == "kHangulLv":
            rows[-1][2] = "kHangulSyllable"  # LV every 28, LVT between: told apart in code
            rows[-1][1] = code_point
        elif kind in ("kHangulLv", "kHangulLvt") and rows[-1][2] == "kHangulSyllable":
            assert (kind == "kHangulLv") == ((code_point - 0xAC00) % 28 == 0)
            rows[-1][1] = code_point
        else:
            rows.append([code_point, code_point, kind])
    items = [f"{{{first:#x}, {last:#x}, {kind}}}" for first, last, kind in rows]
    return [
        "// Precompiled: classes of grapheme clusters; kOther where no row holds.",
        "constexpr GraphemeRow kHfGraphemeClass[] = {",
        *wrap(items),
        "};",
    ]


def hf_conjunct_links():
    from tokenizers import normalizers

    precompiled = normalizers.Precompiled(everything_to_x())
    ka, virama, acute = "\u0915", "\u094d", "\u0301"
    links, extends = [], []
    for code_point in CODE_POINTS:
        c = chr(code_point)
        if len(precompiled.normalize_str("a" + c)) != 1:
            continue
        if len(precompiled.normalize_str(ka + c + ka + acute)) == 4:
            links.append(code_point)
        elif len(precompiled.normalize_str(ka + virama + c + ka + acute)) == 5:
            extends.append(code_point)
    return set_table(
        "kHfConjunctLinker", "Precompiled: marks that join two consonants of an Indic conjunct.", links
    ) + set_table(
        "kHfConjunctExtend", "Precompiled: marks that may stand in such a conjunct.", extends
    )


# ---- classes of pre-tokenization --------------------------------------------------------------

CATEGORIES = (
    "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co Cn"
).split()


def every_code_point():
    return "".join(map(chr, CODE_POINTS))


def hf_class(item):
    """The code points that `item`, one regex atom, matches in HF's regex engine."""
    from tokenizers import Regex
    from tokenizers.pre_tokenizers import Split

    split = Split(Regex(f"(?:{item})+"), "removed", invert=True)
    return sorted(ord(c) for piece, _ in split.pre_tokenize_str(every_code_point()) for c in piece)


def tiktoken_class(item):
    """The same in tiktoken's engine."""
    import tiktoken

    ranks = {bytes([i]): i for i in range(256)}
    encoding = tiktoken.Encoding(
        "sweep", pat_str=f"(?:{item})+", mergeable_ranks=ranks, special_tokens={}
    )
    return sorted(map(ord, bytes(encoding.encode_ordinary(every_code_point())).decode()))


def class_of_both(item):
    members = hf_class(item)
    assert members == tiktoken_class(item), item
    return members


def general_categories():
    category = ["Cs"] * 0x110000
    for name in CATEGORIES:
        for c in class_of_both(rf"\p{{{name}}}") if name != "Cs" else []:
            category[c] = name
    starts = [
        c << 5 | CATEGORIES.index(name)
        for c, name in enumerate(category)
        if c == 0 or name != category[c - 1]
    ]
    return [
        "// General categories: (first code point << 5 | category), each up to the next; a category",
        "// is its place in enum class GeneralCategory.",
        "constexpr std::uint32_t kCategoryStarts[] = {",
        *write_numbers(starts),
        "};",
    ]


def white_space():
    return set_table("kWhiteSpace", "\\s of both engines.", class_of_both(r"\s"))


def han():
    return set_table("kHan", "\\p{Han} of both engines.", class_of_both(r"\p{Han}"))


def alphabetic():
    return set_table("kAlphabetic", "\\p{Alphabetic}.", class_of_both(r"\p{Alphabetic}"))


def uppercase():
    return set_table("kUppercase", "\\p{Uppercase}.", class_of_both(r"\p{Uppercase}"))


def lowercase():
    return set_table("kLowercase", "\\p{Lowercase}.", class_of_both(r"\p{Lowercase}"))


def hf_isolated(pre_tokenizer):
    """The code points that the pre-tokenizer cuts off from an `a` on both sides."""
    text = "".join(f"a{chr(c)}" for c in CODE_POINTS) + "a"
    pieces = [piece for piece, _ in pre_tokenizer.pre_tokenize_str(text)]
    return sorted({ord(piece) for piece in pieces if piece != "a" and len(piece) == 1})


def hf_punctuation():
    from tokenizers import pre_tokenizers

    members = hf_isolated(pre_tokenizers.Punctuation())
    assert members == hf_isolated(pre_tokenizers.BertPreTokenizer())
    return set_table("kHfPunctuation", "Punctuation and BertPreTokenizer: punctuation.", members)


def hf_numeric():
    from tokenizers import pre_tokenizers

    members = hf_isolated(pre_tokenizers.Digits(individual_digits=True))
    return set_table("kHfNumeric", "Digits: numeric characters.", members)


def hf_word():
    from tokenizers import pre_tokenizers

    text = "".join(f" {chr(c)}a" for c in CODE_POINTS)
    pieces = [piece for piece, _ in pre_tokenizers.Whitespace().pre_tokenize_str(text)]
    members = sorted({ord(piece[0]) for piece in pieces if len(piece) == 2 and piece[1] == "a"})
    return set_table("kHfWord", "Whitespace: word characters.", members)


def hf_scripts():
    """Code points that UnicodeScripts never parts have one number; 0 is its script Any."""
    from tokenizers import pre_tokenizers

    split = pre_tokenizers.UnicodeScripts().pre_tokenize_str

    def together(a, b):
        return len(split(a + b)) == 1

    def is_any(c):  # parts from nothing; alone it gives no piece at all
        return split(c) == []

    # Neighbours of one script need one question only.
    examples, starts, previous, number = {}, [], None, None
    for code in CODE_POINTS:
        c = chr(code)
        if previous is not None and is_any(c) == (number == 0) and (
            number == 0 or together(previous, c)
        ):
            previous = c
            continue
        if is_any(c):
            number = 0
        else:
            found = [n for n, example in examples.items() if together(example, c)]
            number = found[0] if found else len(examples) + 1
            assert len(found) <= 1
            examples.setdefault(number, c)
        starts.append(code << 8 | number)
        previous = c
    return [
        "// UnicodeScripts: (first code point << 8 | script), each up to the next; 0 is Any.",
        "constexpr std::uint32_t kHfScriptStarts[] = {",
        *write_numbers(starts),
        "};",
    ]


def onig_word():
    # Outside brackets Oniguruma asks another table for Latin-1 than inside.
    only_outside = [0xB2, 0xB3, 0xB9, 0xBC, 0xBD, 0xBE]
    assert sorted(hf_class(r"[\w]") + only_outside) == hf_class(r"\w")
    return set_table("kOnigurumaWord", "[\\w] of HF's regexes.", hf_class(r"[\w]"))


def rust_word():
    return set_table("kRustWord", "\\w of tiktoken's regexes.", tiktoken_class(r"\w"))


# ---- llama.cpp --------------------------------------------------------------------------------


def write_probe_model(path, pre, pairs):
    """A tiny GGUF model: 256 bytes and the joined `pairs` of bytes."""
    import gguf
    import numpy

    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = [b for b in range(256) if b not in plain]
    spell = {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(moved)}
    tokens = [spell[b] for b in range(256)] + [spell[a] + spell[b] for a, b in pairs] + ["<end>"]
    w = gguf.GGUFWriter(path, "llama")
    w.add_context_length(512)
    w.add_embedding_length(32)
    w.add_block_count(1)
    w.add_feed_forward_length(64)
    w.add_head_count(2)
    w.add_head_count_kv(2)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_dimension_count(16)
    w.add_tokenizer_model("gpt2")
    w.add_tokenizer_pre(pre)
    w.add_token_list(tokens)
    w.add_token_types([1] * (len(tokens) - 1) + [3])
    w.add_token_merges([f"{spell[a]} {spell[b]}" for a, b in pairs])
    w.add_bos_token_id(len(tokens) - 1)
    w.add_eos_token_id(len(tokens) - 1)
    w.add_add_bos_token(False)
    rows = {"token_embd": (len(tokens), 32), "output": (len(tokens), 32), "output_norm": (32,)}
    rows |= {f"blk.0.{n}": (32,) for n in ("attn_norm", "ffn_norm")}
    rows |= {f"blk.0.attn_{n}": (32, 32) for n in ("q", "k", "v", "output")}
    rows |= {"blk.0.ffn_gate": (64, 32), "blk.0.ffn_up": (64, 32), "blk.0.ffn_down": (32, 64)}
    for name, shape in rows.items():
        w.add_tensor(f"{name}.weight", numpy.full(shape, 0.01, dtype=numpy.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
    return [1] * 256 + [2] * len(pairs) + [0]


def llama_cpp_joined(pre, follower):
    """The code points c that llama.cpp's splitter leaves in one piece with `follower` after it."""
    import json
    import tempfile
    import urllib.request

    import xllamacpp

    pairs = [(last, ord(follower)) for last in [*range(1, 0x80), *range(0x80, 0xC0)]]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/probe.gguf"
        sizes = write_probe_model(path, pre, pairs)
        params = xllamacpp.CommonParams()
        params.model.path = path
        params.n_ctx = 256
        server = xllamacpp.Server(params)
    joined = []
    for first in range(1, len(CODE_POINTS), 20000):
        part = CODE_POINTS[first : first + 20000]
        content = "".join(f"\n{chr(c)}{follower}" for c in part)
        request = urllib.request.Request(
            f"{server.listening_address}/tokenize",
            data=json.dumps({"content": content}).encode(),
            headers={"Content-Type": "application/json"},
        )
        ends, end = set(), 0
        for token in json.load(urllib.request.urlopen(request))["tokens"]:
            end += sizes[token]
            ends.add(end)
        at = 0
        for c in part:
            at += 1 + len(chr(c).encode())
            if at not in ends and chr(c) not in " $+<=>^~|":
                joined.append(c)
            at += 1
        assert at == end
    return joined


def unknown_to_llama_cpp():
    unknown = set()
    for pre, follower, item in (("gpt-2", "a", "L"), ("gpt-2", "1", "N"), ("default", "$", "P")):
        here, there = set(llama_cpp_joined(pre, follower)), set(hf_class(rf"\p{{{item}}}"))
        assert here < there, item
        unknown |= there - here
    comment = "Letters, numbers, punctuation of Unicode 16 that llama.cpp does not know."
    return set_table("kUnknownToLlamaCpp", comment, sorted(unknown))


# ---- files ------------------------------------------------------------------------------------

# name -> (packages whose versions stand in the head, functions)
FILES = {
    "hf_normalizer_tables.inc": (
        ["tokenizers"],
        [hf_lowercase, hf_combining_marks, hf_bert_nonspacing, hf_bert_removed],
    ),
    "hf_grapheme_tables.inc": (["tokenizers"], [hf_grapheme_classes, hf_conjunct_links]),
    "general_category.inc": (
        ["tokenizers", "tiktoken"],
        [general_categories, white_space, han, alphabetic, uppercase, lowercase],
    ),
    "pre_token_classes.inc": (
        ["tokenizers", "tiktoken"],
        [hf_punctuation, hf_numeric, hf_word, onig_word, rust_word],
    ),
    "hf_scripts.inc": (
        ["tokenizers"],
        [hf_scripts],
    ),
    "llama_cpp_classes.inc": (["tokenizers", "xllamacpp"], [unknown_to_llama_cpp]),
}


def version(package):
    from importlib import metadata

    return f"{package} {metadata.version(package)}"


def render(packages, functions):
    lines = [
        f"// Made by generate_tables.py from {', '.join(version(p) for p in packages)}. Not edited by hand.",
    ]
    for function in functions:
        lines += ["", *function()]
    return "\n".join(lines) + "\n"


def main():
    folder = pathlib.Path(__file__).parent
    wanted = [name for name in sys.argv[1:] if name != "--check"] or list(FILES)
    stale = []
    for name in wanted:
        packages, functions = FILES[name]
        text = render(packages, functions)
        path = folder / name
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.write_text(text)
    print("changed:", ", ".join(stale) or "nothing")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
