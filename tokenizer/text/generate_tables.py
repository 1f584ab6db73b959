#!/usr/bin/env python3
"""Writes the Unicode tables of tokenizer/text/*.inc by asking the reference libraries.

    pip install tokenizers==0.23.3
    python tokenizer/text/generate_tables.py            # writes the files beside this script
    python tokenizer/text/generate_tables.py --check    # exits 1 where a file would change

Each stage of each reference has its own Unicode version, so no table comes from a Unicode database:
every code point is put through the reference itself. One function makes one table; FILES lists
which functions make which file. Output depends on nothing but the reference's version, which stands
in the file's head. A set is written as the sorted list of its changes: begin, end, begin, end, ...
(half-open), so that a code point is in it where an odd number of entries are not above it.
"""

import pathlib
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


def write_numbers(numbers):
    lines, line = [], "   "
    for number in numbers:
        item = f" {number:#x}," if number > 9 else f" {number},"
        if len(line) + len(item) > 100:
            lines.append(line)
            line = "   "
        line += item
    return lines + [line]


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
    body = [f"    {{{first:#x}, {last:#x}, {step}, {delta}}}," for first, last, step, delta in rows]
    return [f"// {comment}", f"constexpr CodePointMapping {name}[] = {{", *body, "};"]


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


# ---- files ------------------------------------------------------------------------------------

# name -> (packages whose versions stand in the head, functions)
FILES = {
    "hf_normalizer_tables.inc": (
        ["tokenizers"],
        [hf_lowercase, hf_combining_marks, hf_bert_nonspacing, hf_bert_removed],
    ),
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
    stale = []
    for name, (packages, functions) in FILES.items():
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
