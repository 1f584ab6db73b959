"""Real tokenizers saved by us: Hugging Face reads them back to the same file and the same ids, and
AutoTokenizer to the pipeline that tokenizer.json holds, whatever class the model names."""

import json
import pathlib
import shutil

import pytest

import tokgraft
from conftest import data_path

tokenizers = pytest.importorskip("tokenizers")

NAMES = ["gpt2", "llama2", "llama3", "llama3_1", "qwen3", "gemma3", "deepseek_v3", "gpt4o", "gptoss",
         "gpt35turbo", "claude", "gemini", "minilm"]
TEXTS = ["Hello world, it's 12345 o'clock!", "  two  spaces\n\n\ttab", "Größe, naïve, Привет мир",
         "今天天气很好。明日は雨です。", "한국어 문장", "नमस्ते दुनिया", "👩‍👩‍👧‍👦 🇩🇪", "def f(x):\n    return x ** 2\n",
         "<s>[INST] <|endoftext|> <bos></s>", "\u00a0\u200b\ufeff\u2028", "e\u0301 \u1e9b\u0323", ""]


@pytest.fixture(params=NAMES)
def directory(request):
    return data_path(f"tokenizers/{request.param}/tokenizer.json").parent


def saved(directory: pathlib.Path, out: pathlib.Path) -> pathlib.Path:
    tokgraft.load(directory).save(out)
    return out


def test_hugging_face_reads_the_same_tokenizer(directory, tmp_path, compared):
    theirs = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
    ours = tokenizers.Tokenizer.from_file(str(saved(directory, tmp_path) / "tokenizer.json"))
    before, after = json.loads(theirs.to_str()), json.loads(ours.to_str())
    for part in before:
        if before[part] == {"type": "Sequence", "normalizers": []}:
            before[part] = None  # says the same
        assert before[part] == after[part], part
    for tokenizer in (theirs, ours):
        tokenizer.no_truncation()
        tokenizer.no_padding()
    for text in TEXTS:
        for special in (False, True):
            assert (ours.encode(text, add_special_tokens=special).ids
                    == theirs.encode(text, add_special_tokens=special).ids), text
    compared(f"tokenizers {tokenizers.__version__}", len(TEXTS))


def test_what_we_save_we_read_back(directory, tmp_path):
    first = saved(directory, tmp_path)
    second = tmp_path / "second"
    second.mkdir()
    saved(first, second)
    for file in sorted(path for path in first.iterdir() if path.is_file()):
        assert (second / file.name).read_bytes() == file.read_bytes(), file.name


def test_auto_tokenizer_runs_the_pipeline_of_the_file(directory, tmp_path, compared):
    transformers = pytest.importorskip("transformers")
    theirs = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))
    theirs.no_truncation()
    theirs.no_padding()
    out = saved(directory, tmp_path)
    # The class that the model's family would get if the tokenizer's configuration did not say.
    (out / "config.json").write_text(json.dumps({"model_type": "llama"}))
    auto = transformers.AutoTokenizer.from_pretrained(out)
    assert len(auto) == theirs.get_vocab_size(with_added_tokens=True)
    for text in TEXTS:
        ids = auto(text, add_special_tokens=False, truncation=False, padding=False)["input_ids"]
        assert ids == theirs.encode(text, add_special_tokens=False).ids, text
    compared(f"transformers {transformers.__version__}", len(TEXTS))


def test_a_bare_tokenizer_json_gets_a_configuration(tmp_path):
    transformers = pytest.importorskip("transformers")
    source = data_path("tokenizers/llama3/tokenizer.json")
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(source, bare)
    out = tmp_path / "out"
    out.mkdir()
    tokgraft.load(bare).save(out)
    (out / "config.json").write_text(json.dumps({"model_type": "llama"}))
    auto = transformers.AutoTokenizer.from_pretrained(out)
    theirs = tokenizers.Tokenizer.from_file(str(source))
    for text in TEXTS:
        assert auto.encode(text, add_special_tokens=False) == theirs.encode(
            text, add_special_tokens=False).ids
