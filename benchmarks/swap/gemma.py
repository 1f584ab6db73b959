"""Gemma-3-270M as a model directory, of the GGUF file in the cache: dequantised, kept as bfloat16."""

import json
import os
import pathlib
import shutil
import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import data  # noqa: E402


def directory(folder: pathlib.Path) -> pathlib.Path:
    """Made at the first call, 540 MB."""
    out = folder / "gemma3-270m"
    if out.exists():
        return out
    import transformers

    gguf = data.DATA / "tokenizers/gemma3_gguf"
    data.need(gguf.is_dir() and list(gguf.glob("*.gguf")), "tokenizers/gemma3_gguf")
    (file,) = gguf.glob("*.gguf")
    part = folder / "gemma3-270m.part"
    shutil.rmtree(part, ignore_errors=True)
    model = transformers.AutoModelForCausalLM.from_pretrained(str(gguf), gguf_file=file.name,
                                                             dtype=torch.float32)
    part.mkdir()
    tensors = {name: tensor.to(torch.bfloat16).contiguous()
               for name, tensor in model.state_dict().items() if name != "lm_head.weight"}
    save_file(tensors, part / "model.safetensors", metadata={"format": "pt"})
    config = {key: value for key, value in model.config.to_dict().items()
              if key != "quantization_config"}
    config.update(architectures=["Gemma3ForCausalLM"], dtype="bfloat16")
    (part / "config.json").write_text(json.dumps(config, indent=2))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(data.DATA / "tokenizers/gemma3" / name, part / name)
    os.replace(part, out)
    return out


if __name__ == "__main__":
    print(directory(pathlib.Path(sys.argv[1])))
