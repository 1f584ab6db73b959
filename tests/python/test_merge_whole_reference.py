"""Merges onto Unigram and WordPiece bases, read by the reference libraries: saved as tokenizer.json or
.model, tokenizers and sentencepiece give our ids; no protected text is cut anew; old scores stay.

Toy pairs run among the fast tests; trained models of real size and MiniLM are slow, and print what was
added, refused, left out, and what it brought, by language.
"""

import io
import json
import pathlib
import time

import pytest

import toys
from conftest import data_path

tokenizers = pytest.importorskip("tokenizers")
sentencepiece = pytest.importorskip("sentencepiece")
tokgraft = pytest.importorskip("tokgraft")

LANGUAGES = ["en", "de", "ru", "zh", "ja", "ko", "hi"]
REFUSED = ["B1", "B3", "B4", "B5", "B6", "C9"]
TEXTS = [*toys.SENTENCES, *toys.OTHER_SENTENCES, "  two  spaces\t\n", "😀----😀 aaaa", "naïve ﬁne ½", "", "<s>"]


def lines_of(name: str, limit: int) -> list[str]:
    return data_path(f"text/{name}.txt").read_text(encoding="utf-8")[:limit].splitlines()


def unigram_json(model: pathlib.Path, path: pathlib.Path) -> pathlib.Path:
    """The pieces of a .model as Hugging Face's Unigram, words split at spaces."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    pieces = [(processor.id_to_piece(i), processor.get_score(i)) for i in range(processor.get_piece_size())]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.Unigram(pieces, unk_id=processor.unk_id()))
    tokenizer.normalizer = tokenizers.normalizers.NFKC()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    tokenizer.decoder = tokenizers.decoders.Metaspace()
    tokenizer.save(str(path))
    return path


def wordpiece_json(path: pathlib.Path, sentences, size: int) -> pathlib.Path:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = tokenizers.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = tokenizers.decoders.WordPiece()
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False)
    tokenizer.train_from_iterator(sentences, trainer)
    tokenizer.save(str(path))
    return path


def train_unigram(path: pathlib.Path, sentences, size: int) -> pathlib.Path:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences), model_writer=model, model_type="unigram", vocab_size=size,
        character_coverage=0.9995, minloglevel=2, num_threads=2, hard_vocab_limit=False)
    path.write_bytes(model.getvalue())
    return path


def reference_of(out: pathlib.Path):
    """ids(text) of the library that the saved tokenizer is for, and its name."""
    if (out / "tokenizer.json").exists():
        theirs = tokenizers.Tokenizer.from_file(str(out / "tokenizer.json"))
        theirs.no_padding()  # MiniLM's file asks for it
        theirs.no_truncation()
        return lambda text: theirs.encode(text, add_special_tokens=False).ids, \
            f"tokenizers {tokenizers.__version__}"
    model = sentencepiece.SentencePieceProcessor(model_file=str(next(out.glob("*.model"))))
    return model.encode, f"sentencepiece {sentencepiece.__version__}"


def check(base_path, donor, out, protect, texts, compared, **options):
    base = tokgraft.load(base_path)
    start = time.monotonic()
    merged = tokgraft.merge(base, donor, protect=protect, **options)
    seconds = time.monotonic() - start
    merged.save(out)
    theirs, name = reference_of(out)
    ours = tokgraft.load(out)
    for text in texts:
        ids = ours.encode_ids(text).tolist()
        assert ids == theirs(text), text
        assert ids == merged.tokenizer.encode_ids(text).tolist(), text
    added = merged.id_map.added
    for piece in added:
        assert piece["id"] in theirs(piece["witness"]), piece
    compared(name, len(texts) + len(added))
    return merged, seconds


def assert_old_ids_stay(base, merged) -> None:
    for old, new in enumerate(merged.id_map.base_to_merged):
        assert new == old or (new is None and base.token_bytes(old) is None)
        assert merged.tokenizer.token_bytes(old) == base.token_bytes(old)


def toy_bases(directory: pathlib.Path) -> dict[str, pathlib.Path]:
    model = toys.sentencepiece_model(directory / "unigram.model", "unigram", size=440)
    plain = train_unigram(directory / "plain.model", toys.SENTENCES * 20, 200)
    return {"sentencepiece": model, "tokenizers": unigram_json(plain, directory / "unigram.json"),
            "wordpiece": wordpiece_json(directory / "wordpiece.json", toys.SENTENCES * 4, 200)}


@pytest.mark.parametrize("kind", ["sentencepiece", "tokenizers", "wordpiece"])
@pytest.mark.parametrize("donor_kind", ["unigram", "bytes", "wordpiece"])
def test_toys(kind, donor_kind, tmp_path, compared):
    base_path = toy_bases(tmp_path)[kind]
    others = toys.OTHER_SENTENCES + ["schlafende Hunde soll man nicht wecken, the dogs are sleeping"]
    donor = {
        "unigram": lambda path: train_unigram(path.with_suffix(".model"), others * 20, 150),
        "bytes": lambda path: toys.byte_level_bpe(path, sentences=others, size=400),
        "wordpiece": lambda path: wordpiece_json(path, others * 4, 200),
    }[donor_kind](tmp_path / "donor.json")
    protect = tmp_path / "protect.txt"
    protect.write_text("\n".join(toys.SENTENCES[:3]) + "\n", encoding="utf-8")
    merged, _ = check(base_path, donor, tmp_path / "out", {"old": protect}, TEXTS, compared)
    base = tokgraft.load(base_path)
    assert len(merged.id_map.added) > 10
    assert_old_ids_stay(base, merged)
    certificate = merged.certificate
    assert certificate.new_cuts == 0 and certificate.level in ("L0", "L2"), certificate.reason
    again = tokgraft.merge(merged.tokenizer, donor, protect={"old": protect})
    assert again.id_map.added == []


def test_a_corpus_chooses_and_a_budget_holds(tmp_path):
    base_path = toy_bases(tmp_path)["tokenizers"]
    donor = train_unigram(tmp_path / "donor.model", toys.OTHER_SENTENCES * 20, 150)
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(toys.OTHER_SENTENCES) + "\n", encoding="utf-8")
    merged = tokgraft.merge(base_path, donor, budget=12, corpora={"zh": corpus}, protect={"zh": corpus})
    assert len(merged.id_map.added) == 12
    ids = {id for line in toys.OTHER_SENTENCES for id in merged.tokenizer.encode_ids(line).tolist()}
    assert {piece["id"] for piece in merged.id_map.added} <= ids  # all of them are used
    scripts = tokgraft.merge(base_path, donor, scripts=["Hiragana"])
    assert scripts.id_map.added
    for piece in scripts.id_map.added:
        assert any("\u3040" <= c <= "\u309f" for c in bytes.fromhex(piece["bytes"]).decode())


def test_a_union_of_unigrams_is_one_distribution(tmp_path, compared):
    import math
    base_path = toy_bases(tmp_path)["sentencepiece"]
    donor = train_unigram(tmp_path / "donor.model", toys.OTHER_SENTENCES * 20, 150)
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(toys.SENTENCES + toys.OTHER_SENTENCES) + "\n", encoding="utf-8")
    tokens = {}
    for rounds in (0, 3):
        merged, _ = check(base_path, donor, tmp_path / f"out{rounds}", None, TEXTS, compared,
                          strategy="union", mix=0.3, em=rounds, corpora={"all": corpus})
        assert_old_ids_stay(tokgraft.load(base_path), merged)
        assert merged.certificate.level == "L2" and not merged.certificate.proved
        assert merged.conflicts.counts["C7"] > 0
        model = sentencepiece.SentencePieceProcessor(
            model_file=str(next((tmp_path / f"out{rounds}").glob("*.model"))))
        normal = [i for i in range(model.get_piece_size())
                  if not (model.is_control(i) or model.is_unknown(i) or model.is_byte(i))]
        assert abs(sum(math.exp(model.get_score(i)) for i in normal) - 1) < 6e-8
        tokens[rounds] = sum(merged.tokenizer.count(line) for line in toys.OTHER_SENTENCES)
    before = sum(tokgraft.load(base_path).count(line) for line in toys.OTHER_SENTENCES)
    assert tokens[0] < before and tokens[3] < before


def test_what_a_union_cannot_do(tmp_path):
    base_path = toy_bases(tmp_path)["tokenizers"]
    bpe = toys.byte_level_bpe(tmp_path / "bpe.json")
    with pytest.raises(NotImplementedError, match="it has no log-probabilities, .*use extend"):
        tokgraft.merge(base_path, bpe, strategy="union")
    with pytest.raises(ValueError, match=r"union_weight \(mix\): 1.5 is no share of the base"):
        tokgraft.merge(base_path, base_path, strategy="union", mix=1.5)
    with pytest.raises(ValueError, match=r"em_rounds \(em\): no corpus, one was expected"):
        tokgraft.merge(base_path, base_path, strategy="union", em=2)
    with pytest.raises(ValueError, match=r"em_rounds \(em\): the strategy \"union\" on a Unigram base"):
        tokgraft.merge(bpe, bpe, em=2)


def print_table(title, base, merged, seconds) -> None:
    counts = merged.conflicts.counts
    refused = ", ".join(f"{code} {counts[code]:,}" for code in REFUSED if counts.get(code))
    certificate = merged.certificate
    print(f"\n{title}: {len(merged.id_map.added):,} added; {refused}; {certificate.level}, "
          f"{certificate.new_cuts} new cuts, {certificate.changed_spans:,} changed spans; {seconds:.1f} s")
    for name in LANGUAGES:
        lines = lines_of(name, 200_000)
        size = sum(len(line.encode()) for line in lines)
        old = sum(base.count(line) for line in lines)
        new = sum(merged.tokenizer.count(line) for line in lines)
        print(f"  {name}  {size / old:.3f} -> {size / new:.3f} bytes a token")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    directory = tmp_path_factory.mktemp("trained")
    english = train_unigram(directory / "en.model", lines_of("en", 3_000_000), 32_000)
    chinese = train_unigram(directory / "zh.model", lines_of("zh", 1_000_000), 8_000)
    return {"sentencepiece": english, "tokenizers": unigram_json(english, directory / "en.json"),
            "chinese": chinese}


def real_texts() -> list[str]:
    return TEXTS + [line for name in LANGUAGES for line in lines_of(name, 100_000)]


def protected(tmp_path: pathlib.Path) -> dict[str, pathlib.Path]:
    path = tmp_path / "protect.txt"
    path.write_text("\n".join(lines_of("reference-en", 400_000)) + "\n", encoding="utf-8")
    return {"en": path}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sentencepiece", "tokenizers"])
@pytest.mark.parametrize("donor", ["chinese", "qwen3"])
def test_a_trained_unigram(kind, donor, trained, tmp_path, compared):
    donor_path = trained["chinese"] if donor == "chinese" else data_path("tokenizers/qwen3")
    merged, seconds = check(trained[kind], donor_path, tmp_path / "out", protected(tmp_path),
                            real_texts(), compared)
    base = tokgraft.load(trained[kind])
    print_table(f"{kind} Unigram 32k + {donor}", base, merged, seconds)
    assert_old_ids_stay(base, merged)
    assert merged.certificate.new_cuts == 0
    assert len(merged.id_map.added) > 3_000


@pytest.mark.slow
def test_a_union_of_trained_unigrams(trained, tmp_path, compared):
    merged, seconds = check(trained["sentencepiece"], trained["chinese"], tmp_path / "out",
                            protected(tmp_path), real_texts(), compared, strategy="union")
    base = tokgraft.load(trained["sentencepiece"])
    print_table("union of Unigram 32k and Chinese 8k", base, merged, seconds)
    assert len(merged.id_map.added) > 5_000


@pytest.mark.slow
def test_minilm_and_qwen3(tmp_path, compared):
    base_path = data_path("tokenizers/minilm")
    merged, seconds = check(base_path, data_path("tokenizers/qwen3"), tmp_path / "out",
                            protected(tmp_path), real_texts(), compared)
    base = tokgraft.load(base_path)
    print_table("MiniLM + Qwen3", base, merged, seconds)
    assert_old_ids_stay(base, merged)
    assert merged.certificate.new_cuts == 0
    added = json.loads((tmp_path / "out" / "id_map.json").read_text())["added"]
    assert any(piece.get("inside_word") for piece in added)
    assert len(added) > 5_000


@pytest.mark.slow
def test_minilm_and_a_trained_wordpiece(tmp_path, compared):
    base_path = data_path("tokenizers/minilm")
    donor = wordpiece_json(tmp_path / "donor.json", lines_of("de", 2_000_000), 20_000)
    merged, seconds = check(base_path, donor, tmp_path / "out", protected(tmp_path), real_texts(),
                            compared, budget=8_000)
    base = tokgraft.load(base_path)
    print_table("MiniLM + German WordPiece, 8,000", base, merged, seconds)
    assert merged.certificate.new_cuts == 0 and len(merged.id_map.added) == 8_000
