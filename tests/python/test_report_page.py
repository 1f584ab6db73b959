"""tokgraft report: one page that stands alone, says what the files say, and escapes what it shows."""

import html.parser
import json
import pathlib
import re
import subprocess
import sys

import pytest

import tokgraft
import toys

HOSTILE = "</td><script>alert(1)</script>&amp;"


@pytest.fixture(scope="module")
def grafted(tmp_path_factory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("report")
    toys.model_with_tokenizer(folder / "model")
    donor = toys.byte_level_bpe(folder / "donor.json",
                                sentences=[*toys.OTHER_SENTENCES, "天气<script><b>&lt;" * 3], size=400)
    (folder / "zh.txt").write_text("\n".join(toys.OTHER_SENTENCES), encoding="utf-8")
    tokgraft.graft(str(folder / "model"), str(donor), out=str(folder / "out"),
                   corpora={HOSTILE: str(folder / "zh.txt")}, curve=True)
    return folder / "out"


class Reader(html.parser.HTMLParser):
    """Every tag that is opened is closed in its turn; collects the text."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.text = [], set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag not in ("br", "meta"):
            self.open.append(tag)
        assert not {"src", "href", "onload", "onclick"} & {name for name, _ in attributes}

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(page: str) -> tuple[set[str], str]:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader.tags, " ".join(reader.text)


def test_the_page_stands_alone_and_escapes(grafted):
    page = tokgraft.report(grafted)
    tags, text = read(page)
    assert not tags & {"script", "link", "img", "iframe", "object"} and "svg" in tags
    assert not re.search(r"https?:|url\(|@import", page)
    assert HOSTILE in text  # the corpus' name, as it was given


def test_the_page_says_what_the_files_say(grafted):
    _, text = read(tokgraft.report(grafted))
    id_map = json.loads((grafted / "id_map.json").read_text())
    conflicts = json.loads((grafted / "conflicts.json").read_text())
    efficiency = json.loads((grafted / "efficiency.json").read_text())
    manifest = json.loads((grafted / "tokgraft.json").read_text())
    assert f"{len(id_map['added']):,}" in text
    for finding in conflicts["findings"]:
        assert finding["message"] in text and finding["action"] in text
    for side in ("before", "after"):
        tokens = efficiency[side]["corpora"][HOSTILE]["tokens"]
        assert f"{tokens:,}" in text
    curve = json.loads((grafted / "curve.json").read_text())["corpora"][HOSTILE]["points"]
    assert len(curve) > 2 and "the text that the pieces were chosen on" in text
    for point in curve:
        assert f"{point['bytes_per_token']:.3f}" in text
    for file in manifest["inputs"] + manifest["outputs"]:
        assert file["sha256"] in text
    assert "efficiency.json" in {f["path"] for f in manifest["outputs"]}
    assert tokgraft.verify(str(grafted)).ok


def test_the_program_writes_it(grafted, tmp_path):
    def run(*arguments):
        return subprocess.run([sys.executable, "-m", "tokgraft", "report", *map(str, arguments)],
                              capture_output=True, text=True)
    printed = run(grafted)
    assert printed.returncode == 0 and printed.stdout == tokgraft.report(grafted)
    path = tmp_path / "report.html"
    assert run(grafted, "-o", path).returncode == 0
    assert path.read_text(encoding="utf-8") == printed.stdout
    again = run(grafted, "-o", path)
    assert again.returncode == 1 and "exists" in again.stderr
    assert run(grafted, "-o", path, "--force").returncode == 0
    assert run().returncode == 2
    missing = run(tmp_path)
    assert missing.returncode == 1 and "tokgraft.json" in missing.stderr
    assert missing.stderr.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["report.html"]


def test_parts_that_are_missing_or_broken(grafted, tmp_path):
    manifest = (grafted / "tokgraft.json").read_text()
    (tmp_path / "tokgraft.json").write_text(manifest)
    _, text = read(tokgraft.report(tmp_path))
    assert "conflicts.json is not in the directory" in text
    assert "neither a curve nor a budget of auto was asked for" in text
    for broken in ('{"held_out": false, "corpora": {}}', "{}", "[]", "3"):
        (tmp_path / "curve.json").write_text(broken)
        with pytest.raises(tokgraft.FormatError):
            tokgraft.report(tmp_path)
    (tmp_path / "curve.json").unlink()
    for broken in (manifest[:-20], "[]", "{}", "[" * 100_000):
        (tmp_path / "tokgraft.json").write_text(broken)
        with pytest.raises(tokgraft.FormatError):
            tokgraft.report(tmp_path)
