"""Random small tokenizer.json files encode and decode as Hugging Face tokenizers makes them.

What we refuse is refused by name; what the reference fails on (it panics on some) is left out.
"""

import json
import random

import pytest

import random_tokenizers
import tokgraft
from differential import character_spans_as_bytes, shown

tokenizers = pytest.importorskip("tokenizers")
REFERENCE = f"tokenizers {tokenizers.__version__}"


def of_reference(call):
    """None where the reference fails; its panics are no Exception."""
    try:
        return call()
    except BaseException as error:  # noqa: BLE001
        if isinstance(error, KeyboardInterrupt):
            raise
        return None


def compare(seed: int, path) -> tuple[int, bool]:
    """How many texts were compared, and whether we refuse the file."""
    rng = random.Random(seed)
    declared = random_tokenizers.tokenizer(rng)
    written = json.dumps(declared, ensure_ascii=False)
    path.write_text(written)
    theirs = of_reference(lambda: tokenizers.Tokenizer.from_str(written))
    try:
        ours = tokgraft.load(str(path))
    except NotImplementedError:
        return 0, True
    except tokgraft.Error as error:
        assert theirs is None, f"seed {seed}: refused as invalid: {error}"
        return 0, True
    assert theirs is not None, f"seed {seed}: the reference refuses the file"
    count = 0
    for _ in range(12):
        text = random_tokenizers.text(rng)
        special = rng.random() < 0.3
        expected = of_reference(lambda: theirs.encode(text, add_special_tokens=special))
        place = f"seed {seed}, {shown(text)}, special {special}"
        encoding = ours.encode(text, add_special_tokens=special)
        ids = ours.encode_ids(text, add_special_tokens=special).tolist()
        assert encoding.ids.tolist() == ids, place
        if expected is None:
            continue
        assert ids == expected.ids, place
        assert encoding.offsets.tolist() == character_spans_as_bytes(text, expected.offsets), place
        chosen = ids + [rng.randrange(ours.vocab_size) for _ in range(4)]
        for skip in (False, True):
            decoded = of_reference(lambda: theirs.decode(chosen, skip_special_tokens=skip))
            if decoded is not None:
                assert ours.decode(chosen, skip_special_tokens=skip) == decoded, (place, chosen, skip)
        count += 1
    return count, False


def compare_seeds(seeds, path, compared) -> None:
    total = refused = 0
    for seed in seeds:
        count, no = compare(seed, path)
        total += count
        refused += no
    assert refused * 2 < len(seeds)
    compared(REFERENCE, total)


def test_random_tokenizers(tmp_path, compared):
    compare_seeds(range(400), tmp_path / "tokenizer.json", compared)


@pytest.mark.slow
def test_many_random_tokenizers(tmp_path, compared):
    compare_seeds(range(10_000, 30_000), tmp_path / "tokenizer.json", compared)
