"""Old tokens taken apart into other old tokens: labelled examples of composition."""

from collections.abc import Collection

from tokgraft import _core


def halves(tokenizer: _core.Tokenizer, rows: int, hidden: Collection[int] = ()
           ) -> dict[int, tuple[int, int]]:
    """Each ordinary old token that is two others end to end -> those two. Of several ways the one
    whose later id is the smallest: in vocabularies learnt by merging that is nearly always the
    merge that made the token, and it needs no merge table. `hidden` tokens neither are taken apart
    nor serve as halves."""
    usable: dict[bytes, int] = {}
    for token in range(min(tokenizer.vocab_size, rows)):
        data = tokenizer.token_bytes(token)
        if data and token not in hidden and tokenizer.token_kind(token) in ("normal", "byte"):
            usable.setdefault(data, token)
    found = {}
    for data, token in usable.items():
        best = None
        for cut in range(1, len(data)):
            left, right = usable.get(data[:cut]), usable.get(data[cut:])
            if left is None or right is None or (best and max(left, right) >= max(best)):
                continue
            best = (left, right)
        if best:
            found[token] = best
    return found


def examples(pairs: dict[int, tuple[int, int]], most: int) -> tuple[list[int], list[list[int]]]:
    """Tokens and their pieces, in order of token: each token as its two halves, and as the halves
    of these where they have some; at most `most` examples, evenly spread."""
    tokens, pieces = [], []
    for token, (left, right) in sorted(pairs.items()):
        deeper = [*pairs.get(left, (left,)), *pairs.get(right, (right,))]
        for own in ([left, right], deeper):
            if not (own is deeper and len(deeper) == 2):
                tokens.append(token)
                pieces.append(own)
    if len(tokens) > most:
        keep = [i * len(tokens) // most for i in range(most)]
        tokens, pieces = [tokens[i] for i in keep], [pieces[i] for i in keep]
    return tokens, pieces
