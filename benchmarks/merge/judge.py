"""What a written tokenizer does to text, found out with the reference libraries alone.

No contender's word is taken: the file is read by Hugging Face tokenizers (a .model by sentencepiece)
and set against the base, read the same way. Also a program, so that a judgement has a process of its
own and a limit of time: `judge.py BASE WRITTEN TEXTS.json`, JSON on stdout.
"""

import collections
import itertools
import json
import pathlib
import re
import sys

# Neighbours that bring a piece out of splitters which would cut it when it stands alone.
LEFT = ["a", "A", "1", " ", "\n", "_", ".", "(", "'", ">", "中", "é", "の"]
RIGHT = ["a", "A", "1", " ", "\n", "_", ".", ",", ")", "中", "é", "re", "S"]

BYTE_PIECE = re.compile(r"<0x[0-9A-Fa-f]{2}>")


def byte_alphabet() -> dict[str, int]:
    """GPT-2's spelling of bytes as characters."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [b for b in range(256) if b not in kept]
    return {chr(b): b for b in kept} | {chr(256 + n): b for n, b in enumerate(others)}


ALPHABET = byte_alphabet()


class HuggingFace:
    """A tokenizer.json."""

    def __init__(self, path: pathlib.Path):
        import tokenizers
        self.tokenizer = tokenizers.Tokenizer.from_file(str(path))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        document = json.loads(self.tokenizer.to_str())
        self.byte_level = '"ByteLevel"' in json.dumps([document["pre_tokenizer"], document["decoder"]])
        self.by_id = {i: piece for piece, i in self.tokenizer.get_vocab(True).items()}
        self.added = self.tokenizer.get_added_tokens_decoder()

    def encode(self, texts: list[str]) -> list[list[int]]:
        return [e.ids for e in self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)]

    def spans(self, text: str) -> list[tuple[int, int]]:
        return self.tokenizer.encode(text, add_special_tokens=False).offsets

    def decode(self, ids: list[list[int]]) -> list[str]:
        return self.tokenizer.decode_batch(ids, skip_special_tokens=False)

    def is_ordinary(self, number: int) -> bool:
        return number not in self.added or not self.added[number].special

    def piece_bytes(self, number: int) -> bytes:
        """The bytes of text that the id stands for."""
        piece = self.by_id[number]
        if self.byte_level:
            if number not in self.added:
                return bytes(ALPHABET[c] for c in piece)
            # What a model says with it: the decoder reads an added token by the byte alphabet too.
            said = self.tokenizer.decode([number], skip_special_tokens=False)
            return (piece if "\ufffd" in said else said).encode()
        if number in self.added and not self.added[number].normalized:
            return piece.encode()  # matched before spaces become ▁
        if BYTE_PIECE.fullmatch(piece):
            return bytes([int(piece[3:5], 16)])
        return piece.replace("▁", " ").encode()


class SentencePiece:
    """A .model."""

    def __init__(self, path: pathlib.Path):
        import sentencepiece
        self.model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        self.by_id = {i: self.model.id_to_piece(i) for i in range(len(self.model))}

    def encode(self, texts: list[str]) -> list[list[int]]:
        return self.model.encode(texts)

    def spans(self, text: str) -> list[tuple[int, int]]:
        return [(p.begin, p.end) for p in self.model.encode(text, return_type="immutable_proto").pieces]

    def decode(self, ids: list[list[int]]) -> list[str]:
        return self.model.decode(ids)

    def is_ordinary(self, number: int) -> bool:
        return not (self.model.is_control(number) or self.model.is_unknown(number))

    def piece_bytes(self, number: int) -> bytes:
        piece = self.by_id[number]
        if self.model.is_byte(number):
            return bytes([int(piece[3:5], 16)])
        return piece.replace("▁", " ").encode()


def load(path: pathlib.Path) -> HuggingFace | SentencePiece:
    return HuggingFace(path) if path.suffix == ".json" else SentencePiece(path)


def dead(tokenizer, numbers, seen=frozenset()) -> list[int]:
    """Those of `numbers` that no text brings out: neither the piece alone, nor after one of 13
    neighbours, nor before one of 13; pieces that are not text by themselves are not asked."""
    open_ = {}
    for number in numbers:
        if number in seen or not tokenizer.is_ordinary(number):
            continue
        try:
            open_[number] = tokenizer.piece_bytes(number).decode()
        except UnicodeDecodeError:
            continue
    frames = [("", ""), *((left, "") for left in LEFT), *(("", right) for right in RIGHT)]
    for left, right in frames:
        found = tokenizer.encode([left + text + right for text in open_.values()])
        open_ = {n: text for (n, text), ids in zip(open_.items(), found) if n not in ids}
        if not open_:
            break
    return list(open_)


def in_bytes(tokenizer, ids: list[int], widths: dict[int, int]) -> tuple[set[int], int]:
    """Where tokens meet, in bytes of the text as the model sees it, and its whole length."""
    for number in ids:
        if number not in widths:
            widths[number] = len(tokenizer.piece_bytes(number))
    ends = list(itertools.accumulate(widths[i] for i in ids))
    return set(ends[:-1]), ends[-1] if ends else 0


def in_characters(tokenizer, text: str) -> set[tuple[int, int]]:
    """The same by the spans that the reference gives; tokens inside a character are counted."""
    seen = collections.Counter()
    out = set()
    for start, _ in tokenizer.spans(text):
        out.add((start, seen[start]))
        seen[start] += 1
    return out


def cuts(base, written, text: str, old: list[int], new: list[int], widths) -> int:
    """Boundaries between tokens that the base did not set."""
    before, length = in_bytes(base, old, widths[0])
    after, new_length = in_bytes(written, new, widths[1])
    if length != new_length:  # an added token that swallows or lends a space
        before, after = in_characters(base, text), in_characters(written, text)
    return len(after - before)


def judge(base, written, texts: dict[str, list[str]]) -> dict:
    """How `written` differs from `base`, on documents by name of text.

    new, dead   pieces that the base has not, and those of them that no text brings out
    killed      pieces of the base that it brings out and `written` has and does not
    broken      documents that the base decodes to themselves and `written` does not
    new_cuts    boundaries between tokens that the base did not set, in the other documents
    moved       ids of the base that now are another piece, or none
    tokens      by text: of the base, of `written`
    """
    out = {"ids": len(written.by_id), "new_cuts": 0, "broken": 0, "documents": 0, "tokens": {}}
    widths = [{}, {}]
    seen = set()
    for name, documents in texts.items():
        before, after = base.encode(documents), written.encode(documents)
        out["tokens"][name] = [sum(map(len, before)), sum(map(len, after))]
        out["documents"] += len(documents)
        said = zip(base.decode(before), written.decode(after))
        for text, old, new, (a, b) in zip(documents, before, after, said):
            seen.update(new)
            if a == text != b:
                out["broken"] += 1
            elif old != new or any(written.by_id[i] != base.by_id[i] for i in old):
                out["new_cuts"] += cuts(base, written, text, old, new, widths)
    out["moved"] = sum(written.by_id.get(i) != piece for i, piece in base.by_id.items())
    ids_in_base = {piece: i for i, piece in base.by_id.items()}
    out["new"] = sum(piece not in ids_in_base for piece in written.by_id.values())
    silent = dead(written, written.by_id, seen)
    old = [ids_in_base[p] for p in map(written.by_id.get, silent) if p in ids_in_base]
    out["dead"] = len(silent) - len(old)
    out["killed"] = len(old) - len(dead(base, old))
    return out


def main() -> None:
    base, written, texts = map(pathlib.Path, sys.argv[1:])
    print(json.dumps(judge(load(base), load(written), json.loads(texts.read_text()))))


if __name__ == "__main__":
    main()
