"""Published ways to put two vocabularies together that are scripts rather than packages."""

import json
import pathlib


def merges_of(document: dict) -> list[tuple[str, str]]:
    return [tuple(m.split(" ")) if isinstance(m, str) else tuple(m)
            for m in document["model"]["merges"]]


def concatenate(base: pathlib.Path, donor: pathlib.Path, order: str, out: pathlib.Path) -> None:
    """The vocabularies and merge lists of two BPE tokenizers of one spelling, one after the other.

    order: "append" puts the donor's merges after the base's and "prepend" before them, each pair
    once; "concatenate" is `cat`: both lists whole, in which a pair that stands twice counts last.
    The base's added tokens go into the vocabulary first, or loading would number them anew.
    """
    document, other = json.loads(base.read_text()), json.loads(donor.read_text())
    vocab = document["model"]["vocab"]
    vocab.update({t["content"]: t["id"] for t in document["added_tokens"]})
    skip = {t["content"] for t in other["added_tokens"]}
    for piece in sorted(other["model"]["vocab"], key=other["model"]["vocab"].get):
        if piece not in vocab and piece not in skip:
            vocab[piece] = max(len(vocab), 0)
    ours = merges_of(document)
    theirs = [m for m in merges_of(other) if m[0] in vocab and m[1] in vocab and m[0] + m[1] in vocab]
    if order == "prepend":
        merges = list(dict.fromkeys(theirs + ours))
    elif order == "append":
        merges = list(dict.fromkeys(ours + theirs))
    else:
        merges = ours + theirs
    document["model"]["merges"] = [list(m) for m in merges]
    out.write_text(json.dumps(document, ensure_ascii=False))


def join_models(base: pathlib.Path, donor: pathlib.Path, below_minimum: bool, out: pathlib.Path) -> None:
    """The sentencepiece script of Chinese-LLaMA: pieces that the base lacks are appended to it.

    Each gets score 0, which outranks every merge of the base, or, as later scripts have it, one less
    than the piece before it, from the least score of the base on.
    """
    from sentencepiece import sentencepiece_model_pb2
    model, other = (sentencepiece_model_pb2.ModelProto.FromString(p.read_bytes()) for p in (base, donor))
    known = {p.piece for p in model.pieces}
    score = min(p.score for p in model.pieces)
    for piece in other.pieces:
        if piece.piece in known or piece.type != 1:
            continue
        score -= 1
        model.pieces.add(piece=piece.piece, score=score if below_minimum else 0.0)
    model.trainer_spec.vocab_size = len(model.pieces)
    out.write_bytes(model.SerializeToString())
