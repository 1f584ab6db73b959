"""The tokenizer inside a GGUF file: ids and decoding equal those of llama.cpp (parse_special).

SmolLM2 is byte-level BPE with llama.cpp's splitter "smollm", Gemma 3 sentencepiece BPE by score.
llama.cpp comes from the package cyllama, in this Python or in the one TOKGRAFT_LLAMA_CPP_PYTHON
names; without it the tests are skipped by name.
"""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import differential
import tokgraft
from conftest import data_path

PYTHON = os.environ.get("TOKGRAFT_LLAMA_CPP_PYTHON", sys.executable)
FILES = {"smollm2": "tokenizers/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
         "gemma3": "tokenizers/gemma3_gguf/gemma-3-270m-q4_k_m.gguf"}


class Reference:
    def __init__(self, path):
        script = pathlib.Path(__file__).with_name("llama_cpp_oracle.py")
        self.process = subprocess.Popen([PYTHON, str(script), str(path)], text=True,
                                        encoding="utf-8", stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout.readline() == '"ready"\n', "llama.cpp did not load the file"

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"llama.cpp aborted on {str(question)[:300]}"
        return json.loads(answer)

    def ids(self, text: str) -> list[int]:
        return self.ask(texts=[text])[0] if text else []

    def decode(self, ids: list[int], skip: bool) -> str:
        return self.ask(ids=[ids], special=not skip)[0]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def version() -> str:
    probe = "import importlib.metadata as m, cyllama; print(m.version('cyllama'))"
    found = subprocess.run([PYTHON, "-c", probe], capture_output=True, text=True)
    if found.returncode != 0:
        pytest.skip("llama.cpp is missing: pip install cyllama, or set TOKGRAFT_LLAMA_CPP_PYTHON")
    return found.stdout.strip()


@pytest.fixture(scope="module", params=FILES)
def pair(request):
    """(ours, theirs, name of the reference)"""
    reference = f"llama.cpp of cyllama {version()}"
    path = data_path(FILES[request.param])
    theirs = Reference(path)
    yield tokgraft.load(str(path)), theirs, reference
    theirs.close()


def spans_cover(ours, texts) -> None:
    """Offsets are the bytes a token covers: in order, and they spell the token. Between two of them
    lie only bytes that the vocabulary lacks, which llama.cpp drops."""
    for text in texts:
        encoding = ours.encode(text)
        source = text.encode()
        at = 0
        for token, (begin, end) in zip(encoding.ids.tolist(), encoding.offsets.tolist()):
            assert begin >= at, differential.shown(text)
            assert all(ours.token_id(bytes([b])) is None for b in source[at:begin])
            covered = source[begin:end].replace("▁".encode(), b" ")
            assert ours.token_bytes(token).replace("▁".encode(), b" ") == covered, (
                differential.shown(text))
            at = end
        assert all(ours.token_id(bytes([b])) is None for b in source[at:])


def compare(pair, texts, compared, decode: bool = True) -> None:
    ours, theirs, reference = pair
    texts = list(texts)
    for start in range(0, len(texts), 64):
        batch = texts[start:start + 64]
        answers = dict(zip(batch, theirs.ask(texts=batch)))
        answers[""] = []
        spans_cover(ours, batch)
        compared(reference, differential.compare_text(ours, batch, answers.__getitem__))
        if not decode:
            continue
        # cyllama strips the text it returns, so every list stands between two tokens that hold.
        x = ours.encode_ids("x").tolist()
        ids = [x + answers[text] + x for text in batch]
        for skip in (False, True):
            expected = theirs.ask(ids=ids, special=not skip)
            for one, text in zip(ids, expected):
                assert ours.decode(one, skip_special_tokens=skip) == text, (one[:60], skip)


def specials(ours) -> list[str]:
    kinds = ("control", "user_defined", "unknown")
    return [ours.token_bytes(i).decode() for i in range(ours.vocab_size)
            if ours.token_kind(i) in kinds]


def test_files(pair, compared):
    ours, theirs, reference = pair
    compare(pair, differential.fast_texts(specials(ours)), compared)
    x = ours.encode_ids("x").tolist()
    strip = len("x")
    compared(reference, differential.compare_random_ids(
        ours, 300, lambda ids, skip: theirs.decode(x + ids + x, skip)[strip:-strip]))


def test_bos_is_added_on_request(pair):
    ours, theirs, _ = pair
    assert (ours.encode_ids("a b", add_special_tokens=True).tolist()
            == theirs.ask(texts=["a b"], add_special=True)[0])


def test_a_file_cut_behind_its_metadata_loads(tmp_path):
    path = data_path(FILES["smollm2"])
    cut = tmp_path / "cut.gguf"
    with path.open("rb") as file:
        cut.write_bytes(file.read(1_785_664))
    assert tokgraft.load(str(cut)).encode_ids("Hello world").tolist() == [19556, 905]


@pytest.mark.slow
@pytest.mark.parametrize("part", differential.SLOW_PARTS)
def test_files_in_full(pair, part, compared):
    compare(pair, differential.slow_texts(specials(pair[0]), part), compared, decode=part == "random")
