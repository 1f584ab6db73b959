"""Encoding speed against the reference libraries, one thread, in one run.

For each model kind and text: ids of every document are compared first, and a contender whose ids
differ gets no time. Then the contenders take turns (A B A B ...) over the same documents, and the
medians and their ratio are printed. Speeds are 10^6 bytes of UTF-8 a second, Python API to ids.

  cold    the first pass of a fresh tokenizer over the first half of the documents
  unseen  the second half, once, after the first half: what a corpus costs
  warm    later passes over the first half
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import data  # noqa: E402
import numpy as np  # noqa: E402

import tokgraft  # noqa: E402

DOCUMENT = 4096


def documents(path: pathlib.Path, megabytes: float) -> list[str]:
    raw = path.read_bytes()[: int(megabytes * 1e6)]
    text = raw.decode("utf-8", "ignore")
    chunks, start, size = [], 0, 0
    for position, character in enumerate(text):
        size += len(character.encode())
        if size >= DOCUMENT:
            chunks.append(text[start:position + 1])
            start, size = position + 1, 0
    return chunks + ([text[start:]] if start < len(text) else [])


class Contender:
    """One implementation: `make` gives a fresh encode function, text -> sequence of ids."""

    def __init__(self, name, make):
        self.name, self.make = name, make


def hugging_face(path):
    def make():
        import tokenizers
        tokenizer = tokenizers.Tokenizer.from_file(str(path))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return lambda text: tokenizer.encode(text, add_special_tokens=False).ids
    return Contender("tokenizers", make)


def sentencepiece(path):
    def make():
        import sentencepiece
        processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
        return lambda text: processor.encode(text)
    return Contender("sentencepiece", make)


def tiktoken_ranks(path, pattern):
    def make():
        import tiktoken
        import tiktoken.load
        import tiktoken_ext.openai_public  # noqa: F401
        ranks = {}
        import base64
        for line in pathlib.Path(path).read_bytes().splitlines():
            if line:
                token, rank = line.split()
                ranks[base64.b64decode(token)] = int(rank)
        encoding = tiktoken.Encoding(pattern, pat_str=PATTERNS[pattern], mergeable_ranks=ranks,
                                     special_tokens={})
        return lambda text: encoding.encode_ordinary(text)
    return Contender("tiktoken", make)


PATTERNS = {
    "cl100k": r"""'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s""",
}


def mistral(path):
    def make():
        from mistral_common.tokens.tokenizers.tekken import Tekkenizer
        tokenizer = Tekkenizer.from_file(str(path))
        return lambda text: tokenizer.encode(text, bos=False, eos=False)
    return Contender("mistral-common", make)


def ours(path, pattern=None):
    def make():
        tokenizer = tokgraft.load(str(path), pattern=pattern)
        return tokenizer.encode_ids
    return Contender("tokgraft", make)


def trained(kind: str, folder: pathlib.Path, corpus: pathlib.Path) -> pathlib.Path:
    """A sentencepiece model trained here, since no real Unigram is at hand."""
    import sentencepiece
    prefix = folder / kind
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(prefix), vocab_size=16000, model_type=kind,
        byte_fallback=True, input_sentence_size=60000, minloglevel=2, num_threads=2)
    return prefix.with_suffix(".model")


def unigram_json(model: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    import sentencepiece
    import tokenizers
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    pieces = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(len(processor))]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(pieces, processor.unk_id(), True))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    tokenizer.decoder = tokenizers.decoders.Metaspace()
    path = folder / "unigram.json"
    tokenizer.save(str(path))
    return path


def subjects(folder: pathlib.Path) -> dict[str, tuple[Contender, Contender]]:
    real = data.tokenizers()
    out = {}
    for kind, name in [("byte-level BPE", "gpt2"), ("byte-level BPE", "llama3"),
                       ("byte-level BPE", "qwen3"), ("byte-level BPE", "gptoss"),
                       ("byte-level BPE", "deepseek_v3"), ("SentencePiece BPE", "llama2"),
                       ("SentencePiece BPE", "gemma3"), ("WordPiece", "minilm")]:
        if name in real:
            path = real[name][0]
            out[f"{kind}: {name}"] = (ours(path), hugging_face(path))
    for name, (path, pattern) in real.items():
        if ".model" in name and "v3" in name:
            out[f"SentencePiece BPE: {name}"] = (ours(path), sentencepiece(path))
        if name == "tekken_240911.json":
            out[f"ranks: {name}"] = (ours(path), mistral(path))
        if name == "cl100k.tiktoken":
            out[f"ranks: {name}"] = (ours(path, "cl100k"), tiktoken_ranks(path, "cl100k"))
    corpus = data.texts("help").get("en")
    if corpus is not None:
        model = trained("unigram", folder, corpus)
        out["Unigram: own .model"] = (ours(model), sentencepiece(model))
        path = unigram_json(model, folder)
        out["Unigram: own tokenizer.json"] = (ours(path), hugging_face(path))
    return out


def first_difference(a, b, docs):
    for number, text in enumerate(docs):
        if not np.array_equal(np.asarray(a(text), dtype=np.int64), np.asarray(b(text), dtype=np.int64)):
            return number
    return None


def timed(encode, docs) -> float:
    start = time.perf_counter()
    for text in docs:
        encode(text)
    return time.perf_counter() - start


def race(pair, docs, passes):
    """MB/s by phase for each contender, or the number of the first document whose ids differ."""
    half = len(docs) // 2
    first, second = docs[:half], docs[half:]
    size = [sum(len(t.encode()) for t in part) / 1e6 for part in (first, second)]
    difference = first_difference(pair[0].make(), pair[1].make(), docs)
    if difference is not None:
        return difference
    speeds = {c.name: {} for c in pair}
    live = {c.name: c.make() for c in pair}
    for c in pair:
        speeds[c.name]["cold"] = size[0] / timed(live[c.name], first)
    for c in pair:
        speeds[c.name]["unseen"] = size[1] / timed(live[c.name], second)
    warm = {c.name: [] for c in pair}
    for _ in range(passes):
        for c in pair:
            warm[c.name].append(size[0] / timed(live[c.name], first))
    for c in pair:
        speeds[c.name]["warm"] = statistics.median(warm[c.name])
    return speeds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("subjects", nargs="*", help="only subjects whose name contains one of these")
    parser.add_argument("--megabytes", type=float, default=2.0, help="of each text")
    parser.add_argument("--passes", type=int, default=3, help="warm passes of each contender")
    parser.add_argument("--texts", nargs="*", default=["en", "zh"], help="languages")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    texts = data.texts("help")
    results = []
    row = "{:34} {:4} {:>14} {:>8} {:>8} {:>8}   {:>7} {:>7} {:>7}"
    if not arguments.json:
        print(row.format("tokenizer", "text", "MB/s of", "cold", "unseen", "warm", "cold", "unseen", "warm"))
    with tempfile.TemporaryDirectory() as folder:
        for subject, pair in subjects(pathlib.Path(folder)).items():
            if arguments.subjects and not any(s in subject for s in arguments.subjects):
                continue
            for language in arguments.texts:
                data.need(texts.get(language), f"text/help-{language}.txt")
                result = race(pair, documents(texts[language], arguments.megabytes), arguments.passes)
                results.append({"subject": subject, "text": language, "result": result})
                if arguments.json:
                    continue
                if isinstance(result, int):
                    print(f"{subject:34} {language:4} no time: ids differ in document {result}")
                    continue
                a, b = (result[c.name] for c in pair)
                ratios = [f"x{a[k] / b[k]:.1f}" for k in ("cold", "unseen", "warm")]
                print(row.format(subject, language, pair[0].name,
                                 *(f"{a[k]:.1f}" for k in ("cold", "unseen", "warm")), *ratios))
                print(row.format("", "", pair[1].name,
                                 *(f"{b[k]:.1f}" for k in ("cold", "unseen", "warm")), "", "", ""), flush=True)
    if arguments.json:
        print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
