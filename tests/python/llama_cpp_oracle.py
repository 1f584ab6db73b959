"""llama.cpp's own tokenizer behind a pipe: `python llama_cpp_oracle.py MODEL.gguf`.

Reads a JSON line, {"texts": [...]} or {"ids": [[...]...]}, and answers with a line of ids or texts.
A process of its own, since llama.cpp writes to stderr, aborts where it is unhappy and needs a build
for the processor at hand.
"""

import json
import os
import sys


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the library prints is no answer
    from cyllama.llama.llama_cpp import LlamaModel, LlamaModelParams
    model = LlamaModel(sys.argv[1], LlamaModelParams())  # owns what the vocabulary points to
    vocab = model.get_vocab()
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        if "texts" in question:
            special = question.get("add_special", False)
            answer = [vocab.tokenize(text, special, True) for text in question["texts"]]
        else:
            answer = [vocab.detokenize(ids, 1 << 20, False, question["special"]) if ids else ""
                      for ids in question["ids"]]
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
