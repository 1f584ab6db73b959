"""Models in PyTorch's own files (.bin): read without running a pickle, written as safetensors."""

import json
import math
import os
import pathlib
import pickle
import shutil
import subprocess
import sys
import time
import zipfile

import pytest

import tokgraft
import toys

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tokgraft", *map(str, arguments)],
                          capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def donor(tmp_path_factory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("donor") / "donor.json"
    return toys.byte_level_bpe(path, toys.OTHER_SENTENCES, 600, ("<pad>",))


def random_model(directory: pathlib.Path, family: str, tied: bool, dtype, shards: int):
    """A model as transformers wrote it for years: its whole state_dict by torch.save."""
    directory.mkdir()
    tokenizer = toys.byte_level_bpe(directory / "tokenizer.json")
    (directory / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>",
         "bos_token": "<|endoftext|>", "pad_token": "<|pad|>"}))
    rows = len(json.loads(tokenizer.read_text())["model"]["vocab"])
    torch.manual_seed(0)
    common = {"vocab_size": rows, "tie_word_embeddings": tied, "bos_token_id": 0, "eos_token_id": 0}
    if family == "gpt2":
        model = transformers.GPT2LMHeadModel(transformers.GPT2Config(
            n_embd=32, n_layer=2, n_head=4, n_positions=128, **common))
    elif family == "bert":
        model = transformers.BertForMaskedLM(transformers.BertConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64,
            max_position_embeddings=128, **common))
    else:
        model = transformers.LlamaForCausalLM(transformers.LlamaConfig(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
            intermediate_size=64, max_position_embeddings=128, **common))
    model = model.to(dtype).eval()
    model.config.save_pretrained(directory)
    state = model.state_dict()
    if shards == 1:
        torch.save(state, directory / "pytorch_model.bin")
        return model
    names = list(state)
    weight_map = {}
    for shard in range(shards):
        file = f"pytorch_model-{shard + 1:05d}-of-{shards:05d}.bin"
        part = {name: state[name] for name in names[shard::shards]}
        torch.save(part, directory / file)
        weight_map.update(dict.fromkeys(part, file))
    (directory / "pytorch_model.bin.index.json").write_text(
        json.dumps({"metadata": {"total_size": 1}, "weight_map": weight_map}))
    return model


@pytest.mark.parametrize("family,tied,dtype,shards", [
    ("llama", False, torch.float32, 1), ("llama", False, torch.bfloat16, 3),
    ("llama", True, torch.float16, 1), ("llama", True, torch.bfloat16, 2),
    ("gpt2", True, torch.float32, 1), ("bert", True, torch.float32, 1)],
    ids=lambda value: str(value).replace("torch.", ""))
def test_a_pickled_model_comes_out_as_safetensors(tmp_path, donor, family, tied, dtype, shards):
    before = random_model(tmp_path / "model", family, tied, dtype, shards)
    done = run("graft", tmp_path / "model", "--donor", donor, "--budget", 50, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert not list((tmp_path / "out").glob("*.bin*"))
    after, info = type(before).from_pretrained(tmp_path / "out", output_loading_info=True,
                                               dtype=dtype)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not info[kind], (kind, info[kind])
    old = before.get_input_embeddings().weight
    new = after.get_input_embeddings().weight
    assert new.shape[0] > old.shape[0] and torch.equal(new[:old.shape[0]], old)
    rows = old.shape[0]
    assert torch.equal(after.get_output_embeddings().weight[:rows],
                       before.get_output_embeddings().weight)
    assert (after.get_output_embeddings().weight.data_ptr() == new.data_ptr()) == tied
    for name, tensor in before.state_dict().items():
        if tensor.shape[:1] != (rows,):
            assert torch.equal(after.state_dict()[name], tensor), name
    ids = torch.arange(4, 40).unsqueeze(0)
    if dtype == torch.float32:
        assert math.isfinite(after(input_ids=ids, labels=ids).loss.item())
    verified = tokgraft.verify(tmp_path / "out")
    assert verified.ok, verified.problems
    assert run("verify", tmp_path / "out", "--strict").returncode == 0
    # The source is looked at: one of its bytes changed is noticed.
    shard = sorted((tmp_path / "model").glob("*.bin"))[0]
    raw = bytearray(shard.read_bytes())
    raw[len(raw) // 2] ^= 1
    shard.write_bytes(bytes(raw))
    assert run("verify", tmp_path / "out", "--strict").returncode == 3


def test_every_element_type_passes_through(tmp_path, donor):
    model = toys.model_with_tokenizer(tmp_path / "model")
    from safetensors.torch import load_file
    state = load_file(model / "model.safetensors")
    (model / "model.safetensors").unlink()
    for dtype in (torch.float64, torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8,
                  torch.bool, torch.complex64, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint16):
        state[f"extra.{dtype}"] = torch.arange(6).reshape(2, 3).to(dtype)
    state["extra.scalar"] = torch.tensor(3.0)
    state["extra.empty"] = torch.zeros(0, 4)
    state["extra.view"] = torch.arange(12.0).reshape(4, 3)[1:3]
    state["extra.parameter"] = torch.nn.Parameter(torch.ones(2))
    torch.save(state, model / "pytorch_model.bin")
    done = run("graft", model, "--donor", donor, "--budget", 9, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    after = load_file(tmp_path / "out/model.safetensors")
    assert after.keys() == state.keys()
    for name, tensor in state.items():
        if name.startswith("extra"):
            assert after[name].dtype == tensor.dtype and after[name].shape == tensor.shape, name
            assert torch.equal(after[name].flatten().view(torch.uint8),
                               tensor.detach().contiguous().flatten().view(torch.uint8)), name


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def refused(model: pathlib.Path, *words: str) -> None:
    start = time.monotonic()
    done = run("graft", model, "--donor", model / "tokenizer.json", "-o", model.parent / "out")
    assert time.monotonic() - start < 20
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert not (model.parent / "out").exists()


@pytest.fixture
def pickled(tmp_path):
    model = tmp_path / "model"
    random_model(model, "llama", False, torch.float32, 1)
    return model


def test_nothing_is_run(pickled, tmp_path):
    state = torch.load(pickled / "pytorch_model.bin", weights_only=True)
    state["x"] = Harmful(tmp_path / "harm")
    torch.save(state, pickled / "pytorch_model.bin")
    refused(pickled, "asks for the global posix.system", "nothing was run")
    (pickled / "pytorch_model.bin").write_bytes(pickle.dumps(Harmful(tmp_path / "harm")))
    refused(pickled, "is no zip archive")
    assert not (tmp_path / "harm").exists()


def test_what_is_not_plain_is_refused_by_name(pickled):
    path = pickled / "pytorch_model.bin"
    state = torch.load(path, weights_only=True)
    torch.save({**state, "w": torch.ones(3, 4).t()}, path)
    refused(pickled, "tensor w is not contiguous")
    torch.save({**state, "w": torch.ones(3, 4).to_sparse()}, path)
    refused(pickled, "torch._utils._rebuild_sparse_tensor")
    torch.save({"model": state, "epoch": 3}, path)
    refused(pickled, "model is a dict")
    torch.save(state, path, _use_new_zipfile_serialization=False)
    refused(pickled, "torch.save has written since version 1.6")
    torch.save(torch.nn.Linear(2, 2), path)
    refused(pickled, "asks for the global torch.nn.modules.linear.Linear")


def test_broken_archives(pickled):
    path = pickled / "pytorch_model.bin"
    whole = path.read_bytes()
    for size in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        refused(pickled, "pytorch_model.bin")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("m/data.pkl", b"\x80\x02}." * 100)
    refused(pickled, "entry m/data.pkl is compressed")
    path.write_bytes(whole[:-6] + b"\xff\xff\xff\xff\xff\xff")
    refused(pickled, "pytorch_model.bin")


def test_a_real_model_that_was_pickled(data, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(data("models/smollm2-135m"), model)
    from safetensors.torch import load_file
    files = list(model.glob("*.safetensors"))
    state = {}
    for file in files:
        state.update(load_file(file))
        file.unlink()
    torch.save(state, model / "pytorch_model.bin")
    done = run("graft", model, "--donor", data("tokenizers/gpt2/tokenizer.json"), "--budget", 200,
               "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    after = load_file(tmp_path / "out/model.safetensors")
    for name, tensor in state.items():
        assert torch.equal(after[name][:tensor.shape[0]], tensor), name
