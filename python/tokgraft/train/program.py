"""tokgraft train."""

import argparse
import dataclasses
import sys
import typing
from typing import Any

from tokgraft._core import Error
from tokgraft.probe import _corpus
from tokgraft.train import train
from tokgraft.train.recipe import Recipe


def _show(record: dict[str, Any]) -> None:
    """A line per record, as the log has it."""
    if record.get("event") == "rollback":
        print(f"{record['stage']} {record['step']}: loss {record['loss_was']} is a spike, back to step"
              f" {record['to_step']}, rates times {record['rate_factor']:g}", file=sys.stderr)
        return
    roles = ", ".join(f"{role} {record[role]['loss']:.3f}" for role in ("new", "after", "rest")
                      if record[role]["loss"] is not None)
    print(f"{record['stage']} {record['step']}/{record['steps']}: loss {record['loss']:.3f} ({roles})",
          file=sys.stderr)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        "tokgraft train", description="Goes on training a grafted model on texts: stage 1 moves the new"
        " rows alone, stage 2 all parameters (pip install tokgraft[torch]). Stopped at any point, the"
        " same command goes on where it was. Checkpoints and losses.jsonl (nats per token: in all, of"
        " new tokens, of old ones right after one, of the rest) stand in TRAINED.training meanwhile")
    parser.add_argument("directory", metavar="OUT", help="A directory that graft or init wrote")
    parser.add_argument("--corpus", metavar="NAME=PATH", action="append", required=True,
                        help="A text file; more than once for several")
    parser.add_argument("-o", "--out", metavar="TRAINED", required=True, help="Where the result goes")
    hints = typing.get_type_hints(Recipe)
    for field in dataclasses.fields(Recipe):
        kinds = [kind for kind in typing.get_args(hints[field.name]) or (hints[field.name],)
                 if kind is not type(None)]
        parser.add_argument("--" + field.name.replace("_", "-"), type=kinds[0], default=field.default,
                            metavar={int: "N", float: "X", str: "NAME"}[kinds[0]],
                            help=field.metadata["help"])
    parser.add_argument("--device", metavar="NAME", help="cpu or cuda (cuda where there is one)")
    parser.add_argument("--force", action="store_true", help="Replace what is there, start anew")
    parser.add_argument("--json", action="store_true", help="The report as JSON")
    options = parser.parse_args(arguments)
    recipe = Recipe(**{field.name: getattr(options, field.name) for field in dataclasses.fields(Recipe)})
    try:
        report = train(options.directory, out=options.out, corpora=dict(map(_corpus, options.corpus)),
                       recipe=recipe, device=options.device, force=options.force,
                       progress=_show if sys.stderr.isatty() else None)
    except ImportError as error:
        print(f"tokgraft: error: train runs the model with PyTorch, transformers and accelerate ({error});"
              " pip install tokgraft[torch]", file=sys.stderr)
        return 1
    except Error as error:
        print("tokgraft: error:", str(error).replace("\n", " "), file=sys.stderr)
        return 1
    print(report.to_json() if options.json else report)
    return 0
