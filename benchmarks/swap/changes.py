"""The changes of vocabulary that are measured, on a real model with real texts.

p0-en        2,000 of the model's own tokens are hidden and have to be made again: the truth is known
p1-LANGUAGE  4,000 pieces learnt from text of the language are added to the vocabulary
             (p1-NUMBER-LANGUAGE: so many)
swap-DONOR-LANGUAGE  the whole vocabulary is exchanged for that of DONOR

Texts of a language: LibreOffice's help, of which every eighth stretch of twenty windows is held out
(same kind of text), and the Debian Reference, of which nothing is learnt (another source).
"""

import dataclasses
import json
import pathlib
import shutil
import sys

import gemma
import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import data  # noqa: E402

import tokgraft  # noqa: E402
from tokgraft.fit.documents import windows  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
WINDOW = 1000  # bytes
CHANGES = ["p0-en", "p1-de", "p1-zh", "swap-gpt2-en", "swap-qwen3-en", "swap-gemma3-en",
           "swap-gemma3-zh"]
HIDDEN, ADDED = 2000, 4000


@dataclasses.dataclass(frozen=True)
class Texts:
    train: list[str]
    held_out: dict[str, list[str]]  # "same kind", "other source"


@dataclasses.dataclass(frozen=True)
class Change:
    """model: directory; its rows of hidden tokens (p0) are zero. truth: the rows they had."""

    name: str
    model: pathlib.Path
    merged: tokgraft.MergeResult
    texts: Texts
    original_model: pathlib.Path
    original: tokgraft.Tokenizer
    folder: pathlib.Path  # for files

    def need_donor_model(self) -> str:
        """Directory of Gemma-3-270M: the donor of all changes, tokens are matched by bytes."""
        return str(gemma.directory(ROOT / "build/swap"))


def source_model() -> pathlib.Path:
    path = data.DATA / "models/smollm2-135m"
    data.need(path.is_dir(), "models/smollm2-135m")
    return path


def texts_of(language: str, other: str = "") -> Texts:
    """other: file of the other source; "": the Debian Reference."""
    found = {}
    for kind, name in (("help", f"help-{language}.txt"),
                       ("reference", other or f"reference-{language}.txt")):
        path = data.DATA / "text" / name
        data.need(path.is_file(), f"text/{path.name}")
        found[kind] = windows(path.read_text(encoding="utf-8").split("\n"), WINDOW)
    held = [text for i, text in enumerate(found["help"]) if i // 20 % 8 == 7]
    train = [text for i, text in enumerate(found["help"]) if i // 20 % 8 != 7]
    return Texts(train, {"same kind": held, "other source": found["reference"]})


def make(name: str, folder: pathlib.Path, *, seed: int = 0, texts: Texts | None = None) -> Change:
    """Everything that a change needs; files go to `folder`. texts: in place of the language's."""
    source = source_model()
    kind, *rest = name.split("-")
    texts = texts or texts_of(rest[-1])
    original = tokgraft.load(source)
    corpus = folder / f"{name}.txt"
    corpus.write_text("\n".join(texts.train), encoding="utf-8")
    if kind == "p0":
        model = _hide(source, folder / "hidden", texts.train, original, seed)
        merged = tokgraft.merge(tokgraft.load(model), original, strategy="swap")
        return Change(name, model, merged, texts, source, original, folder)
    if kind == "p1":
        size = int(rest[0]) if len(rest) > 1 else ADDED
        merged = tokgraft.merge(original, donor_corpus=corpus, donor_size=size)
        return Change(name, source, merged, texts, source, original, folder)
    donor = tokgraft.load(data.DATA / "tokenizers" / rest[0])
    if rest[0] != "gpt2":  # a vocabulary of 150,000 and more: what the texts need of it
        everything = [corpus]
        for i, held in enumerate(texts.held_out.values()):
            everything.append(folder / f"{name}-{i}.txt")
            everything[-1].write_text("\n".join(held), encoding="utf-8")
        donor = tokgraft.trim(donor, keep={path.stem: path for path in everything}).tokenizer
    return Change(name, source, tokgraft.merge(original, donor, strategy="swap"), texts, source,
                  original, folder)


def _hide(source: pathlib.Path, out: pathlib.Path, train: list[str],
          tokenizer: tokgraft.Tokenizer, seed: int) -> pathlib.Path:
    """The model without HIDDEN of the tokens of its texts: 20 strata by frequency, 100 of each."""
    counts = np.bincount(np.concatenate([tokenizer.encode_ids(text) for text in train]),
                         minlength=tokenizer.vocab_size)
    spec = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    made = {left + right for left, right in spec["model"]["merges"]}
    vocab = spec["model"]["vocab"]
    several = sorted((i for piece, i in vocab.items() if piece in made and counts[i] > 0),
                     key=lambda i: (-counts[i], i))
    chance = np.random.default_rng(seed)
    strata = np.array_split(np.array(several), 20)
    hidden = {int(i) for part in strata
              for i in chance.choice(part, min(len(part), HIDDEN // 20), replace=False)}
    gone = {piece for piece, i in vocab.items() if i in hidden}
    spec["model"]["vocab"] = {piece: i for piece, i in vocab.items() if i not in hidden}
    spec["model"]["merges"] = [pair for pair in spec["model"]["merges"]
                               if not gone & {pair[0], pair[1], pair[0] + pair[1]}]
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(source, out)
    (out / "tokenizer.json").write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")
    _zero_rows(out / "model.safetensors", sorted(hidden))
    return out


def _zero_rows(path: pathlib.Path, rows: list[int]) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(path)
    tensors["model.embed_tokens.weight"][torch.tensor(rows)] = 0
    save_file(tensors, path, metadata={"format": "pt"})
