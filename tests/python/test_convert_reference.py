"""What tokgraft writes and converts, read by the library whose format it is: the same ids."""

import itertools
import json
import pathlib
import random
import re
import struct

import pytest

import test_gguf_reference as llama_cpp
import tiny_gguf
import tokgraft
import toys
from conftest import data_path

TEXTS = ["Hello world, it's 12345 o'clock!", "  two  spaces\n\n\ttab", "Größe, naïve, Привет мир",
         "今天天气很好。明日は雨です。", "한국어 문장", "नमस्ते दुनिया", "👩‍👩‍👧‍👦 🇩🇪", "def f(x):\n    return x ** 2\n",
         "\u00a0\u200b\ufeff\u2028", "e\u0301 \u1e9b\u0323", "", " ", "ſ'ſ don't WE'LL", "a\r\n\r\n b", "1 22 333 4444",
         *toys.SENTENCES, *toys.OTHER_SENTENCES]
MISTRAL = ["tokenizer.model.v1", "mistral_instruct_tokenizer_240323.model.v3",
           "mistral_instruct_tokenizer_241114.model.v7"]


# ---- The libraries ------------------------------------------------------------------------------
def hugging_face(path):
    tokenizers = pytest.importorskip("tokenizers")
    tokenizer = tokenizers.Tokenizer.from_file(str(path))
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def sentencepiece(path):
    processor = pytest.importorskip("sentencepiece").SentencePieceProcessor(model_file=str(path))
    return processor.encode


def tiktoken(path):
    """Ranks and what stands beside them, as tiktoken takes them."""
    library = pytest.importorskip("tiktoken")
    from tiktoken.load import load_tiktoken_bpe
    arguments = json.loads(pathlib.Path(f"{path}.json").read_text("utf-8"))
    encoding = library.Encoding(mergeable_ranks=load_tiktoken_bpe(str(path)), **arguments)
    return lambda text: encoding.encode(text, allowed_special="all")


def tekken(path):
    tokenizer = pytest.importorskip("mistral_common.tokens.tokenizers.tekken").Tekkenizer.from_file(path)
    return lambda text: tokenizer.encode(text, bos=False, eos=False)


def in_a_model(vocabulary: pathlib.Path, out: pathlib.Path) -> pathlib.Path:
    """A small model's file with the tokenizer.* metadata of `vocabulary`, byte for byte."""
    gguf = pytest.importorskip("gguf")

    def cut(path, reader, wanted):
        raw = path.read_bytes()
        fields = [f for name, f in reader.fields.items() if f.offset and wanted(name)]
        return [raw[f.offset:f.offset + sum(part.nbytes for part in f.parts)] for f in fields]

    kv = gguf.GGUFReader(vocabulary)
    rows = len(kv.fields["tokenizer.ggml.tokens"].data)
    model = tiny_gguf.write(out.with_suffix(".tiny"), ["x"] * rows, [1] * rows)
    tiny = gguf.GGUFReader(model)
    metadata = (cut(model, tiny, lambda name: not name.startswith(("tokenizer.", "GGUF.")))
                + cut(vocabulary, kv, lambda name: name.startswith("tokenizer.")))
    raw = model.read_bytes()
    last = tiny.tensors[-1].field
    infos = raw[tiny.tensors[0].field.offset:last.offset + sum(part.nbytes for part in last.parts)]
    body = (b"GGUF" + struct.pack("<IQQ", 3, len(tiny.tensors), len(metadata))
            + b"".join(metadata) + infos)
    out.write_bytes(body + b"\0" * (-len(body) % 32) + raw[tiny.data_offset:])
    return out


@pytest.fixture
def with_llama_cpp(tmp_path):
    llama_cpp.version()
    started = []

    def start(path):
        started.append(llama_cpp.Reference(in_a_model(path, tmp_path / "model.gguf")))
        return started[-1].ids

    yield start
    for reference in started:
        reference.close()


LIBRARIES = {"tokenizer.json": hugging_face, "sentencepiece": sentencepiece, "tiktoken": tiktoken,
             "tekken": tekken}


def agree(ours, theirs, texts=TEXTS) -> None:
    for text in texts:
        assert ours(text) == theirs(text), repr(text)


def saved(tokenizer, path, **options):
    tokenizer.save(path, **options)
    return path


# ---- A format written in its own words -----------------------------------------------------------
OWN = [*(f"mistral_common/{name}" for name in MISTRAL), "mistral_common/tekken_240911.json",
       "qwen.tiktoken", "r50k.tiktoken"]


@pytest.mark.parametrize("name", OWN)
def test_what_was_loaded_comes_back(name, tmp_path, compared):
    source = data_path(f"tokenizers/{name}")
    tokenizer = tokgraft.load(source)
    out = saved(tokenizer, tmp_path / source.name, format=tokenizer.format)
    agree(lambda text: tokenizer.encode_ids(text).tolist(), LIBRARIES[tokenizer.format](out))
    assert tokgraft.load(out).encode_ids(TEXTS[0]).tolist() == tokenizer.encode_ids(TEXTS[0]).tolist()
    if name.endswith(("tiktoken", ".v1")):
        assert out.read_bytes() == source.read_bytes()
    compared(f"{tokenizer.format}, written", len(TEXTS))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                                  "gemma3_gguf/gemma-3-270m-q4_k_m.gguf"])
def test_gguf_comes_back(name, tmp_path, with_llama_cpp, compared):
    tokenizer = tokgraft.load(data_path(f"tokenizers/{name}"))
    out = saved(tokenizer, tmp_path / "vocabulary.gguf", format="gguf")
    agree(lambda text: tokenizer.encode_ids(text).tolist(), with_llama_cpp(out))
    compared("llama.cpp, written", len(TEXTS))


def test_tekken_keeps_what_it_held(tmp_path):
    source = data_path("tokenizers/mistral_common/tekken_240911.json")
    out = saved(tokgraft.load(source), tmp_path / "tekken.json", format="tekken")
    before, after = (json.loads(path.read_text("utf-8")) for path in (source, out))
    assert after["image"] == before["image"]
    assert after["config"] == before["config"] | {"num_vocab_tokens": len(after["vocab"])}
    assert after["vocab"] == before["vocab"][:len(after["vocab"])]
    assert len(after["vocab"]) == 131072 - 1000


@pytest.mark.slow
@pytest.mark.parametrize("base,form", [("mistral_common/tokenizer.model.v1", "sentencepiece"),
                                       ("mistral_common/tekken_240911.json", "tekken"),
                                       ("qwen.tiktoken", "tiktoken")])
def test_a_merged_base_is_saved_in_its_own_format(base, form, tmp_path, compared):
    tokenizer = tokgraft.load(data_path(f"tokenizers/{base}"))
    donor = tokgraft.load(toys.byte_level_bpe(tmp_path / "donor.json", size=600))
    merged = tokgraft.merge(tokenizer, donor).tokenizer
    assert merged.vocab_size > tokenizer.vocab_size
    out = saved(merged, tmp_path / "merged", format=form)
    agree(lambda text: merged.encode_ids(text).tolist(), LIBRARIES[form](out))
    new = {i for text in toys.SENTENCES for i in LIBRARIES[form](out)(text) if i >= tokenizer.vocab_size}
    assert new, "the text has new tokens"
    compared(f"{form}, merged", len(TEXTS))


def test_a_graft_on_a_model_that_has_only_a_sentencepiece_model(tmp_path):
    model = tmp_path / "model"
    model.mkdir()
    toys.sentencepiece_model(model / "tokenizer.model")
    base = tokgraft.load(model / "tokenizer.model")
    toys.llama(model, base.vocab_size)
    donor = tokgraft.load(toys.byte_level_bpe(tmp_path / "donor.json", toys.OTHER_SENTENCES))
    tokgraft.graft(model, donor, out=tmp_path / "out")
    report = tokgraft.verify(tmp_path / "out")
    assert report.ok, report.problems
    assert not (tmp_path / "out/tokenizer.json").exists()
    merged = tokgraft.load(tmp_path / "out")
    assert merged.vocab_size > base.vocab_size
    agree(lambda text: merged.encode_ids(text).tolist(), sentencepiece(tmp_path / "out/tokenizer.model"))


# ---- From format to format -----------------------------------------------------------------------
def test_gpt2_to_tiktoken_and_back(tmp_path, compared):
    source = data_path("tokenizers/gpt2/tokenizer.json")
    ranks = saved(tokgraft.load(source), tmp_path / "gpt2.tiktoken", format="tiktoken")
    texts = TEXTS + ["<|endoftext|>", "a<|endoftext|> b"]
    agree(hugging_face(source), tiktoken(ranks), texts)
    assert ranks.read_bytes() == data_path("tokenizers/r50k.tiktoken").read_bytes()
    back = saved(tokgraft.load(ranks), tmp_path / "back.json")
    agree(hugging_face(source), hugging_face(back), texts)
    before, after = (json.loads(path.read_text("utf-8")) for path in (source, back))
    added = {token["content"]: token["id"] for token in before["added_tokens"]}
    assert after["model"]["vocab"] | added == before["model"]["vocab"]
    assert ([tuple(pair) for pair in after["model"]["merges"]]
            == [tuple(p.split(" ")) if isinstance(p, str) else tuple(p) for p in before["model"]["merges"]])
    assert after["added_tokens"] == before["added_tokens"]
    compared("tiktoken and tokenizers, converted", 2 * len(texts))


def test_llama2_to_a_model_and_back(tmp_path, compared):
    source = data_path("tokenizers/llama2/tokenizer.json")
    model = saved(tokgraft.load(source), tmp_path / "tokenizer.model", format="sentencepiece")
    agree(hugging_face(source), sentencepiece(model))
    back = saved(tokgraft.load(model), tmp_path / "back.json")
    agree(hugging_face(source), hugging_face(back), TEXTS + ["<s> x </s>"])
    special = json.loads(source.read_text("utf-8"))["post_processor"]
    assert json.loads(back.read_text("utf-8"))["post_processor"] == special
    compared("sentencepiece and tokenizers, converted", 2 * len(TEXTS))


def test_mistral_to_tokenizer_json(tmp_path, compared):
    source = data_path(f"tokenizers/mistral_common/{MISTRAL[0]}")
    out = saved(tokgraft.load(source), tmp_path / "tokenizer.json")
    agree(sentencepiece(source), hugging_face(out))
    compared("tokenizers, converted", len(TEXTS))


def text_shown(error) -> str:
    """The text in a refusal, its escapes undone."""
    shown = re.search(r'the text "(.*?)" would have', str(error))[1]
    return re.sub(r"\\u\{(\w+)\}", lambda m: chr(int(m[1], 16)), shown)


def test_user_defined_pieces_beside_a_prefix_are_refused(tmp_path):
    """sentencepiece puts its ▁ before a text that starts with spaces or a symbol, and nowhere else;
    tokenizer.json has stages for one or the other."""
    source = data_path(f"tokenizers/mistral_common/{MISTRAL[1]}")
    tokenizer = tokgraft.load(source)
    with pytest.raises(tokgraft.Error, match="would have the ids") as error:
        tokenizer.save(tmp_path / "tokenizer.json")
    assert "ids change" in tokenizer.save(tmp_path / "tokenizer.json", lossy=True)[0]
    text = text_shown(error.value)
    assert tokenizer.encode_ids(text).tolist() == sentencepiece(source)(text)


def test_tekken_to_tokenizer_json(tmp_path, compared):
    source = data_path("tokenizers/mistral_common/tekken_240911.json")
    out = saved(tokgraft.load(source), tmp_path / "tokenizer.json")
    agree(tekken(source), hugging_face(out))
    compared("tokenizers, converted", len(TEXTS))


def test_mistral_to_gguf(tmp_path, with_llama_cpp, compared):
    source = data_path("tokenizers/mistral_common/tokenizer.model.v1")
    out = saved(tokgraft.load(source), tmp_path / "v.gguf", format="gguf")
    agree(sentencepiece(source), with_llama_cpp(out))
    compared("llama.cpp, converted", len(TEXTS))


def test_gpt2_to_gguf(tmp_path, with_llama_cpp, compared):
    source = data_path("tokenizers/gpt2/tokenizer.json")
    out = saved(tokgraft.load(source), tmp_path / "v.gguf", format="gguf")
    agree(hugging_face(source), with_llama_cpp(out))
    compared("llama.cpp, converted", len(TEXTS))


# ---- Refusals ------------------------------------------------------------------------------------
def test_a_normalizer_is_refused_with_a_text_that_shows_why(tmp_path):
    tokenizer = tokgraft.load(data_path("tokenizers/qwen3/tokenizer.json"))
    with pytest.raises(tokgraft.Error, match="has no normalizer") as error:
        tokenizer.save(tmp_path / "q.tiktoken", format="tiktoken")
    text = text_shown(error.value)
    notes = tokenizer.save(tmp_path / "q.tiktoken", format="tiktoken", lossy=True)
    assert re.match(r"[\d.]+ % of \d+ bytes are in texts whose ids change", notes[0])
    assert tiktoken(tmp_path / "q.tiktoken")(text) != tokenizer.encode_ids(text).tolist()


@pytest.mark.parametrize("name,form,why", [
    ("gpt2/tokenizer.json", "sentencepiece", "UTF-8"),
    ("llama2/tokenizer.json", "tiktoken", "ranks are joined"),
    ("deepseek_v3/tokenizer.json", "tiktoken", "no single regex"),
    ("minilm/tokenizer.json", "sentencepiece", "no counterpart")])
def test_what_a_format_cannot_say(name, form, why, tmp_path):
    tokenizer = tokgraft.load(data_path(f"tokenizers/{name}"))
    with pytest.raises(NotImplementedError, match=why):
        tokenizer.save(tmp_path / "out", format=form)
    assert not list(tmp_path.iterdir())


# ---- Random small tokenizers ---------------------------------------------------------------------
ALPHABET = "abc"
SEEDS = 12
ALL_TEXTS = ["".join(letters) for size in range(1, 7) for letters in itertools.product(ALPHABET, repeat=size)]


def random_merges(rng, count: int) -> tuple[list[str], list[list[str]]]:
    """Pieces over three letters in random order, and merges for some, in another order."""
    pieces, merges = list(ALPHABET), []
    for _ in range(count):
        left, right = rng.choice(pieces), rng.choice(pieces)
        if left + right not in pieces and len(left + right) < 7:
            pieces.append(left + right)
            merges.append([left, right])
    for _ in range(rng.randrange(3)):
        if merges:
            at = rng.randrange(len(merges))
            merges.insert(rng.randrange(len(merges) + 1), merges.pop(at))
    return pieces, merges


def byte_level(path, pieces, merges):
    from tokenizers import pre_tokenizers
    vocab = {piece: i for i, piece in enumerate(pieces)}
    for letter in sorted(pre_tokenizers.ByteLevel.alphabet()):
        vocab.setdefault(letter, len(vocab))
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    path.write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": byte_level, "post_processor": None, "decoder": byte_level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
                  "ignore_merges": False, "vocab": vocab, "merges": merges}}))
    return path


def metaspace(path, pieces, merges):
    vocab = {"<unk>": 0} | {f"<0x{byte:02X}>": byte + 1 for byte in range(256)}
    for piece in [*pieces, "▁"]:
        vocab.setdefault(piece, len(vocab))
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    unknown = {"id": 0, "content": "<unk>", "single_word": False, "lstrip": False, "rstrip": False,
               "normalized": False, "special": True}
    path.write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [unknown],
        "normalizer": replace, "pre_tokenizer": None, "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True,
                  "ignore_merges": False, "vocab": vocab, "merges": merges}}))
    return path


@pytest.mark.parametrize("make,form", [(byte_level, "tiktoken"), (metaspace, "sentencepiece")])
def test_random_merge_lists_agree_or_are_refused(make, form, tmp_path, compared):
    """What is written gives the same ids for every text of up to six letters, and where it is
    refused the text of the refusal has others."""
    outcomes = {True: 0, False: 0}
    for seed in range(SEEDS):
        source = make(tmp_path / f"{seed}.json", *random_merges(random.Random(seed), 9))
        theirs, out = hugging_face(source), tmp_path / f"{seed}.out"
        tokenizer = tokgraft.load(source)
        try:
            tokenizer.save(out, format=form)
        except tokgraft.Error as refused:
            outcomes[False] += 1
            tokenizer.save(out, format=form, lossy=True)
            text = text_shown(refused)
            assert theirs(text) != LIBRARIES[form](out)(text), seed
            continue
        outcomes[True] += 1
        other = LIBRARIES[form](out)
        back = hugging_face(saved(tokgraft.load(out), tmp_path / f"{seed}.back"))
        for text in ALL_TEXTS:
            assert theirs(text) == other(text) == back(text), (seed, text)
    assert min(outcomes.values()) >= 2, outcomes
    compared(f"{form}, random", SEEDS * len(ALL_TEXTS))


@pytest.mark.parametrize("kind", ["bpe", "unigram"])
@pytest.mark.parametrize("options", [dict(normalization_rule_name="identity", remove_extra_whitespaces=False),
                                     dict(normalization_rule_name="identity", remove_extra_whitespaces=False,
                                          add_dummy_prefix=False)])
def test_trained_models_to_tokenizer_json_and_back(kind, options, tmp_path, compared):
    source = toys.sentencepiece_model(tmp_path / "m.model", kind, size=500, **options)
    out = saved(tokgraft.load(source), tmp_path / "m.json")
    agree(sentencepiece(source), hugging_face(out))
    back = saved(tokgraft.load(out), tmp_path / "back.model", format="sentencepiece")
    agree(sentencepiece(source), sentencepiece(back))
    compared("sentencepiece and tokenizers, converted", 2 * len(TEXTS))
