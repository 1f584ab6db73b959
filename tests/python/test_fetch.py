"""tests/data/fetch.py: what it makes of packages, with stand-ins for the package clients."""

import importlib
import json
import pathlib
import subprocess
import sys

import pytest

DATA_TOOLS = pathlib.Path(__file__).resolve().parents[1] / "data"


@pytest.fixture
def tools(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(DATA_TOOLS))
    monkeypatch.setenv("TOKGRAFT_DATA", str(tmp_path / "cache"))
    sys.modules.pop("fetch", None)
    sys.modules.pop("texts", None)
    yield importlib.import_module("fetch")
    sys.modules.pop("fetch", None)
    sys.modules.pop("texts", None)


def test_pins_name_version_and_hash(tools):
    pins = tools.read_pins()
    assert {pin.set for pin in pins} <= set(tools.SETS)
    for pin in pins:
        if pin.registry in ("npm", "pypi"):
            assert len(pin.sha256) == 64 and pin.version[0].isdigit()


def test_html_becomes_one_paragraph_a_line(tools, tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<html><head><title>no</title></head><body><nav>no</nav><h1>A  b</h1>"
                    "<p>One <b>bold</b>\n word &amp; more</p><ul><li>x<p>y</p></li></ul>"
                    "<script>no</script>tail</body></html>", encoding="utf-8")
    assert tools.texts.paragraphs(page) == ["A b", "One bold word & more", "x", "y", "tail"]


def test_reference_keeps_rows_translated_everywhere(tools, tmp_path):
    def write(language: str, *chapters: str) -> pathlib.Path:
        folder = tmp_path / language / "usr/share/debian-reference"
        folder.mkdir(parents=True)
        for i, body in enumerate(chapters):
            (folder / f"ch{i:02}.{language}.html").write_text(body, encoding="utf-8")
        return tmp_path / language

    roots = {"de": write("de", "<p>Hallo</p><p>ls</p>", "<p>eins</p>"),
             "en": write("en", "<p>Hello</p><p>ls</p>", "<p>one</p><p>two</p>")}
    assert tools.texts.reference_rows(roots) == [("Hallo", "Hello")]


def make_set(tools, monkeypatch, make):
    monkeypatch.setitem(tools.SETS, "toy", (make, (), 1))
    return tools.main(["toy"])


def test_a_set_is_made_once(tools, monkeypatch):
    calls = []

    def make(pins, tmp, out):
        calls.append(1)
        (out / "a").mkdir()
        (out / "a/b.txt").write_text("b")

    assert make_set(tools, monkeypatch, make) == 0
    assert make_set(tools, monkeypatch, make) == 0
    assert len(calls) == 1 and (tools.CACHE / "a/b.txt").read_text() == "b"
    (tools.CACHE / "a/b.txt").unlink()
    assert make_set(tools, monkeypatch, make) == 0
    assert len(calls) == 2


def test_a_failure_leaves_nothing(tools, monkeypatch):
    def make(pins, tmp, out):
        (out / "half.txt").write_text("half")
        raise SystemExit("fetch: error: the network is down")

    with pytest.raises(SystemExit, match="network"):
        make_set(tools, monkeypatch, make)
    assert {p.name for p in tools.CACHE.iterdir()} == {".lock"}


def test_another_file_than_pinned_is_refused(tools, tmp_path):
    (tmp_path / "package.tgz").write_bytes(b"something else")
    pin = tools.Pin("npm", "toy", "left", "1.0", "0" * 64)
    with pytest.raises(SystemExit, match="left 1.0: the registry sent another file"):
        tools.checked(tmp_path, [pin])


def test_unknown_set_is_a_usage_error():
    done = subprocess.run([sys.executable, DATA_TOOLS / "fetch.py", "nonsense"],
                          capture_output=True, text=True)
    assert done.returncode == 2 and "not a set, expected one of tokenizers" in done.stderr


def test_converted_model_is_what_the_tokenizer_needs(data):
    folder = data("models/smollm2-135m")
    config = json.loads((folder / "config.json").read_text())
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    assert len(tokenizer["model"]["vocab"]) == config["vocab_size"] == 49152
    assert (config["bos_token_id"], config["eos_token_id"], config["pad_token_id"]) == (1, 2, 2)
    import tokenizers

    reference = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert reference.encode("year 2024").tokens == ["year", "Ġ", "2", "0", "2", "4"]


@pytest.mark.slow
def test_converted_model_predicts_english(data):
    """A wrong row order of the rotary embedding gives several times these bits per byte."""
    import math

    import torch
    import transformers

    folder = data("models/smollm2-135m")
    lines = data("text/reference-en.txt").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if len(line) > 200)[:16000]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = tokenizer(text, return_tensors="pt").input_ids[:, :2048]
    with torch.no_grad():
        loss = model(ids, labels=ids).loss.item()
    size = len(tokenizer.decode(ids[0, 1:]).encode())
    assert 0.8 < loss * (ids.shape[1] - 1) / math.log(2) / size < 1.3
