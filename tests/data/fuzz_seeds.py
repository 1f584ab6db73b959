"""Small files of every format, for the fuzzers to start from: fuzz_seeds.py DIRECTORY."""

import base64
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).parent
PAIRS = [("h", "e"), ("l", "l"), ("Ġ", "w"), ("he", "ll")]


def byte_alphabet() -> list[str]:
    """The character that stands for each byte, as GPT-2 has it."""
    shown = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    hidden = [b for b in range(256) if b not in shown]
    return [chr(b) if b in shown else chr(256 + hidden.index(b)) for b in range(256)]


def byte_level(pieces: list[str]) -> dict:
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
            "normalizer": {"type": "NFC"}, "post_processor": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "Split", "behavior": "Isolated", "invert": False,
                 "pattern": {"Regex": r"(?i:'s|'t)|[^\r\n\p{L}]?\p{L}+|\p{N}{1,3}|\s+(?!\S)|\s+|."}},
                {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                 "use_regex": False}]},
            "decoder": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True},
            "model": {"type": "BPE", "vocab": {piece: i for i, piece in enumerate(pieces)},
                      "merges": [list(pair) for pair in PAIRS]}}


def raw(pieces: list[str]) -> list[bytes]:
    numbers = {character: b for b, character in enumerate(byte_alphabet())}
    return [bytes(numbers[c] for c in piece) for piece in pieces]


def tiktoken(pieces: list[str]) -> bytes:
    return b"".join(base64.b64encode(piece) + b" %d\n" % i for i, piece in enumerate(raw(pieces)))


def tekken(pieces: list[str]) -> dict:
    vocab = [{"rank": i, "token_bytes": base64.b64encode(piece).decode(), "token_str": None}
             for i, piece in enumerate(raw(pieces))]
    return {"config": {"pattern": r"\p{L}+|\s+|.", "num_vocab_tokens": len(vocab), "version": "v3",
                       "default_vocab_size": len(vocab) + 20, "default_num_special_tokens": 20},
            "vocab": vocab}


def field(number: int, payload: bytes) -> bytes:
    assert len(payload) < 128
    return bytes([number << 3 | 2, len(payload)]) + payload


def sentencepiece(model_type: int) -> bytes:
    """ModelProto: pieces {text, score, type}, trainer {model_type, byte_fallback}, normalizer."""
    listed = [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3)]
    listed += [(f"<0x{b:02X}>", 0, 6) for b in range(256)]
    words = ["▁", "h", "e", "l", "o", "he", "ll", "hell", "▁hell", "你", "ö"]
    listed += [(piece, -float(i), 1) for i, piece in enumerate(words)]
    out = b"".join(
        field(1, field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + bytes([0x18, kind]))
        for text, score, kind in listed)
    return out + field(2, bytes([0x18, model_type, 0x98, 0x02, 0x01])) + field(
        3, field(1, b"identity") + bytes([0x18, 1, 0x20, 0, 0x28, 1]))


def gguf(pieces: list[str]) -> bytes:
    def string(text: str) -> bytes:
        return struct.pack("<Q", len(text.encode())) + text.encode()

    def array(kind: int, values: list[bytes]) -> bytes:
        return struct.pack("<IIQ", 9, kind, len(values)) + b"".join(values)

    values = {"tokenizer.ggml.model": struct.pack("<I", 8) + string("gpt2"),
              "tokenizer.ggml.pre": struct.pack("<I", 8) + string("gpt-2"),
              "tokenizer.ggml.tokens": array(8, [string(piece) for piece in pieces]),
              "tokenizer.ggml.token_type": array(5, [struct.pack("<i", 1)] * len(pieces)),
              "tokenizer.ggml.merges": array(8, [string(" ".join(pair)) for pair in PAIRS])}
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(values)) + b"".join(
        string(key) + value for key, value in values.items())


def safetensors(tensors: dict, data: int, **metadata: str) -> bytes:
    header = json.dumps({**({"__metadata__": metadata} if metadata else {}), **tensors}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(data)


def seeds() -> dict[str, bytes]:
    pieces = byte_alphabet() + ["".join(pair) for pair in PAIRS]
    row = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    made = {f"load/{toy.name}": toy.read_bytes() for toy in sorted(HERE.glob("toy_*.json"))}
    return made | {
        "load/byte_level.json": json.dumps(byte_level(pieces), ensure_ascii=False).encode(),
        "load/ranks.tiktoken": tiktoken(pieces),
        "load/tekken.json": json.dumps(tekken(pieces)).encode(),
        "load/unigram.model": sentencepiece(1), "load/bpe.model": sentencepiece(2),
        "load/model.gguf": gguf(pieces),
        "header/one": safetensors({"a": row}, 24, format="pt"),
        "header/two": safetensors({"a": row, "b": {"dtype": "BF16", "shape": [0, 7], "data_offsets":
                                                   [24, 24]}}, 24)}


def main() -> None:
    for name, content in seeds().items():
        path = pathlib.Path(sys.argv[1], name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
