"""Bad input: one clear line, the right exception and exit status, nothing half-written.

The program is run as its own process; Python's exceptions are checked beside it.
"""

import json
import os
import pathlib
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time

import pytest

import tokgraft
import toys


def run(*arguments, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tokgraft", *map(str, arguments)],
                          capture_output=True, text=True, timeout=120, **options)


def assert_refused(result: subprocess.CompletedProcess, *words: str) -> None:
    assert result.returncode == 1, (result.returncode, result.stdout, result.stderr)
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1 and lines[0].startswith("tokgraft: error: "), result.stderr
    for word in words:
        assert word in lines[0], lines[0]
    assert "Traceback" not in result.stderr


@pytest.fixture
def toy(tmp_path):
    return toys.byte_level_bpe(tmp_path / "toy.json")


@pytest.fixture
def donor(tmp_path):
    return toys.byte_level_bpe(tmp_path / "donor.json", sentences=toys.OTHER_SENTENCES, size=380)


@pytest.fixture
def model(tmp_path):
    return toys.model_with_tokenizer(tmp_path / "model")


def edited(path: pathlib.Path, edit) -> pathlib.Path:
    spec = json.loads(path.read_text())
    edit(spec)
    path.write_text(json.dumps(spec, ensure_ascii=False))
    return path


# ---- Tokenizer files ---------------------------------------------------------------------------


def test_missing_file(tmp_path):
    assert_refused(run("encode", tmp_path / "no.json", "--text", "x"), "no.json", "no such file")
    with pytest.raises(FileNotFoundError) as error:
        tokgraft.load(str(tmp_path / "no.json"))
    assert isinstance(error.value, tokgraft.Error)


def test_directory_without_a_tokenizer(tmp_path):
    (tmp_path / "empty").mkdir()
    assert_refused(run("encode", tmp_path / "empty", "--text", "x"), "empty", "tokenizer.json")
    with pytest.raises(FileNotFoundError):
        tokgraft.load(str(tmp_path / "empty"))


@pytest.mark.parametrize("content", [b"", b"\n", b"hello\n", b"{}", b"[]", b"null", b"\x80\x04\x95pickle",
                                     b"GGUF", b"{\"model\":", b"\xff\xfe\x00\x00", b"PK\x03\x04"])
def test_files_that_are_no_tokenizer(tmp_path, content):
    path = tmp_path / "junk.bin"
    path.write_bytes(content)
    assert_refused(run("encode", path, "--text", "x"), "junk.bin")
    with pytest.raises(tokgraft.Error):
        tokgraft.load(str(path))


def contents(tmp_path) -> dict[str, bytes]:
    toys.byte_level_bpe(tmp_path / "a.json")
    toys.sentencepiece_model(tmp_path / "a.model")
    import base64
    ranks = b"".join(base64.b64encode(bytes([b])) + f" {b}\n".encode() for b in range(256))
    gguf = b"GGUF" + struct.pack("<IQQ", 3, 0, 1)
    key = b"tokenizer.ggml.model"
    gguf += struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, 4) + b"gpt2"
    tekken = {"config": {"pattern": ".+", "num_vocab_tokens": 256, "default_vocab_size": 300,
                         "default_num_special_tokens": 10, "version": "v3"},
              "vocab": [{"rank": b, "token_bytes": base64.b64encode(bytes([b])).decode(), "token_str": None}
                        for b in range(256)]}
    return {"json": (tmp_path / "a.json").read_bytes(), "model": (tmp_path / "a.model").read_bytes(),
            "tiktoken": ranks, "gguf": gguf, "tekken": json.dumps(tekken).encode()}


def test_truncated_and_random_bytes_of_every_format(tmp_path):
    """No cut and no flipped byte crashes the loader: it loads, or it names the file."""
    rng = random.Random(1)
    path = tmp_path / "broken"
    refused = 0
    for name, whole in contents(tmp_path).items():
        variants = [whole[:rng.randrange(len(whole))] for _ in range(60)]
        for _ in range(60):
            flipped = bytearray(whole)
            for _ in range(rng.choice([1, 4, 64])):
                flipped[rng.randrange(len(flipped))] = rng.randrange(256)
            variants.append(bytes(flipped))
        variants += [whole[:8] + rng.randbytes(200) for _ in range(20)]
        for variant in variants:
            path.write_bytes(variant)
            try:
                tokenizer = tokgraft.load(str(path), pattern="r50k" if name == "tiktoken" else None)
                tokenizer.encode("Hello wörld 你好")
            except tokgraft.Error as error:
                assert str(path) in str(error), (name, str(error))
                refused += 1
    assert refused > 200


def test_truncated_json_names_the_place(toy):
    whole = toy.read_bytes()
    toy.write_bytes(whole[: len(whole) // 2])
    assert_refused(run("encode", toy, "--text", "x"), "toy.json")


def test_a_merge_of_missing_pieces(toy):
    edited(toy, lambda s: s["model"]["merges"].append(["Ġfoo", "bar"]))
    assert_refused(run("encode", toy, "--text", "x"), "model.merges[", "Ġfoo")
    with pytest.raises(ValueError):
        tokgraft.load(str(toy))


def test_two_pieces_on_one_id(toy):
    def clash(spec):
        pieces = list(spec["model"]["vocab"])
        spec["model"]["vocab"][pieces[300]] = spec["model"]["vocab"][pieces[301]]
    edited(toy, clash)
    assert_refused(run("encode", toy, "--text", "x"), "toy.json", "id")


def test_an_unknown_stage_is_refused_by_name(toy):
    edited(toy, lambda s: s.__setitem__("normalizer", {"type": "Frobnicate", "depth": 3}))
    assert_refused(run("encode", toy, "--text", "x"), "Frobnicate")
    with pytest.raises(NotImplementedError):
        tokgraft.load(str(toy))


def test_deep_json_is_refused(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text('{"model":' + "[" * 100_000 + "]" * 100_000 + "}")
    assert_refused(run("encode", path, "--text", "x"), "deep.json")


def test_ranks_without_a_pattern_ask_for_one(tmp_path):
    (tmp_path / "made.tiktoken").write_bytes(contents(tmp_path)["tiktoken"])
    assert_refused(run("encode", tmp_path / "made.tiktoken", "--text", "x"), "pattern", "cl100k")


@pytest.mark.parametrize("make", [os.mkfifo, lambda p: os.symlink("/dev/zero", p), os.mkdir],
                         ids=["pipe", "device", "directory"])
@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer.model", "x.tiktoken"])
def test_what_is_no_regular_file_is_not_waited_for(tmp_path, name, make):
    make(tmp_path / name)
    refused = run("encode", tmp_path / name, "--text", "x")
    assert_refused(refused, name, "no tokenizer" if make is os.mkdir else "is not a regular file")


# ---- Checkpoints -------------------------------------------------------------------------------


def corrupt_header(path: pathlib.Path, edit) -> None:
    raw = path.read_bytes()
    length = struct.unpack("<Q", raw[:8])[0]
    header = json.loads(raw[8:8 + length])
    edit(header)
    new = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(new)) + new + raw[8 + length:])


def overlap(header):
    header["model.norm.weight"]["data_offsets"] = header["model.embed_tokens.weight"]["data_offsets"]


def wrong_shape(header):
    header["model.embed_tokens.weight"]["shape"][0] += 1


def unknown_dtype(header):
    header["model.norm.weight"]["dtype"] = "Q5"


@pytest.mark.parametrize("edit", [overlap, wrong_shape, unknown_dtype])
def test_broken_safetensors_headers(model, donor, tmp_path, edit):
    corrupt_header(model / "model.safetensors", edit)
    before = sorted(os.listdir(tmp_path))
    assert_refused(run("graft", model, "--donor", donor, "-o", tmp_path / "out"), "model.safetensors")
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize("length", [0, 7, 2**40, 2**63])
def test_absurd_header_lengths(model, donor, tmp_path, length):
    path = model / "model.safetensors"
    path.write_bytes(struct.pack("<Q", length) + path.read_bytes()[8:])
    assert_refused(run("graft", model, "--donor", donor, "-o", tmp_path / "out"), "model.safetensors")
    assert not (tmp_path / "out").exists()


def test_truncated_weights(model, donor, tmp_path):
    path = model / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1000])
    assert_refused(run("graft", model, "--donor", donor, "-o", tmp_path / "out"), "model.safetensors")
    with pytest.raises(ValueError):
        tokgraft.graft(str(model), tokgraft.load(str(donor)), out=str(tmp_path / "out"))


@pytest.mark.parametrize("name", ["config.json", "model-00002-of-00002.safetensors"])
def test_a_pipe_in_a_model_is_not_waited_for(donor, tmp_path, name):
    model = toys.model_with_tokenizer(tmp_path / "model", shards=2)
    (model / name).unlink()
    os.mkfifo(model / name)
    assert_refused(run("graft", model, "--donor", donor, "-o", tmp_path / "out"),
                   f"{name}: is not a regular file")


def test_shapes_that_disagree_with_the_config(model, donor, tmp_path):
    edited(model / "config.json", lambda c: c.__setitem__("vocab_size", 7777))
    assert_refused(run("graft", model, "--donor", donor, "-o", tmp_path / "out"), "7777")


def test_quantised_models_are_refused_by_name(model, donor, tmp_path):
    edited(model / "config.json", lambda c: c.__setitem__(
        "quantization_config", {"quant_method": "gptq", "bits": 4}))
    result = run("graft", model, "--donor", donor, "-o", tmp_path / "out")
    if result.returncode != 0:  # GPTQ leaves embeddings alone; refused only where they are quantised
        assert_refused(result, "gptq")


# ---- Outputs -----------------------------------------------------------------------------------


def test_an_existing_output_is_kept(model, donor, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious").write_text("mine")
    assert_refused(run("graft", model, "--donor", donor, "-o", out), "exists", "--force")
    assert (out / "precious").read_text() == "mine"
    with pytest.raises(tokgraft.Error):
        tokgraft.graft(str(model), tokgraft.load(str(donor)), out=str(out))
    assert os.listdir(out) == ["precious"]


def test_an_output_inside_the_model_is_refused(model, donor):
    before = sorted(os.listdir(model))
    assert_refused(run("graft", model, "--donor", donor, "-o", model), "model")
    assert sorted(os.listdir(model)) == before


@pytest.fixture
def small_disk(tmp_path):
    mount = tmp_path / "disk"
    mount.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", str(mount)],
                          capture_output=True)
    if done.returncode != 0:
        pytest.skip("mounting a small file system is not allowed here")
    yield mount
    subprocess.run(["umount", str(mount)], check=True)


def test_a_full_disk_leaves_nothing(model, donor, small_disk):
    assert_refused(run("graft", model, "--donor", donor, "-o", small_disk / "out"), str(small_disk))
    assert os.listdir(small_disk) == []


def merge_files(out: pathlib.Path) -> set[str]:
    return {p.name for p in out.iterdir()} if out.exists() else set()


WHOLE_MERGE = {"tokenizer.json", "tokenizer_config.json", "id_map.json", "conflicts.json",
               "certificate.json"}


def test_a_merge_on_a_full_disk_leaves_nothing(toy, donor, small_disk):
    assert_refused(run("merge", toy, donor, "-o", small_disk / "out"), str(small_disk), "space")
    assert os.listdir(small_disk) == []


def test_a_merge_that_cannot_finish_a_file_leaves_nothing(toy, donor, tmp_path):
    before = sorted(os.listdir(tmp_path))

    def limit():  # a file may have 2,000 bytes: certificate.json can be written, the next cannot
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    assert_refused(run("merge", toy, donor, "-o", tmp_path / "out", preexec_fn=limit), "out")
    assert sorted(os.listdir(tmp_path)) == before


def test_a_killed_merge_is_whole_or_not_there(toy, donor, tmp_path):
    assert run("merge", toy, donor, "-o", tmp_path / "whole").returncode == 0
    assert merge_files(tmp_path / "whole") == WHOLE_MERGE
    for delay in (0.05, 0.1, 0.2, 0.3, 0.4):
        out = tmp_path / f"out{delay}"
        process = subprocess.Popen([sys.executable, "-m", "tokgraft", "merge", str(toy), str(donor),
                                    "-o", str(out)], stdout=subprocess.DEVNULL)
        time.sleep(delay)
        process.kill()
        process.wait()
        assert merge_files(out) in (set(), WHOLE_MERGE)


def test_what_a_merge_replaces(toy, donor, model, tmp_path):
    out = tmp_path / "out"
    assert run("merge", toy, donor, "-o", out).returncode == 0
    (out / "stale").write_text("of an older merge")
    assert_refused(run("merge", toy, donor, "-o", out), "exists", "--force")
    assert run("merge", toy, donor, "-o", out, "--force").returncode == 0
    assert merge_files(out) == WHOLE_MERGE
    # Never what no merge wrote, nor an input, nor a grafted model with its id map.
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").write_text("mine")
    assert_refused(run("merge", toy, donor, "-o", tmp_path / "mine", "--force"), "id_map.json")
    assert_refused(run("merge", toy, donor, "-o", tmp_path, "--force"), "is an input")
    assert run("graft", model, "--donor", donor, "-o", tmp_path / "grafted").returncode == 0
    assert_refused(run("merge", toy, donor, "-o", tmp_path / "grafted", "--force"), "tokgraft.json")
    assert (tmp_path / "grafted" / "model.safetensors").exists()


def test_a_format_that_cannot_hold_the_base_is_refused_before_any_work(model, donor, tmp_path):
    (model / "tokenizer.json").unlink()
    (model / "tokenizer_config.json").unlink()
    toys.sentencepiece_model(model / "tokenizer.model")
    before = sorted(os.listdir(tmp_path))
    refused = run("merge", model, donor, "-o", tmp_path / "out", "--for", "tiktoken",
                  "--progress", "json")
    assert refused.returncode == 1 and "tiktoken" in refused.stderr
    assert '"merge' not in refused.stderr  # the stage
    assert sorted(os.listdir(tmp_path)) == before


def test_a_model_directory_with_only_a_sentencepiece_model_is_grafted(model, donor, tmp_path):
    (model / "tokenizer.json").unlink()
    (model / "tokenizer_config.json").unlink()
    toys.sentencepiece_model(model / "tokenizer.model")
    assert run("graft", model, "--donor", donor, "-o", tmp_path / "out").returncode == 0
    assert (tmp_path / "out" / "tokenizer.model").exists()
    assert run("verify", tmp_path / "out").returncode == 0


def test_a_full_disk_while_saving_a_tokenizer(toy, small_disk):
    (small_disk / "filler").write_bytes(b"x" * 39_000)
    with pytest.raises(tokgraft.Error, match="space"):
        tokgraft.load(str(toy)).save(str(small_disk / "tokenizer.json"))
    assert os.listdir(small_disk) == ["filler"]


def test_a_closed_standard_output_is_a_failure(toy):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        result = subprocess.run([sys.executable, "-m", "tokgraft", "encode", str(toy), "--text", "x"],
                                stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1 and "standard output" in result.stderr


def test_wrong_usage_is_status_two(toy):
    for arguments in (["encode"], ["frobnicate"], ["measure", toy, "--corpus", "x", "--documents", "chapter"],
                      ["measure", toy, "x"], []):
        result = run(*arguments)
        assert result.returncode == 2, arguments
        assert result.stderr


def test_verify_names_what_was_changed(model, donor, tmp_path):
    out = tmp_path / "out"
    assert run("graft", model, "--donor", donor, "-o", out).returncode == 0
    assert run("verify", out).returncode == 0
    raw = bytearray((out / "model.safetensors").read_bytes())
    raw[-5] ^= 1
    (out / "model.safetensors").write_bytes(bytes(raw))
    result = run("verify", out)
    assert result.returncode == 1
    assert "model.safetensors" in result.stdout + result.stderr


def test_ids_out_of_range(toy):
    assert_refused(run("decode", toy, "--text", "12 banana"), "byte 3")
    shutil.rmtree(toy.parent, ignore_errors=True)
