"""sentencepiece .model: ids, offsets and decoding equal those of sentencepiece itself.

The real models of the cache, and models trained here for each combination of algorithm, byte
fallback, normalisation rule, white-space flags, user-defined and control symbols, digits.
"""

import itertools
import pathlib

import pytest

import differential
import documents
import tokgraft
import toys
from conftest import data_path

sentencepiece = pytest.importorskip("sentencepiece")
REFERENCE = f"sentencepiece {sentencepiece.__version__}"

MISTRAL = ["tokenizer.model.v1", "mistral_instruct_tokenizer_240216.model.v2",
           "mistral_instruct_tokenizer_240323.model.v3", "mistral_instruct_tokenizer_241114.model.v7",
           "mistral_instruct_tokenizer_241114.model.v7m1"]
RULES = ["nmt_nfkc", "nmt_nfkc_cf", "nfkc", "nfkc_cf", "identity"]
SYMBOLS = ["<sep>", "▁<m>", "[X]", "ab c", "中文", "▁▁", "abc", "ab"]

# name -> options of the trainer, beside the algorithm.
VARIANTS = {rule: dict(normalization_rule_name=rule) for rule in RULES} | {
    "no fallback": dict(byte_fallback=False, character_coverage=0.98),
    "symbols": dict(user_defined_symbols=SYMBOLS, control_symbols=["<ctl>", "[INST]"]),
    "symbols identity": dict(user_defined_symbols=SYMBOLS, normalization_rule_name="identity",
                             remove_extra_whitespaces=False),
    "symbols no fallback": dict(user_defined_symbols=SYMBOLS, byte_fallback=False),
    "digits": dict(split_digits=True, split_by_number=False),
    "no dummy prefix": dict(add_dummy_prefix=False),
    "extra spaces": dict(remove_extra_whitespaces=False),
    "extra spaces, no dummy prefix": dict(remove_extra_whitespaces=False, add_dummy_prefix=False),
    "extra spaces, pieces of spaces": dict(remove_extra_whitespaces=False,
                                           allow_whitespace_only_pieces=True),
    "suffix": dict(treat_whitespace_as_suffix=True),
    "suffix, extra spaces": dict(treat_whitespace_as_suffix=True, remove_extra_whitespaces=False),
    "suffix, no dummy": dict(treat_whitespace_as_suffix=True, add_dummy_prefix=False),
    "across words": dict(split_by_whitespace=False, max_sentencepiece_length=24),
    "unk surface": dict(unk_surface="<?>", byte_fallback=False),
    "other ids": dict(unk_id=3, bos_id=0, eos_id=1, pad_id=2, unk_piece="[UNK]", bos_piece="[B]",
                      eos_piece="[E]", pad_piece="[P]"),
    "no bos and eos": dict(bos_id=-1, eos_id=-1),
}


def options_of(variant: str) -> dict:
    return dict(byte_fallback=True) | VARIANTS[variant]


def train(path: pathlib.Path, kind: str, **options) -> pathlib.Path:
    """Like toys.sentencepiece_model, with every option free."""
    import io
    model = io.BytesIO()
    sentences = (toys.SENTENCES + toys.OTHER_SENTENCES + differential.SHORT[-1:]
                 + ["abc ab c abcd", "x<sep>y ▁<m> 2024 12", "한국어 문장입니다", "हिन्दी में लिखा"])
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences * 20), model_writer=model, model_type=kind,
        vocab_size=600, minloglevel=2, hard_vocab_limit=False, num_threads=1, **options)
    path.write_bytes(model.getvalue())
    return path


class Reference:
    def __init__(self, path):
        self.processor = sentencepiece.SentencePieceProcessor(model_file=str(path))

    def ids(self, text: str) -> list[int]:
        return self.processor.encode(text)

    def spans(self, text: str) -> list[list[int]]:
        """Its own, but for the bytes of a character left as it was: there each byte piece covers its
        byte, where sentencepiece gives the character to the last of them."""
        mapping = self.processor.encode(text, return_type="offset_mapping", return_bytes=True)
        spans = [list(span) for span in mapping["offsets"]]
        source = text.encode()
        first = 0  # of a run of byte pieces at one place
        for i, token in enumerate(mapping["ids"]):
            if not self.processor.is_byte(token):
                first = i + 1
                continue
            begin, end = spans[i]
            if begin == end:
                continue
            pieces = mapping["pieces"][first:i + 1]
            if source[begin:end].startswith(bytes(int(piece[3:5], 16) for piece in pieces)):
                ends = [*range(begin + 1, begin + len(pieces)), end]  # with what is dropped after it
                spans[first:i + 1] = [[begin + k, e] for k, e in enumerate(ends)]
            first = i + 1
        return spans

    def decode(self, ids: list[int], skip: bool) -> str:
        return self.processor.decode(ids)  # control pieces decode to nothing, always

    def names(self) -> list[str]:
        p = self.processor
        special = [p.id_to_piece(i) for i in range(p.get_piece_size())
                   if p.is_control(i) or p.is_unknown(i)]
        return special + SYMBOLS + ["<0x41>"]


def compare(path, compared, texts, spans: bool = True) -> None:
    theirs = Reference(path)
    ours = tokgraft.load(str(path))
    compared(REFERENCE, differential.compare_text(
        ours, texts(theirs.names()), theirs.ids, theirs.spans if spans else None, theirs.decode))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_trained_models(kind, variant, tmp_path, compared):
    path = train(tmp_path / "m.model", kind, **options_of(variant))
    compare(path, compared, lambda names: differential.fast_texts(names, real=False))
    ours = tokgraft.load(str(path))
    theirs = Reference(path)
    compared(REFERENCE, differential.compare_random_ids(ours, 150, theirs.decode))
    assert ours.vocab_size == theirs.processor.get_piece_size()


@pytest.mark.parametrize("name", MISTRAL)
def test_mistral(name, compared):
    path = data_path(f"tokenizers/mistral_common/{name}")
    compare(path, compared, differential.fast_texts)
    theirs = Reference(path)
    compared(REFERENCE, differential.compare_random_ids(tokgraft.load(str(path)), 300,
                                                        theirs.decode))


def test_bos_is_added_on_request(tmp_path):
    ours = tokgraft.load(str(train(tmp_path / "m.model", "bpe", byte_fallback=True)))
    theirs = Reference(tmp_path / "m.model")
    assert (ours.encode_ids("a b", add_special_tokens=True).tolist()
            == theirs.processor.encode("a b", add_bos=True))
    none = tokgraft.load(str(train(tmp_path / "n.model", "bpe", **options_of("no bos and eos"))))
    assert none.encode_ids("a", add_special_tokens=True).tolist() == none.encode_ids("a").tolist()


@pytest.mark.parametrize("kind", ["word", "char"])
def test_other_algorithms_are_refused_by_name(kind, tmp_path):
    path = train(tmp_path / "m.model", kind, byte_fallback=False)
    with pytest.raises(NotImplementedError, match=f"sentencepiece {kind.upper()}"):
        tokgraft.load(str(path))


@pytest.mark.slow
@pytest.mark.parametrize("part", differential.SLOW_PARTS)
@pytest.mark.parametrize("name", MISTRAL[:1] + MISTRAL[-1:])
def test_mistral_in_full(name, part, compared):
    compare(data_path(f"tokenizers/mistral_common/{name}"), compared,
            lambda names: differential.slow_texts(names, part), spans=part in ("hi", "random"))


@pytest.fixture(scope="module")
def large_models(tmp_path_factory):
    """8,000 pieces trained on real text, by algorithm."""
    directory = tmp_path_factory.mktemp("large")
    lines = list(itertools.chain.from_iterable(
        documents.file_documents(data_path(f"text/{name}.txt"), 300_000, 400)
        for name in differential.TEXTS))
    models = {}
    for kind in ("bpe", "unigram"):
        path = directory / f"{kind}.model"
        with path.open("wb") as out:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(lines), model_writer=out, model_type=kind, vocab_size=8000,
                byte_fallback=True, character_coverage=0.999, minloglevel=2, num_threads=2,
                user_defined_symbols=["<sep>", "\n"])
        models[kind] = path
    return models


@pytest.mark.slow
@pytest.mark.parametrize("part", differential.SLOW_PARTS)
@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_large_trained_models_in_full(large_models, kind, part, compared):
    compare(large_models[kind], compared, lambda names: differential.slow_texts(names, part),
            spans=part in ("hi", "random"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bpe", "unigram"])
def test_one_long_line(large_models, kind, compared):
    """Float32 scores add up over the whole line, so a long line differs from its words."""
    text = "".join(documents.file_documents(data_path("text/en.txt"), 1_000_000)).replace("\n", " ")
    compare(large_models[kind], compared, lambda names: [text, text.replace(" ", "")[:200_000]],
            spans=False)
