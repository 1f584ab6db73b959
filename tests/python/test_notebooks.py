"""The notebooks run from top to bottom, in a folder like the one that ./dev demo leaves behind."""

import pathlib

import pytest

from conftest import data_path

NOTEBOOKS = pathlib.Path(__file__).resolve().parents[2] / "python" / "notebooks"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(p.name for p in NOTEBOOKS.glob("*.ipynb")))
def test_notebook(name, tmp_path, monkeypatch):
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("torch")
    (tmp_path / "SmolLM2-135M").symlink_to(data_path("models/smollm2-135m"))
    (tmp_path / "tekken.json").symlink_to(data_path("tokenizers/mistral_common/tekken_240911.json"))
    for language in ("en", "zh"):
        text = data_path(f"text/reference-{language}.txt").read_bytes()[:60_000]
        (tmp_path / f"{language}.txt").write_text(text.decode("utf-8", "ignore"))
    monkeypatch.setenv("TOKGRAFT_DEMO", str(tmp_path))
    notebook = nbformat.read(NOTEBOOKS / name, as_version=4)
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    assert (tmp_path / "from-notebook" / "tokgraft.json").is_file()
