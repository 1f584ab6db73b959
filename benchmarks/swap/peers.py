"""Other programs that make rows for a new vocabulary, each run as its authors run it.

They live in an environment of their own (build/swap/peers), which sees this one's PyTorch and
transformers. A peer gets the model's directory and the new tokenizer and gives both matrices, its
copies of shared rows included; of these the rows of added tokens are judged. Where a peer takes a
donor model, its rows are those of the donor's tokens with the same bytes, zero where it has none.
"""

import json
import pathlib
import subprocess
import sys
import sysconfig
import venv

import changes
import numpy as np
import torch
from safetensors.torch import load_file, save_file

import tokgraft

PINNED = {"mergekit": "mergekit==0.1.5", "deepfocus": "deepfocus==1.0.1",
          "tokenizer-adapter": "tokenizer-adapter==0.2.0"}
# What they need that this environment lacks.
_MORE = {"mergekit": ["click==8.3.1", "pydantic==2.12.5", "immutables==0.21", "scipy",
                      "sentencepiece", "protobuf", "accelerate==1.12.0", "datasets"],
         "deepfocus": ["fasttext-wheel==0.9.2", "entmax", "fastdist", "numba", "datasets",
                       "print-on-steroids", "scipy"],
         "tokenizer-adapter": ["tqdm"]}


def rows(name: str, arguments: tuple[str, ...], change: changes.Change, added: np.ndarray
         ) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of the added tokens. SystemExit: the peer failed; its last words are said."""
    python = _environment(name)
    folder = change.folder / "peer"
    folder.mkdir(exist_ok=True)
    donor = _donor(change, folder, with_rows="omp" in arguments or
                   "common_interpolation" in arguments)
    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(change.texts.train), encoding="utf-8")
    out = folder / "rows.safetensors"
    done = subprocess.run(
        [python, pathlib.Path(__file__).parent / "peer_run.py", name, *arguments,
         "--model", change.model, "--donor", donor, "--corpus", corpus, "--out", out],
        capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name} {' '.join(arguments)}: {done.stderr[-1000:]}")
    made = load_file(out)
    return tuple(made[role].float()[torch.from_numpy(added)] for role in ("input", "output"))


def _environment(name: str) -> pathlib.Path:
    folder = changes.ROOT / "build/swap/peers" / name
    python = folder / "bin/python"
    if not (folder / "complete").exists():
        venv.create(folder, clear=True, with_pip=True)
        site = next(folder.glob("lib/python*/site-packages"))
        (site / "outer.pth").write_text(sysconfig.get_path("purelib") + "\n")
        for words in (["--no-deps", PINNED[name]], _MORE[name]):
            subprocess.run([python, "-m", "pip", "install", "-q", *words], check=True)
        (folder / "complete").touch()
    return python


def _donor(change: changes.Change, folder: pathlib.Path, *, with_rows: bool) -> pathlib.Path:
    """A model directory with the new tokenizer. Its rows: the donor model's by bytes, or the mean
    of the old pieces where a peer reads none."""
    out = folder / ("donor-rows" if with_rows else "donor")
    if out.exists():
        return out
    if not with_rows:
        tokgraft.init_embeddings(change.model, change.merged, out=out, method="mean")
        return out
    source = pathlib.Path(change.need_donor_model())
    theirs = tokgraft.load(source)
    new = change.merged.tokenizer
    table = {theirs.token_bytes(i): i for i in range(theirs.vocab_size)
             if theirs.token_kind(i) in ("normal", "byte")}
    old = load_file(source / "model.safetensors")["model.embed_tokens.weight"]
    made = torch.zeros(new.vocab_size, old.shape[1], dtype=old.dtype)
    for i in range(new.vocab_size):
        found = table.get(new.token_bytes(i))
        if found is not None:
            made[i] = old[found]
    plain = _donor(change, folder, with_rows=False)
    out.mkdir()
    for file in plain.iterdir():
        if "token" in file.name and file.name != "tokgraft.json":
            (out / file.name).write_bytes(file.read_bytes())
    config = json.loads((source / "config.json").read_text())
    config.update(vocab_size=new.vocab_size, architectures=["Gemma3ForCausalLM"])
    (out / "config.json").write_text(json.dumps(config))
    save_file({"model.embed_tokens.weight": made}, out / "model.safetensors",
              metadata={"format": "pt"})
    return out


if __name__ == "__main__":
    for peer in PINNED:
        print(_environment(peer), file=sys.stderr)
