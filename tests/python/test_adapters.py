"""A LoRA of the old model on the grafted one: peft loads it, and old text computes the same."""

import json
import pathlib
import subprocess
import sys
import warnings

import pytest

import tokgraft
import toys

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")

KINDS = {
    "projections": {"target_modules": ["q_proj", "v_proj"]},
    "embedding and head": {"target_modules": ["q_proj", "embed_tokens", "lm_head"]},
    "dora": {"target_modules": ["q_proj", "lm_head"], "use_dora": True},
    "modules to save": {"target_modules": ["q_proj"], "modules_to_save": ["embed_tokens", "lm_head"]},
    "trained tokens": {"target_modules": ["q_proj"], "trainable_token_indices": [7, 9, 300]},
}


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "tokgraft", *map(str, arguments)],
                          capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> dict[bool, tuple[pathlib.Path, pathlib.Path]]:
    """By tied: a model and its graft."""
    root = tmp_path_factory.mktemp("models")
    donor = toys.byte_level_bpe(root / "donor.json", toys.OTHER_SENTENCES, 600, ())
    made = {}
    for tied in (False, True):
        model = toys.model_with_tokenizer(root / f"model-{tied}", tied=tied)
        tokgraft.graft(model, donor, out=root / f"grafted-{tied}", budget=40)
        made[tied] = (model, root / f"grafted-{tied}")
    return made


def trained(model: pathlib.Path, out: pathlib.Path, **kind):
    """An adapter whose every weight is off its start."""
    base = transformers.AutoModelForCausalLM.from_pretrained(model)
    adapted = peft.get_peft_model(base, peft.LoraConfig(r=4, lora_alpha=8, **kind))
    torch.manual_seed(3)
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter += 0.05 * torch.randn_like(parameter)
    adapted.save_pretrained(out)
    return adapted.eval()


@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("kind", KINDS)
def test_old_text_computes_the_same(tmp_path, models, kind, tied):
    if tied and kind == "dora":
        pytest.skip("peft has no DoRA on a head that is tied to its embedding")
    model, grafted = models[tied]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = trained(model, tmp_path / "lora", **KINDS[kind])
        report = tokgraft.graft_adapter(tmp_path / "lora", grafted, out=tmp_path / "new")
        base = transformers.AutoModelForCausalLM.from_pretrained(grafted)
        after = peft.PeftModel.from_pretrained(base, tmp_path / "new").eval()
    config = json.loads((tmp_path / "new/adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(grafted)
    assert report.unchanged + len(report.mapped) > 0
    ids = torch.arange(2, 200, 3).unsqueeze(0)
    rows = report.old_rows
    with torch.no_grad():
        old, new = before(input_ids=ids).logits, after(input_ids=ids).logits
    assert new.shape[-1] == report.new_rows > rows
    if kind == "embedding and head" and tied:
        # peft stores what it takes for the head's base beside the LoRA; both read the same rows.
        assert report.mapped
    assert torch.allclose(new[..., :rows], old, atol=1e-5), (new[..., :rows] - old).abs().max()
    # New rows of the adapted model are the sums of its old ones that the plan says.
    if kind == "embedding and head":
        manifest = json.loads((grafted / "tokgraft.json").read_text())
        merged = after.merge_and_unload()
        matrix = merged.get_input_embeddings().weight
        made = [entry for entry in manifest["rows"]["input"] if "pieces" in entry]
        assert made
        for entry in made:
            assert "weights" not in entry
            expected = matrix[entry["pieces"]].mean(0)
            assert torch.allclose(matrix[entry["row"]], expected, atol=1e-5)


def test_the_program_says_what_it_did(tmp_path, models):
    model, grafted = models[False]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trained(model, tmp_path / "lora", **KINDS["embedding and head"])
    done = run("adapter", tmp_path / "lora", "--grafted", grafted, "-o", tmp_path / "new", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert "base_model.model.lm_head.lora_B.weight" in report["mapped"]
    again = run("adapter", tmp_path / "lora", "--grafted", grafted, "-o", tmp_path / "new")
    assert again.returncode == 1 and "exists already" in again.stderr
    other = run("adapter", tmp_path / "lora", "--grafted", model, "-o", tmp_path / "other")
    assert other.returncode == 1 and "tokgraft.json" in other.stderr
    assert not (tmp_path / "other").exists()
