"""Small tokenizers and models, made on the spot: nothing foreign is kept in the tree."""

import json
import pathlib

import numpy as np

SENTENCES = [
    "The quick brown fox jumps over the lazy dog, and the dog sleeps on.",
    "Grüße aus Köln! Wie geht es dir heute, 1234 oder 5678?",
    "def add(a, b):\n    return a + b  # the sum of two numbers\n",
    "敏捷的棕色狐狸跳过了懒狗。今天天气很好，我们去公园吧。",
    "すばやい茶色の狐はのろまな犬を飛び越える。",
    "Быстрая коричневая лиса прыгает через ленивую собаку.",
]
OTHER_SENTENCES = [
    "天气很好的时候，我们常常去公园散步，看看花草树木。",
    "今天的天气比昨天好，公园里的人很多，狐狸也很多。",
    "いい天気ですね。公園に行きましょう。犬と狐が好きです。",
]


def byte_level_bpe(path: pathlib.Path, sentences=SENTENCES, size: int = 420,
                   specials=("<|endoftext|>", "<|pad|>")) -> pathlib.Path:
    """Trains tokenizer.json at `path` (GPT-2's pre-tokenizer) and returns it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=list(specials), show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(list(sentences) * 4, trainer)
    tokenizer.save(str(path))
    return path


def sentencepiece_model(path: pathlib.Path, kind: str = "bpe", sentences=SENTENCES,
                        size: int = 420, times: int = 20, **options) -> pathlib.Path:
    """Trains a sentencepiece .model at `path`, each sentence counted `times`, and returns it."""
    import io

    import sentencepiece
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(list(sentences) * times), model_writer=model, model_type=kind,
        vocab_size=size, byte_fallback=True, minloglevel=2, hard_vocab_limit=False, **options)
    path.write_bytes(model.getvalue())
    return path


def write_safetensors(path: pathlib.Path, tensors: dict[str, np.ndarray]) -> None:
    from safetensors.numpy import save_file
    save_file(tensors, str(path), metadata={"format": "pt"})


def llama(directory: pathlib.Path, rows: int, tied: bool = False, width: int = 16, layers: int = 2,
          shards: int = 1, seed: int = 0) -> pathlib.Path:
    """A random Llama checkpoint with its config; the tokenizer is up to the caller."""
    directory.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)

    def matrix(*shape):
        return (rng.standard_normal(shape) * 0.05).astype(np.float32)

    tensors = {"model.embed_tokens.weight": matrix(rows, width), "model.norm.weight": np.ones(width, np.float32)}
    if not tied:
        tensors["lm_head.weight"] = matrix(rows, width)
    for layer in range(layers):
        prefix = f"model.layers.{layer}."
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            tensors[f"{prefix}self_attn.{name}.weight"] = matrix(width, width)
        tensors[prefix + "mlp.gate_proj.weight"] = matrix(2 * width, width)
        tensors[prefix + "mlp.up_proj.weight"] = matrix(2 * width, width)
        tensors[prefix + "mlp.down_proj.weight"] = matrix(width, 2 * width)
        tensors[prefix + "input_layernorm.weight"] = np.ones(width, np.float32)
        tensors[prefix + "post_attention_layernorm.weight"] = np.ones(width, np.float32)
    names = sorted(tensors)
    if shards == 1:
        write_safetensors(directory / "model.safetensors", tensors)
    else:
        weight_map = {}
        for shard in range(shards):
            file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
            part = {n: tensors[n] for n in names[shard::shards]}
            write_safetensors(directory / file, part)
            weight_map.update(dict.fromkeys(part, file))
        total = sum(t.nbytes for t in tensors.values())
        (directory / "model.safetensors.index.json").write_text(
            json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}, indent=2))
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": rows,
              "hidden_size": width, "intermediate_size": 2 * width, "num_hidden_layers": layers,
              "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 256,
              "tie_word_embeddings": tied, "bos_token_id": 0, "eos_token_id": 0, "torch_dtype": "float32"}
    (directory / "config.json").write_text(json.dumps(config, indent=2))
    return directory


def model_with_tokenizer(directory: pathlib.Path, **options) -> pathlib.Path:
    """A random Llama with a byte-level tokenizer of its size."""
    directory.mkdir(parents=True, exist_ok=True)
    path = byte_level_bpe(directory / "tokenizer.json")
    vocabulary = json.loads(path.read_text())
    rows = max([*vocabulary["model"]["vocab"].values(), *(t["id"] for t in vocabulary["added_tokens"])]) + 1
    (directory / "tokenizer_config.json").write_text(json.dumps(
        {"tokenizer_class": "PreTrainedTokenizerFast", "eos_token": "<|endoftext|>",
         "bos_token": "<|endoftext|>", "pad_token": "<|pad|>"}, indent=2))
    return llama(directory, rows, **options)
