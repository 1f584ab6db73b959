"""GGUF models in and out: rows of every type against gguf's own quantisation, and llama.cpp."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import tokgraft
import toys

gguf = pytest.importorskip("gguf")
from gguf import quants  # noqa: E402
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType as Type  # noqa: E402

PYTHON = os.environ.get("TOKGRAFT_LLAMA_CPP_PYTHON", sys.executable)
WIDTH = 256
EXACT = [Type.F32, Type.F16, Type.BF16, Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1]
FITTED = {Type.Q4_K: 0.09, Type.Q5_K: 0.045, Type.Q6_K: 0.025}  # root mean square error / that of the row
READ_ONLY = [Type.Q2_K, Type.Q3_K]


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tokgraft", *map(str, arguments)],
                          capture_output=True, text=True, timeout=300)


def blocks(rng, rows: int, columns: int, kind: Type) -> np.ndarray:
    """Rows as they lie in a file: quantised where gguf can, else random blocks with tame scales."""
    values = (rng.standard_normal((rows, columns)) * 0.05).astype(np.float32)
    if kind == Type.F32:
        return values
    if kind == Type.F16:
        return values.astype(np.float16)
    try:
        return quants.quantize(values, kind)
    except NotImplementedError:
        elements, size = GGML_QUANT_SIZES[kind]
        raw = rng.integers(0, 256, (rows * columns // elements, size), dtype=np.uint8)
        at = {Type.Q2_K: [80, 82], Type.Q3_K: [108], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2],
              Type.Q6_K: [208]}[kind]
        for place in at:
            scale = (rng.random(len(raw)) * 1e-3).astype(np.float16)
            raw[:, place:place + 2] = scale.view(np.uint8).reshape(-1, 2)
        return raw.reshape(rows, -1)


def numbers(raw: np.ndarray, kind: Type) -> np.ndarray:
    if kind == Type.F32:
        return raw.view(np.float32)
    if kind == Type.F16:
        return raw.view(np.float16).astype(np.float32)
    return quants.dequantize(raw, kind)


def copy_field(writer, field) -> None:
    if field.name in ("general.architecture",) or field.name.startswith("GGUF."):
        return
    kind = field.types[0]
    writer.add_key_value(field.name, field.contents(), kind,
                         field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)


def model(path: pathlib.Path, kind: Type, head: Type | None = None, alignment: int = 32) -> pathlib.Path:
    """A small Llama that llama.cpp loads, with a byte-level tokenizer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    trained = toys.byte_level_bpe(path.parent / "base.json")
    vocabulary = path.parent / "vocabulary.gguf"
    done = run("convert", trained, "--to", "gguf", "-o", vocabulary, "--lossy")
    assert done.returncode == 0, done.stderr
    fields = gguf.GGUFReader(vocabulary).fields
    vocabulary.unlink()
    trained.unlink()
    rows = len(fields["tokenizer.ggml.tokens"].data)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.data_alignment = alignment
    if alignment != 32:
        writer.add_uint32("general.alignment", alignment)
    writer.add_block_count(1)
    writer.add_context_length(64)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(WIDTH)
    writer.add_head_count(4)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(rows)
    writer.add_string("general.name", "toy")
    writer.add_array("general.languages", ["en", "de"])
    writer.add_float32("tokgraft.test", 0.1)
    for field in fields.values():
        copy_field(writer, field)
    writer.add_string("tokenizer.chat_template", "{{ messages }}")
    writer.add_uint32("tokenizer.ggml.eot_token_id", 1)
    rng = np.random.default_rng(5)

    def add(name, kind, rows):
        raw = blocks(rng, rows, WIDTH, kind)
        writer.add_tensor(name, raw, raw_dtype=None if kind in (Type.F32, Type.F16) else kind)

    writer.add_tensor("blk.0.attn_norm.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("odd", np.ones(3, np.int8))
    add("token_embd.weight", kind, rows)
    for name in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
        add(f"blk.0.{name}.weight", Type.Q8_0, WIDTH)
    if head is not None:
        add("output.weight", head, rows)
    for name in ("output_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def donor(tmp_path_factory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("donor") / "donor.json"
    return toys.byte_level_bpe(path, toys.OTHER_SENTENCES, 500, ())


def raw_rows(tensor) -> np.ndarray:
    return np.ascontiguousarray(tensor.data).view(np.uint8).reshape(int(tensor.shape[1]), -1)


def entries(directory: pathlib.Path, role: str) -> dict[int, list]:
    """new row -> [(old row, weight)] of the rows that a method made, as the manifest has them."""
    manifest = json.loads((directory / "tokgraft.json").read_text())
    rows = manifest.get("rows") or json.loads((directory / "tokgraft_rows.json").read_text())
    made = {}
    for entry in rows[role] or rows["input"]:
        if "pieces" in entry:
            pieces = entry["pieces"]
            weights = entry.get("weights") or [1 / len(pieces)] * len(pieces)
            made[entry["row"]] = list(zip(pieces, weights, strict=True))
    return made


def check(before: pathlib.Path, out: pathlib.Path, name: str, role: str) -> int:
    old = {t.name: t for t in gguf.GGUFReader(before).tensors}[name]
    new = {t.name: t for t in gguf.GGUFReader(out / before.name).tensors}[name]
    assert new.tensor_type == old.tensor_type
    kind = old.tensor_type
    old_raw, new_raw = raw_rows(old), raw_rows(new)
    assert np.array_equal(new_raw[:len(old_raw)], old_raw)
    assert len(new_raw) > len(old_raw)
    old_numbers = numbers(old_raw, kind).astype(np.float64)
    made = entries(out, role)
    assert made
    for row, parts in made.items():
        exact = sum(w * old_numbers[s] for s, w in parts).astype(np.float32)
        if kind in FITTED:
            got = numbers(new_raw[row:row + 1], kind)[0]
            error = np.sqrt(np.mean((got - exact) ** 2)) / np.sqrt(np.mean(exact ** 2))
            assert error < FITTED[kind], (row, error)
        elif kind == Type.F32:
            assert np.array_equal(new_raw[row].view(np.float32), exact)
        elif kind == Type.F16:
            assert np.array_equal(new_raw[row].view(np.float16), exact.astype(np.float16))
        else:
            assert np.array_equal(new_raw[row], quants.quantize(exact[None], kind)[0]), row
    return len(made)


def same_elsewhere(before: pathlib.Path, after: pathlib.Path, changed: set[str]) -> None:
    old, new = gguf.GGUFReader(before), gguf.GGUFReader(after)
    assert [t.name for t in old.tensors] == [t.name for t in new.tensors]
    for a, b in zip(old.tensors, new.tensors, strict=True):
        assert b.tensor_type == a.tensor_type
        if a.name not in changed:
            assert list(a.shape) == list(b.shape) and np.array_equal(a.data, b.data), a.name
    vocabulary = {"tokens", "token_type", "merges", "scores"}
    for key, field in old.fields.items():
        if key.startswith("GGUF.") or key.removeprefix("tokenizer.ggml.") in vocabulary:
            continue
        if key.endswith(".vocab_size"):
            assert new.fields[key].contents() == len(new.fields["tokenizer.ggml.tokens"].data)
        else:
            assert new.fields[key].contents() == field.contents(), key
            assert new.fields[key].types == field.types, key


@pytest.mark.parametrize("kind", EXACT + list(FITTED), ids=lambda kind: kind.name)
def test_rows_are_made_in_the_type_of_the_tensor(tmp_path, donor, kind):
    path = model(tmp_path / "model/toy.gguf", kind)
    done = run("graft", path, "--donor", donor, "--budget", 40, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert check(path, tmp_path / "out", "token_embd.weight", "input") > 20
    same_elsewhere(path, tmp_path / "out/toy.gguf", {"token_embd.weight"})
    verified = tokgraft.verify(tmp_path / "out")
    assert verified.ok, verified.problems
    again = run("graft", tmp_path / "model", "--donor", donor, "--budget", 40, "--threads", 1,
                "-o", tmp_path / "again")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "out/toy.gguf").read_bytes() == (tmp_path / "again/toy.gguf").read_bytes()


def test_a_head_of_its_own_and_another_alignment(tmp_path, donor):
    path = model(tmp_path / "model/toy.gguf", Type.Q4_0, head=Type.Q6_K, alignment=128)
    done = run("graft", path, "--donor", donor, "--budget", 40, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    check(path, tmp_path / "out", "token_embd.weight", "input")
    check(path, tmp_path / "out", "output.weight", "output")
    same_elsewhere(path, tmp_path / "out/toy.gguf", {"token_embd.weight", "output.weight"})
    reader = gguf.GGUFReader(tmp_path / "out/toy.gguf")
    assert all(t.data_offset % 128 == 0 for t in reader.tensors)
    assert tokgraft.verify(tmp_path / "out").ok


@pytest.mark.parametrize("kind", READ_ONLY, ids=lambda kind: kind.name)
def test_types_that_can_only_be_kept_are_refused_by_name(tmp_path, donor, kind):
    path = model(tmp_path / "model/toy.gguf", kind)
    done = run("graft", path, "--donor", donor, "--budget", 40, "-o", tmp_path / "out")
    assert done.returncode == 1 and f"token_embd.weight: is stored as {kind.name}" in done.stderr
    assert not (tmp_path / "out").exists()


def test_merge_then_init_gives_the_same_file(tmp_path, donor):
    path = model(tmp_path / "model/toy.gguf", Type.Q8_0)
    for arguments in (("graft", path, "--donor", donor, "--budget", 40, "-o", tmp_path / "out"),
                      ("merge", path, donor, "--budget", 40, "-o", tmp_path / "merged"),
                      ("init", path, "--id-map", tmp_path / "merged/id_map.json", "--method", "mean",
                       "-o", tmp_path / "init")):
        done = run(*arguments)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/toy.gguf").read_bytes() == (tmp_path / "init/toy.gguf").read_bytes()
    done = run("graft", path, "--donor", donor, "-o", tmp_path / "new.gguf")
    assert done.returncode == 1 and "has the name of a file" in done.stderr
    done = run("graft", path, "--donor", donor, "--pad-to-multiple", 64, "-o", tmp_path / "padded")
    assert done.returncode == 1 and "--pad-to-multiple: is 64" in done.stderr


def test_a_budget_can_be_chosen_for_the_model(tmp_path, donor):
    path = model(tmp_path / "model/toy.gguf", Type.Q8_0)
    (tmp_path / "text.txt").write_text("\n".join(toys.OTHER_SENTENCES * 20))
    done = run("graft", path, "--donor", donor, "--budget", "auto", "--corpus", tmp_path / "text.txt",
               "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    chosen = json.loads((tmp_path / "out/budget.json").read_text())
    tensors = gguf.GGUFReader(path).tensors
    body = sum(int(np.prod(t.shape)) for t in tensors if t.name != "token_embd.weight")
    assert chosen["model"]["body_parameters"] == body, chosen["model"]


def test_damage_is_noticed(tmp_path, donor):
    path = model(tmp_path / "model/toy.gguf", Type.Q8_0)
    assert run("graft", path, "--donor", donor, "--budget", 9, "-o", tmp_path / "out").returncode == 0
    written = tmp_path / "out/toy.gguf"
    whole = written.read_bytes()
    row = gguf.GGUFReader(written).tensors[2]
    broken = bytearray(whole)
    broken[row.data_offset + row.n_bytes - 1] ^= 1
    written.write_bytes(bytes(broken))
    problems = tokgraft.verify(tmp_path / "out").problems
    assert any("rows are not what the manifest says" in problem for problem in problems), problems
    for size in (0, 10, 1000, len(whole) // 2):
        written.write_bytes(whole[:size])
        assert tokgraft.verify(tmp_path / "out").problems
        done = run("graft", written, "--donor", donor, "-o", tmp_path / "again")
        assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1, done.stderr


LOAD = """
import sys
from cyllama.llama import llama_cpp as lc
model = lc.LlamaModel(sys.argv[1], lc.LlamaModelParams())
vocab = model.get_vocab()
print("TOKENS", vocab.n_vocab, vocab.tokenize(sys.argv[2], False, True))
"""


def needs_llama_cpp() -> None:
    probe = subprocess.run([PYTHON, "-c", "import cyllama"], capture_output=True)
    if probe.returncode != 0:
        pytest.skip("llama.cpp is missing: pip install cyllama, or set TOKGRAFT_LLAMA_CPP_PYTHON")


def loaded(path: pathlib.Path, text: str) -> str:
    needs_llama_cpp()
    done = subprocess.run([PYTHON, "-c", LOAD, str(path), text], capture_output=True, text=True,
                          encoding="utf-8", errors="replace")
    lines = [line for line in done.stdout.splitlines() if line.startswith("TOKENS")]
    assert lines, done.stderr[-2000:]
    return lines[0].removeprefix("TOKENS ")


@pytest.mark.parametrize("head", [None, Type.Q6_K], ids=["tied", "own-head"])
def test_llama_cpp_loads_the_result(tmp_path, donor, head):
    path = model(tmp_path / "model/toy.gguf", Type.Q4_K, head=head)
    rebuilt(path, path)
    assert run("graft", path, "--donor", donor, "--budget", 40, "-o", tmp_path / "out").returncode == 0
    grown = tokgraft.load(tmp_path / "out/toy.gguf")
    text = toys.OTHER_SENTENCES[0]
    ids = grown.encode_ids(text).tolist()
    assert max(ids) >= tokgraft.load(path).vocab_size
    assert loaded(tmp_path / "out/toy.gguf", text) == f"{grown.vocab_size} {ids}"


def rebuilt(path: pathlib.Path, out: pathlib.Path, numbers_of: str = "") -> pathlib.Path:
    """The file without "odd" (llama.cpp counts tensors, and that one is none of a Llama's), and with
    one tensor as float32."""
    reader = gguf.GGUFReader(path)
    out.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(str(out) + ".new", "llama")
    for field in reader.fields.values():
        copy_field(writer, field)
    for tensor in reader.tensors:
        kind = tensor.tensor_type
        if tensor.name == numbers_of:
            writer.add_tensor(tensor.name, numbers(raw_rows(tensor), kind))
        elif tensor.name != "odd":
            plain = kind in (Type.F32, Type.F16)
            writer.add_tensor(tensor.name, np.array(tensor.data), raw_dtype=None if plain else kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(str(out) + ".new", out)
    return out


QUANTISE = """
import sys
from cyllama.llama import llama_cpp as lc
params = lc.LlamaModelQuantizeParams()
params.allow_requantize = True
params.token_embedding_type = int(sys.argv[3])
params.nthread = 1
lc.model_quantize(sys.argv[1], sys.argv[2], params)
"""


@pytest.mark.parametrize("kind", list(FITTED) + [Type.Q8_0, Type.Q4_1, Type.Q5_1],
                         ids=lambda kind: kind.name)
def test_rows_are_quantised_as_llama_cpp_does(tmp_path, donor, kind):
    """The same rows grafted in float32 and quantised by llama.cpp afterwards."""
    path = rebuilt(model(tmp_path / "model/toy.gguf", kind), tmp_path / "model/toy.gguf")
    plain = rebuilt(path, tmp_path / "plain/toy.gguf", numbers_of="token_embd.weight")
    for source, out in ((path, "out"), (plain, "plain-out")):
        done = run("graft", source, "--donor", donor, "--budget", 40, "-o", tmp_path / out)
        assert done.returncode == 0, done.stderr
    needs_llama_cpp()
    done = subprocess.run([PYTHON, "-c", QUANTISE, str(tmp_path / "plain-out/toy.gguf"),
                           str(tmp_path / "theirs.gguf"), str(int(kind))], capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]
    rows = len(raw_rows({t.name: t for t in gguf.GGUFReader(path).tensors}["token_embd.weight"]))
    ours, theirs = ({t.name: t for t in gguf.GGUFReader(file).tensors}["token_embd.weight"]
                    for file in (tmp_path / "out/toy.gguf", tmp_path / "theirs.gguf"))
    assert theirs.tensor_type == ours.tensor_type == kind
    assert len(raw_rows(ours)) > rows
    # The bytes, but for numbers under a scale of 0, which count for nothing.
    assert np.array_equal(numbers(raw_rows(ours)[rows:], kind), numbers(raw_rows(theirs)[rows:], kind))
    differ = raw_rows(ours)[rows:] != raw_rows(theirs)[rows:]
    assert differ.mean() < (0.01 if kind in FITTED else 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
                                  "gemma3_gguf/gemma-3-270m-q4_k_m.gguf"])
def test_real_models(data, tmp_path, name):
    path = data(f"tokenizers/{name}")
    donor = data("tokenizers/qwen3/tokenizer.json" if "smollm2" in name
                 else "tokenizers/deepseek_v3/tokenizer.json")
    done = run("graft", path, "--donor", donor, "--budget", 500, "--script", "Han", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    check(path, tmp_path / "out", "token_embd.weight", "input")
    same_elsewhere(path, tmp_path / "out" / path.name, {"token_embd.weight"})
    grown = tokgraft.load(tmp_path / "out" / path.name)
    text = "今天天气很好，我们去公园散步吧。"
    assert loaded(tmp_path / "out" / path.name, text) == f"{grown.vocab_size} {grown.encode_ids(text).tolist()}"
