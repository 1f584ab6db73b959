"""The peers, each called as its own documentation does: `contenders.py NAME JOB.json`.

Runs in the environment of requirements.txt. JOB.json holds paths: base and donor (directories with a
tokenizer.json, or .model files), corpus, keep, size, and out, the file to write.
"""

import json
import pathlib
import sys

import judge
import recipes


def file_in(directory: str) -> pathlib.Path:
    return pathlib.Path(directory) / "tokenizer.json"


def new_pieces(job: dict) -> list[str]:
    """The donor's ordinary pieces that the base lacks, as its file spells them, by id."""
    base, donor = (json.loads(file_in(job[k]).read_text()) for k in ("base", "donor"))
    known = set(base["model"]["vocab"]) | {t["content"] for t in base["added_tokens"]}
    known |= {t["content"] for t in donor["added_tokens"]}
    vocab = donor["model"]["vocab"]
    return [p for p in sorted(vocab, key=vocab.get) if p not in known]


def add_tokens(job: dict, texts: list[str]) -> None:
    import tokenizers
    tokenizer = tokenizers.Tokenizer.from_file(str(file_in(job["base"])))
    # As transformers' add_tokens makes them of strings.
    tokenizer.add_tokens([tokenizers.AddedToken(t, normalized=True) for t in texts])
    tokenizer.save(job["out"])


def add_tokens_raw(job: dict) -> None:
    add_tokens(job, new_pieces(job))


def add_tokens_text(job: dict) -> None:
    donor = judge.HuggingFace(file_in(job["donor"]))
    texts = [donor.piece_bytes(donor.tokenizer.token_to_id(p)).decode("utf-8", "ignore")
             for p in new_pieces(job)]
    add_tokens(job, [t for t in dict.fromkeys(texts) if t])


def mergekit(job: dict) -> None:
    from mergekit.common import ModelReference
    from mergekit.tokenizer.build import build_tokenizer
    base, donor = (ModelReference.parse(job[k]) for k in ("base", "donor"))
    built = build_tokenizer(base_model=base, referenced_models=[base, donor], tokenizer_source="union",
                            trust_remote_code=False, add_tokens=[])
    built.tokenizer.backend_tokenizer.save(job["out"])


def saved_anew(job: dict, key: str) -> str:
    """The file as today's tokenizers writes it: merges as pairs, which not every peer reads otherwise."""
    import tokenizers
    path = str(pathlib.Path(job["out"]).parent.parent / f"{key}.json")
    tokenizers.Tokenizer.from_file(str(file_in(job[key]))).save(path)
    return path


def bpe_tokenizer_editor(job: dict) -> None:
    from bpe_tokenizer_editor import BPETokenizerEditor
    editor = BPETokenizerEditor(saved_anew(job, "base"))
    editor.merge_from(saved_anew(job, "donor"), max_vocab_size=2**20)
    editor.save(job["out"])


def skeletoken_add(job: dict) -> None:
    from skeletoken import TokenizerModel
    model = TokenizerModel.from_pretrained(file_in(job["base"]))
    model = model.add_tokens_to_vocabulary(new_pieces(job), preprocess_tokens=False)
    model.to_tokenizer().save(job["out"])


def concatenation(order: str):
    def run(job: dict) -> None:
        recipes.concatenate(file_in(job["base"]), file_in(job["donor"]), order, pathlib.Path(job["out"]))
    return run


def sentencepiece_script(below_minimum: bool):
    def run(job: dict) -> None:
        recipes.join_models(pathlib.Path(job["base"]), pathlib.Path(job["donor"]), below_minimum,
                            pathlib.Path(job["out"]))
    return run


def bpe_continue(job: dict) -> None:
    from bpe_continue import continue_training
    base = file_in(job["base"])
    document = json.loads(base.read_text())
    known = {*document["model"]["vocab"], *(t["content"] for t in document["added_tokens"])}
    tokenizer = continue_training(str(base), files=[job["corpus"]], show_progress=False,
                                  vocab_size=len(known) + job["size"])
    tokenizer.save(job["out"])


def trimbed(job: dict) -> None:
    from trimbed import TrimConfig, TrimPipeline
    folder = pathlib.Path(job["out"]).parent
    lines = folder.parent / "lines.jsonl"  # its reader of plain text would drop the line ends
    with lines.open("w") as out:
        for file in job["keep"]:
            for line in pathlib.Path(file).read_text().splitlines(keepends=True):
                out.write(json.dumps({"text": line}) + "\n")
    config = TrimConfig.model_validate({
        "model": job["base"], "output_dir": str(folder), "overwrite": True, "trim_model": False,
        "corpus": {"datasets": [{"path": "json", "data_files": str(lines)}]}, "selection": {"min_count": 1}})
    TrimPipeline(config).run()


def skeletoken_trim(job: dict) -> None:
    """It removes what it is told to; what the text uses, and all that this is merged from, is found here."""
    import tokenizers
    from skeletoken import TokenizerModel
    tokenizer = tokenizers.Tokenizer.from_file(str(file_in(job["base"])))
    model = TokenizerModel.from_pretrained(file_in(job["base"]))
    parents = {a + b: (a, b) for a, b in reversed(model.model.merges.root)}
    keep = set(judge.ALPHABET) | {t.content for t in model.added_tokens.root}
    for file in job["keep"]:
        lines = pathlib.Path(file).read_text().splitlines(keepends=True)
        for encoding in tokenizer.encode_batch(lines, add_special_tokens=False):
            keep.update(encoding.tokens)
    todo = list(keep)
    while todo:
        fresh = [p for p in parents.get(todo.pop(), ()) if p not in keep]
        keep.update(fresh)
        todo += fresh
    model = model.remove_tokens_from_vocabulary([t for t in model.vocabulary if t not in keep])
    model.to_tokenizer().save(job["out"])


def vocabtrimmer(job: dict) -> None:
    from vocabtrimmer import VocabTrimmer
    trimmer = VocabTrimmer(job["base"])
    trimmer.trim_vocab(language="en", path_to_save=str(pathlib.Path(job["out"]).parent),
                       dataset="text", dataset_column="text", dataset_split="train")


CONTENDERS = {
    "mergekit": mergekit, "add_tokens raw": add_tokens_raw, "add_tokens text": add_tokens_text,
    "bpe-tokenizer-editor": bpe_tokenizer_editor, "skeletoken add": skeletoken_add,
    "append": concatenation("append"), "prepend": concatenation("prepend"),
    "concatenate": concatenation("concatenate"), "score 0": sentencepiece_script(False),
    "score below": sentencepiece_script(True), "bpe-continue": bpe_continue, "trimbed": trimbed,
    "skeletoken trim": skeletoken_trim, "vocabtrimmer": vocabtrimmer,
}

if __name__ == "__main__":
    CONTENDERS[sys.argv[1]](json.loads(pathlib.Path(sys.argv[2]).read_text()))
